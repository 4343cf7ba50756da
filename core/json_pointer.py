"""JSON pointers (RFC 6901): one value out of a JSON document, as text."""

from __future__ import annotations

import json
import re
from typing import Final

NOTHING: Final = object()
"""What a pointer finds where the document holds nothing."""
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}")


def found(document: object, pointer: str) -> object:
    """The value that the pointer names, the whole document for an empty one; `NOTHING` where there is none."""
    if pointer and not pointer.startswith("/"):
        return NOTHING
    value = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key, NOTHING)
        elif isinstance(value, list) and _INDEX.fullmatch(key) and int(key) < len(value):
            value = value[int(key)]
        else:
            return NOTHING
    return value


def as_text(value: object) -> str:
    """A value as the text that a variable holds: a string as it is, null as nothing, all else as JSON writes it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
