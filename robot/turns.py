"""When the caller's turn begins and ends: a pure function of speech probability, words and audio time.

Theory. Audio comes in chunks of 32 ms, each with a speech probability. Two chunks of speech in a row begin a turn; a
turn ends after a pause whose length depends on what was said so far::

    a whole expected answer, and nothing expected goes on from it    COMPLETE_PAUSE
    a whole expected answer that another expected one goes on from   HALFWAY_PAUSE
    anything else                                                    OPEN_PAUSE

To know the words, `advance` asks for a reading as soon as a pause has lasted `COMPLETE_PAUSE`; `told` takes it. Where
noise leaves no pause, an expected answer that has stood unchanged for three glances ends the turn. While a prompt is
being said a backchannel ("угу", "да-да") counts as complete, so that the prompt can go on soon; so does a single short
word that is no answer. A short turn without words is noise and is dismissed. Time is counted in samples, never on a
clock, so a recording replays to the same turns however it was cut into frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from core.audio import Samples, from_ms
from robot.dialog.lexicon import Words
from robot.dialog.phrases import words_of
from robot.ports import Recognised

SPEECH_ON: Final = 0.5
SPEECH_OFF: Final = 0.35
ONSET_CHUNKS: Final = 2
BEGINNING: Final = Samples(0)
COMPLETE_PAUSE: Final = from_ms(192)
HALFWAY_PAUSE: Final = from_ms(400)
OPEN_PAUSE: Final = from_ms(700)
NOISE: Final = from_ms(250)
SLIGHT: Final = from_ms(500)
INTERRUPTION: Final = from_ms(900)
GLANCE_EVERY: Final = from_ms(480)
STABLE_GLANCES: Final = 3
LONGEST_REREAD: Final = from_ms(6_000)
LONGEST_TURN: Final = from_ms(15_000)
LATE: Final = from_ms(700)
QUIET_DB: Final = 30.0
"""What lies so far below the loudest chunk is a pause, whatever the probability: it lingers after a word's end."""
FORGET_DB: Final = 0.3
"""By so much a chunk the loudest one is forgotten, so that a knock on the receiver does not make speech a pause."""

FILLERS: Final = frozenset(
    {"угу", "ага", "мгм", "мм", "м", "хм", "так", "ну", "э"}
    | {"uh", "huh", "mhm", "mm", "hmm", "yeah", "okay", "ok", "right", "um"}
)
REPEATED: Final = frozenset({"да", "yes"})
"""Words that are a backchannel when said twice or beside a filler ("да-да", "да, угу"), but an answer alone."""


class Attend(StrEnum):
    """What speech is listened for: nothing, something that stops the prompt, or an answer after it."""

    NOTHING = "nothing"
    INTERRUPTION = "interruption"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Attention:
    """What the conversation wants to hear now; `serial` tells one from the next.

    `expected` holds the words of each phrase (empty while an answer is awaited: keys alone can answer, speech makes no
    turn). Silence from `since` on for `wait` is reported once.
    """

    serial: int = 0
    attend: Attend = Attend.NOTHING
    phrases: tuple[str, ...] = ()
    expected: frozenset[Words] = frozenset()
    since: Samples = BEGINNING
    wait: Samples | None = None

    @property
    def wants_words(self) -> bool:
        """Whether what is said can matter at all."""
        return bool(self.expected) or self.attend is Attend.INTERRUPTION


def attention(
    serial: int,
    attend: Attend,
    *,
    phrases: Sequence[str] = (),
    since: Samples = BEGINNING,
    wait: Samples | None = None,
) -> Attention:
    """An `Attention` to the phrases as the designer wrote them."""
    expected = frozenset(words_of(phrase) for phrase in phrases) - {()}
    return Attention(serial, attend, tuple(phrases), expected, since, wait)


@dataclass(frozen=True, slots=True)
class Moment:
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
    """What `advance` asks to be told: the text so far, or the text as if the turn ended here."""

    GLANCE = "glance"
    READING = "reading"


@dataclass(frozen=True, slots=True)
class TurnState:
    """What is remembered from chunk to chunk; `reading` is of the present pause, and goes when speech goes on."""

    now: Samples = BEGINNING
    speaking: bool = False
    onset: int = 0
    start: Samples = BEGINNING
    voiced_until: Samples = BEGINNING
    loudest_db: float = -120.0
    reading: Recognised | None = None
    told_still: bool = False
    glanced_at: Samples = BEGINNING
    glance: Words = ()
    glances: int = 0
    silence_told: int = -1


@dataclass(frozen=True, slots=True)
class Advance:
    """The next state, what happened, and what must be told before the next chunk."""

    state: TurnState
    events: tuple[TurnEvent, ...] = ()
    want: Want | None = None


def advance(state: TurnState, moment: Moment, wanted: Attention) -> Advance:
    """Takes the next chunk of audio."""
    state = replace(state, now=moment.end)
    if state.speaking:
        step = _speaking(state, moment, wanted)
    elif moment.speech >= SPEECH_ON:
        return _onset(state, moment)
    else:
        step = Advance(replace(state, onset=0))
    return _with_silence(step, wanted)


def told(state: TurnState, want: Want, said: Recognised, wanted: Attention) -> Advance:
    """Takes the words that `advance` asked for; a glance may ask for a reading in turn."""
    if want is Want.READING:
        return _settle(replace(state, reading=said), wanted)
    words = words_of(said.text)
    same = state.glances + 1 if words == state.glance else 1
    state = replace(state, glance=words, glances=same)
    if same >= STABLE_GLANCES and words in wanted.expected:
        return Advance(state, want=Want.READING)
    return Advance(state)


def is_backchannel(words: Words) -> bool:
    """Whether these words only say "I am listening"."""
    if not words or not all(word in FILLERS or word in REPEATED for word in words):
        return False
    return len(words) > 1 or words[0] in FILLERS


def is_slight(words: Words, spoken: Samples, wanted: Attention) -> bool:
    """Whether these words, said within `spoken` samples, leave a prompt alone.

    That is a backchannel, or one short word that is no answer ("алло", "что") or was not understood.
    """
    if is_backchannel(words):
        return True
    return len(words) <= 1 and spoken < SLIGHT and words not in wanted.expected


def stops_prompt(turn: TurnEnded, wanted: Attention, left: Samples) -> bool:
    """Whether a whole turn that began `left` samples before the prompt's end stops the prompt (SPEC R6.7).

    A backchannel that is an expected answer does, where the question was as good as asked.
    """
    words = words_of(turn.said.text)
    if is_slight(words, Samples(turn.end - turn.start), wanted):
        return words in wanted.expected and left <= LATE
    return bool(words)


def pause_after(said: Recognised, spoken: Samples, wanted: Attention) -> Samples:
    """How long a pause ends a turn in which `said` was said within `spoken` samples."""
    words = words_of(said.text)
    if wanted.attend is Attend.INTERRUPTION and is_slight(words, spoken, wanted):
        return COMPLETE_PAUSE
    if not words:
        return COMPLETE_PAUSE if spoken < NOISE else OPEN_PAUSE
    if words not in wanted.expected:
        words = tuple(word for word in words if word not in FILLERS)
    if words not in wanted.expected:
        return OPEN_PAUSE
    goes_on = any(len(other) > len(words) and other[: len(words)] == words for other in wanted.expected)
    return HALFWAY_PAUSE if goes_on else COMPLETE_PAUSE


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
    begun = TurnState(
        now=state.now,
        speaking=True,
        start=state.start,
        voiced_until=moment.end,
        loudest_db=state.loudest_db,
        glanced_at=state.start,
        silence_told=state.silence_told,
    )
    return Advance(begun, (SpeechStarted(state.start),))


def _speaking(state: TurnState, moment: Moment, wanted: Attention) -> Advance:
    state = replace(state, loudest_db=max(state.loudest_db - FORGET_DB, moment.level_db))
    if moment.speech < SPEECH_OFF or moment.level_db < state.loudest_db - QUIET_DB:
        return _pausing(state, wanted)
    state = replace(state, voiced_until=moment.end, reading=None)
    if moment.end - state.start >= LONGEST_TURN:
        return _ask_or_dismiss(state, wanted)
    if moment.end - state.start >= INTERRUPTION and (still := _still(state, wanted)) is not None:
        return still
    if wanted.expected and moment.end - state.glanced_at >= GLANCE_EVERY:
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


def _still(state: TurnState, wanted: Attention) -> Advance | None:
    if wanted.attend is not Attend.INTERRUPTION or state.told_still:
        return None
    return Advance(replace(state, told_still=True), (StillSpeaking(state.now),))


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
        return Advance(_quiet(state), (TurnEnded(state.start, state.voiced_until, said, why),))
    words = words_of(said.text)
    if words and not is_slight(words, spoken, wanted) and (still := _still(state, wanted)) is not None:
        return still
    return Advance(state)


def _why(state: TurnState, said: Recognised, spoken: Samples, wanted: Attention) -> Ending | None:
    pause = state.now - state.voiced_until
    if pause >= pause_after(said, spoken, wanted):
        return Ending.PAUSE
    if state.now - state.start >= LONGEST_TURN:
        return Ending.TOO_LONG
    if pause == 0 and words_of(said.text) in wanted.expected:
        return Ending.STABLE
    return None


def _quiet(state: TurnState) -> TurnState:
    return TurnState(now=state.now, silence_told=state.silence_told)


def _with_silence(step: Advance, wanted: Attention) -> Advance:
    """Adds the report of a long silence; where only keys can answer, speech does not break it."""
    state = step.state
    if wanted.wait is None or state.silence_told == wanted.serial or state.now - wanted.since < wanted.wait:
        return step
    if state.speaking and wanted.expected:
        return step
    ended = SilenceLasted(wanted.serial, state.now)
    if any(isinstance(event, TurnEnded) for event in step.events):
        return step
    return Advance(replace(state, silence_told=wanted.serial), (*step.events, ended), step.want)
