"""The schedule as plain JSON values, and a day's periods as people write them.

{"zone": "Europe/Moscow", "week": [[{"start": "09:00", "end": "18:00"}], …, []], "holidays": ["2027-01-01"]}
The week is seven days from Monday; a day may also be a text: "9:00-13:00, 14:00-18:00".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from types import MappingProxyType
from typing import Final

from campaigns.campaign import Period, WeeklySchedule
from campaigns.schedule import check_schedule
from core.errors import BadInput

MOST_HOLIDAYS: Final = 1000
_TIME: Final = r"([01]?[0-9]|2[0-4])(?:[:.]([0-5][0-9]))?"
_PERIOD: Final = re.compile(rf"\s*{_TIME}\s*[-–—]\s*{_TIME}\s*", re.ASCII)


def schedule_to_json(schedule: WeeklySchedule) -> dict[str, object]:
    """The schedule as JSON values, days and holidays in order."""
    return {
        "zone": schedule.zone,
        "week": [day_to_json(schedule.week.get(day, ())) for day in range(7)],
        "holidays": [holiday.isoformat() for holiday in sorted(schedule.holidays)],
    }


def schedule_from_json(value: object) -> WeeklySchedule:
    """Reads and checks a schedule: what cannot be is BadInput naming the field."""
    if not isinstance(value, Mapping):
        raise BadInput("not_an_object", "A schedule must be an object.", field="schedule")
    zone = value.get("zone", "Europe/Moscow")
    week = week_from_json(value.get("week"), field="schedule.week")
    if not isinstance(zone, str):
        raise BadInput("not_a_text", "The zone must be a text.", field="schedule.zone")
    holidays = holidays_from_json(value.get("holidays", []), field="schedule.holidays")
    schedule = WeeklySchedule(zone, week, holidays)
    check_schedule(schedule)
    return schedule


def week_from_json(value: object, *, field: str) -> Mapping[int, tuple[Period, ...]]:
    """Reads seven days from Monday by their number from 0; days off are left out."""
    if not isinstance(value, list) or len(value) != 7:
        raise BadInput("not_a_week", "The week must be seven days from Monday.", field=field)
    days = ((day, day_from_json(given, field=f"{field}.{day}")) for day, given in enumerate(value))
    return MappingProxyType({day: periods for day, periods in days if periods})


def day_to_json(periods: tuple[Period, ...]) -> list[dict[str, str]]:
    """A day's periods as JSON values."""
    return [{"start": f"{period.start:%H:%M}", "end": f"{period.end:%H:%M}"} for period in periods]


def periods_from_text(text: str, *, field: str = "schedule.week") -> tuple[Period, ...]:
    """Reads "9:00-13:00, 14:00-18:00"; an end of 24:00 or 0:00 is midnight; an empty text is a day off."""
    periods = []
    for part in re.split(r"[,;\n]", text) if text.strip() else ():
        match = _PERIOD.fullmatch(part)
        if match is None:
            hint = "Write periods as 9:00-13:00, 14:00-18:00."
            raise BadInput("not_a_period", f"{part.strip()!r} is no period.", field=field, hint=hint)
        start_h, start_m, end_h, end_m = (int(number or 0) for number in match.groups())
        if start_h == 24 or (end_h, bool(end_m)) == (24, True):
            raise BadInput("not_a_period", f"{part.strip()!r} is no period of one day.", field=field)
        periods.append(Period(time(start_h, start_m), time(end_h % 24, end_m)))
    return tuple(periods)


def day_from_json(value: object, *, field: str) -> tuple[Period, ...]:
    """Reads a day's periods, written as a list or as a text; the order is kept, overlaps are not looked for."""
    if isinstance(value, str):
        return periods_from_text(value, field=field)
    if not isinstance(value, list):
        raise BadInput("not_a_list", "A day must be a list of periods.", field=field)
    return tuple(_period(item, field) for item in value)


def _period(value: object, field: str) -> Period:
    if isinstance(value, Mapping):
        match value.get("start"), value.get("end"):
            case str() as start, str() as end:
                try:
                    return Period(time.fromisoformat(start), time.fromisoformat("00:00" if end == "24:00" else end))
                except ValueError as error:
                    raise BadInput("not_a_time", f"{start}-{end} is no period.", field=field) from error
    raise BadInput("not_a_period", "A period must say its start and end.", field=field)


def holidays_from_json(value: object, *, field: str) -> frozenset[date]:
    """Reads a list of ISO dates."""
    if not isinstance(value, list) or len(value) > MOST_HOLIDAYS:
        raise BadInput("not_a_list", f"Holidays must be a list of at most {MOST_HOLIDAYS} dates.", field=field)
    try:
        return frozenset(date.fromisoformat(day) for day in value)
    except (TypeError, ValueError) as error:
        hint = "Write dates as 2027-01-01."
        raise BadInput("not_a_date", "A holiday is no date.", field=field, hint=hint) from error
