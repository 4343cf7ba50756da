"""What the people of the demo do when they are called, and what must be known of each of them afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from campaigns.campaign import CampaignKind
from campaigns.leads import Bucket
from core.results import CallResult

Behaviour = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One person's part: what each phone does call by call, and what the report must say in the end.

    `phones` holds a list of behaviours for each phone, the last one repeating; `answers` are the labels that must
    be stored for the person, in order.
    """

    name: str
    phones: tuple[tuple[Behaviour, ...], ...]
    bucket: Bucket
    last: CallResult
    answers: tuple[str, ...] = ()


def _talks(*turns: Behaviour, **more: object) -> Behaviour:
    return {"after_ring_s": 1.5, "answers": list(turns), **more}


def _press(*keys: str) -> tuple[Behaviour, ...]:
    return tuple({"press": key} for key in keys)


def _says(*texts: str) -> tuple[Behaviour, ...]:
    return tuple({"say": text} for text in texts)


SILENT: Final[Behaviour] = {"silent": True}
BUSY: Final[Behaviour] = {"busy": True}
AWAY: Final[Behaviour] = {"no_answer": True}
NOBODY: Final[Behaviour] = {"nonexistent": True}
MACHINE: Final[Behaviour] = {"voicemail": True}
REFUSES: Final[Behaviour] = {"rejects": True}

R, F, AGAIN = Bucket.REACHED, Bucket.FAILED, Bucket.WILL_CALL_AGAIN
DONE: Final = CallResult.COMPLETED


def _part(
    name: str, *calls: Behaviour, bucket: Bucket = R, last: CallResult = DONE, answers: tuple[str, ...] = ()
) -> Part:
    return Part(name, (calls,), bucket, last, answers)


def _two(name: str, first: Behaviour, second: Behaviour, *answers: str) -> Part:
    return Part(name, ((first,), (second,)), R, DONE, answers)


_NOTIFICATION: Final = (
    _part("confirms", _talks(*_press("1")), answers=("Подтверждено",)),
    _part("listens and says nothing", _talks(SILENT, SILENT), bucket=F, last=CallResult.NO_INPUT),
    _part("is busy first", BUSY, _talks(*_press("1")), answers=("Подтверждено",)),
    _part("hears it twice", _talks(*_press("2", "1")), answers=("Подтверждено",)),
    _part("never answers", AWAY, bucket=F, last=CallResult.NO_ANSWER),
    _part("has a voicemail", MACHINE, bucket=F, last=CallResult.ANSWERING_MACHINE),
    _part("has a wrong number", NOBODY, bucket=F, last=CallResult.NONEXISTENT_NUMBER),
    _part("refuses first", REFUSES, _talks(*_press("1")), answers=("Подтверждено",)),
)
_SURVEY: Final = (
    _part("presses", _talks(*_press("1", "5")), answers=("Доволен", "Пять")),
    _part("speaks", _talks(*_says("да", "пять")), answers=("Доволен", "Пять")),
    _part("is not content", _talks(*_says("нет", "два")), answers=("Недоволен", "Два")),
    _part("speaks, then presses", _talks({"say": "хорошо"}, {"press": "4"}), answers=("Доволен", "Четыре")),
    _part("interrupts", _talks({"interrupt_after_s": 1.5, "press": "2"}, {"press": "3"}), answers=("Недоволен", "Три")),
    _part("presses a wrong key first", _talks(*_press("9", "1", "5")), answers=("Доволен", "Пять")),
    _part("does not answer the first time", AWAY, _talks(*_says("да", "четыре")), answers=("Доволен", "Четыре")),
    _part("is silent first", _talks(SILENT, *_press("1", "4")), answers=("Доволен", "Четыре")),
    _part("has a voicemail", MACHINE, bucket=F, last=CallResult.ANSWERING_MACHINE),
    _part("says no in other words", _talks(*_says("не надо", "три")), answers=("Недоволен", "Три")),
)
_OFFER: Final = (
    _part("wants it", _talks({"say": "да"}), last=CallResult.TRANSFERRED, answers=("Интересно",)),
    _part("does not", _talks({"say": "не интересно"}), answers=("Не интересно",)),
    _part("presses for it", _talks({"press": "1"}), last=CallResult.TRANSFERRED, answers=("Интересно",)),
    _part("later", _talks({"press": "3"}), bucket=AGAIN, last=CallResult.CALLBACK_REQUESTED, answers=("Перезвонить",)),
    _part("says no", _talks({"say": "нет"}), answers=("Не интересно",)),
    _part("wants it in other words", _talks({"say": "хочу"}), last=CallResult.TRANSFERRED, answers=("Интересно",)),
    _part("is busy first", BUSY, _talks({"press": "2"}), answers=("Не интересно",)),
    _part("has a wrong number", NOBODY, bucket=F, last=CallResult.NONEXISTENT_NUMBER),
)
_SECOND_PHONE: Final = {
    CampaignKind.NOTIFICATION: _two("answers the second phone", AWAY, _talks(*_press("1")), "Подтверждено"),
    CampaignKind.SURVEY: _two("answers the second phone", NOBODY, _talks(*_says("да", "пять")), "Доволен", "Пять"),
    CampaignKind.OFFER: _two("answers the second phone", BUSY, _talks({"press": "2"}), "Не интересно"),
}
PARTS: Final = {
    CampaignKind.NOTIFICATION: _NOTIFICATION,
    CampaignKind.SURVEY: _SURVEY,
    CampaignKind.OFFER: _OFFER,
}
OPERATORS: Final = {
    "101": {"operator": True, "answers_after_s": 1.0, "talks_s": 5},
    "102": {"operator": True, "answers_after_s": 1.5, "talks_s": 6},
    "103": {"operator": True, "refuses": True},
}


def part_for(kind: CampaignKind, place: int, phones: int) -> Part:
    """The part of the `place`-th person of a campaign; who has two phones answers the second one only."""
    return _SECOND_PHONE[kind] if phones > 1 else PARTS[kind][place % len(PARTS[kind])]
