"""What is wrong with a written scenario, and where it stands in the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import OSA

from robot.dialog.finding import Severity


class Place(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where, what, and a `hint` that says what to do.

    `path` names the field with dots between levels (`steps.offer.answers.0.then`), as `flow_from_json` does.
    """

    code: str
    place: Place
    message: str
    hint: str = ""
    path: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.place.line}:{self.place.column} {self.message}" + (f" {self.hint}" if self.hint else "")


def meant(written: str, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant; None where none is near."""
    names = sorted(set(known))
    plain = written.casefold()
    allowed = max(1, len(plain) // 3)
    near = [(OSA.distance(plain, name.casefold(), score_cutoff=allowed), name) for name in names]
    best = min((one for one in near if one[0] <= allowed), default=None)
    return best[1] if best is not None else None


def suggestion(written: str, known: Iterable[str], *, what: str = "Known") -> str:
    """A sentence that names what was likely meant, else what there is."""
    names = sorted(set(known))
    best = meant(written, names)
    if best is not None:
        return f"Did you mean {best!r}?"
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return f"{what}: {shown}." if names else f"{what}: none."
