"""A rehearsal as a process of its own, which calls and pages have precedence of.

`python -m services.rehearsal_apart` reads one order as JSON and writes the report, or what keeps it from being made.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from core.errors import ZvonarError
from robot.dialog.flow import Flow
from robot.dialog.source.understanding import hearing_of, trained_for
from robot.rehearsal import Report, rehearse
from robot.word_vectors import vectors_in

LESS_URGENT: Final = 10


class Order(msgspec.Struct, frozen=True):
    """What is rehearsed: callers live in `zone`, and it is `now` for all; `models` is the folder of fetched models."""

    flow: Flow
    dialogs: int
    seed: int
    now: datetime
    zone: str
    models: str | None


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """What keeps the rehearsal from being made, as a `BadInput` says it."""

    code: str
    message: str
    field: str | None = None
    hint: str | None = None


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The rehearsal was made."""

    report: Report


def carried_out(order: Order) -> Done | Refusal:
    """Rehearses; the flow's intents are learnt first."""
    try:
        vectors = vectors_in(None if order.models is None else Path(order.models), order.flow.language)
        hear = hearing_of(order.flow, trained_for(order.flow, vectors), now=order.now, zone=order.zone)
    except ZvonarError as error:
        return Refusal(error.code, error.message, error.field, error.hint)
    return Done(rehearse(order.flow, dialogs=order.dialogs, seed=order.seed, hear=hear))


def main() -> None:
    """Takes the order from the standard input and writes its outcome to the standard output."""
    os.nice(LESS_URGENT)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(carried_out(order)))


if __name__ == "__main__":
    main()
