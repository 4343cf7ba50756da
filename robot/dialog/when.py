"""For when a caller asks to be called again: an instant of words such as "завтра после трёх" or "in half an hour".

What the words mean (`when_ru`, `when_en`) is read on the clock of the contact's zone:

* a delay counts from now; where a day has no time, the time of day of this call is meant;
* a time without a day is the next one that comes: "в три" at 14:00 is today, at 16:00 tomorrow;
* an hour up to 12 without "утра" or "p.m." is one of the day, from 7 to 21 o'clock; where two are possible the
  nearer one counts, on another day the morning, and the result is `ambiguous`;
* a weekday is the next one after today, "next Monday" the one of next week; a date is the next that comes;
* parts of the day ("вечером", "after lunch", "до трёх") are spans: the first allowed time in them counts.

The result lies in the future and, where `allowed` is given, within the hours that it allows: a time outside moves to
the next allowed one. A wall-clock time that the clocks skip moves on by as much as they skip, one that they show
twice is the first that is still to come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import BadInput
from robot.dialog import when_en, when_ru
from robot.dialog.flow import Language
from robot.dialog.moments import InDays, InMonths, Meant, OnDate, OnWeekday, Span, last_day
from robot.dialog.written_en import MONTHS as ENGLISH_MONTHS
from robot.dialog.written_ru import MONTHS as RUSSIAN_MONTHS

Allowed = Callable[[datetime], datetime | None]
"""The first instant from the given one on at which a call is allowed, the same one where it is; None for never."""

DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
STEP: Final = timedelta(minutes=30)
"""In such steps a span is looked through for an allowed time."""
SOONEST: Final = timedelta(minutes=5)
"""Within a span that has begun already the call comes no sooner than this."""
MOVED: Final = 0.9
UNSURE: Final = 0.7
WORKDAY: Final = (time(9), time(21))
FARTHEST_YEARS: Final = 8
"""29 February comes within so many years."""
_GRAMMARS: Final = {Language.RU: when_ru.meant, Language.EN: when_en.meant}


@dataclass(frozen=True, slots=True)
class When:
    """The instant that was understood, on the clock of the contact's zone.

    `words` are those it was taken from; `asked` is the instant that they mean, `moved` whether no call is allowed then;
    `ambiguous` says that they may mean another time too; `confidence` is 0–1.
    """

    at: datetime
    asked: datetime
    words: str
    ambiguous: bool
    moved: bool
    confidence: float


def parse(text: str, *, now: datetime, zone: str, language: Language, allowed: Allowed | None = None) -> When | None:
    """The instant that the text names; None if it names none, or no later one is allowed."""
    clock, now = _zone(zone), now.astimezone(UTC)
    meaning = _GRAMMARS[language](text)
    if meaning is None:
        return None
    if meaning.delay is not None:
        return _result(meaning, now + meaning.delay, clock, allowed)
    local = now.astimezone(clock)
    spans = meaning.spans or (_like_now(local),)
    wanted: datetime | None = None
    for day in _days(meaning, local.date()):
        times = [tuple(_times(day, span, clock, now)) for span in spans]
        fits = [fit for each in times if (fit := next((at for at in each if _is_allowed(at, allowed)), None))]
        wanted = wanted or next((each[0] for each in times if each), None)
        if fits:
            return _result(meaning, min(fits) if day == local.date() else fits[0], clock, allowed)
        if wanted is not None and meaning.day is not None:
            break
    return None if wanted is None else _result(meaning, wanted, clock, allowed)


def written(at: datetime, *, now: datetime, zone: str, language: Language) -> str:
    """The instant as a text for a prompt: "завтра в 15:00", "27 ноября в 10:30 утра", "on November 27 at 10:30"."""
    local, today = at.astimezone(_zone(zone)), now.astimezone(_zone(zone)).date()
    clock = f"{local:%H:%M}"
    if language is Language.RU:
        near = {0: "сегодня", 1: "завтра", 2: "послезавтра"}.get((local.date() - today).days)
        half = " ночи" if local.hour < 4 else " утра" if local.hour < 12 else ""
        return f"{near or f'{local.day} {RUSSIAN_MONTHS[local.month - 1]}'} в {clock}{half}"
    near = {0: "today", 1: "tomorrow"}.get((local.date() - today).days)
    return f"{near or f'on {ENGLISH_MONTHS[local.month - 1]} {local.day}'} at {clock}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput("no_such_zone", f"There is no time zone {name!r}.", field="zone") from error


def _result(meaning: Meant, asked: datetime, clock: ZoneInfo, allowed: Allowed | None) -> When | None:
    at = asked if allowed is None else allowed(asked)
    if at is None:
        return None
    moved, ambiguous = at != asked, len(meaning.spans) > 1
    sure = meaning.clear * (UNSURE if ambiguous else 1.0) * (MOVED if moved else 1.0)
    return When(at.astimezone(clock), asked.astimezone(clock), meaning.words, ambiguous, moved, round(sure, 2))


def _is_allowed(at: datetime, allowed: Allowed | None) -> bool:
    return allowed is None or allowed(at) == at


def _like_now(local: datetime) -> Span:
    """Some time of a working day, best at this time of it."""
    first, last = WORKDAY
    return Span(first, min(max(local.time().replace(second=0, microsecond=0), first), last), last)


def _days(meaning: Meant, today: date) -> Iterator[date]:
    """The days that may be meant, the likeliest first."""
    match meaning.day:
        case None:
            yield from (today + DAY * number for number in range(8))
        case InDays(days):
            yield today + DAY * days
            yield today + DAY * (days + 1)
        case InMonths(months):
            yield _in_months(today, months)
        case OnWeekday(weekday, weeks):
            yield from _weekdays(today, weekday, weeks)
        case OnDate(day, month):
            yield from _dates(today, day, month)


def _weekdays(today: date, weekday: int, weeks: int | None) -> Iterator[date]:
    monday = today - DAY * today.weekday()
    if weeks is None:
        first = today + DAY * ((weekday - today.weekday() - 1) % 7 + 1)
    else:
        first = monday + DAY * (7 * weeks + weekday)
        first = first if first >= today else first + 7 * DAY
    yield first
    yield first + 7 * DAY


def _in_months(today: date, months: int) -> date:
    month = today.month - 1 + months
    end = last_day(today.year + month // 12, month % 12 + 1)
    return end.replace(day=min(today.day, end.day))


def _dates(today: date, day: int, month: int | None) -> Iterator[date]:
    for ahead in range(12 * FARTHEST_YEARS + 1):
        number = today.month - 1 + ahead
        end = last_day(today.year + number // 12, number % 12 + 1)
        if day <= end.day and month in (None, end.month) and end.replace(day=day) >= today:
            yield end.replace(day=day)


def _times(day: date, span: Span, clock: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """The instants of the span on that day which are still to come, in UTC, the usual one first."""
    first, usual, last = (_instant(day, at, clock, now) for at in (span.first, span.usual, span.last))
    if usual > now:
        yield usual
    if first == last:
        return
    at = max(first, now + SOONEST)
    at = at.replace(second=0, microsecond=0) + (MINUTE if at.second or at.microsecond else timedelta())
    while at <= last:
        yield at
        at += STEP


def _instant(day: date, at: time, clock: ZoneInfo, now: datetime) -> datetime:
    """The wall-clock time in UTC: of two the first that is to come, behind the gap where it is skipped."""
    once, again = (datetime.combine(day, at, clock).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return again if once <= now < again else once
