"""How somebody who answered behaves, in figures: runs of speech, pauses, loudness; nothing of whose voice it is.

When the first word came is no figure either: that is the network's doing as much as the answerer's.

`Track` takes a call chunk by chunk and gives its figures at any moment, from a running count: the same figures while a
call goes on and in training.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from core.audio import SAMPLE_RATE
from robot.amd.tones import CHUNK, Measured
from robot.turns import SPEECH_OFF, SPEECH_ON

CHUNK_S: Final = CHUNK / SAMPLE_RATE
JOINED: Final = 5
"""Chunks: a gap shorter than this is no pause."""
LEAST: Final = 2
"""Chunks: what is shorter is a click."""
RECENT: Final = 16
BURST_DB: Final = 6.0
NAMES: Final = (
    "speaking_s", "segments", "first_s", "longest_s", "last_s", "pause_s", "voiced_s",
    "share", "span_s", "longest_gap_s", "shortest_gap_s", "unbroken_s", "recent_speech", "recent_least", "bursts",
    "burst_rate", "over_floor_db", "level_spread_db", "last_to_first_db", "tone_s", "sureness", "wavering",
)  # fmt: skip


@dataclass(slots=True)
class Segment:
    """Speech from one chunk to another (exclusive), with the sum of its levels."""

    start: int
    end: int
    level_sum: float = 0.0
    voiced: int = 0

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start) * CHUNK_S

    @property
    def level_db(self) -> float:
        """Its mean level."""
        return self.level_sum / max(self.voiced, 1)


@dataclass(slots=True)
class Track:
    """One call's speech up to now."""

    chunks: int = 0
    segments: list[Segment] = field(default_factory=list)
    _open: Segment | None = None
    _speaking: bool = False
    _recent: list[float] = field(default_factory=list)
    _floor_db: float = 0.0
    _level_sum: float = 0.0
    _level_squares: float = 0.0
    _voiced: int = 0
    _sure: int = 0
    _switches: int = 0
    _bursts: int = 0
    _trough_db: float = 0.0
    _rising: bool = False
    _tonal: int = 0

    def take(self, speech: float, measured: Measured) -> None:
        """Takes the next chunk's speech probability and what was measured in it; a tone is no speech."""
        tonal = measured.tonal
        self._tonal += tonal
        speech = 0.0 if tonal else speech
        self._recent.append(speech)
        del self._recent[:-RECENT]
        was = self._speaking
        self._speaking = speech >= (SPEECH_OFF if was else SPEECH_ON)
        self._switches += was != self._speaking
        if self._speaking:
            self._voice(measured.level_db, speech)
        else:
            level = measured.level_db
            self._floor_db = level if not self.chunks else self._floor_db + 0.1 * (level - self._floor_db)
            self._rest()
        self.chunks += 1

    def _voice(self, level_db: float, speech: float) -> None:
        if self._open is None:
            self._open = Segment(self.chunks, self.chunks)
        part = self._open
        part.end = self.chunks + 1
        part.level_sum += level_db
        part.voiced += 1
        self._voiced += 1
        self._sure += speech >= 0.8
        self._level_sum += level_db
        self._level_squares += level_db * level_db
        if self._rising and level_db >= self._trough_db + BURST_DB:
            self._bursts += 1
            self._rising = False
            self._trough_db = level_db
        elif not self._rising and level_db <= self._trough_db - BURST_DB:
            self._rising, self._trough_db = True, level_db
        else:
            extreme = min if self._rising else max
            self._trough_db = extreme(self._trough_db, level_db)

    def _rest(self) -> None:
        part = self._open
        if part is not None and self.chunks - part.end >= JOINED:
            if part.voiced >= LEAST:
                self.segments.append(part)
            self._open = None
            self._rising, self._trough_db = True, -90.0

    @property
    def parts(self) -> list[Segment]:
        """The runs of speech up to now, the last of which may go on."""
        if self._open is not None and self._open.voiced >= LEAST:
            return [*self.segments, self._open]
        return self.segments

    @property
    def spoke(self) -> bool:
        """Whether anything was said."""
        return bool(self.segments) or (self._open is not None and self._open.voiced >= LEAST)

    @property
    def pause(self) -> int:
        """Chunks since the last speech; since the answer if there was none."""
        parts = self.parts
        return self.chunks - parts[-1].end if parts else self.chunks

    def figures(self) -> list[float]:
        """The figures by `NAMES`; `spoke` must hold."""
        parts = self.parts
        lengths = [part.seconds for part in parts]
        gaps = [(after.start - before.end) * CHUNK_S for before, after in pairwise(parts)]
        speaking = (self.chunks - parts[0].start) * CHUNK_S
        voiced = self._voiced * CHUNK_S
        pause = self.pause * CHUNK_S
        mean_db = self._level_sum / self._voiced
        variance = max(0.0, self._level_squares / self._voiced - mean_db * mean_db)
        return [
            speaking, float(len(parts)), lengths[0], max(lengths), lengths[-1], pause,
            voiced, voiced / speaking, (parts[-1].end - parts[0].start) * CHUNK_S, max(gaps, default=0.0),
            min(gaps, default=0.0), lengths[-1] if pause < JOINED * CHUNK_S else 0.0,
            sum(self._recent) / len(self._recent), min(self._recent), float(self._bursts), self._bursts / voiced,
            mean_db - self._floor_db if self._floor_db else 0.0, variance**0.5,
            parts[-1].level_db - parts[0].level_db, self._tonal * CHUNK_S, self._sure / self._voiced,
            self._switches / speaking,
        ]  # fmt: skip
