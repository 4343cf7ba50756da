"""Tags of contacts: short words by which people are found and exported (SPEC R9.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 50
MOST: Final = 50

_SEPARATORS: Final = re.compile(r"[,;\n]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class BadTag:
    """Why words cannot be tags."""

    reason: str


def read(cell: str) -> tuple[str, ...] | BadTag:
    """The tags of a cell, between commas, semicolons or in lines."""
    return tidied(_SEPARATORS.split(cell))


def tidied(words: Iterable[str]) -> tuple[str, ...] | BadTag:
    """The tags in their order, each once, without spaces around and between but one; or why they cannot be."""
    tags = tuple(dict.fromkeys(word for given in words if (word := " ".join(given.split()))))
    if len(tags) > MOST:
        return BadTag(f"A contact has at most {MOST} tags.")
    for tag in tags:
        if len(tag) > LONGEST:
            return BadTag(f"A tag has at most {LONGEST} letters, {tag[:LONGEST]!r}… has {len(tag)}.")
        if _CONTROL.search(tag) or "," in tag or ";" in tag:
            return BadTag("A tag holds no commas, semicolons or control characters.")
    return tags
