"""What a robot makes of a caller's words where there is no recogniser: intents by the classifier, times by `when`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from robot.dialog import intents, when
from robot.dialog.events import Heard, Listen
from robot.dialog.features import Vectors
from robot.dialog.flow import Flow
from robot.dialog.intents import Trained
from robot.dialog.plan import examples_of
from robot.dialog.source.playing import Hearing

ZONE: Final = "Europe/Moscow"
"""The zone in which callers live who are played and have none of their own."""


def to_learn(flow: Flow) -> Mapping[str, tuple[str, ...]]:
    """The intents that a classifier is to know, each with its examples, those of the library included."""
    examples = {name: examples_of(flow, intent) for name, intent in flow.intents.items()}
    return {name: given for name, given in examples.items() if given}


def trained_for(flow: Flow, vectors: Vectors | None = None) -> Trained | None:
    """The flow's classifier, None where it has no intents with examples; `BadInput` where these are too few.

    With word vectors it understands words that no example has, and works with these vectors alone.
    """
    wanted = to_learn(flow)
    return intents.train(wanted, flow.language, vectors=vectors) if wanted else None


def hearing_of(flow: Flow, trained: Trained | None, *, now: datetime, zone: str) -> Hearing:
    """Hears words as they were said, and understands them as a call does at the instant `now` in the contact's zone."""

    def hear(text: str, listen: Listen) -> Heard:
        guesses = trained.guess(text, only=listen.intents) if trained is not None and listen.intents else ()
        meant = when.parse(text, now=now, zone=zone, language=flow.language) if listen.wants_time else None
        return Heard(text, intents=guesses, value=meant.at.isoformat() if meant is not None else None)

    return hear
