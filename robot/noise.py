"""How loud a line is when nobody speaks, followed in audio time: the quietest chunk of the last three seconds."""

from __future__ import annotations

from typing import Final

import msgspec

from core.audio import Samples, from_ms

BEGINNING: Final = Samples(0)
WINDOW: Final = from_ms(1_500)
UNKNOWN_DB: Final = -120.0
QUIETEST_DB: Final = -70.0
"""Below this a line is silent: what is compared with its noise is compared with this."""


class Floor(msgspec.Struct, frozen=True):
    """The quietest level of the window before (`before_db`) and of the present one, which began at `since`."""

    before_db: float = UNKNOWN_DB
    lowest_db: float = 0.0
    since: Samples = BEGINNING

    @property
    def db(self) -> float:
        """The noise of the line in dBFS; `QUIETEST_DB` until it is known or where there is none."""
        lower = min(self.lowest_db, self.before_db)
        return max(QUIETEST_DB, lower)


def floor_after(floor: Floor, end: Samples, level_db: float) -> Floor:
    """Takes the next chunk, which ends at `end`; the same floor where it tells nothing new."""
    if end - floor.since >= WINDOW:
        return Floor(min(floor.lowest_db, level_db), level_db, end)
    if level_db < floor.lowest_db:
        return Floor(floor.before_db, level_db, floor.since)
    return floor
