"""What a `Listen` makes of a caller's words: a number, a phone, yes or no, an instant, or the words themselves."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, assert_never

from robot.dialog.events import Heard
from robot.dialog.flow import Answer, Listen, ListenFor, StepId
from robot.dialog.number_words import number_in, phone_in, years_in
from robot.dialog.passing import instant
from robot.dialog.phrases import match

YES: Final = "yes"
NO: Final = "no"
MAX_FIGURES: Final = 20

_YES_NO: Final = tuple(
    Answer(id=name, then=StepId(""), phrases=tuple(phrase.strip() for phrase in phrases.split(",")))
    for name, phrases in (
        (
            YES,
            "да, ага, угу, конечно, хорошо, верно, правильно, согласен, согласна, давайте, ладно, точно, разумеется, "
            "yes, yeah, yep, sure, of course, right, correct, okay, ok",
        ),
        (
            NO,
            "нет, неа, не надо, не нужно, не хочу, не согласен, не согласна, неверно, неправильно, не верно, "
            "не правильно, no, nope, not really, dont want, do not want",
        ),
    )
)


def value_in(step: Listen, event: Heard) -> str | None:
    """What of the words the step keeps; None where they are not of its kind, or out of its bounds."""
    text = event.text.strip()
    if not text:
        return None
    match step.kind:
        case ListenFor.TEXT:
            return text
        case ListenFor.DATE_TIME:
            at = instant(event.value)
            return at.isoformat() if at is not None else None
        case ListenFor.YES_NO:
            found = match(_YES_NO, (text, *event.alternatives))
            return found.answer.id if found is not None else None
        case ListenFor.NUMBER:
            return within(step, number_in(text)) or next(filter(None, (within(step, y) for y in years_in(text))), None)
        case ListenFor.PHONE:
            return phone_in(text)
        case _:
            assert_never(step.kind)


def typed_value(step: Listen, typed: str) -> str | None:
    """What of the keys the step keeps; None where they are no number or phone."""
    figures = typed.rstrip("#").replace("*", "." if step.kind is ListenFor.NUMBER else "")
    if step.kind is ListenFor.PHONE:
        return phone_in(figures)
    number = Decimal(figures) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", figures) else None
    return within(step, number)


def within(step: Listen, number: Decimal | None) -> str | None:
    """The number as it is kept, if it lies within the step's bounds."""
    if number is None or not (step.least is None or number >= Decimal(str(step.least))):
        return None
    if not (step.most is None or number <= Decimal(str(step.most))):
        return None
    return f"{number.normalize():f}"
