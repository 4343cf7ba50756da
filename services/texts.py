"""Texts that people type, made fit for the database and for one line on a screen."""

from __future__ import annotations

from core.errors import BadInput


def one_line(text: str, field: str, *, most: int = 200) -> str:
    """The text with single spaces; BadInput on `field` if it is empty, too long or holds control characters."""
    clean = " ".join(text.split())
    if not clean:
        raise BadInput("empty", "This must not be empty.", field=field)
    if len(clean) > most:
        raise BadInput("too_long", f"This may have at most {most} letters, not {len(clean)}.", field=field)
    if not clean.isprintable():
        raise BadInput("not_printable", "This holds characters that cannot be shown.", field=field)
    return clean
