"""What the robot asks in the measurement, and who answers what.

Answers are clips of the voice that ships with the simulator; their words are phrases of the flow, as in a scenario
that was written for its callers. Each caller interrupts one prompt and lets the others end.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.audio import SAMPLE_RATE
from robot.dialog.flow import Answer, Ask, End, Flow, Prompt, Step, StepId
from telephony_esl.simulator import Answer as Act
from telephony_esl.simulator import Cast, Person
from telephony_esl.simulator.audio import sound

FIRST_NUMBER = 79000000000
NAMES = ("Анна", "Пётр", "Мария", "Иван", "Ольга", "Сергей", "Елена", "Николай", "Ирина", "Павел")
QUESTIONS: tuple[tuple[str, str, dict[str, tuple[str, ...]]], ...] = (
    (
        "{first_name}, удобно говорить?",
        "удобно",
        {"да": ("да", "да конечно", "да интересно"), "нет": ("нет", "нет спасибо", "не интересно")},
    ),
    (
        "Мы хотим рассказать вам о новых условиях обслуживания, подскажите, когда лучше это сделать, днём или вечером?",
        "когда",
        {"завтра": ("перезвоните завтра после трёх",), "скоро": ("перезвоните через полчаса",)},
    ),
    (
        "Что вам помешало?",
        "помеха",
        {
            "время": ("у меня нет времени",),
            "думает": ("мне надо подумать",),
            "дорого": ("это дорого",),
            "есть": ("у меня уже есть",),
        },
    ),
    ("Как вам помочь?", "помощь", {"оператор": ("соедините с оператором",), "почта": ("пришлите на почту",)}),
    (
        "Ваша оценка?",
        "оценка",
        {str(n): (word,) for n, word in enumerate(("один", "два", "три", "четыре", "пять"), 1)},
    ),
)
SCRIPTS = (
    (("да, конечно", "да"), ("перезвоните завтра после трёх", "завтра"), ("у меня нет времени", "время"),
     ("соедините с оператором", "оператор"), ("пять", "5")),
    (("нет, спасибо", "нет"), ("перезвоните через полчаса", "скоро"), ("мне надо подумать", "думает"),
     ("пришлите на почту", "почта"), ("три", "3")),
    (("да, интересно", "да"), ("перезвоните завтра после трёх", "завтра"), ("у меня уже есть", "есть"),
     ("соедините с оператором", "оператор"), ("четыре", "4")),
    (("не интересно", "нет"), ("перезвоните через полчаса", "скоро"), ("это дорого", "дорого"),
     ("пришлите на почту", "почта"), ("два", "2")),
)  # fmt: skip
INTERRUPTS_AT = 1
NOTICE = (
    "Здравствуйте, {first_name}! Напоминаем, что вы записаны на приём завтра в десять часов. Возьмите, пожалуйста, "
    "с собой паспорт и полис. Если вы придёте, нажмите один. Если хотите перенести запись, нажмите два."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A number, who answers it, and the answers that must come of the call."""

    number: str
    person: Person
    labels: tuple[str, ...]


def survey() -> Flow:
    """Five questions and a farewell; each answer, and what is not understood too, goes on to the next question."""
    ids = [StepId(name) for _, name, _ in QUESTIONS] + [StepId("end")]
    steps: dict[StepId, Step] = {ids[-1]: End(id=ids[-1], prompt=Prompt(text="Спасибо за ответы, до свидания!"))}
    for at, (text, name, answers) in enumerate(QUESTIONS):
        steps[ids[at]] = Ask(
            id=ids[at],
            prompt=Prompt(text=text),
            question=name,
            answers=tuple(
                Answer(id=label, label=label, then=ids[at + 1], phrases=phrases) for label, phrases in answers.items()
            ),
            otherwise=ids[at + 1],
            repeats=0,
        )
    return Flow(name="voice", start=ids[0], steps=steps)


def notice() -> Flow:
    """A reminder that is confirmed by a key."""
    ask, end = StepId("ask"), StepId("end")
    steps: dict[StepId, Step] = {
        ask: Ask(
            id=ask,
            prompt=Prompt(text=NOTICE),
            question=QUESTIONS[0][1],
            answers=(
                Answer(id="1", label="да", then=end, key="1"),
                Answer(id="2", label="перенести", then=end, key="2"),
            ),
            otherwise=end,
        ),
        end: End(id=end, prompt=Prompt(text="Спасибо, до свидания!")),
    }
    return Flow(name="keypad", start=ask, steps=steps)


def talkers(count: int, *, clip: Callable[[str], str] = str) -> list[Caller]:
    """So many callers who speak; `clip` names the sound of each text, where it is not the collection's."""
    return [_talker(at, clip) for at in range(count)]


def quieter(folder: Path, by_db: float) -> Callable[[str], str]:
    """Names a sound of the text that is so much quieter, and puts it into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)

    def clip(say: str) -> str:
        path = folder / f"{by_db:g} {say}.wav"
        if not path.exists():
            wave_ = np.frombuffer(b"".join(sound(say)), dtype="<i2") * 10 ** (-by_db / 20)
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "NONE"))
                file.writeframes(np.rint(wave_).astype("<i2").tobytes())
        return str(path)

    return clip


def key_pressers(count: int) -> list[Caller]:
    """So many callers who press a key after the reminder."""
    person = Person((Act(press="1", wait_s=0.5),), after_ring_s=0.5, turn_silence_s=0.6)
    return [Caller(_number(at), person, ("да",)) for at in range(count)]


def cast_of(callers: list[Caller]) -> Cast:
    """All of them as the simulated network wants them."""
    return Cast({caller.number: (caller.person,) for caller in callers})


def variables(at: int) -> dict[str, str]:
    """The contact's fields for the call of this number in the row."""
    return {"first_name": NAMES[at % len(NAMES)]}


def _talker(at: int, clip: Callable[[str], str]) -> Caller:
    script = SCRIPTS[at % len(SCRIPTS)]
    acts = tuple(
        Act(say=clip(say), wait_s=0.1, interrupt_after_s=1.2 if turn == INTERRUPTS_AT else None)
        for turn, (say, _) in enumerate(script)
    )
    person = Person(acts, after_ring_s=0.5, turn_silence_s=0.5)
    return Caller(_number(at), person, tuple(label for _, label in script))


def _number(at: int) -> str:
    return str(FIRST_NUMBER + at)
