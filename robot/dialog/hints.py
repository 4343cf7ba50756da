"""Hints on how a text is said, written within it: pauses and the rate of speech.

    Здравствуйте! [pause 500ms] Ваш код: [slow]{код}[/slow].

============================  =======================================================================
``[pause 500ms]``             silence, 50 ms to 10 s; also ``[pause 1.5s]``; ``[pause]`` is 400 ms
``[slow]…[/slow]``            a fifth slower
``[fast]…[/fast]``            a fifth faster
``[rate 70%]…[/rate]``        50 to 200 % of the usual rate
============================  =======================================================================

In Russian: ``[пауза 500мс]``, ``[медленно]``, ``[быстро]``, ``[темп 70%]``. Rates do not lie within each other.
Hints are never spoken and do not count for a text's length; a variable's value is never read for hints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

PAUSE_MS: Final = 400
SHORTEST_PAUSE_MS: Final = 50
LONGEST_PAUSE_MS: Final = 10_000
SLOWEST: Final = 0.5
FASTEST: Final = 2.0
EXAMPLES: Final = "Hints are [pause 500ms], [slow]…[/slow], [fast]…[/fast] and [rate 70%]…[/rate]."

_BRACKET = re.compile(r"\[([^\[\]]*)\]|[\[\]]")
_PAUSE = re.compile(r"(?:pause|пауза)(?: +([0-9]{1,5}(?:[.,][0-9]{1,3})?) *(ms|s|мс|с))?", re.IGNORECASE)
_RATE = re.compile(r"(rate|темп) +([0-9]{1,3}) *%", re.IGNORECASE)
_FIXED_RATES: Final = {"slow": 0.8, "медленно": 0.8, "fast": 1.2, "быстро": 1.2}
_CLOSING = re.compile(r"/ *(\w+)")
_SPACE_BEFORE_STOP = re.compile(r"\s+(?=[.,!?…;:])")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text that is said at `rate` (1 is the usual one), with `pause_ms` of silence after it."""

    text: str
    rate: float = 1.0
    pause_ms: int = 0


class Fault(NamedTuple):
    """What is wrong with the hint at `position` (characters from the text's beginning, counted from 1)."""

    position: int
    message: str


class Hinted(NamedTuple):
    """A text taken apart; hints with a fault are left out, the first `fault` is told."""

    pieces: tuple[Piece, ...]
    fault: Fault | None


class _Pause(NamedTuple):
    ms: int


class _Rate(NamedTuple):
    name: str
    rate: float


class _Close(NamedTuple):
    name: str


@lru_cache(maxsize=4096)
def take_apart(text: str) -> Hinted:
    """The text in pieces; a text without hints is one piece."""
    if "[" not in text and "]" not in text:
        return Hinted((Piece(text),), None)
    fault: Fault | None = None
    pieces: list[Piece] = []
    literal, opened, opened_at = "", _Rate("", 1.0), 0
    for position, part in _parts(text):
        wrong = None if isinstance(part, str) else _wrong(part, opened)
        if isinstance(part, Fault) or wrong is not None:
            fault = fault or (part if isinstance(part, Fault) else Fault(position, str(wrong)))
            continue
        if isinstance(part, str):
            literal += part
            continue
        pieces.append(Piece(literal, opened.rate, part.ms if isinstance(part, _Pause) else 0))
        literal = ""
        if isinstance(part, _Rate):
            opened, opened_at = part, position
        elif isinstance(part, _Close):
            opened = _Rate("", 1.0)
    pieces.append(Piece(literal, opened.rate))
    if opened.name and fault is None:
        fault = Fault(opened_at, f"[{opened.name}] is not closed: [/{opened.name}] is missing.")
    return Hinted(tuple(piece for piece in pieces if piece.text or piece.pause_ms), fault)


def joined(texts: Iterator[str]) -> str:
    """The texts of pieces as one text, as it stands in a transcript."""
    return _SPACE_BEFORE_STOP.sub("", " ".join(filter(None, (text.strip() for text in texts))))


def _parts(text: str) -> Iterator[tuple[int, str | _Pause | _Rate | _Close | Fault]]:
    """Literal texts and hints in their order; what is no hint comes as its fault."""
    end = 0
    for found in _BRACKET.finditer(text):
        if found.start() > end:
            yield end + 1, text[end : found.start()]
        position, end = found.start() + 1, found.end()
        if found[1] is None:
            yield position, Fault(position, f"A {found[0]!r} stands alone.")
            continue
        hint = _hint(found[1].strip())
        if isinstance(hint, str):
            yield position, Fault(position, f"{found[0]} {hint}")
        else:
            yield position, hint
    if end < len(text):
        yield end + 1, text[end:]


def _hint(written: str) -> _Pause | _Rate | _Close | str:
    """The hint that stands between brackets, or what is wrong with it."""
    name = written.casefold()
    if (pause := _PAUSE.fullmatch(written)) is not None:
        return _pause(pause)
    if name in _FIXED_RATES:
        return _Rate(name, _FIXED_RATES[name])
    if (rate := _RATE.fullmatch(written)) is not None:
        share = int(rate[2]) / 100
        return _Rate(rate[1].casefold(), share) if SLOWEST <= share <= FASTEST else "is no rate from 50 % to 200 %."
    closing = _CLOSING.fullmatch(name)
    if closing is not None and closing[1] in (*_FIXED_RATES, "rate", "темп"):
        return _Close(closing[1])
    return "is no hint."


def _pause(found: re.Match[str]) -> _Pause | str:
    if found[1] is None:
        return _Pause(PAUSE_MS)
    amount = float(found[1].replace(",", "."))
    ms = round(amount if found[2].casefold() in ("ms", "мс") else amount * 1000)
    return _Pause(ms) if SHORTEST_PAUSE_MS <= ms <= LONGEST_PAUSE_MS else "is no pause from 50 ms to 10 s."


def _wrong(hint: _Pause | _Rate | _Close | Fault, opened: _Rate) -> str | None:
    if isinstance(hint, _Rate) and opened.name:
        return f"[{hint.name}] begins before [{opened.name}] is closed."
    if isinstance(hint, _Close) and hint.name != opened.name:
        return f"[/{hint.name}] closes nothing."
    return None
