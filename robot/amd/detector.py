"""Person or machine by the trained detector: a verdict on one call's first seconds while they are heard.

Every `TICK` chunks the probabilities are told anew; a fax's tone, a special information tone or a lasting beep is a
machine at once. After the verdict nothing changes any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.audio import Pcm, Samples, from_ms
from robot.amd.cadence import Cadence, Greeted, Verdict, cadence_after
from robot.amd.features import Track
from robot.amd.judging import TICK, Answerer, Heard, Limits, verdict
from robot.amd.model import Bias, Trained
from robot.amd.sound import level_db, tone_of
from robot.amd.tones import CHUNK, HeardTone, Measured, ToneKind, Tones, measure
from robot.turns import Moment

BEEP_LASTS: Final = from_ms(256)
"""So long a steady tone is no syllable: whoever beeps is a machine."""


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Who is there, as far as was heard; the four sum up to 1."""

    human: float
    machine: float
    fax: float
    silence: float

    @property
    def most_likely(self) -> Answerer:
        """The class with the greatest probability."""
        return max(Answerer, key=lambda one: float(getattr(self, one.value)))


class MachineDetector:
    """The trained detector on one call; `take` chunks of `CHUNK` samples until it gives a verdict."""

    def __init__(self, trained: Trained, *, bias: Bias = Bias.PEOPLE_FIRST, limits: Limits = Limits()) -> None:  # noqa: B008 - frozen
        self._trained = trained
        self._thresholds = trained.thresholds[bias]
        self._limits = limits
        self._track = Track()
        self._tones = Tones()
        self._tone: ToneKind | None = None
        self._machine = 0.5
        self._spoken_until = Samples(0)
        self._greeted: Greeted | None = None

    @property
    def verdict(self) -> Greeted | None:
        """The verdict once there is one; `score` is the probability of any machine, a fax included."""
        return self._greeted

    @property
    def probabilities(self) -> Probabilities:
        """What is likely now."""
        errs = self._trained.tone_errs
        if self._tone is not None:
            fax = self._tone is ToneKind.FAX
            return Probabilities(errs, 0.0 if fax else 1.0 - errs, 1.0 - errs if fax else 0.0, 0.0)
        if not self._track.spoke:
            silent = self._trained.silence(self._track.chunks * CHUNK / 8000)
            return Probabilities((1.0 - silent) / 2, (1.0 - silent) / 2, 0.0, silent)
        return Probabilities(1.0 - self._machine, self._machine, 0.0, 0.0)

    def take(self, chunk: Pcm, moment: Moment) -> Greeted | None:
        """Takes the next chunk and returns the verdict where it comes by it."""
        return self.take_measured(moment.speech, measure(np.frombuffer(chunk, dtype="<i2"))[0])

    def take_measured(self, speech: float, measured: Measured) -> Greeted | None:
        """The same for a chunk that was measured already."""
        if self._greeted is not None:
            return None
        track = self._track
        track.take(speech, measured)
        if track.spoke and track.pause == 0:
            self._spoken_until = Samples(track.chunks * CHUNK)
        self._note(self._tones.take(measured))
        if self._tone is not None:
            return self._say(Verdict.MACHINE)
        if track.chunks % TICK:
            return None
        if track.spoke:
            self._machine = float(self._trained.machine([track.figures()])[0])
        found = verdict(Heard.of(track), self._machine, self._thresholds, self._limits)
        return None if found is None else self._say(found)

    def finish(self) -> Greeted:
        """The verdict on a call that ends here."""
        return self._greeted or self._say(Verdict.UNCERTAIN)

    def _note(self, tone: HeardTone | None) -> None:
        if tone is not None and tone.kind is not ToneKind.BEEP:
            self._tone = tone.kind
        elif self._tones.lasting >= BEEP_LASTS and not self._tones.may_be_fax:
            self._tone = ToneKind.BEEP

    def _say(self, found: Verdict) -> Greeted:
        likely = self.probabilities
        now = Samples(self._track.chunks * CHUNK)
        until = self._spoken_until or now
        self._greeted = Greeted(found, likely.machine + likely.fax, now, until)
        return self._greeted


class CadenceDetector:
    """The rule of `robot.amd.cadence` on one call, as the same interface."""

    def __init__(self) -> None:
        self._heard = Cadence()
        self._now = Samples(0)

    def take(self, chunk: Pcm, moment: Moment) -> Greeted | None:
        """Takes the next chunk and returns the verdict where it comes by it."""
        if self._heard.verdict is not None:
            return None
        self._now = moment.end
        self._heard = cadence_after(self._heard, moment, tone_of(chunk))
        return self._heard.verdict

    def take_heard(self, chunk: Pcm, number: int, speech: float) -> Greeted | None:
        """The same for the chunk with this number of a recording."""
        start = number * CHUNK
        return self.take(chunk, Moment(Samples(start), Samples(start + CHUNK), speech, level_db(chunk)))

    def finish(self) -> Greeted:
        """The verdict on a call that ends here."""
        return self._heard.verdict or Greeted(Verdict.UNCERTAIN, 0.5, self._now, self._now)


def judge(trained: Trained, speech: Sequence[float], measured: Sequence[Measured], *, bias: Bias) -> Greeted:
    """The verdict on a recording whose chunks are known."""
    detector = MachineDetector(trained, bias=bias)
    for probability, chunk in zip(speech, measured, strict=True):
        if (greeted := detector.take_measured(probability, chunk)) is not None:
            return greeted
    return detector.finish()
