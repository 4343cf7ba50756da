"""What a caller's words mean at a step: one of its answers or intents, a handler of the flow, or nothing.

An answer that the step expects beats a handler, except that:

* a handler's longer phrase that holds the answer's words wins ("нет времени" is not "нет");
* a wish not to be called again is never lost behind an answer ("нет, больше не звоните"), be it a guess alone, unless
  the answer's words are all that was said;
* an example of an intent that was said word for word wins, where the answer's phrase is but a part of it;
* a bare consent ("да", "можно", "yes") gives way to what the rest of the words means, unless they mean the same
  answer: to a handler or an intent of the step by its phrase ("да, а кто это"), to an intent of the step or a handler
  of objections and refusals by the likeliest guess ("да, но у вас всё так дорого");
* so does a no that speaks of something missing, to any handler ("начальства нет на месте").

Else phrases beat examples that were said word for word, and these beat a classifier's guess. A guess never decides what
the phrases negated or left a tie.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Final

from robot.dialog.detours import is_open
from robot.dialog.events import DialogState, Heard, How
from robot.dialog.flow import Answer, Handler, HandlerKind
from robot.dialog.lexicon import BARE_CONSENTS, FILLERS, NOES, Words
from robot.dialog.phrases import Match, Unclear, judge
from robot.dialog.plan import Plan, Spot
from robot.dialog.words import words_of

_REFUSE: Final = frozenset(
    {HandlerKind.OBJECTION, HandlerKind.LATER, HandlerKind.NOT_INTERESTED, HandlerKind.DO_NOT_CALL}
)
"""Kinds of handlers that a guess alone may call where somebody has said yes."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The answer that was given, how, in which reading of the words, and how surely."""

    answer: Answer
    how: How
    said: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Called:
    """A handler, and the phrase by which it was called."""

    handler: Handler
    phrase: Words
    reading: str


def choose(plan: Plan, state: DialogState, spot: Spot, event: Heard) -> Chosen | Handler | None:
    """What the words mean at an `Ask`."""
    given, called, doubtful = _named(plan, state, spot, (event.text, *event.alternatives))
    answer = given if isinstance(given, Match) else None
    if called is not None and (answer is None or _goes_before(called, answer)):
        return called.handler
    if answer is not None and answer.answer.id not in spot.intents:
        behind = _behind_word(plan, state, spot, event, answer, called, doubtful)
        if behind is not None:
            return behind
    if answer is not None:
        if not _is_all(answer.reading, words_of(answer.phrase)) and (forbidding := _forbidding(plan, state, event)):
            return forbidding
        how = How.INTENT if answer.answer.id in spot.intents else How.PHRASE
        return Chosen(answer.answer, how, answer.reading, event.confidence)
    if isinstance(given, Unclear):
        doubtful |= given.negated | given.tied
    return _meant(plan, state, spot, event, doubtful)


def _behind_word(
    plan: Plan,
    state: DialogState,
    spot: Spot,
    event: Heard,
    given: Match,
    called: Called | None,
    doubtful: frozenset[str],
) -> Chosen | Handler | None:
    """What is meant by all the words, of which the answer's phrase is but a part; None where the answer stands."""
    if _is_all(given.reading, words_of(given.phrase)):
        return None
    example = _meant(plan, state, spot, dataclasses.replace(event, intents=()), doubtful)
    consent = BARE_CONSENTS.issuperset(words_of(given.phrase))
    if example is not None or not (consent or _is_missing(given)):
        return example
    kept = BARE_CONSENTS if consent else frozenset(words_of(given.phrase))
    rest = " ".join(word for word in words_of(given.reading) if word not in kept | FILLERS)
    again = judge(spot.answers, (rest,), forms=spot.forms) if rest else None
    if not rest or (isinstance(again, Match) and again.answer.id == given.answer.id):
        return None
    if isinstance(again, Match) and again.answer.id in spot.intents:
        return Chosen(again.answer, How.INTENT, given.reading, event.confidence)
    if called is not None and called.reading == given.reading:
        return called.handler
    meant = _meant(plan, state, spot, dataclasses.replace(event, intents=event.intents[:1]), doubtful)
    return meant if not isinstance(meant, Handler) or meant.kind in _REFUSE or not consent else None


def _is_missing(given: Match) -> bool:
    """Whether the phrase is a no that speaks of something missing: "времени нет", "здесь таких нет"."""
    told = [word for word in words_of(given.reading) if word not in FILLERS]
    return NOES.issuperset(words_of(given.phrase)) and told[0] not in NOES


def _named(
    plan: Plan, state: DialogState, spot: Spot, readings: tuple[str, ...]
) -> tuple[Match | Unclear | None, Called | None, frozenset[str]]:
    """The answer and the handler that the first telling reading names, and the handlers that it leaves in doubt.

    A further reading counts only where a phrase of this one was misspelt.
    """
    for number, reading in enumerate(readings):
        given = judge(spot.answers, (reading,), forms=spot.forms) if spot.answers else None
        called, doubtful = called_by(plan, state, (reading,))
        if given is None and called is None and not doubtful:
            continue
        if len(rest := readings[number:]) > 1:
            given = None if given is None else judge(spot.answers, rest, forms=spot.forms)
            called, doubtful = (None, doubtful) if called is None else called_by(plan, state, rest)
        return given, called, doubtful
    return None, None, frozenset()


def handler_for(plan: Plan, state: DialogState, event: Heard, *, whole: bool = False) -> Handler | None:
    """The handler that the words call where no answer is expected.

    Where any words are wanted (`whole`), the phrase must be all that was said, except for a wish not to be called.
    """
    called, doubtful = called_by(plan, state, (event.text, *event.alternatives))
    if called is not None and (not whole or _counts_among_words(called)):
        return called.handler
    names = plan.known.get(words_of(event.text), ())
    if not whole:
        names = (*names, *(guess.name for guess in event.intents))
    handlers = (handler for name in names for handler in _open(plan, state, name))
    found = next((handler for handler in handlers if handler.id not in doubtful), None)
    forbidding = _forbidding(plan, state, event) if found is None and whole else None
    return found if forbidding is None or forbidding.id in doubtful else forbidding


def called_by(plan: Plan, state: DialogState, readings: tuple[str, ...]) -> tuple[Called | None, frozenset[str]]:
    """The open handler one of whose phrases was said, and those whose phrases were negated or a tie, by their ids.

    The longest phrase wins.
    """
    best: Called | None = None
    doubtful = frozenset[str]()
    for answers, forms in plan.calls:
        found = judge(answers, readings, forms=forms)
        if isinstance(found, Unclear):
            doubtful |= found.negated | found.tied
        elif found is not None and (best is None or len(words_of(found.phrase)) > len(best.phrase)):
            best = Called(plan.detours[found.answer.id].handler, words_of(found.phrase), found.reading)
    return (best if best is not None and is_open(state, best.handler) else None), doubtful


def _goes_before(called: Called, given: Match) -> bool:
    """Whether the handler beats the answer."""
    expected = words_of(given.phrase)
    if len(called.phrase) > len(expected) and _holds(called.phrase, expected):
        return True
    return called.handler.kind is HandlerKind.DO_NOT_CALL and not _holds(expected, called.phrase)


def _holds(longer: Words, shorter: Words) -> bool:
    size = len(shorter)
    return any(longer[i : i + size] == shorter for i in range(len(longer) - size + 1))


def _counts_among_words(called: Called) -> bool:
    return called.handler.kind is HandlerKind.DO_NOT_CALL or _is_all(called.reading, called.phrase)


def _is_all(reading: str, phrase: Words) -> bool:
    return tuple(word for word in words_of(reading) if word not in FILLERS) == phrase


def _forbidding(plan: Plan, state: DialogState, event: Heard) -> Handler | None:
    """The handler by which calls are forbidden, if the likeliest guess is that the caller wishes so."""
    meant = _open(plan, state, event.intents[0].name) if event.intents else []
    return next((handler for handler in meant if handler.kind is HandlerKind.DO_NOT_CALL), None)


def _meant(
    plan: Plan, state: DialogState, spot: Spot, event: Heard, doubtful: frozenset[str]
) -> Chosen | Handler | None:
    """What the words mean by an intent's example, said word for word, or else by a classifier's guess."""
    exact = ((name, event.confidence) for name in plan.known.get(words_of(event.text), ()))
    for name, probability in (*exact, *((guess.name, guess.probability) for guess in event.intents)):
        answer = next((one for one in spot.answers if spot.intents.get(one.id) == name), None)
        if answer is not None and answer.id not in doubtful:
            return Chosen(answer, How.INTENT, event.text, probability)
        handler = next((one for one in _open(plan, state, name) if one.id not in doubtful), None)
        if handler is not None:
            return handler
    return None


def _open(plan: Plan, state: DialogState, intent: str) -> list[Handler]:
    handlers = (detour.handler for detour in plan.detours.values())
    return [handler for handler in handlers if handler.intent == intent and is_open(state, handler)]
