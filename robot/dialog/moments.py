"""What words about a time mean before a clock is looked at: in how long, on which day, at what time of it.

The grammars (`when_ru`, `when_en`) make these values of words, `when` makes an instant of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a day on the wall clock, and the time in it that is meant where nothing speaks against it."""

    first: time
    usual: time
    last: time


class Side(StrEnum):
    """How a time was meant that has a word before it: at it, after it, before it."""

    AT = "at"
    AFTER = "after"
    BEFORE = "before"


@dataclass(frozen=True, slots=True)
class InDays:
    """A day counted from today; `exact` tells "tomorrow" from "in a few days"."""

    days: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class InMonths:
    """The same day of the month, some months on."""

    months: int


@dataclass(frozen=True, slots=True)
class OnWeekday:
    """A day of the week, Monday is 0: the next one, or the one in the week that is `weeks` after this week."""

    weekday: int
    weeks: int | None = None


@dataclass(frozen=True, slots=True)
class OnDate:
    """The next such day of a month, or of that month alone."""

    day: int
    month: int | None = None


Day = InDays | InMonths | OnWeekday | OnDate


@dataclass(frozen=True, slots=True)
class Meant:
    """What was said of a time: after `delay` from now, or on `day` within one of `spans`; of several one is meant.

    `words` is the part of the text that says so; `clear` is how sure the reading is by itself, 0–1.
    """

    words: str
    delay: timedelta | None = None
    day: Day | None = None
    spans: tuple[Span, ...] = ()
    clear: float = 1.0


NOON: Final = 12
_DAY_BEGINS: Final = 7
_DAY_ENDS: Final = 21
_LAST_MINUTE: Final = 24 * 60 - 1
_AFTER_MIN: Final = 4 * 60
_BEFORE_MIN: Final = 3 * 60
_BEFORE_USUAL_MIN: Final = 60
_JUST_BEFORE_MIN: Final = 10


def spans_at(hour: int, minute: int, half: str | None, side: Side = Side.AT) -> tuple[Span, ...]:
    """The times that an hour may mean, the likelier first; empty if there is no such time.

    `half` is "am", "pm", or None where nothing was said of it: then an hour up to 12 is one at which people are up,
    from 7 to 21 o'clock.
    """
    if not (0 <= minute < 60 and 0 <= hour <= 24):
        return ()
    return tuple(_span(choice % 24 * 60 + minute, side) for choice in _choices(hour, half))


def _choices(hour: int, half: str | None) -> tuple[int, ...]:
    if half == "am":
        return (0 if hour == NOON else hour,)
    if half == "pm":
        return (hour + NOON if hour < NOON else hour,)
    if hour == 0 or hour >= NOON:
        return (hour,)
    both = tuple(choice for choice in (hour, hour + NOON) if _DAY_BEGINS <= choice <= _DAY_ENDS)
    return both if hour > _DAY_BEGINS else both[::-1]


def _span(minutes: int, side: Side) -> Span:
    match side:
        case Side.AT:
            return Span(*(_clock(minutes),) * 3)
        case Side.AFTER:
            return Span(_clock(minutes), _clock(minutes), _clock(minutes + _AFTER_MIN))
        case Side.BEFORE:
            usual = _clock(minutes - _BEFORE_USUAL_MIN)
            return Span(_clock(minutes - _BEFORE_MIN), usual, _clock(minutes - _JUST_BEFORE_MIN))


def _clock(minutes: int) -> time:
    minutes = min(max(minutes, 0), _LAST_MINUTE)
    return time(minutes // 60, minutes % 60)


def part(first: int, usual: int, last: int) -> Span:
    """A part of the day from one full hour to another."""
    return Span(time(first), time(usual), time(last))


def last_day(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
