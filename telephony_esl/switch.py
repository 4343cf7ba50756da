"""One FreeSWITCH as the rest of the product sees it: legs are dialled, linked to audio, joined and hung up.

A `Switch` owns one connection at a time and is run by one task, which connects, watches and reconnects; everything
else happens in the event loop's callbacks or in the caller's own task. A connection that is lost ends its legs here
at once; those that live on at the switch are hung up there after the reconnect.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

import msgspec
import structlog

from core.audio import Pcm
from core.clock import Clock
from core.errors import BadInput, Unavailable
from core.legs import DialOrder, HungUp, LegEvent, LegId
from telephony_esl import commands, legs
from telephony_esl.connection import Endpoint, Reply, Session, back_off, open_session
from telephony_esl.legs import LegState, Step
from telephony_esl.media import MediaLink
from telephony_esl.trunks import Trunk

log = structlog.get_logger(__name__)

INBOX: Final = 256
PARK_WITHIN_S: Final = 5.0
FIRST_FRAME_WITHIN_S: Final = 1.0
END_WITHIN_S: Final = 8.0
JOB_GRACE_S: Final = 3.0
HEARTBEAT_S: Final = 15.0
MOST_ORPHANS: Final = 10_000


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """How one FreeSWITCH is reached; `media_host` is the address where we take the calls' audio."""

    name: str
    host: str
    port: int
    password: str = field(repr=False)
    media_host: str
    trunks: tuple[Trunk, ...]


class Switch:
    """The client's side of one FreeSWITCH; its counters only grow."""

    def __init__(self, settings: SwitchSettings, clock: Clock, *, back_off: Callable[[int], float] = back_off) -> None:
        self.legs_placed = 0
        self.frames_received = 0
        self.frames_lost = 0
        self.datagrams_refused = 0
        self.inbox_overflows = 0
        self.connections_lost = 0
        self._settings = settings
        self._clock = clock
        self._back_off = back_off
        self._endpoint = Endpoint(settings.host, settings.port)
        self._trunks = {trunk.name: trunk for trunk in settings.trunks}
        self._legs: dict[LegId, Leg] = {}
        self._orphans: dict[LegId, None] = {}
        self._session: Session | None = None
        self._reason: Unavailable | None = None
        self._changed = asyncio.Event()

    @property
    def settings(self) -> SwitchSettings:
        """What it was made with."""
        return self._settings

    @property
    def connected(self) -> bool:
        """Whether orders can be given now."""
        return self._session is not None and self._session.alive

    @property
    def legs_live(self) -> int:
        """How many legs of this process are not over."""
        return len(self._legs)

    async def run(self) -> None:
        """Keeps the connection until cancelled; a defect of our own is raised, a lost or refused connection is not."""
        failures = 0
        while True:
            try:
                session = await open_session(self._endpoint, self._settings.password, self._on_event)
                try:
                    await self._end_orphans(session)
                    failures = 0
                    await self._serve(session)
                finally:
                    self._lose_all()
                    await session.close()
            except Unavailable as error:
                self._note(error)
            await asyncio.sleep(self._back_off(failures))
            failures += 1

    async def wait_connected(self, within_s: float) -> None:
        """Returns once connected; `Unavailable` with the reason after `within_s`, at once if the log-in is refused."""
        try:
            async with asyncio.timeout(within_s):
                while not self.connected:
                    if self._reason is not None and self._reason.code == "switch_refused_login":
                        raise self._reason
                    await self._changed.wait()
        except TimeoutError:
            raise self._reason or self._endpoint.unavailable(
                "switch_unreachable", f"no connection within {within_s:g} s"
            ) from None

    async def dial(self, order: DialOrder) -> Leg:
        """Orders one leg; what becomes of it comes as its events, also that it is busy or its gateway unknown."""
        trunk = self._trunks.get(order.trunk)
        if trunk is None:
            known = ", ".join(self._trunks) or "none"
            raise Unavailable(
                "no_such_trunk",
                f"Switch {self._settings.name!r} has no trunk {order.trunk!r}.",
                hint=f"Known trunks: {known}.",
            )
        command = commands.originate(order, gateway=trunk.gateway, prefix=trunk.prefix, label_header=trunk.label_header)
        if order.leg in self._legs:
            raise BadInput("leg_exists", f"A leg {order.leg} is already there.", field="leg")
        session = self._connected_session()
        leg = self._legs[order.leg] = Leg(order.leg, self)
        try:
            reply = await session.send(command)
        except BaseException:
            leg._hang_up()
            raise
        if not reply.text.startswith("+OK"):
            del self._legs[order.leg]
            raise self._endpoint.unavailable("switch_refused", f"it refused to place a leg: {reply.text}")
        self.legs_placed += 1
        return leg

    async def kill(self, leg: LegId) -> None:
        """Hangs up a leg that this process may not know; nothing happens if there is none."""
        known = self._legs.get(leg)
        if known is not None:
            await known.hang_up()
        else:
            await self._connected_session().send(commands.kill(leg))

    async def live_legs(self) -> frozenset[LegId]:
        """All legs that live on the switch, whoever placed them."""
        return await _live_legs(self._connected_session())

    # --- for its legs ---

    def _connected_session(self) -> Session:
        if self._session is None or not self._session.alive:
            raise self._reason or self._endpoint.unavailable("switch_lost", "it is not connected")
        return self._session

    def _send(self, command: bytes) -> Reply | None:
        """Writes a command whose reply nobody awaits; None while there is no connection."""
        return self._session.send(command) if self._session is not None else None

    def _forget(self, leg: Leg, *, may_live: bool) -> None:
        if self._legs.pop(leg.id, None) is not None and may_live:
            self._remember_orphan(leg.id)

    def _remember_orphan(self, leg: LegId) -> None:
        self._orphans[leg] = None
        while len(self._orphans) > MOST_ORPHANS:
            del self._orphans[next(iter(self._orphans))]

    # --- for its own task ---

    async def _serve(self, session: Session) -> None:
        self._session, self._reason = session, None
        self._notify()
        log.info("switch.connected", switch=self._settings.name)
        while not session.ended.done():
            await asyncio.wait({session.ended}, timeout=HEARTBEAT_S)
            if not session.ended.done():
                session.send(commands.version())
        self.connections_lost += 1
        raise session.ended.result()

    async def _end_orphans(self, session: Session) -> None:
        """Hangs up what was ours when a connection was lost; FreeSWITCH's list of legs lags behind, so all are tried.

        One that is not there may yet appear, if its originate was under way: it stays an orphan until it is seen.
        """
        for leg in tuple(self._orphans):
            reply = await session.send(commands.kill(leg))
            if reply.text.startswith("+OK"):
                self._orphans.pop(leg, None)

    def _lose_all(self) -> None:
        self._session = None
        for leg in tuple(self._legs.values()):
            leg._fail(legs.CONNECTION_LOST)

    def _note(self, error: Unavailable) -> None:
        if self._reason is None or self._reason.message != error.message:
            log.warning("switch.unavailable", switch=self._settings.name, code=error.code, reason=error.message)
        self._reason = error
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _on_event(self, event: Mapping[str, str]) -> None:
        if event.get("Event-Name") == "BACKGROUND_JOB":
            leg = self._legs.get(LegId(event.get("Job-UUID", "")))
            if leg is not None:
                leg._on_job(event.get("_body", ""))
            return
        for leg_id in legs.legs_of(event):
            if (leg := self._legs.get(leg_id)) is not None:
                leg._on_event(event)
            elif leg_id in self._orphans:
                self._on_orphan(leg_id, event)

    def _on_orphan(self, leg: LegId, event: Mapping[str, str]) -> None:
        """Hangs up a leg that shows itself after we gave it up; once, for the next sign of it is its end."""
        del self._orphans[leg]
        if event.get("Event-Name") != "CHANNEL_HANGUP_COMPLETE":
            self._send(commands.kill(leg))


class Leg:
    """One leg of ours; made by `Switch.dial`. Its inbox is bounded: whoever does not read it loses the leg."""

    def __init__(self, leg_id: LegId, switch: Switch) -> None:
        self.id = leg_id
        self._switch = switch
        self._state = LegState(leg_id)
        self._inbox: deque[LegEvent] = deque()
        self._end: HungUp | None = None
        self._changed = asyncio.Event()
        self._media: MediaLink | None = None
        self._used_park = 0
        self._killed_in_sight = False
        self._deadline: asyncio.TimerHandle | None = None

    async def next_event(self) -> LegEvent:
        """The next event in the order of `core.legs`; `HungUp` is the last and is repeated for ever after."""
        while not self._inbox and self._end is None:
            await self._changed.wait()
        if self._inbox:
            return self._inbox.popleft()
        assert self._end is not None
        return self._end

    async def link(self, exchange: Callable[[Pcm], Pcm]) -> None:
        """Opens the audio both ways in a fresh park; returns at the first datagram, or when the leg ends.

        FreeSWITCH takes one `unicast` per park, so where no datagram comes the leg is parked anew and tried once more;
        then `Unavailable`. If `exchange` raises, the leg is hung up and ends as a system error.
        """
        for last_try in (False, True):
            park = await self._fresh_park()
            if park is None or await self._linked(exchange, park) or self._state.leaving:
                return
            if not last_try:
                log.warning("leg.no_audio", leg=self.id)
                await self.park()
        if not self._state.leaving:
            raise Unavailable(
                "no_audio",
                "FreeSWITCH sent no audio of the leg.",
                hint="Is media_host an address that FreeSWITCH reaches, and no firewall between?",
            )

    async def hold(self) -> None:
        """Ends the audio link and plays the hold melody."""
        await self._transfer("hold")

    async def park(self) -> None:
        """Ends whatever the leg does; a fresh park follows, in which it may be linked again."""
        await self._transfer("park")

    async def bridge(self, other: Leg) -> None:
        """Joins this leg and `other`, both audio links ended; `Unavailable` if the switch refuses."""
        for leg in (self, other):
            await leg._end_audio()
            leg._leave_park()
        reply = await self._switch._connected_session().send(commands.bridge(self.id, other.id))
        if not reply.text.startswith("+OK"):
            raise Unavailable("not_bridged", f"FreeSWITCH did not join the legs: {reply.text}")

    async def hang_up(self) -> None:
        """Ends the leg; returns at once, and never raises."""
        self._hang_up()

    # --- audio ---

    async def _fresh_park(self) -> int | None:
        """The number of a park that was not linked yet, once there is one; None when the leg ends."""
        try:
            async with asyncio.timeout(PARK_WITHIN_S):
                while not (self._state.parked and self._state.park > self._used_park):
                    if self._state.leaving:
                        return None
                    await self._changed.wait()
        except TimeoutError:
            raise Unavailable("not_parked", f"The leg was not parked within {PARK_WITHIN_S:g} s.") from None
        return self._state.park

    async def _linked(self, exchange: Callable[[Pcm], Pcm], park: int) -> bool:
        """Sends the one `unicast` of this park; whether a datagram came of it."""
        switch, settings = self._switch, self._switch._settings
        self._used_park = park
        switch_host, peer_host = _media_hosts(settings)
        media = MediaLink(exchange, now=switch._clock.monotonic, failed=self._on_exchange_failed, peer_host=peer_host)
        self._media = media
        try:
            port = media.open(settings.media_host)
            command = commands.unicast(self.id, switch_host=switch_host, our_host=settings.media_host, our_port=port)
            await switch._connected_session().send(command)
            async with asyncio.timeout(FIRST_FRAME_WITHIN_S):
                await media.settled()
        except TimeoutError:
            return False
        finally:
            if not media.up:
                self._close(media)
        return media.up

    def _on_exchange_failed(self, error: Exception) -> None:
        log.error("leg.exchange_failed", leg=self.id, exc_info=error)
        self._kill()
        self._fail("AUDIO_FAILED")

    def _close(self, media: MediaLink | None) -> None:
        if media is None:
            return
        media.close()
        if self._media is media:
            self._media = None
            self._switch.frames_received += media.received
            self._switch.frames_lost += media.lost
            self._switch.datagrams_refused += media.refused

    def _leave_park(self) -> None:
        self._used_park = self._state.park
        self._mute()

    def _mute(self) -> None:
        """Takes the conversation off the leg; the switch's own end of the park or the leg then closes the link."""
        if self._media is not None:
            self._media.mute()

    async def _end_audio(self) -> None:
        """Ends a running unicast by way of the hold extension: a bridge may not end it, see `commands.transfer`."""
        if self._media is None:
            return
        await self.hold()
        try:
            async with asyncio.timeout(PARK_WITHIN_S):
                while self._state.parked:
                    await self._changed.wait()
        except TimeoutError:
            raise Unavailable("not_transferred", "FreeSWITCH did not take the leg out of its park.") from None

    async def _transfer(self, extension: commands.Extension) -> None:
        """Sends the leg elsewhere; the end of the leg in between is no error, for it is told as an event."""
        if self._state.leaving:
            return
        self._leave_park()
        reply = await self._switch._connected_session().send(commands.transfer(self.id, extension))
        gone = self._state.leaving or "invalid session id" in reply.text
        if not reply.text.startswith("+OK") and not gone:
            raise Unavailable("not_transferred", f"FreeSWITCH did not {extension} the leg: {reply.text}")

    # --- the end ---

    def _hang_up(self) -> None:
        if self._state.over or self._state.ending:
            return
        self._state = legs.on_hang_up(self._state)
        self._mute()
        self._kill()
        self._expect_end(END_WITHIN_S)

    def _kill(self) -> None:
        """Sends the kill; one that was sent before the channel existed is sent again at its first sign of life."""
        cause = commands.NORMAL_CLEARING if self._state.answered else commands.ORIGINATOR_CANCEL
        self._killed_in_sight = self._state.seen
        self._switch._send(commands.kill(self.id, cause))

    def _expect_end(self, within_s: float) -> None:
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().call_later(within_s, self._on_silence)

    def _on_silence(self) -> None:
        log.error("leg.no_end", leg=self.id)
        self._apply(legs.on_silence(self._state), may_live=True)

    def _fail(self, cause: str) -> None:
        self._apply(legs.on_defect(self._state, cause), may_live=True)

    # --- events ---

    def _on_event(self, event: Mapping[str, str]) -> None:
        self._apply(legs.on_event(self._state, event))
        if self._state.ending and self._state.seen and not (self._killed_in_sight or self._state.over):
            self._kill()

    def _on_job(self, body: str) -> None:
        self._apply(legs.on_job(self._state, body))
        if self._state.failed is not None and not self._state.over:
            self._expect_end(JOB_GRACE_S)

    def _apply(self, step: Step, *, may_live: bool = False) -> None:
        before, (self._state, events) = self._state, step
        if before.parked and not (self._state.parked and self._state.park == before.park):
            self._close(self._media)
        for event in events:
            if isinstance(event, HungUp):
                self._on_end(event, may_live=may_live)
            elif len(self._inbox) < INBOX:
                self._inbox.append(event)
            else:
                self._overflow()
                break
        if self._state is not before or events:
            self._changed.set()
            self._changed = asyncio.Event()

    def _overflow(self) -> None:
        log.error("leg.inbox_overflow", leg=self.id)
        self._switch.inbox_overflows += 1
        self._kill()
        self._fail("EVENTS_OVERFLOW")

    def _on_end(self, event: HungUp, *, may_live: bool) -> None:
        self._end = event
        self._close(self._media)
        if self._deadline is not None:
            self._deadline.cancel()
        self._switch._forget(self, may_live=may_live)


async def _live_legs(session: Session) -> frozenset[LegId]:
    reply = await session.send(commands.show_channels())
    try:
        return frozenset(LegId(row.uuid) for row in _channels.decode(reply.body).rows)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable("switch_rubbish", f"FreeSWITCH's list of channels cannot be read: {error}") from None


class _Channel(msgspec.Struct):
    uuid: str


class _Channels(msgspec.Struct):
    rows: list[_Channel] = []


_channels: Final = msgspec.json.Decoder(_Channels)


def _media_hosts(settings: SwitchSettings) -> tuple[str, str | None]:
    """The address where the switch is to send from, and the same as an IP to check, where it is known as one.

    Audio that is taken on a loopback address comes from this machine; otherwise from the switch's own host.
    """
    host = settings.media_host if _ip(settings.media_host, loopback=True) else settings.host
    return host, (host if _ip(host) else None)


def _ip(host: str, *, loopback: bool = False) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or not loopback
