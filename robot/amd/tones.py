"""Tones on the line: what each chunk sounds like, and which tone a run of such chunks is.

Theory. A pure tone has nearly all its energy within 62 Hz of one frequency, and an even loudness: two tones at once
(ringback 440 + 480 Hz, busy 480 + 620 Hz) beat, so the loudest sixth of a chunk is far above the softest. Ringback and
busy of 425 Hz are pure, so that frequency is left out. A run of tonal chunks, pauses up to `JOINED` included, is:

* a fax: 2100 Hz for `FAX_LASTS`, or two bursts of 1100 Hz that are seconds apart;
* a special information tone: its three frequencies one after the other;
* a beep, which a message is left after: one to three steady frequencies, `SHORTEST_BEEP` to `LONGEST_BEEP` in all, told
  once `JOINED` has passed after it, so that a double beep is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from core.audio import SAMPLE_RATE, Samples, from_ms, ms

CHUNK: Final = Samples(256)
FLOOR_DB: Final = -120.0
PURE: Final = 0.9
STEADY: Final = 0.6
LOUD_DB: Final = -45.0
BAND_HERTZ: Final = (390.0, 2_160.0)
EXCHANGE_HERTZ: Final = (412.0, 438.0)
"""Russian and European ringback, busy and dial tones: no tone of these frequencies means anything here."""
SAME_HERTZ: Final = 14.0
SAME_DB: Final = 4.0
ALIKE_HERTZ: Final = 4.0
ALIKE_DB: Final = 1.0
JOINED: Final = from_ms(256)
SHORTEST_BEEP: Final = from_ms(96)
LONGEST_BEEP: Final = from_ms(1_600)
LOW_HERTZ: Final = 650.0
"""Below lie pure vowels, so a tone there must last longer."""
MOST_STEPS: Final = 3
FAX_LASTS: Final = from_ms(480)
FAX_ANSWERS_HERTZ: Final = (2_075.0, 2_125.0)
FAX_CALLS_HERTZ: Final = (1_062.0, 1_138.0)
FAX_CALLS_EVERY_MS: Final = (2_000.0, 4_500.0)
SIT_HERTZ: Final = ((895.0, 1_005.0), (1_350.0, 1_450.0), (1_750.0, 1_805.0))

Floats = npt.NDArray[np.float64]


class Measured(NamedTuple):
    """One chunk: level in dBFS, strongest frequency, its share of the energy, evenness of the loudness (both 0–1)."""

    level_db: float
    hertz: float
    share: float
    steady: float

    @property
    def tonal(self) -> bool:
        """Whether it is one pure steady tone, loud enough, of a frequency that means something."""
        low, high = BAND_HERTZ
        return (
            self.share >= PURE
            and self.steady >= STEADY
            and self.level_db >= LOUD_DB
            and low <= self.hertz <= high
            and not EXCHANGE_HERTZ[0] <= self.hertz <= EXCHANGE_HERTZ[1]
        )


def measure(audio: npt.NDArray[np.int16]) -> list[Measured]:
    """Measures each whole chunk of `CHUNK` samples; what is left over at the end is passed over."""
    count = len(audio) // CHUNK
    if not count:
        return []
    waves = audio[: count * CHUNK].reshape(count, CHUNK).astype(np.float64) / 32768.0
    power = np.einsum("ij,ij->i", waves, waves) / CHUNK
    levels = np.maximum(FLOOR_DB, 10.0 * np.log10(np.maximum(power, 1e-12)))
    spectra = np.abs(np.fft.rfft((waves - waves.mean(axis=1, keepdims=True)) * _WINDOW)) ** 2
    peaks = spectra[:, 2:-2].argmax(axis=1) + 2
    near = spectra[np.arange(count)[:, None], peaks[:, None] + np.arange(-2, 3)]
    shares = near.sum(axis=1) / np.maximum(spectra.sum(axis=1), 1e-30)
    hertz = (peaks + _between_bins(near)) * SAMPLE_RATE / CHUNK
    sixths = waves[:, : _SIXTH * 6].reshape(count, 6, _SIXTH)
    loudness = np.sqrt(np.einsum("ijk,ijk->ij", sixths, sixths))
    steady = loudness.min(axis=1) / np.maximum(loudness.max(axis=1), 1e-9)
    return [
        Measured(*row) for row in zip(levels.tolist(), hertz.tolist(), shares.tolist(), steady.tolist(), strict=True)
    ]


def _between_bins(near: Floats) -> Floats:
    """How far the peak lies from the middle one of five bins, by a parabola through the logarithms."""
    before, peak, after = (np.log(np.maximum(near[:, column], 1e-30)) for column in (1, 2, 3))
    bend = before - 2.0 * peak + after
    shift: Floats = np.where(bend < 0.0, 0.5 * (before - after) / np.minimum(bend, -1e-9), 0.0)
    return np.clip(shift, -0.5, 0.5)


class ToneKind(StrEnum):
    """What a tone means."""

    BEEP = "beep"
    FAX = "fax"
    SIT = "sit"


@dataclass(frozen=True, slots=True)
class HeardTone:
    """A tone that was recognised: from where to where, and its first frequency."""

    kind: ToneKind
    start: Samples
    end: Samples
    hertz: float


@dataclass(slots=True)
class _Step:
    """Tonal chunks of one frequency, one after the other."""

    hertz: float
    level_db: float
    start: int
    chunks: int = 1
    wandered: bool = False

    @property
    def solid(self) -> bool:
        """Whether it is no syllable or note that happens to be pure: two chunks must be alike, three need not."""
        return self.chunks >= 3 or (self.chunks == 2 and not self.wandered)


@dataclass(slots=True)
class Tones:
    """The tones of one call, chunk by chunk."""

    _position: int = 0
    _steps: list[_Step] = field(default_factory=list)
    _last_tonal: int = -1
    _told: bool = False
    _called_at: list[int] = field(default_factory=list)

    @property
    def lasting(self) -> Samples:
        """How long one steady frequency has been heard up to now."""
        if not self._steps or self._last_tonal != self._position - 1:
            return Samples(0)
        return Samples(self._steps[-1].chunks * CHUNK)

    @property
    def may_be_fax(self) -> bool:
        """Whether the tone that sounds now is one that a fax answers with."""
        return bool(self._steps) and _within(self._steps[-1].hertz, FAX_ANSWERS_HERTZ)

    def take(self, measured: Measured) -> HeardTone | None:
        """Takes the next chunk and returns the tone that became known by it."""
        here = self._position
        self._position += 1
        if measured.tonal:
            self._extend(measured, here)
            return None if self._told else self._at_once()
        if self._steps and (here - self._last_tonal) * CHUNK >= JOINED:
            steps, told = self._steps, self._told
            self._steps, self._told = [], False
            return None if told else self._ended(steps)
        return None

    def _extend(self, measured: Measured, here: int) -> None:
        last = self._steps[-1] if self._steps else None
        unbroken = here == self._last_tonal + 1
        self._last_tonal = here
        if (
            last is not None
            and unbroken
            and abs(last.hertz - measured.hertz) <= SAME_HERTZ
            and abs(last.level_db - measured.level_db) <= SAME_DB
        ):
            last.chunks += 1
            drift_hertz, drift_db = abs(last.hertz - measured.hertz), abs(last.level_db - measured.level_db)
            last.wandered |= drift_hertz > ALIKE_HERTZ or drift_db > ALIKE_DB
        else:
            self._steps.append(_Step(measured.hertz, measured.level_db, here))

    def _at_once(self) -> HeardTone | None:
        """A tone that is known while it still sounds."""
        last = self._steps[-1]
        if _within(last.hertz, FAX_ANSWERS_HERTZ) and last.chunks * CHUNK >= FAX_LASTS:
            return self._tell(ToneKind.FAX, last)
        solid = [step for step in self._steps if step.chunks >= 3]
        if len(solid) >= 3 and all(_within(s.hertz, band) for s, band in zip(solid[-3:], SIT_HERTZ, strict=True)):
            return self._tell(ToneKind.SIT, solid[-3])
        return None

    def _ended(self, steps: Sequence[_Step]) -> HeardTone | None:
        """What a run that is over was."""
        solid = [step for step in steps if step.solid]
        sounding = Samples(sum(step.chunks for step in solid) * CHUNK)
        if not solid or len(solid) > MOST_STEPS or len(steps) > 2 * MOST_STEPS:
            return None
        if not SHORTEST_BEEP - CHUNK <= sounding <= LONGEST_BEEP or any(s.hertz > 2_050.0 for s in solid):
            return None
        if sounding < SHORTEST_BEEP and solid[0].hertz < LOW_HERTZ:
            return None
        end = solid[-1].start + solid[-1].chunks
        if len(solid) == 1 and _within(solid[0].hertz, FAX_CALLS_HERTZ) and self._called_before(solid[0].start):
            return HeardTone(ToneKind.FAX, Samples(solid[0].start * CHUNK), Samples(end * CHUNK), solid[0].hertz)
        return HeardTone(ToneKind.BEEP, Samples(solid[0].start * CHUNK), Samples(end * CHUNK), solid[0].hertz)

    def _called_before(self, start: int) -> bool:
        """Whether a burst of a calling fax came some seconds ago; notes this one."""
        low, high = FAX_CALLS_EVERY_MS
        before = any(low <= ms(Samples((start - at) * CHUNK)) <= high for at in self._called_at)
        self._called_at = [*self._called_at[-3:], start]
        return before

    def _tell(self, kind: ToneKind, step: _Step) -> HeardTone:
        self._told = True
        return HeardTone(kind, Samples(step.start * CHUNK), Samples(self._position * CHUNK), step.hertz)


def tones_in(audio: npt.NDArray[np.int16]) -> Iterator[HeardTone]:
    """All tones of a recording; one that its end cuts off is heard too."""
    tones = Tones()
    padded = np.concatenate([audio, np.zeros(JOINED + 2 * CHUNK, dtype=np.int16)])
    for measured in measure(padded):
        if (heard := tones.take(measured)) is not None:
            yield heard


def _within(hertz: float, band: tuple[float, float]) -> bool:
    return band[0] <= hertz <= band[1]


_SIXTH: Final = CHUNK // 6
_WINDOW: Final = np.hanning(CHUNK)
