"""Contacts as lines of COPY's text format: what stands in a column, and how it is written there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

STAGED: Final = (
    "place", "phone", "phones", "last_name", "first_name", "middle_name", "organisation", "position", "note", "email",
    "zone", "custom", "tags", "priority", "consent_at", "repeated",
)  # fmt: skip
"""The columns in their order."""
NULL: Final = "\\N"
SPECIAL: Final = "\\\t\n\r"
EMPTY: Final[Mapping[str, str]] = {
    **dict.fromkeys(STAGED, ""), "phones": NULL, "zone": NULL, "custom": "{}", "tags": "{}", "priority": NULL,
    "consent_at": NULL, "repeated": "f",
}  # fmt: skip
"""What stands in a column of a row that has nothing there, as it does where the column is left out."""

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL: Final = re.compile(r"[\\\t\n\r]")


def escaped(text: str) -> str:
    """A text as COPY reads it."""
    return text.translate(_ESCAPES) if _SPECIAL.search(text) else text


def json_text(value: str | Mapping[str, str]) -> str:
    """A text, or texts by their names, as JSON that COPY reads."""
    return msgspec.json.encode(value).decode().replace("\\", "\\\\")


def array(words: tuple[str, ...]) -> str:
    """Words as an array that COPY reads."""
    quoted = ",".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return f"{{{quoted}}}".translate(_ESCAPES)
