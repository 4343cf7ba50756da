"""Person or machine, by the cadence of the first seconds after the answer (SPEC R7): a rule, no model.

Theory. A person who answers says something short and waits; a machine goes on talking or beeps. So:

* a short utterance, then `WAITING` of silence: a person, and the moment to begin to speak;
* speech that has gone on for `LONG_SPEECH` without a pause of `WAITING`: a machine;
* a steady pure tone of `BEEP`: a machine;
* no speech for `PATIENCE`: uncertain, the robot begins to speak as to a person;
* none of these within `LONGEST`: uncertain.

Doubt counts as human. The score is a scale from 0 (surely a person) to 1 (surely a machine), not a measured
probability: 0.5 lies at `LONG_SPEECH`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from core.audio import SAMPLE_RATE, Samples, from_ms
from robot.amd.sound import Tone
from robot.pauses import BEGINNING
from robot.turns import SPEECH_OFF, SPEECH_ON, Moment

WAITING: Final = from_ms(550)
LONG_SPEECH: Final = from_ms(2_600)
PATIENCE: Final = from_ms(1_700)
LONGEST: Final = from_ms(8_000)
BEEP: Final = from_ms(250)
BEEP_SHARE: Final = 0.9
BEEP_HERTZ: Final = (520.0, 3_000.0)
"""Below lie ringback and busy tones: an exchange that rings on after the answer is no machine."""
BEEP_LEVEL_DB: Final = -45.0
ONSET: Final = from_ms(64)


class Verdict(StrEnum):
    """Who answered; `uncertain` is treated as a person."""

    HUMAN = "human"
    MACHINE = "machine"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Greeted:
    """The first listening is over: the verdict, its score, and when the greeting was over (`at`, if there was none)."""

    verdict: Verdict
    score: float
    at: Samples
    spoken_until: Samples


@dataclass(frozen=True, slots=True)
class Cadence:
    """What was heard since the answer; `verdict` is set once, then nothing more is to be taken in."""

    speech_since: Samples | None = None
    voiced: Samples = BEGINNING
    voiced_until: Samples = BEGINNING
    tone_hertz: float = 0.0
    tone_since: Samples | None = None
    verdict: Greeted | None = None


def cadence_after(before: Cadence, moment: Moment, tone: Tone) -> Cadence:
    """Takes the next chunk."""
    if before.verdict is not None:
        return before
    now = _with_speech(_with_tone(before, moment, tone), moment)
    verdict = _verdict(now, moment.end)
    if verdict is None:
        return now
    until = now.voiced_until if now.speech_since is not None else moment.end
    return replace(now, verdict=Greeted(verdict, score(now, verdict), moment.end, until))


def score(heard: Cadence, verdict: Verdict) -> float:
    """0 for surely a person, 1 for surely a machine."""
    if heard.tone_since is not None and verdict is Verdict.MACHINE and not _long(heard):
        return 0.95
    if heard.speech_since is None:
        return 0.3
    span_s = (heard.voiced_until - heard.speech_since) / SAMPLE_RATE
    return 1.0 / (1.0 + math.exp(-(span_s - LONG_SPEECH / SAMPLE_RATE) / 0.35))


def _with_tone(before: Cadence, moment: Moment, tone: Tone) -> Cadence:
    low, high = BEEP_HERTZ
    if tone.share < BEEP_SHARE or not low <= tone.hertz <= high or moment.level_db < BEEP_LEVEL_DB:
        return replace(before, tone_since=None)
    if before.tone_since is not None and abs(tone.hertz - before.tone_hertz) <= 40.0:
        return before
    return replace(before, tone_since=moment.start, tone_hertz=tone.hertz)


def _with_speech(before: Cadence, moment: Moment) -> Cadence:
    """Adds the chunk's speech; a blip that `WAITING` has passed since is forgotten."""
    length = moment.end - moment.start
    if before.speech_since is None:
        if moment.speech < SPEECH_ON:
            return before
        return replace(before, speech_since=moment.start, voiced=Samples(length), voiced_until=moment.end)
    if moment.speech >= SPEECH_OFF:
        return replace(before, voiced=Samples(before.voiced + length), voiced_until=moment.end)
    if moment.end - before.voiced_until >= WAITING and before.voiced < ONSET:
        return replace(before, speech_since=None, voiced=BEGINNING)
    return before


def _verdict(heard: Cadence, now: Samples) -> Verdict | None:
    if heard.tone_since is not None and now - heard.tone_since >= BEEP:
        return Verdict.MACHINE
    if _long(heard):
        return Verdict.MACHINE
    if heard.speech_since is None:
        return Verdict.UNCERTAIN if now >= PATIENCE else None
    if now - heard.voiced_until >= WAITING:
        return Verdict.HUMAN
    return Verdict.UNCERTAIN if now >= LONGEST else None


def _long(heard: Cadence) -> bool:
    return heard.speech_since is not None and heard.voiced_until - heard.speech_since >= LONG_SPEECH
