"""What a caller's words mean besides the phrases in them: intents by the flow's classifier, times by `when`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from robot.dialog import when
from robot.dialog.events import IntentGuess
from robot.dialog.flow import Language
from robot.dialog.intents import Trained


class Understanding:
    """The `Meaning` of one call: times are read on the clock of `zone` and moved into the hours that `allowed` gives.

    Without a classifier no intent is guessed.
    """

    def __init__(
        self,
        trained: Trained | None,
        *,
        now: Callable[[], datetime],
        zone: str,
        language: Language,
        allowed: when.Allowed | None = None,
    ) -> None:
        self._trained = trained
        self._now = now
        self._zone = zone
        self._language = language
        self._allowed = allowed

    def guess(self, text: str, *, only: Sequence[str]) -> tuple[IntentGuess, ...]:
        """Those of the intents that the classifier takes the words for, best first, none below its threshold."""
        return () if self._trained is None else self._trained.guess(text, only=only)

    def instant(self, text: str) -> str | None:
        """The instant that the words name, in ISO 8601 on the zone's clock; None if they name none."""
        meant = when.parse(text, now=self._now(), zone=self._zone, language=self._language, allowed=self._allowed)
        return None if meant is None else meant.at.isoformat()
