"""Reading plain JSON values: each is what it should be, or BadInput names the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.errors import BadInput

LONGEST_S: Final = 366 * 86_400


def json_object(value: object, field: str) -> Mapping[str, object]:
    """The value as an object."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise BadInput("not_an_object", f"{field} must be an object.", field=field)
    return value


def whole(value: object, field: str, *, least: int, most: int) -> int:
    """The value as a whole number within these limits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadInput("not_a_whole_number", f"{field} must be a whole number.", field=field)
    if not least <= value <= most:
        raise BadInput("out_of_range", f"{field} must be {least}–{most}, not {value}.", field=field)
    return value


def number(value: object, field: str, *, least: float, most: float) -> float:
    """The value as a number within these limits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput("not_a_number", f"{field} must be a number.", field=field)
    if not least <= value <= most:
        raise BadInput("out_of_range", f"{field} must be {least:g}–{most:g}, not {value}.", field=field)
    return float(value)


def yes_or_no(value: object, field: str) -> bool:
    """The value as a truth value."""
    if not isinstance(value, bool):
        raise BadInput("not_yes_or_no", f"{field} must be true or false.", field=field)
    return value


def line(value: object, field: str, *, most: int) -> str:
    """The value as a text of one line that is not blank, without the blanks around it."""
    if not isinstance(value, str):
        raise BadInput("not_a_text", f"{field} must be a text.", field=field)
    text = value.strip()
    if not 0 < len(text) <= most or not text.isprintable():
        raise BadInput("not_a_line", f"{field} must be one line of 1–{most} characters.", field=field)
    return text
