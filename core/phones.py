"""Telephone numbers in E.164, masked wherever they are printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class Phone:
    """A number as `+` and 7–15 digits; `str()` and `repr()` show it masked, `.e164` in full."""

    e164: str

    def __post_init__(self) -> None:
        if not E164.fullmatch(self.e164):
            raise ValueError("not an E.164 telephone number")

    def __str__(self) -> str:
        return mask(self.e164)

    def __repr__(self) -> str:
        return f"Phone({mask(self.e164)})"


def mask(number: str) -> str:
    """Hides all but the first digits of the prefix and the last two digits, for logs."""
    if len(number) <= 6:
        return "…" + number[-2:]
    return f"{number[:4]}…{number[-2:]}"
