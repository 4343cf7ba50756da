"""Texts with `{variables}` and `[hints]`: how they are read, checked and filled in (SPEC R6.5).

A variable is `{name}` or `{name|what is said where the value is missing}`. Names are compared without regard to
case. A value is put in once and never read again: braces inside it stay braces. A value that is missing and has
no default leaves no hole: the spaces and the punctuation around it close up (`tidy`). Hints (`robot.dialog.hints`)
are read before values are put in, so no value is obeyed as a hint.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from core.errors import BadInput
from robot.dialog import written_en, written_ru
from robot.dialog.flow import Language
from robot.dialog.hints import EXAMPLES, Piece, joined, take_apart
from robot.dialog.spoken import spoken

MAX_TEXT: Final = 500
KNOWN: Final = frozenset(
    {"full_name", "last_name", "first_name", "middle_name", "organisation", "position", "note", "phone", "email"}
)

_NAME = re.compile(r"[^\W\d_][\w .\-]{0,99}")
_VARIABLE = re.compile(r"\{([^{}|]*)(?:\|([^{}|]*))?\}")
_UNSAYABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S*")
_GAP = "\x00"
_GAPS = re.compile(r"\x00(?:\s*\x00)+")
_QUOTED_GAP = re.compile(r"«\s*\x00\s*»|\"\s*\x00\s*\"|\(\s*\x00\s*\)")
_GAP_BEFORE_STOP = re.compile(r"\s*[,:;—–-]?\s*\x00\s*(?=[.,!?…;:]|$)")
_GAP_AT_BEGINNING = re.compile(r"(^|[.!?…]\s+)\x00\s*(?:[.,!?…;:—–-]+(?:\s+|$))?(\w?)")
_GAP_WITHIN = re.compile(r"(\s*)\x00(\s*)")


class Slot(NamedTuple):
    """A variable within a text; `default` is None where none is given."""

    name: str
    default: str | None


@lru_cache(maxsize=4096)
def pieces_of(text: str) -> tuple[str | Slot, ...]:
    """The text cut into literal parts and variables; what is no well-formed variable stays literal."""
    text = text.replace(_GAP, "")
    pieces: list[str | Slot] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        if not _NAME.fullmatch(found[1].strip()):
            continue
        if found.start() > end:
            pieces.append(text[end : found.start()])
        pieces.append(Slot(found[1].strip().casefold(), found[2]))
        end = found.end()
    if end < len(text):
        pieces.append(text[end:])
    return tuple(pieces)


def literal_length(text: str) -> int:
    """How many characters the text has without its variables and hints."""
    literal = "".join(piece for piece in pieces_of(text) if isinstance(piece, str))
    return sum(len(piece.text) for piece in take_apart(literal).pieces)


def check_text(text: str, *, field: str, custom: Collection[str] | None = None) -> None:
    """Raises `BadInput` if the text is too long, has a brace or a hint out of place, or names an unknown variable.

    `custom` are the custom fields that the contacts have; None where they are not known yet: any name will do.
    """
    if (length := literal_length(text)) > MAX_TEXT:
        message = f"The text has {length} characters without its variables; at most {MAX_TEXT} are allowed."
        raise BadInput("text_too_long", message, field=field, hint=f"Take out {length - MAX_TEXT} characters.")
    if (wrong := _UNSAYABLE.search(text)) is not None:
        raise BadInput("bad_character", f"The text holds {wrong[0]!r}, which cannot be said.", field=field)
    _check_hints(text, field)
    known = None if custom is None else KNOWN | {name.casefold() for name in custom}
    for piece in pieces_of(text):
        if isinstance(piece, str):
            if (brace := re.search(r"[{}].{0,20}", piece, re.DOTALL)) is not None:
                hint = "Write a variable as {first_name} or {first_name|customer}."
                raise BadInput("bad_braces", f"A brace without its variable: {brace[0]!r}.", field=field, hint=hint)
        elif known is not None and piece.name not in known:
            hint = f"Known are: {', '.join(sorted(known))}."
            raise BadInput("unknown_variable", f"There is no variable {piece.name!r}.", field=field, hint=hint)


def _check_hints(text: str, field: str) -> None:
    pieces, fault = take_apart(text)
    if fault is not None:
        message = f"Character {fault.position}: {fault.message}"
        raise BadInput("bad_hint", message, field=field, hint=EXAMPLES)
    if text.strip() and not any(piece.text.strip() for piece in pieces):
        raise BadInput("no_text", "The text has nothing to say besides its hints.", field=field)


def fill(text: str, variables: Mapping[str, str], language: Language | None = None) -> str:
    """The text with its variables put in, as it would be written; with a `language` an instant as people write it."""
    pieces = pieces_of(text)
    if len(pieces) == 1 and isinstance(pieces[0], str):
        return pieces[0]
    values = (piece if isinstance(piece, str) else _value(piece, variables, language) for piece in pieces)
    return tidy("".join(values))


def say(text: str, variables: Mapping[str, str], language: Language) -> str:
    """The text with its variables put in, as a person would say it: numbers, sums, dates and phones in words."""
    pieces = take_apart(text).pieces
    if len(pieces) == 1:
        return spoken(fill(pieces[0].text, variables, language), language)
    return joined(piece.text for piece in delivery(text, variables, language))


def delivery(text: str, variables: Mapping[str, str], language: Language) -> tuple[Piece, ...]:
    """The same in the pieces that its hints make of it; empty where it has no hints or nothing is left to say."""
    pieces = take_apart(text).pieces
    if len(pieces) == 1 and pieces[0].rate == 1.0 and not pieces[0].pause_ms:
        return ()
    said = tuple(
        Piece(spoken(fill(one.text, variables, language), language).strip(), one.rate, one.pause_ms) for one in pieces
    )
    return said if any(any(map(str.isalnum, piece.text)) for piece in said) else ()


def _value(slot: Slot, variables: Mapping[str, str], language: Language | None) -> str:
    value = variables.get(slot.name)
    if value is None:
        value = next((value for name, value in variables.items() if name.casefold() == slot.name), "")
    value = " ".join(value.replace(_GAP, "").split())
    if language is not None and _INSTANT.fullmatch(value):
        value = _readable(value, language)
    return value or (slot.default or "").strip() or _GAP


def _readable(value: str, language: Language) -> str:
    """The instant as people write it; what only looks like one stays as it is."""
    try:
        return written_instant(datetime.fromisoformat(value), language)
    except ValueError:
        return value


def written_instant(at: datetime, language: Language) -> str:
    """The instant on its own clock, as it is spoken best: 26 ноября в 15:00."""
    if language is Language.RU:
        return f"{at.day} {written_ru.MONTHS[at.month - 1]} в {at:%H:%M}"
    return f"{written_en.MONTHS[at.month - 1]} {at.day} at {at:%H:%M}"


def tidy(text: str) -> str:
    """Closes each gap that a missing value left (a NUL in `text`), with the punctuation that has lost its sense."""
    if _GAP not in text:
        return text
    text = _GAPS.sub(_GAP, text)
    text = _GAPS.sub(_GAP, _QUOTED_GAP.sub(_GAP, text))
    text = _GAP_AT_BEGINNING.sub(lambda found: found[1] + found[2].upper(), text)
    text = _GAP_BEFORE_STOP.sub("", text)
    text = _GAP_WITHIN.sub(lambda found: " " if found[1] or found[2] else "", text)
    return text.strip()
