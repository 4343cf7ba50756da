"""Where any words may come: a recogniser that hears free speech is not held to the phrases, a narrow one is."""

from __future__ import annotations

import json
import wave
from functools import cache

import pytest

from models.manifest import SHIPPED, named
from robot.asr.vosk_ears import VoskEars, VoskRecogniser
from robot.dialog.events import Listen
from robot.dialog.flow import Flow, Language, flow_from_json
from robot.dialog.intents import Trained, train
from robot.dialog.library import intent
from robot.dialog.plan import plan_of
from robot.pauses import Attend, attention
from tests.fakes.speech import quiet

STANDIN = "vosk-standin-ru-mini"
CLIPS = SHIPPED.parent / "telephony_esl" / "simulator" / "sounds"
LEARNT = ("expensive", "no_time", "my_number", "send_info", "robot")


def offer() -> Flow:
    """A question with a yes and a no, and objections that are known by their examples alone."""
    answers = [
        {"id": "yes", "label": "Да", "phrases": ["да", "хочу"], "then": "bye"},
        {"id": "no", "label": "Нет", "phrases": ["нет", "не хочу"], "then": "bye"},
    ]
    return flow_from_json(
        {
            "name": "offer",
            "start": "offer",
            "intents": {name: {"library": name} for name in LEARNT} | {"later": {"library": "later"}},
            "handlers": [
                *({"id": name, "kind": "objection", "intent": name, "reply": {"text": "Так."}} for name in LEARNT),
                {"id": "later", "kind": "later", "intent": "later", "reply": {"text": "Когда?"}},
            ],
            "steps": {
                "offer": {
                    **{"type": "ask", "id": "offer", "prompt": {"text": "Хотите?"}, "otherwise": "bye"},
                    "answers": answers,
                },
                "bye": {"type": "end", "id": "bye"},
            },
        }
    )


def listen() -> Listen:
    found = plan_of(offer()).spots["offer"].listen  # type: ignore[index]
    assert found is not None
    return found


def phrases() -> tuple[str, ...]:
    """What the recogniser is told at the question."""
    at = listen()
    return attention(1, Attend.ANSWER, phrases=at.phrases, hints=at.hints, free=at.free).phrases


@cache
def ears(*, narrow: bool) -> VoskEars:
    return VoskEars(SHIPPED / STANDIN, Language.RU, cleaned=True, narrow=narrow)


@cache
def learnt() -> Trained:
    return train({name: intent(name, Language.RU) for name in LEARNT}, Language.RU)


def heard(clip: str, *, narrow: bool) -> str:
    with wave.open(str(CLIPS / f"{clip}_elena.wav")) as file:
        pcm = file.readframes(file.getnframes())
    recogniser = ears(narrow=narrow).listen(phrases(), free=listen().free)
    recogniser.accept(quiet(200) + pcm + quiet(200))
    return recogniser.finish().text


def grammar(recogniser: VoskRecogniser) -> list[str]:
    found: list[str] = json.loads(recogniser._grammar or "[]")
    return found


def test_what_shipped_ears_are_told_where_any_words_may_come() -> None:
    at = listen()
    assert at.free
    assert at.phrases == ("да", "хочу", "нет", "не хочу")
    assert set(intent("expensive", Language.RU)) <= set(at.hints)
    assert "после трёх" in at.hints, "a time may be named to a handler that calls later"
    assert attention(1, Attend.ANSWER, phrases=at.phrases, hints=at.hints).expected == {
        ("да",),
        ("хочу",),
        ("нет",),
        ("не", "хочу"),
    }, "hints end no turn"


def test_a_model_that_hears_free_speech_is_given_no_grammar_there() -> None:
    assert grammar(ears(narrow=False).listen(phrases(), free=True)) == []
    assert grammar(ears(narrow=False).listen(phrases())) != []


def test_a_narrow_model_keeps_to_the_phrases_and_to_the_examples_that_it_can_hear() -> None:
    lines = grammar(ears(narrow=True).listen(phrases(), free=True))
    assert {"да", "не хочу", "это дорого", "у меня нет времени"} <= set(lines)
    assert all(not ears(narrow=True).unknown_words([line]) for line in lines)
    assert grammar(ears(narrow=True).listen((), free=True)) == [], "with nothing expected it hears any speech"


def test_the_stand_in_alone_is_narrow() -> None:
    assert named(STANDIN).narrow
    assert not named("vosk-model-small-ru-0.22").narrow


@pytest.mark.parametrize("narrow", [False, True], ids=["free", "narrow"])
@pytest.mark.parametrize(
    ("clip", "meant"),
    [
        ("objection_00", "expensive"),
        ("objection_01", "no_time"),
        ("objection_04", "my_number"),
        ("objection_05", "send_info"),
        ("control_04", "robot"),
    ],
)
def test_an_objection_that_no_phrase_holds_reaches_the_classifier(clip: str, meant: str, narrow: bool) -> None:
    guesses = learnt().guess(heard(clip, narrow=narrow))
    assert [guess.name for guess in guesses[:1]] == [meant]


@pytest.mark.parametrize("narrow", [False, True], ids=["free", "narrow"])
@pytest.mark.parametrize(
    ("clip", "said"), [("yes_00", "да"), ("yes_02", "хочу"), ("no_00", "нет"), ("no_01", "не хочу")]
)
def test_an_answer_is_heard_beside_them(clip: str, said: str, narrow: bool) -> None:
    assert heard(clip, narrow=narrow) == said
