"""When the caller's turn begins and ends: a pure function of speech probability, level, words and audio time.

Theory. Audio comes in chunks of 32 ms, each with a speech probability and a level. Two chunks of speech in a row begin
a turn; a turn ends after a pause whose length depends on what was said so far (`pauses`). A chunk is a pause if it is
improbable, far below the loudest of the turn, or no louder than the line's own noise (`noise`).

To know the words, `advance` asks for a reading as soon as a pause has lasted `COMPLETE_PAUSE`; `told` takes it. Where
noise leaves no pause, an expected answer that has stood unchanged for three glances ends the turn. Speech into a prompt
that goes on is checked at `INTERRUPTION`, and stops the prompt if words are understood that are no backchannel; sound
without words stops it only after `SUSTAINED`, if it was surely speech nearly all the time and no quieter than the
caller was before. A short turn without words is noise and is dismissed. Time is counted in samples, never on a clock,
so a recording replays to the same turns however it was cut into frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from core.audio import Samples, from_ms
from robot.dialog.lexicon import Words
from robot.dialog.phrases import words_of
from robot.noise import Floor, floor_after
from robot.pauses import BEGINNING, COMPLETE_PAUSE, NOISE, OPEN_PAUSE, Attend, Attention, is_slight, pause_after
from robot.ports import Recognised

SPEECH_ON: Final = 0.5
SPEECH_OFF: Final = 0.35
SURE: Final = 0.8
"""So probable, a chunk is speech however loud the line's noise is."""
ONSET_CHUNKS: Final = 2
ONSET_OVER_DB: Final = 4.0
PAUSE_OVER_DB: Final = 4.0
"""What is so little above the line's noise does not begin a turn, and is a pause within one, unless it is sure."""
INTERRUPTION: Final = from_ms(900)
SUSTAINED: Final = from_ms(2_000)
SUSTAINED_SHARE: Final = 0.8
BACKGROUND_DB: Final = 12.0
"""Speech so far below the caller's own is somebody else's."""
GLANCE_EVERY: Final = from_ms(480)
STABLE_GLANCES: Final = 3
LONGEST_REREAD: Final = from_ms(6_000)
LATE: Final = from_ms(700)
QUIET_DB: Final = 30.0
"""What lies so far below the loudest chunk is a pause, whatever the probability: it lingers after a word's end."""
FORGET_DB: Final = 0.3
"""By so much a chunk the loudest one is forgotten, so that a knock on the receiver does not make speech a pause."""


class Moment(NamedTuple):
    """One chunk of the caller's audio: from where to where, how surely it is speech, how loud it is (dBFS)."""

    start: Samples
    end: Samples
    speech: float
    level_db: float


class Ending(StrEnum):
    """Why a turn ended."""

    PAUSE = "pause"
    STABLE = "stable"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak at `at`."""

    at: Samples


@dataclass(frozen=True, slots=True)
class StillSpeaking:
    """What the caller says while a prompt is played is no backchannel; told once in a turn."""

    at: Samples


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The turn is over; it was audible from `start` to `end`. The text is empty where the words were not understood."""

    start: Samples
    end: Samples
    said: Recognised
    why: Ending = Ending.PAUSE


@dataclass(frozen=True, slots=True)
class SpeechDismissed:
    """What seemed to be a turn was a noise, or nobody wanted to hear it."""

    at: Samples


@dataclass(frozen=True, slots=True)
class SilenceLasted:
    """The caller said nothing for as long as the attention with this serial allowed."""

    serial: int
    at: Samples


TurnEvent = SpeechStarted | StillSpeaking | TurnEnded | SpeechDismissed | SilenceLasted


class Want(StrEnum):
    """What `advance` asks to be told: the text so far, or the text as if the turn ended here.

    A check is a reading in the midst of speech, which does not end the turn.
    """

    GLANCE = "glance"
    CHECK = "check"
    READING = "reading"


class TurnState(msgspec.Struct, frozen=True):
    """What is remembered from chunk to chunk; `now` moves only within a turn.

    `reading` is of the present pause, and goes when speech goes on. `floor` is the line's noise, `voice_db` how loud
    the caller was at most in the last turn that had words (None before the first).
    """

    now: Samples = BEGINNING
    speaking: bool = False
    onset: int = 0
    start: Samples = BEGINNING
    voiced_until: Samples = BEGINNING
    loudest_db: float = -120.0
    peak_db: float = -120.0
    sure: Samples = BEGINNING
    reading: Recognised | None = None
    told_still: bool = False
    checked_at: Samples = BEGINNING
    glanced_at: Samples = BEGINNING
    glance: Words = ()
    glances: int = 0
    silence_told: int = -1
    floor: Floor = Floor()
    voice_db: float | None = None


class Advance(msgspec.Struct, frozen=True):
    """The next state, what happened, and what must be told before the next chunk."""

    state: TurnState
    events: tuple[TurnEvent, ...] = ()
    want: Want | None = None


def advance(state: TurnState, moment: Moment, wanted: Attention) -> Advance:
    """Takes the next chunk of audio."""
    floor = floor_after(state.floor, moment.end, moment.level_db)
    if floor is not state.floor:
        state = replace(state, floor=floor)
    if state.speaking:
        step = _speaking(replace(state, now=moment.end), moment, wanted)
    elif moment.speech >= SPEECH_ON and _is_over_noise(floor, moment, ONSET_OVER_DB):
        return _onset(state, moment)
    else:
        step = Advance(state if state.onset == 0 else replace(state, onset=0))
    return _with_silence(step, moment.end, wanted)


def told(state: TurnState, want: Want, said: Recognised, wanted: Attention) -> Advance:
    """Takes the words that `advance` asked for; a glance may ask for a reading in turn."""
    words = words_of(said.text)
    if want is Want.READING:
        return _settle(replace(state, reading=said), wanted)
    if want is Want.CHECK:
        spoken = Samples(state.now - state.start)
        if words and not is_slight(words, spoken, wanted):
            return _still(state)
        return _still(state) if _is_sustained(state, spoken) else Advance(state)
    same = state.glances + 1 if words == state.glance else 1
    state = replace(state, glance=words, glances=same)
    if same >= STABLE_GLANCES and words in wanted.expected:
        return Advance(state, want=Want.READING)
    return Advance(state)


def stops_prompt(turn: TurnEnded, wanted: Attention, left: Samples) -> bool:
    """Whether a whole turn that began `left` samples before the prompt's end stops the prompt (SPEC R6.7).

    A backchannel that is an expected answer does, where the question was as good as asked.
    """
    words = words_of(turn.said.text)
    if is_slight(words, Samples(turn.end - turn.start), wanted):
        return words in wanted.expected and left <= LATE
    return bool(words)


def _is_over_noise(floor: Floor, moment: Moment, margin_db: float) -> bool:
    return moment.speech >= SURE or moment.level_db >= floor.db + margin_db


def _onset(state: TurnState, moment: Moment) -> Advance:
    first = state.onset == 0
    state = replace(
        state,
        onset=state.onset + 1,
        start=moment.start if first else state.start,
        loudest_db=moment.level_db if first else max(state.loudest_db, moment.level_db),
    )
    if state.onset < ONSET_CHUNKS:
        return Advance(state)
    begun = replace(
        _quiet(state),
        now=moment.end,
        speaking=True,
        start=state.start,
        voiced_until=moment.end,
        loudest_db=state.loudest_db,
        peak_db=state.loudest_db,
        checked_at=state.start,
        glanced_at=state.start,
    )
    return Advance(begun, (SpeechStarted(state.start),))


def _speaking(state: TurnState, moment: Moment, wanted: Attention) -> Advance:
    loudest = max(state.loudest_db - FORGET_DB, moment.level_db)
    if (
        moment.speech < SPEECH_OFF
        or moment.level_db < loudest - QUIET_DB
        or not _is_over_noise(state.floor, moment, PAUSE_OVER_DB)
    ):
        return _pausing(replace(state, loudest_db=loudest), wanted)
    length = Samples(moment.end - moment.start) if moment.speech >= SURE else BEGINNING
    state = replace(
        state,
        loudest_db=loudest,
        peak_db=max(state.peak_db, moment.level_db),
        sure=Samples(state.sure + length),
        voiced_until=moment.end,
        reading=None,
    )
    if moment.end - state.start >= wanted.longest:
        return _ask_or_dismiss(state, wanted)
    if wanted.attend is Attend.INTERRUPTION and not state.told_still and moment.end - state.checked_at >= INTERRUPTION:
        return Advance(replace(state, checked_at=moment.end), want=Want.CHECK)
    if wanted.answerable and moment.end - state.glanced_at >= GLANCE_EVERY:
        return Advance(replace(state, glanced_at=moment.end), want=Want.GLANCE)
    return Advance(state)


def _pausing(state: TurnState, wanted: Attention) -> Advance:
    pause = state.now - state.voiced_until
    if state.reading is not None:
        return _settle(state, wanted)
    long = state.voiced_until - state.start > LONGEST_REREAD
    if pause < (OPEN_PAUSE if long or not wanted.wants_words else COMPLETE_PAUSE):
        return Advance(state)
    return _ask_or_dismiss(state, wanted)


def _ask_or_dismiss(state: TurnState, wanted: Attention) -> Advance:
    if wanted.wants_words:
        return Advance(state, want=Want.READING)
    return Advance(_quiet(state), (SpeechDismissed(state.now),))


def _still(state: TurnState) -> Advance:
    return Advance(replace(state, told_still=True), (StillSpeaking(state.now),))


def _is_sustained(state: TurnState, spoken: Samples) -> bool:
    """Whether sound without words is so long, so surely speech and so near that it must be the caller talking."""
    if spoken < SUSTAINED or state.sure < SUSTAINED_SHARE * spoken:
        return False
    return state.voice_db is None or state.peak_db >= state.voice_db - BACKGROUND_DB


def _settle(state: TurnState, wanted: Attention) -> Advance:
    """Ends the turn if its words and its pause allow it; else lets it go on."""
    said = state.reading
    if said is None:
        return Advance(state)
    spoken = Samples(state.voiced_until - state.start)
    why = _why(state, said, spoken, wanted)
    if why is not None:
        if not said.text and spoken < NOISE:
            return Advance(_quiet(state), (SpeechDismissed(state.now),))
        over = _quiet(state)
        if said.text:
            over = replace(over, voice_db=state.peak_db)
        return Advance(over, (TurnEnded(state.start, state.voiced_until, said, why),))
    words = words_of(said.text)
    interrupts = wanted.attend is Attend.INTERRUPTION and not state.told_still
    if interrupts and words and not is_slight(words, spoken, wanted):
        return _still(state)
    return Advance(state)


def _why(state: TurnState, said: Recognised, spoken: Samples, wanted: Attention) -> Ending | None:
    pause = state.now - state.voiced_until
    if pause >= pause_after(said, spoken, wanted):
        return Ending.PAUSE
    if state.now - state.start >= wanted.longest:
        return Ending.TOO_LONG
    if pause == 0 and words_of(said.text) in wanted.expected:
        return Ending.STABLE
    return None


def _quiet(state: TurnState) -> TurnState:
    return TurnState(now=state.now, silence_told=state.silence_told, floor=state.floor, voice_db=state.voice_db)


def _with_silence(step: Advance, now: Samples, wanted: Attention) -> Advance:
    """Adds the report of a long silence; where only keys can answer, speech does not break it."""
    state = step.state
    if wanted.wait is None or state.silence_told == wanted.serial or now - wanted.since < wanted.wait:
        return step
    if state.speaking and wanted.answerable:
        return step
    ended = SilenceLasted(wanted.serial, now)
    if any(isinstance(event, TurnEnded) for event in step.events):
        return step
    return Advance(replace(state, silence_told=wanted.serial), (*step.events, ended), step.want)
