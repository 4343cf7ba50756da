"""A full name in one cell, taken apart; and put together again for the screen."""

from __future__ import annotations

import re
from typing import Final

_PATRONYMIC: Final = re.compile(r".+(?:вич|вна|чна|шна|оглы|кызы|улы|гызы)", re.IGNORECASE)
_CYRILLIC: Final = re.compile(r"[а-яё]", re.IGNORECASE)


def parts_of(full: str) -> dict[str, str]:
    """First, middle and last name of a full one; every word of it stands in one of them.

    Russian lists write the last name first, unless the patronymic shows otherwise; others write it last.
    """
    words = full.split()
    match words:
        case []:
            return {}
        case [only]:
            return {"first_name": only}
        case [first, *middle, last] if not _CYRILLIC.search(full) or _PATRONYMIC.fullmatch(words[1]):
            if len(words) == 2 and _CYRILLIC.search(full):
                return {"first_name": first, "middle_name": last}
            return _given(first, middle, last)
        case [last, first, *middle]:
            return _given(first, middle, last)
    raise AssertionError("every list of words is one of these")


def full_name(last: str, first: str, middle: str) -> str:
    """The name as lists show it: last, first, middle, those that there are."""
    return " ".join(part for part in (last, first, middle) if part)


def _given(first: str, middle: list[str], last: str) -> dict[str, str]:
    return {"first_name": first, "last_name": last} | ({"middle_name": " ".join(middle)} if middle else {})
