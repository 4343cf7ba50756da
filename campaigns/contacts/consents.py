"""The consent to be called as lists tell it: yes, no, or the day on which it was given (SPEC R3.7, R9.1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

YES: Final = frozenset(
    ["да", "yes", "true", "истина", "есть", "дано", "получено", "согласен", "согласна", "y", "д", "1", "+"]
)
NO: Final = frozenset(["нет", "no", "false", "ложь", "отказ", "отозвано", "n", "н", "0", "-"])
_DAYS: Final = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")

_ZONES_AHEAD: Final = timedelta(hours=14)
"""By so much a day may have begun elsewhere before it begins in UTC."""


class BadConsent(ValueError):
    """A cell that tells neither yes, no nor a day until now."""


def consent_in(cell: str, now: datetime) -> datetime | None:
    """Since when there is a consent, None: there is none; a bare yes holds from `now` on, a day without a zone is UTC.

    Raises `BadConsent`.
    """
    said = " ".join(cell.split()).casefold()
    if said in YES:
        return now
    if said in NO:
        return None
    at = _instant(said)
    if at is None or at > now + _ZONES_AHEAD:
        raise BadConsent(cell)
    return min(at, now)


def _instant(said: str) -> datetime | None:
    for form in _DAYS:
        try:
            return datetime.strptime(said, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
