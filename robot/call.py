"""One conversation from the answer to the hang-up.

One task group owns all tasks of the call; whatever happens (keys, turns, the end of a prompt, the hang-up) comes by one
bounded inbox, and `_converse` alone changes the state. Inside the call time is the number of frames that came; only a
line that brings none is noticed by the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

import structlog

from core.audio import FRAME_BYTES, FRAME_SAMPLES, SILENCE, Pcm, Samples, from_ms, ms
from core.errors import Unavailable
from core.legs import HungUp, KeyPressed
from core.results import CallResult
from robot.amd.cadence import Greeted, Verdict
from robot.dialog.events import (
    ActThis,
    CallBackAt,
    CallerGone,
    Command,
    DialogEvent,
    FetchThis,
    Finish,
    Forbid,
    Heard,
    Interrupted,
    Listen,
    NoInput,
    Phase,
    Pressed,
    PromptEnded,
    PutTag,
    SendMessage,
    Speak,
    Started,
    TransferEnded,
    TransferTo,
)
from robot.dialog.flow import Flow, Language, ListenFor
from robot.dialog.step import begin, interruption, step
from robot.errands import ErrandOver, ErrandsUnderWay, NoErrands
from robot.hearing import Hearing
from robot.line_watch import LineWatch, watched
from robot.listener import Listener, ListenerEvent
from robot.outcome import Outcome, Utterance
from robot.pauses import LONGEST_TURN, Attend, attention
from robot.playout import Playout
from robot.ports import Errands, Line, Meaning, Recognised
from robot.recording import Recording
from robot.senses import Senses
from robot.transcript import Transcript
from robot.turns import SilenceLasted, SpeechDismissed, SpeechStarted, StillSpeaking, TurnEnded, stops_prompt

__all__ = ["CallSettings", "RobotCall", "Senses"]

log = structlog.get_logger(__name__)

INBOX: Final = 256
HANG_UP_NOTICE_S: Final = 1.0
LAST_WORDS_TAIL: Final = SILENCE * 10
"""Silence after the last words, so that the switch has played them out before the hang-up."""


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What one call is told: where its recording goes and under which name, whether machines are looked for.

    `tell` is told each line of the transcript as soon as it is complete. `errands` does what the dialog wants done
    outside of the talk, `meaning` guesses intents and times; without them such steps fail, and only phrases count.
    """

    recordings: Path
    call_name: str
    detect_machines: bool
    language: Language
    tell: Callable[[Utterance], None] | None = None
    errands: Errands = field(default_factory=NoErrands)
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True)
class _PromptOver:
    """The prompt with this number was played to its end."""

    serial: int


Happening = ListenerEvent | KeyPressed | HungUp | ErrandOver | _PromptOver


class RobotCall:
    """Holds one conversation on an answered line; made for one call and run once."""

    def __init__(
        self, flow: Flow, *, variables: Mapping[str, str], line: Line, senses: Senses, settings: CallSettings
    ) -> None:
        self._flow = flow
        self._line = line
        self._senses = senses
        self._settings = settings
        self._state = begin(variables)
        self._inbox: asyncio.Queue[Happening] = asyncio.Queue(INBOX)
        self._overflowed = False
        self._playout = Playout(on_start=self._prompt_began, on_end=self._prompt_over)
        self._recording = Recording(settings.recordings / f"{settings.call_name}.wav", senses.workers)
        self._piece_waits = asyncio.Event()
        listener = Listener(senses.vad(), senses.ears, greeting=settings.detect_machines, machines=senses.machines)
        self._hearing = Hearing(listener, senses.workers, tell=self._post, detector=senses.detector)
        self._errands = ErrandsUnderWay(settings.errands, tell=self._post, call=settings.call_name)
        self._listen = Listen(phrases=(), keys="", wait_s=0.0)
        self._transcript = Transcript(tell=settings.tell)
        self._now = Samples(0)
        self._linked = False
        self._gone = asyncio.Event()
        self._watch: LineWatch | None = None
        self._speech: Speak | None = None
        self._left_at_onset = Samples(0)
        self._serial = 0
        self._verdict: Greeted | None = None
        self._result: CallResult | None = None

    async def run(self) -> Outcome:
        """Holds the conversation and says what came of it; a failure inside is a `system_error`, never an exception."""
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [
                    group.create_task(work)
                    for work in (self._follow(), self._hearing.run(), self._record(), self._prepare())
                ]
                errands = group.create_task(self._errands.run())
                await self._converse()
                await self._errands.finish()
                await errands
                for helper in helpers:
                    helper.cancel()
        except Exception as error:  # the border of the call: whatever broke becomes its result
            log.error("call.broke", call=self._settings.call_name, error=repr(error), exc_info=error)
            self._result = CallResult.SYSTEM_ERROR
        finally:
            self._linked = False
            await self._line.hang_up()
            recording = await self._recording.close()
            self._senses.heard.add(self._hearing.counts)
            if self._hearing.dropped_frames:
                log.warning("hearing.too_slow", call=self._settings.call_name, frames=self._hearing.dropped_frames)
        return self._outcome(recording)

    async def _converse(self) -> None:
        """The only place where the call's state changes."""
        self._senses.require(self._flow)
        if not await self._link():
            return await self._tell(CallerGone())
        try:
            async with watched(lambda: self._now) as self._watch:
                await self._talk()
        except TimeoutError:
            if self._watch is None or not self._watch.timeout.expired():
                raise
            log.error("call.silent_line", call=self._settings.call_name, after_ms=round(ms(self._now)))
            self._result = CallResult.SYSTEM_ERROR
        finally:
            self._watch = None
        return None

    async def _talk(self) -> None:
        if self._settings.detect_machines and not await self._listen_first():
            return
        await self._tell(Started())
        while self._state.phase is not Phase.ENDED:
            await self._take(await self._next())
        await self._let_last_words_out()

    async def _listen_first(self) -> bool:
        """Waits for the greeting's end; False if a machine greets or the caller is gone, with the result set."""
        while True:
            match await self._next():
                case Greeted() as greeted:
                    self._verdict = greeted
                    if greeted.verdict is Verdict.MACHINE:
                        self._result = CallResult.ANSWERING_MACHINE
                        return False
                    return True
                case KeyPressed():
                    self._verdict = Greeted(Verdict.HUMAN, 0.0, self._now, self._now)
                    return True
                case HungUp():
                    await self._tell(CallerGone())
                    return False

    async def _take(self, happening: Happening) -> None:
        match happening:
            case KeyPressed(key=key):
                await self._pressed(key)
            case HungUp():
                await self._tell(CallerGone(self._playout.share if self._playout.playing else None))
            case _PromptOver(serial=serial):
                if serial == self._serial and self._speech is not None:
                    self._speech = None
                    await self._tell(PromptEnded())
            case SpeechStarted():
                self._left_at_onset = self._playout.left
                if self._interruptible:
                    self._playout.hold()
            case SpeechDismissed():
                self._playout.go_on()
            case StillSpeaking():
                if self._interruptible:
                    await self._interrupt()
            case TurnEnded():
                await self._turn_ended(happening)
            case SilenceLasted(serial=serial):
                if serial == self._hearing.attention.serial and self._state.phase is Phase.LISTENING:
                    self._transcript.nothing_came()
                    await self._tell(NoInput())
            case ErrandOver(event=event):
                await self._tell(event)
            case Greeted():  # too late: a key has told already that a person is there
                pass
            case _:
                assert_never(happening)

    async def _pressed(self, key: str) -> None:
        self._transcript.caller_pressed(key, self._now)
        if self._speech is not None:
            if self._speech.barge_in:
                await self._interrupt()
            else:
                self._transcript.nothing_came()
        await self._tell(Pressed(key))

    async def _turn_ended(self, turn: TurnEnded) -> None:
        said = turn.said
        if self._speech is not None:
            if not self._interruptible or not stops_prompt(turn, self._hearing.attention, self._left_at_onset):
                self._playout.go_on()
                if said.text and self._interruptible:
                    self._transcript.caller_spoke_along(said.text, turn.start, turn.end, said.confidence)
                return
            await self._interrupt()
        elif not self._hearing.attention.answerable:
            return
        self._transcript.caller_said(said.text, turn.start, turn.end, said.confidence)
        await self._tell(self._understood(said))

    def _understood(self, said: Recognised) -> Heard:
        """The turn with what else its words may mean, as far as the last `Listen` wants to know."""
        meaning = self._settings.meaning
        if meaning is None or not said.text:
            return Heard(said.text, said.confidence, said.alternatives)
        intents = meaning.guess(said.text, only=self._listen.intents) if self._listen.intents else ()
        value = meaning.instant(said.text) if self._listen.wants_time else None
        return Heard(said.text, said.confidence, said.alternatives, intents, value)

    @property
    def _interruptible(self) -> bool:
        """Whether speech may stop what is being said now; without ears it could not be understood."""
        speech = self._speech
        return speech is not None and speech.barge_in and not speech.keys_only and self._senses.ears is not None

    async def _interrupt(self) -> None:
        heard_ms = self._playout.stop()
        self._speech = None
        self._transcript.prompt_over(self._now, interrupted=True)
        await self._tell(Interrupted(heard_ms))

    async def _tell(self, event: DialogEvent) -> None:
        self._state, commands = step(self._flow, self._state, event)
        for command in commands:
            await self._do(command)

    async def _do(self, command: Command) -> None:
        match command:
            case Speak():
                await self._speak(command)
            case Listen():
                self._listen = command
                self._attend(Attend.ANSWER, command, wait=from_ms(command.wait_s * 1000))
            case FetchThis() | ActThis():
                self._attend(Attend.NOTHING, None)
                self._errands.begin(command)
            case SendMessage() | PutTag() | Forbid() | CallBackAt():
                self._errands.begin(command)
            case TransferTo(group=group, wait_s=wait_s):
                await self._transfer(group, wait_s)
            case Finish(result=result):
                self._result = result
            case _:
                assert_never(command)

    async def _speak(self, speech: Speak) -> None:
        pcm = await self._senses.prompts.spoken(speech)
        self._speech = speech
        self._serial += 1
        self._transcript.prompt_commanded(speech.text or f"[{speech.audio}]")
        self._playout.say(pcm)
        stopping = interruption(self._flow, self._state) if self._interruptible else None
        self._attend(Attend.INTERRUPTION if self._interruptible else Attend.NOTHING, stopping)

    def _attend(self, attend: Attend, listen: Listen | None, *, wait: Samples | None = None) -> None:
        hears = listen if self._senses.ears is not None else None
        self._hearing.attention = attention(
            self._hearing.attention.serial + 1,
            attend,
            phrases=hears.phrases if hears is not None else (),
            hints=hears.hints if hears is not None else (),
            since=self._now,
            wait=wait,
            longest=LONGEST_TURN if hears is None else from_ms(hears.longest_s * 1000),
            free=hears is not None and hears.free,
            kind=ListenFor.TEXT if hears is None else hears.kind,
        )

    async def _transfer(self, group: str, wait_s: float) -> None:
        self._linked = False
        self._playout.stop()
        if self._watch is not None:
            self._watch.pause()
        self._attend(Attend.NOTHING, None)
        if await self._line.transfer(group, wait_s):
            await self._tell(TransferEnded(connected=True))
        elif self._gone.is_set() or not await self._link():
            await self._tell(CallerGone())
        else:
            if self._watch is not None:
                self._watch.go_on()
            await self._tell(TransferEnded(connected=False))

    async def _link(self) -> bool:
        """Opens the audio; False if the caller hung up meanwhile. `Unavailable` if the line has no audio."""
        self._linked = True
        try:
            await self._line.link(self._exchange)
        except Unavailable:
            self._linked = False
            try:
                async with asyncio.timeout(HANG_UP_NOTICE_S):
                    await self._gone.wait()
            except TimeoutError:
                pass
            if not self._gone.is_set():
                raise
            return False
        return True

    async def _let_last_words_out(self) -> None:
        """Stays on the line until the switch has played the last frames, unless the caller is gone."""
        if self._gone.is_set() or not self._linked:
            return
        self._speech = None
        self._serial += 1
        self._playout.say(LAST_WORDS_TAIL)
        while True:
            match await self._next():
                case HungUp():
                    return
                case _PromptOver(serial=serial) if serial == self._serial:
                    return

    async def _next(self) -> Happening:
        happening = await self._inbox.get()
        if self._overflowed:
            raise RuntimeError(f"more than {INBOX} things happened at once in a call")
        return happening

    def _post(self, happening: Happening) -> None:
        """Puts into the inbox; called from the line's side, so it never raises."""
        try:
            self._inbox.put_nowait(happening)
        except asyncio.QueueFull:
            self._overflowed = True

    async def _follow(self) -> None:
        """Passes on what the leg reports, until its end."""
        while True:
            event = await self._line.next_event()
            if isinstance(event, HungUp):
                self._gone.set()
                return self._post(event)
            if isinstance(event, KeyPressed):
                self._post(event)

    async def _record(self) -> None:
        while True:
            await self._piece_waits.wait()
            self._piece_waits.clear()
            await self._recording.write()

    async def _prepare(self) -> None:
        """Renders what may be said before it is needed; what fails here fails again when it is said."""
        try:
            await self._senses.prompts.prepare(self._flow, self._state.variables)
        except Unavailable as error:
            log.warning("call.prompt_not_ready", call=self._settings.call_name, code=error.code)

    def _exchange(self, frame: Pcm) -> Pcm:
        """The line's clock: one frame in, one frame out."""
        if not self._linked:
            return SILENCE
        if len(frame) != FRAME_BYTES:
            frame = frame[:FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        reply = self._playout.frame()
        self._now = Samples(self._now + FRAME_SAMPLES)
        self._hearing.push(frame, reply)
        if self._recording.add(frame, reply):
            self._piece_waits.set()
        return reply

    def _prompt_began(self) -> None:
        self._transcript.prompt_began(self._now)

    def _prompt_over(self) -> None:
        self._transcript.prompt_over(Samples(self._now + FRAME_SAMPLES), interrupted=False)
        self._post(_PromptOver(self._serial))

    def _outcome(self, recording: Path | None) -> Outcome:
        state = self._state
        self._transcript.prompt_over(self._now, interrupted=True)
        return Outcome(
            result=self._result or CallResult.UNKNOWN_ERROR,
            disposition=state.disposition,
            answers=state.answers,
            transcript=self._transcript.in_order(),
            path=tuple(state.path),
            latencies=tuple(self._transcript.latencies),
            callback_delay_min=state.callback_delay_min,
            callback_at=state.callback_at,
            tags=state.tags,
            verdict=self._verdict.verdict.value if self._verdict else None,
            verdict_probability=self._verdict.score if self._verdict else None,
            recording=recording,
            audio_ms=round(ms(self._now)),
        )
