"""One channel of the pretend switch: it rings, is answered, parks, is held or bridged, and hangs up once.

A channel lives by frames: `step` is 20 ms of its life, whether a ticker or the robot's own replies bring it about. How
it comes to be answered stands in `dialling`, how it is joined with another in `bridging`, which lends it `part`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from random import Random
from typing import Final, Protocol

from core.audio import FRAME_MS, SILENCE, Pcm
from telephony_esl.simulator.answering import kind
from telephony_esl.simulator.audio import FILLER, Frames, melody, ringback
from telephony_esl.simulator.behaviour import Behaviour
from telephony_esl.simulator.callee import Callee
from telephony_esl.simulator.endings import final_variables, hangup_variables
from telephony_esl.simulator.events import ChannelView, Fields, Signs, channel_headers
from telephony_esl.simulator.placed import EndedBy, SimulatedCall
from telephony_esl.simulator.timers import Timers
from telephony_esl.simulator.unicast import Unicast

REPARK_S: Final = 0.04
PARK_SHORT_BY_S: Final = 0.9
_WHOLE: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class Stage(Enum):
    """What a channel is at."""

    RINGING = auto()
    ANSWERED = auto()
    PARKED = auto()
    HELD = auto()
    BRIDGED = auto()
    GONE = auto()


class Ground(Protocol):
    """What a channel needs of the network around it."""

    def now(self) -> datetime:
        """The present instant of the network's calendar."""
        ...

    def fire(self, name: str, fields: Callable[[], Fields]) -> None:
        """Sends an event to whoever listens to its name."""
        ...

    def originated(self, channel: Channel, answer: str) -> None:
        """Tells the outcome of the originate: `+OK uuid` or `-ERR CAUSE`."""
        ...

    def link_closed(self, channel: Channel) -> None:
        """Hears that the channel's audio link is about to be closed."""
        ...

    def gone(self, channel: Channel) -> None:
        """Strikes the channel off."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """One originate: which leg calls which number, with which variables; `call` counts the calls to it from 0."""

    uuid: str
    job: str
    argument: str
    number: str
    gateway: str
    variables: Fields
    call: int = 0


class Channel:
    """One leg from the originate to its end; its audio goes by links of the kind `link_kind`."""

    link_kind: type[Unicast] = Unicast

    def __init__(self, order: Order, behaviour: Behaviour, rng: Random, *, ground: Ground, noise: Frames) -> None:
        self.order = order
        self.behaviour = behaviour
        self.rng = rng
        self.noise = noise
        self.variables = dict(order.variables)
        self.timers = Timers()
        self.stage = Stage.RINGING
        self.signs = Signs()
        self.application = ""
        self.created = ground.now()
        self.answered: datetime | None = None
        self.callee: Callee | None = None
        self.said: Pcm = SILENCE
        self.stepped = False
        self.idle_ticks = 0
        self.link: Unicast | None = None
        self.other: Channel | None = None
        self.other_leg: str | None = None
        self.part: Callable[[Channel], None] = lambda channel: None
        self.bridge_headers: Fields | None = None
        self.talked_with: list[str] = []
        self._ground = ground
        self._answered_ms: int | None = None
        self._hung_up: datetime | None = None
        self._end = ("NORMAL_CLEARING", EndedBy.SWITCH)
        self._told = False
        self._parks = 0
        self._linked_in_park = 0
        self._dead_frames = 0
        self._frames_heard = 0
        self._frames_missed = 0

    # --- life ---

    def step(self) -> None:
        """Lives through 20 ms."""
        self.stepped = True
        self.timers.tick()
        if self.stage is Stage.GONE:
            return
        heard = self._hear()
        if self.callee is None or self._answered_ms == self.timers.elapsed_ms:
            self.said = ringback()[self.timers.frames % len(ringback())]
        else:
            self._live(self.callee, heard)
        if self.link is not None:
            self.link.send(self.said)

    def _live(self, callee: Callee, heard: Pcm) -> None:
        uttered = callee.frame(heard)
        self.said = uttered.pcm or FILLER
        self._dead_frames = 0 if uttered.pcm is not None else self._dead_frames + 1
        if uttered.key:
            self.fire("DTMF", {"DTMF-Digit": uttered.key, "DTMF-Duration": "960", "DTMF-Source": "RTP"})
        if uttered.hangs_up:
            self.hang_up("NORMAL_CLEARING", by=EndedBy.CALLEE)
        elif self._dead_frames:
            limit_ms = number_in(self.variables.get("media_timeout"), 0)
            if limit_ms and self._dead_frames * FRAME_MS >= limit_ms:
                self.hang_up("MEDIA_TIMEOUT", by=EndedBy.LIMIT)

    def _hear(self) -> Pcm:
        if self.link is not None:
            return self.link.receive()
        if self.other is not None:
            return self.other.said
        if self.stage is Stage.HELD:
            return melody()[self.timers.frames % len(melody())]
        return SILENCE

    def take(self, callee: Callee) -> None:
        """Is answered by `callee`; a channel that parked on early media stays parked."""
        self.callee = callee
        self.answered = self._ground.now()
        self._answered_ms = self.timers.elapsed_ms
        self.signs = replace(self.signs, answer_state="answered")
        if self.stage is Stage.RINGING:
            self.stage = Stage.ANSWERED

    def tell(self, answer: str) -> None:
        """Tells the outcome of the originate; after the first time nothing more."""
        if not self._told:
            self._told = True
            self._ground.originated(self, answer)

    # --- park, audio, transfer ---

    def park(self) -> None:
        """Parks a channel that is answered and at nothing."""
        if self.stage is Stage.ANSWERED:
            self.move("CS_EXECUTE")
            self.application = "park"
            self.fire("CHANNEL_EXECUTE", {"Application": "park", "Application-Data": ""})
            self.begin_park()
            self.tell("+OK " + self.order.uuid)

    def park_after_bridge(self) -> None:
        """Parks a channel that came out of a bridge; no dialplan application is run for that."""
        if self.stage is Stage.ANSWERED:
            self.move("CS_PARK")
            self.begin_park()

    def begin_park(self) -> None:
        """Parks: audio may be linked once from now on. A park with a limit forgets it and `park_after_bridge` too."""
        self.stage = Stage.PARKED
        self._parks += 1
        if self.callee is not None:
            self.callee.put_through(to_robot=True)
        self.fire("CHANNEL_PARK")
        limit, _, cause = self.variables.get("park_timeout", "").partition(":")
        if limit:
            self.variables.pop("park_timeout")
            self.variables.pop("park_after_bridge", None)
            park, short_s = self._parks, PARK_SHORT_BY_S * self.rng.random()
            self.timers.after(number_in(limit, 0) - short_s, lambda: self._end_park(park, cause or "NORMAL_CLEARING"))

    def _end_park(self, park: int, cause: str) -> None:
        if self._parks == park and self.stage is Stage.PARKED:
            self.hang_up(cause, by=EndedBy.LIMIT)

    def open_link(self, local: tuple[str, int], remote: tuple[str, int]) -> bool:
        """Opens unicast audio, once in a park; False where the switch would silently do nothing."""
        if self.stage is not Stage.PARKED or self._linked_in_park == self._parks:
            return False
        try:
            self.link = self.link_kind(local, remote)
        except OSError:
            return False
        self._linked_in_park = self._parks
        return True

    def _close_link(self) -> None:
        link, self.link = self.link, None
        if link is not None:
            self._frames_heard += link.heard
            self._frames_missed += link.missed
            self._ground.link_closed(self)
            link.close()

    def leave(self) -> None:
        """Ends whatever the channel is at: its park with the audio, its hold, its bridge."""
        self._stop()
        self.stage = Stage.ANSWERED

    def _stop(self) -> None:
        self._close_link()
        if self.stage is Stage.PARKED:
            self.fire("CHANNEL_UNPARK")
        if self.application:
            name, self.application = self.application, ""
            self.fire("CHANNEL_EXECUTE_COMPLETE", {"Application": name})
        self.part(self)

    def transfer(self, extension: str) -> None:
        """Goes on at the extension `park` or `hold`; any other does not exist and ends the call."""
        self.other_leg = None
        self.leave()
        self.move("CS_ROUTING")
        match extension:
            case "park":
                self.timers.after(REPARK_S, self.park)
            case "hold":
                self.stage = Stage.HELD
                self.application = "endless_playback"
                if self.callee is not None:
                    self.callee.put_through(to_robot=False)
                self.move("CS_EXECUTE")
                self.fire("CHANNEL_EXECUTE", {"Application": self.application, "Application-Data": "tone_stream"})
            case _:
                self.hang_up("NO_ROUTE_DESTINATION", by=EndedBy.SWITCH)

    # --- the end ---

    def end_after(self, seconds: float, cause: str) -> None:
        """Has the channel end after so many seconds of its own time."""
        self.timers.after(seconds, lambda: self.hang_up(cause, by=EndedBy.LIMIT))

    def hang_up(self, cause: str, *, by: EndedBy) -> None:
        """Ends the channel; a second time does nothing."""
        if self._hung_up is not None:
            return
        self._hung_up = self._ground.now()
        self._end = (cause, by)
        self.variables = hangup_variables(by, answered=self.answered is not None) | self.variables
        self.signs = replace(self.signs, answer_state="hangup")
        self.fire("CHANNEL_HANGUP")
        if self.rng.random() < 0.5:
            self.tell(f"-ERR {cause}")
        self._stop()
        self.stage = Stage.GONE
        self.move("CS_HANGUP")
        self.turn("HANGUP")
        self.variables |= final_variables(cause, created=self.created, answered=self.answered, hung_up=self._hung_up)
        self.move("CS_REPORTING")
        self.fire("CHANNEL_HANGUP_COMPLETE")
        self.fire("CHANNEL_DESTROY")
        self.move("CS_DESTROY")
        self.tell(f"-ERR {cause}")
        self._ground.gone(self)

    def drop(self) -> None:
        """Forgets the call without a word, as when the switch's machine loses power."""
        self._hung_up = self._ground.now()
        self.stage = Stage.GONE
        self.other = None
        self._close_link()

    def account(self) -> SimulatedCall:
        """What happened in this call, for the log."""
        callee = self.callee
        return SimulatedCall(
            number=self.order.number,
            call=self.order.call,
            behaviour=kind(self.behaviour),
            ended_by=self._end[1],
            cause=self._end[0],
            answered_ms=self._answered_ms,
            ended_ms=self.timers.elapsed_ms,
            deeds=tuple(callee.deeds) if callee is not None else (),
            talked_with=tuple(self.talked_with),
            message_ms=callee.message_ms if callee is not None else 0,
            leg=self.order.uuid,
            at=self.created,
            frames_heard=self._frames_heard,
            frames_missed=self._frames_missed,
        )

    # --- what is told ---

    def move(self, state: str) -> None:
        """Tells a new state of the switch's own machine."""
        self.signs = replace(self.signs, state=state)
        self.fire("CHANNEL_STATE")

    def turn(self, call_state: str) -> None:
        """Tells whether the call rings, talks or is over."""
        self.signs = replace(self.signs, call_state=call_state)
        self.fire("CHANNEL_CALLSTATE")

    def fire(self, name: str, more: Fields | None = None) -> None:
        """Sends an event that tells of this channel as it is now, of its bridge and, once hung up, of the cause."""
        more = more or {}
        if self._hung_up is not None:
            more = {"Hangup-Cause": self._end[0]} | more
        if self.other_leg is not None:
            more = {"Other-Leg-Unique-ID": self.other_leg} | more
        self._ground.fire(name, lambda: channel_headers(self.view()) | more)

    def view(self) -> ChannelView:
        """The channel as its events tell of it now."""
        given = {"uuid": self.order.uuid, "direction": "outbound", "sip_gateway_name": self.order.gateway}
        return ChannelView(
            uuid=self.order.uuid,
            number=self.order.number,
            caller=self.variables.get("origination_caller_id_number", "0000000000"),
            signs=self.signs,
            created=self.created,
            answered=self.answered,
            hung_up=self._hung_up,
            variables=given | self.variables,
        )


def number_in(text: str | None, otherwise: float) -> float:
    """The whole number in a variable; what is no number of up to nine digits counts as not given."""
    return float(text) if text is not None and _WHOLE.fullmatch(text) else float(otherwise)
