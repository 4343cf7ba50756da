"""The people of a rehearsal: what each does at a turn and while the robot speaks, by chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final, TypeVar

from robot.dialog.events import Listen
from robot.dialog.flow import HandlerKind
from robot.rehearsal.repertoire import NOTHING, Choice, Meant, Place, Repertoire, Saying

T = TypeVar("T")
_SAYS_NOTHING: Final = Choice(Meant(NOTHING))
KEYS: Final = "0123456789*#"


class Persona(StrEnum):
    """Who is called."""

    AGREEABLE = "agreeable"
    REFUSING = "refusing"
    OBJECTING = "objecting"
    SILENT = "silent"
    INTERRUPTING = "interrupting"
    MUMBLING = "mumbling"
    ANGRY = "angry"
    VOICEMAIL = "voicemail"
    KEY_PRESSER = "key_presser"
    WALKER = "walker"


@dataclass(frozen=True, slots=True)
class Said:
    """The caller says something; the robot hears `heard`, which a mumbler's words only resemble."""

    saying: Saying
    heard: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The caller presses these keys."""

    keys: str
    meant: Meant


@dataclass(frozen=True, slots=True)
class Silence:
    """The caller says nothing."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """The caller hangs up."""


Deed = Said | Keys | Silence | Leaves


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller goes by: where the dialog stands, what it listens for, and his how-manieth turn it is, from 0.

    `when` says that he was asked when to call again, `again` that his last turn here was silence and he is asked once
    more; `visits` counts the dialogs of the whole rehearsal that came to each step.
    """

    place: Place
    listen: Listen
    turn: int
    repertoire: Repertoire
    when: bool = False
    again: bool = False
    visits: Mapping[str, int] = field(default_factory=dict)


Turn = Callable[[Asked, Random], Deed]


@dataclass(frozen=True, slots=True)
class Character:
    """How a persona takes its turns; the chances (0–1) to hang up during a prompt, and to interrupt one that allows it.

    `weight` is how many of a rehearsal's dialogs it has beside the others.
    """

    turn: Turn
    leaves: float = 0.0
    interrupts: float = 0.0
    weight: int = 1


def by_words(choice: Choice, rng: Random) -> Deed:
    """Says it in one of its wordings; presses its key where it has no words."""
    if choice.sayings:
        saying = choice.sayings[int(rng.random() * len(choice.sayings))]
        return Said(saying, saying.text)
    return Keys(choice.key, choice.meant) if choice.key else Silence()


def by_key(choice: Choice, rng: Random) -> Deed:
    """Presses its key; says it where it has none."""
    return Keys(choice.key, choice.meant) if choice.key else by_words(choice, rng)


def says(sayings: Sequence[Saying], rng: Random) -> Deed:
    """Says one of these."""
    saying = _one(sayings, rng)
    return Said(saying, saying.text)


def agreeable(asked: Asked, rng: Random) -> Deed:
    """Says yes to whatever is asked, mostly to what the designer put first."""
    if asked.when:
        return says(asked.repertoire.times, rng)
    choices = asked.place.agreeing
    if not choices:
        return _neutral(asked, rng)
    choice = choices[0] if rng.random() < 0.5 else _one(choices, rng)
    return by_key(choice, rng) if rng.random() < 0.15 else by_words(choice, rng)


def refusing(asked: Asked, rng: Random) -> Deed:
    """Says no; sometimes that it is of no interest, or that nobody shall call any more; then is gone."""
    chance = rng.random()
    if chance < 0.05 and asked.turn:
        return Leaves()
    ways = asked.repertoire.called(HandlerKind.NOT_INTERESTED, HandlerKind.DO_NOT_CALL, HandlerKind.LATER)
    if ways and (chance < 0.35 or not asked.place.refusing):
        return by_words(_one(ways, rng), rng)
    if asked.place.refusing:
        return by_words(_one(asked.place.refusing, rng), rng)
    return _neutral(asked, rng)


def objecting(asked: Asked, rng: Random) -> Deed:
    """Has something to say against it, the less the longer the talk lasts; then agrees, or not."""
    ways = asked.repertoire.called(HandlerKind.OBJECTION)
    if ways and rng.random() < (0.75 if asked.turn < 4 else 0.3):
        return by_words(_one(ways, rng), rng)
    return agreeable(asked, rng) if rng.random() < 0.6 else refusing(asked, rng)


def silent(asked: Asked, rng: Random) -> Deed:
    """Says nothing; gives up at last, or says one word after all."""
    if rng.random() < 0.12:
        return Leaves()
    return agreeable(asked, rng) if rng.random() < 0.08 else Silence()


def interrupting(asked: Asked, rng: Random) -> Deed:
    """Answers before the question is over, or says hello into it."""
    if rng.random() < 0.25:
        return says(asked.repertoire.hello, rng)
    return agreeable(asked, rng) if rng.random() < 0.6 else walker(asked, rng)


def mumbling(asked: Asked, rng: Random) -> Deed:
    """Answers, but is hard to understand."""
    chance = rng.random()
    deed = agreeable(asked, rng) if chance < 0.45 else refusing(asked, rng) if chance < 0.75 else objecting(asked, rng)
    if isinstance(deed, Said) and deed.saying.mumbled:
        return Said(deed.saying, _one(deed.saying.mumbled, rng))
    return deed


def angry(asked: Asked, rng: Random) -> Deed:
    """Wants to know who calls, wants a human or no more calls, or hangs up."""
    chance = rng.random()
    kinds = (HandlerKind.DO_NOT_CALL, HandlerKind.OPERATOR, HandlerKind.WHO, HandlerKind.ROBOT, HandlerKind.OBJECTION)
    ways = asked.repertoire.called(*kinds)
    if chance < 0.2:
        return Leaves()
    if ways and chance < 0.75:
        return by_words(_one(ways, rng), rng)
    return refusing(asked, rng)


def voicemail(asked: Asked, rng: Random) -> Deed:
    """A machine: says its greeting, then nothing until it has recorded enough."""
    if asked.turn == 0:
        return says(asked.repertoire.machine, rng)
    return Leaves() if asked.turn > 3 else Silence()


def key_presser(asked: Asked, rng: Random) -> Deed:
    """Presses keys, sometimes wrong ones."""
    if rng.random() < 0.12:
        return Keys(_one(KEYS, rng), Meant(NOTHING))
    return by_key(_one(asked.place.choices, rng), rng) if asked.place.choices else Silence()


def walker(asked: Asked, rng: Random) -> Deed:
    """Does anything that can be done, mostly what leads to where nobody has been."""
    chance = rng.random()
    if asked.when:
        return says(asked.repertoire.times, rng) if chance < 0.6 else Silence()
    if asked.again and chance < 0.8:
        return Silence()
    if chance < 0.06:
        return _neutral(asked, rng)
    ways = asked.repertoire.called(*HandlerKind)
    if chance < 0.25 and ways:
        return by_words(_one(ways, rng), rng)
    if not asked.place.choices:
        return Silence()
    choice = _to_the_unknown(asked, rng)
    return by_key(choice, rng) if chance > 0.9 else by_words(choice, rng)


def _to_the_unknown(asked: Asked, rng: Random) -> Choice:
    """A choice behind which lies what the fewest dialogs came to; now and then any one."""
    choices = (*asked.place.choices, _SAYS_NOTHING)
    if rng.random() < 0.3:
        return _one(choices, rng)
    known = {
        label: min((asked.visits.get(step, 0) for step in steps), default=0)
        for label, steps in asked.place.ahead.items()
    }
    fewest = min(known.values(), default=0)
    return _one([choice for choice in choices if known.get(choice.meant.label, fewest) == fewest], rng)


def _neutral(asked: Asked, rng: Random) -> Deed:
    return says(asked.repertoire.neutral, rng)


def _one(given: Sequence[T], rng: Random) -> T:
    return given[int(rng.random() * len(given))]


CHARACTERS: Final[Mapping[Persona, Character]] = {
    Persona.AGREEABLE: Character(agreeable, leaves=0.01, weight=2),
    Persona.REFUSING: Character(refusing, leaves=0.04),
    Persona.OBJECTING: Character(objecting, leaves=0.02),
    Persona.SILENT: Character(silent, leaves=0.02),
    Persona.INTERRUPTING: Character(interrupting, leaves=0.02, interrupts=0.7),
    Persona.MUMBLING: Character(mumbling, leaves=0.02, interrupts=0.05),
    Persona.ANGRY: Character(angry, leaves=0.1, interrupts=0.4),
    Persona.VOICEMAIL: Character(voicemail, interrupts=0.5),
    Persona.KEY_PRESSER: Character(key_presser, leaves=0.01, interrupts=0.3),
    Persona.WALKER: Character(walker, leaves=0.01, interrupts=0.1, weight=4),
}
"""Who is called in a rehearsal, and how often beside the others."""
