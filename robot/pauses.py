"""What is listened for, and how long a pause ends a turn: by the words said so far and the answers expected.

    a whole expected answer, and nothing expected goes on from it    COMPLETE_PAUSE
    a whole expected answer that another expected one goes on from   HALFWAY_PAUSE
    a number or an address that is being dictated                    DICTATION_PAUSE
    a phrase that cannot end here ("за", "и", "э", "сейчас")         UNFINISHED_PAUSE
    anything else                                                    OPEN_PAUSE

and by what the step wants to hear:

    yes or no, and nothing but such words was said                   COMPLETE_PAUSE
    a telephone number that has all its figures                      HALFWAY_PAUSE
    a number, telephone or date that ends in a figure                DICTATION_PAUSE

While a prompt is being said a backchannel ("угу", "да-да") counts as complete, so that the prompt can go on soon; so
does a single short word that is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.audio import Samples, from_ms
from robot.dialog.flow import ListenFor
from robot.dialog.lexicon import Words
from robot.dialog.phrases import words_of
from robot.ports import Recognised

BEGINNING: Final = Samples(0)
COMPLETE_PAUSE: Final = from_ms(192)
HALFWAY_PAUSE: Final = from_ms(400)
OPEN_PAUSE: Final = from_ms(700)
UNFINISHED_PAUSE: Final = from_ms(1_200)
DICTATION_PAUSE: Final = from_ms(1_500)
NOISE: Final = from_ms(250)
SLIGHT: Final = from_ms(500)
LONGEST_TURN: Final = from_ms(15_000)


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLERS: Final = frozenset(
    {"угу", "ага", "мгм", "мм", "м", "хм", "так", "ну", "э"}
    | {"uh", "huh", "mhm", "mm", "hmm", "yeah", "okay", "ok", "right", "um"}
)
REPEATED: Final = frozenset({"да", "yes"})
"""Words that are a backchannel when said twice or beside a filler ("да-да", "да, угу"), but an answer alone."""
UNFINISHED: Final = _set(
    "э эм ээ ну а и но или чтобы если потому во на с со к ко о об от до за из по под при про для без через между "
    "сейчас секунду секундочку минутку "
    "uh um er erm well and but or so if because in on at to of for from with by just second"
)
"""Words after which more is to come."""
UNFINISHED_TALK: Final = UNFINISHED | _set(
    "что как когда где кто в у мой моя мое мои наш наша я мне меня мы это этот эта не минуту "
    "when where my our your the a an i we is not moment"
)
"""The same in free speech; a recogniser of expected phrases writes these for anything that it does not know."""
ADDRESS: Final = _set(
    "город улица улице ул проспект переулок бульвар шоссе площадь набережная дом корпус строение квартира офис этаж "
    "подъезд street avenue road lane apartment flat building floor"
)
NUMERALS: Final = _set(
    "ноль нуль один одна два две три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать "
    "четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать двадцать тридцать сорок пятьдесят "
    "шестьдесят семьдесят восемьдесят девяносто сто двести триста четыреста пятьсот шестьсот семьсот восемьсот "
    "девятьсот тысяча тысячи тысяч плюс zero oh one two three four five six seven eight nine ten eleven twelve "
    "thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty "
    "ninety hundred thousand plus double"
)
"""Words of a number that is dictated, and what names the parts of an address."""
YES_OR_NO: Final = _set(
    "да ага угу конечно верно правильно точно хорошо нет неа не никогда yes yeah yep sure right correct no nope"
)
FIGURES: Final = frozenset({ListenFor.NUMBER, ListenFor.PHONE, ListenFor.DATE_TIME})
WHOLE_PHONE: Final = 10
"""So many figures a telephone number has without the country's, and one more with it."""
_HUNDREDS: Final = _set("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")
_TENS: Final = _set(
    "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто "
    "twenty thirty forty fifty sixty seventy eighty ninety"
)
_TEENS: Final = _set(
    "одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)


class Attend(StrEnum):
    """What speech is listened for: nothing, something that stops the prompt, or an answer after it."""

    NOTHING = "nothing"
    INTERRUPTION = "interruption"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Attention:
    """What the conversation wants to hear now; `serial` tells one from the next.

    `expected` holds the words of each phrase (empty while an answer is awaited: keys alone can answer, speech makes no
    turn, unless it is `free`: any speech is an answer, and `phrases` hold what else is likely to be said). `kind` is
    what the words are wanted for. Silence from `since` on for `wait` is reported once; a turn is cut after `longest`.
    """

    serial: int = 0
    attend: Attend = Attend.NOTHING
    phrases: tuple[str, ...] = ()
    expected: frozenset[Words] = frozenset()
    since: Samples = BEGINNING
    wait: Samples | None = None
    longest: Samples = LONGEST_TURN
    free: bool = False
    kind: ListenFor = ListenFor.TEXT

    @property
    def answerable(self) -> bool:
        """Whether speech can be the answer."""
        return bool(self.expected) or self.free

    @property
    def wants_words(self) -> bool:
        """Whether what is said can matter at all."""
        return self.answerable or self.attend is Attend.INTERRUPTION


def attention(
    serial: int,
    attend: Attend,
    *,
    phrases: Sequence[str] = (),
    hints: Sequence[str] = (),
    since: Samples = BEGINNING,
    wait: Samples | None = None,
    longest: Samples = LONGEST_TURN,
    free: bool = False,
    kind: ListenFor = ListenFor.TEXT,
) -> Attention:
    """An `Attention` to the phrases as the designer wrote them; `hints` are what is likely to be said besides."""
    expected = frozenset(words_of(phrase) for phrase in phrases) - {()}
    told = (*phrases, *hints)
    return Attention(serial, attend, told, expected, since, wait, longest, free, kind)


def is_backchannel(words: Words) -> bool:
    """Whether these words only say "I am listening"."""
    if not words or not all(word in FILLERS or word in REPEATED for word in words):
        return False
    return len(words) > 1 or words[0] in FILLERS


def is_slight(words: Words, spoken: Samples, wanted: Attention) -> bool:
    """Whether these words, said within `spoken` samples, leave a prompt alone.

    That is a backchannel, or one short word that is no answer ("алло", "что") or was not understood.
    """
    if is_backchannel(words):
        return True
    return len(words) <= 1 and spoken < SLIGHT and words not in wanted.expected


def pause_after(said: Recognised, spoken: Samples, wanted: Attention) -> Samples:
    """How long a pause ends a turn in which `said` was said within `spoken` samples."""
    words = words_of(said.text)
    if wanted.attend is Attend.INTERRUPTION and is_slight(words, spoken, wanted):
        return COMPLETE_PAUSE
    if not words:
        return COMPLETE_PAUSE if spoken < NOISE else OPEN_PAUSE
    whole = words if words in wanted.expected else tuple(word for word in words if word not in FILLERS)
    if whole in wanted.expected:
        return HALFWAY_PAUSE if _goes_on(whole, wanted) else COMPLETE_PAUSE
    if wanted.kind is ListenFor.YES_NO and YES_OR_NO.issuperset(whole):
        return COMPLETE_PAUSE
    if wanted.kind is ListenFor.PHONE and _is_phone(words):
        return HALFWAY_PAUSE
    if is_dictated(words, wanted):
        return DICTATION_PAUSE
    more = words[-1] in (UNFINISHED_TALK if wanted.free else UNFINISHED)
    return UNFINISHED_PAUSE if more else OPEN_PAUSE


def is_dictated(words: Words, wanted: Attention) -> bool:
    """Whether these words end within a number or an address that may go on.

    In free speech any may, and where figures are wanted, else one that an expected answer goes on from.
    """
    if not words or not _is_part(words[-1]):
        return False
    return wanted.free or wanted.kind in FIGURES or words[-1] in ADDRESS or _goes_on(words, wanted)


def _is_part(word: str) -> bool:
    return word.isdecimal() or word in NUMERALS or word in ADDRESS


def _goes_on(words: Words, wanted: Attention) -> bool:
    return any(len(other) > len(words) and other[: len(words)] == words for other in wanted.expected)


def _is_phone(words: Words) -> bool:
    """Whether these words have as many figures as a telephone number: one more where it begins with 7, 8 or 1."""
    spoken = [word for word in words if word.isdecimal() or word in NUMERALS]
    needed = WHOLE_PHONE + bool(spoken and spoken[0] in ("7", "8", "1", "плюс", "plus"))
    return figures_in(spoken) >= needed


def figures_in(words: Sequence[str]) -> int:
    """How many figures a number has that was dictated in these words: "девятьсот двенадцать 3" has four."""
    count = room = 0
    for word in words:
        if word in ("плюс", "plus", "double"):
            continue
        opens = word in _HUNDREDS or word in _TENS
        size = 3 if word in _HUNDREDS else 2 if opens or word in _TEENS else len(word) if word.isdecimal() else 1
        if size > room:
            count += size
        room = size - 1 if opens else 0
    return count
