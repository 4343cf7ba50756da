"""The switch against a scripted wire: what goes wrong, and in which order; what goes right is the contract suite's."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.audio import SILENCE, Pcm
from core.errors import BadInput, Unavailable
from core.legs import Answered, Bridged, DialOrder, HungUp, KeyPressed, LegEvent, LegId, Parked, Unbridged
from core.results import CallResult
from telephony_esl import switch as module
from telephony_esl.protocol import ClientFrame
from telephony_esl.switch import INBOX, Leg, Switch, SwitchSettings
from telephony_esl.trunks import Trunk
from tests.telephony_esl.wire_server import WireServer, answer_well, reply, response

U, V = LegId("11111111-0000-4000-8000-000000000000"), LegId("22222222-0000-4000-8000-000000000000")
TRUNK = Trunk("main", "sofia/gateway/simulator")
LOST = HungUp("CONNECTION_LOST", CallResult.SYSTEM_ERROR, by_us=True)


class Watch:
    """The real clock; nothing here decides by it."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return time.monotonic()


def settings(port: int, **changes: object) -> SwitchSettings:
    made = SwitchSettings("lab", "127.0.0.1", port, password="secret", media_host="127.0.0.1", trunks=(TRUNK,))
    return replace(made, **changes)  # type: ignore[arg-type]


def order(leg: LegId = U, **changes: object) -> DialOrder:
    return replace(DialOrder(leg, "main", "+79001234567"), **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def running(switch: Switch) -> AsyncIterator[Switch]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(switch.run())
        try:
            yield switch
        finally:
            task.cancel()


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[WireServer, Switch]]:
    async with WireServer() as server:
        async with running(Switch(settings(server.port), Watch(), back_off=lambda _: 0.01)) as switch:
            await switch.wait_connected(5)
            yield server, switch
        await server.until_gone()


async def answered(server: WireServer, switch: Switch, leg_id: LegId = U, *, parked: bool = True) -> Leg:
    leg = await switch.dial(order(leg_id))
    server.event("CHANNEL_CREATE", leg_id)
    server.event("CHANNEL_ANSWER", leg_id)
    assert await soon(leg) == Answered()
    if parked:
        server.event("CHANNEL_PARK", leg_id)
        assert await soon(leg) == Parked()
    return leg


async def soon(leg: Leg) -> LegEvent:
    async with asyncio.timeout(5):
        return await leg.next_event()


class Unicast:
    """Stands at the far end of `unicast`: for each one, sends a frame as often as told and keeps what comes back."""

    def __init__(self, server: WireServer, *, silent: int = 0) -> None:
        self.silent = silent
        self.ports: list[int] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        server.answer = self

    def __call__(self, frame: ClientFrame) -> bytes | None:
        if frame.headers.get("call-command") == "unicast":
            assert frame.headers["local-port"] == "0"
            self.ports.append(int(frame.headers["remote-port"]))
            if len(self.ports) > self.silent:
                self.send(SILENCE)
        return answer_well(frame)

    def send(self, data: Pcm) -> None:
        self._socket.sendto(data, ("127.0.0.1", self.ports[-1]))

    async def receive(self) -> bytes:
        async with asyncio.timeout(5):
            return await asyncio.get_running_loop().sock_recv(self._socket, 65536)

    def close(self) -> None:
        self._socket.close()


def echo(heard: Pcm) -> Pcm:
    return heard


# --- dialling ---


async def test_a_dialled_leg_tells_its_life_to_the_end() -> None:
    async with connected() as (server, switch):
        leg = await answered(server, switch)
        assert (switch.legs_live, switch.legs_placed) == (1, 1)
        server.event("DTMF", U, DTMF_Digit="7")
        server.hung_up(U)
        end = HungUp("NORMAL_CLEARING", CallResult.NO_ANSWER)
        assert [await soon(leg) for _ in range(3)] == [KeyPressed("7"), end, end]
        assert switch.legs_live == 0
        (placed,) = await server.until("bgapi originate")
        assert placed.headers["Job-UUID"] == U


async def test_events_of_one_leg_do_not_reach_another() -> None:
    async with connected() as (server, switch):
        first, second = await answered(server, switch, U), await answered(server, switch, V)
        server.event("DTMF", V, DTMF_Digit="2")
        server.event("DTMF", LegId("stranger"), DTMF_Digit="3")
        server.event("DTMF", U, DTMF_Digit="1")
        assert (await soon(first), await soon(second)) == (KeyPressed("1"), KeyPressed("2"))


async def test_a_failure_without_a_channel_comes_as_the_end() -> None:
    async with connected() as (server, switch):
        leg = await switch.dial(order())
        server.job(U, "-ERR INVALID_GATEWAY\n")
        assert await soon(leg) == HungUp("INVALID_GATEWAY", CallResult.SYSTEM_ERROR)


async def test_a_trunk_that_does_not_exist_is_unavailable_with_those_that_do() -> None:
    async with connected() as (server, switch):
        with pytest.raises(Unavailable, match="no trunk 'other'") as caught:
            await switch.dial(order(trunk="other"))
        assert "main" in (caught.value.hint or "")
        assert server.lines("bgapi") == []


async def test_a_refused_command_is_unavailable_and_leaves_no_leg() -> None:
    async with connected() as (server, switch):
        server.answer = lambda frame: reply("-ERR no") if frame.line.startswith("bgapi") else answer_well(frame)
        with pytest.raises(Unavailable, match="refused to place a leg: -ERR no"):
            await switch.dial(order())
        assert switch.legs_live == 0


async def test_the_same_leg_is_not_dialled_twice() -> None:
    async with connected() as (_, switch):
        await switch.dial(order())
        with pytest.raises(BadInput):
            await switch.dial(order())


async def test_a_cancelled_dial_hangs_up_what_it_may_have_placed() -> None:
    async with connected() as (server, switch):
        server.answer = lambda frame: None if frame.line.startswith("bgapi") else answer_well(frame)
        async with asyncio.TaskGroup() as group:
            dialling = group.create_task(switch.dial(order()))
            await server.until("bgapi")
            dialling.cancel()
        server.send(reply("+OK Job-UUID: x"))
        await server.until(f"api uuid_kill {U}")
        server.event("CHANNEL_CREATE", U)
        await server.until(f"api uuid_kill {U}", times=2)


# --- hanging up ---


async def test_hanging_up_sends_one_kill_and_waits_for_nothing() -> None:
    async with connected() as (server, switch):
        leg = await answered(server, switch)
        server.answer = lambda _: None
        async with asyncio.timeout(0.5):
            for _ in range(3):
                await leg.hang_up()
        assert await server.until("api uuid_kill") == [ClientFrame(f"api uuid_kill {U} NORMAL_CLEARING", {})]
        server.send(response("+OK\n"))
        server.hung_up(U)
        assert await soon(leg) == HungUp("NORMAL_CLEARING", CallResult.NO_ANSWER, by_us=True)
        await leg.hang_up()


async def test_a_ringing_leg_is_cancelled() -> None:
    async with connected() as (server, switch):
        leg = await switch.dial(order())
        server.event("CHANNEL_PROGRESS", U)
        await soon(leg)
        await leg.hang_up()
        assert (await server.until("api uuid_kill"))[0].line == f"api uuid_kill {U} ORIGINATOR_CANCEL"


async def test_a_kill_that_came_before_the_channel_is_sent_again_at_its_first_sign() -> None:
    async with connected() as (server, switch):
        leg = await switch.dial(order())
        await leg.hang_up()
        await server.until("api uuid_kill")
        server.event("CHANNEL_OUTGOING", U)
        server.event("CHANNEL_CREATE", U)
        await server.until("api uuid_kill", times=2)
        server.hung_up(U, "ORIGINATOR_CANCEL")
        assert await soon(leg) == HungUp("ORIGINATOR_CANCEL", CallResult.NO_ANSWER, by_us=True)
        assert len(server.lines("api uuid_kill")) == 2


async def test_a_leg_whose_end_is_not_told_ends_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "END_WITHIN_S", 0.05)
    async with connected() as (server, switch):
        leg = await switch.dial(order())
        await leg.hang_up()
        assert await soon(leg) == HungUp("NO_END", CallResult.UNKNOWN_ERROR, by_us=True)
        assert switch.legs_live == 0
        server.event("CHANNEL_ANSWER", U)  # it lived after all
        await server.until("api uuid_kill", times=2)


async def test_a_failed_originate_waits_only_so_long_for_its_channels_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JOB_GRACE_S", 0.05)
    async with connected() as (server, switch):
        leg = await switch.dial(order())
        server.event("CHANNEL_CREATE", U)
        server.job(U, "-ERR USER_BUSY\n")
        assert await soon(leg) == HungUp("USER_BUSY", CallResult.BUSY)


async def test_a_leg_of_nobody_can_be_killed() -> None:
    async with connected() as (server, switch):
        server.answer = lambda frame: (
            response("-ERR No such channel!\n") if "kill" in frame.line else answer_well(frame)
        )
        await switch.kill(V)
        await server.until(f"api uuid_kill {V}")


async def test_killing_a_leg_of_ours_hangs_it_up() -> None:
    async with connected() as (server, switch):
        leg = await answered(server, switch)
        await switch.kill(U)
        server.hung_up(U)
        assert await soon(leg) == HungUp("NORMAL_CLEARING", CallResult.NO_ANSWER, by_us=True)


# --- the inbox ---


async def test_a_leg_whose_events_nobody_reads_is_hung_up_and_counted() -> None:
    async with connected() as (server, switch):
        leg = await answered(server, switch)
        for _ in range(INBOX + 50):
            server.event("DTMF", U, DTMF_Digit="1")
        await server.until(f"api uuid_kill {U}")
        assert switch.inbox_overflows == 1
        events = [await soon(leg) for _ in range(INBOX + 1)]
        assert events == [KeyPressed("1")] * INBOX + [HungUp("EVENTS_OVERFLOW", CallResult.SYSTEM_ERROR, by_us=True)]


async def test_a_cancelled_reader_loses_no_event() -> None:
    async with connected() as (server, switch):
        leg = await answered(server, switch)
        async with asyncio.TaskGroup() as group:
            reader = group.create_task(leg.next_event())
            await asyncio.sleep(0)
            reader.cancel()
        server.event("DTMF", U, DTMF_Digit="1")
        assert await soon(leg) == KeyPressed("1")


# --- audio ---


async def test_a_link_waits_for_the_park_and_is_up_at_the_first_datagram() -> None:
    async with connected() as (server, switch):
        far = Unicast(server)
        leg = await answered(server, switch, parked=False)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            linking = group.create_task(leg.link(echo))
            assert await switch.live_legs() == frozenset()
            assert far.ports == []
            server.event("CHANNEL_PARK", U)
            await linking
        assert await far.receive() == SILENCE
        assert len(far.ports) == 1
        far.close()


async def test_a_park_that_was_told_before_the_link_is_used_also_if_it_was_read() -> None:
    async with connected() as (server, switch):
        far = Unicast(server)
        leg = await answered(server, switch)
        async with asyncio.timeout(5):
            await leg.link(echo)
        far.send(b"\1\2" * 160)
        assert await far.receive() == SILENCE
        assert await far.receive() == b"\1\2" * 160
        server.hung_up(U)
        await soon(leg)
        assert (switch.frames_received, switch.datagrams_refused) == (2, 0)
        far.close()


async def test_where_no_datagram_comes_the_leg_is_parked_anew_and_tried_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST_FRAME_WITHIN_S", 0.05)
    async with connected() as (server, switch):
        far = Unicast(server, silent=1)
        leg = await answered(server, switch)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            linking = group.create_task(leg.link(echo))
            await server.until_transferred()
            assert (server.transfers(), len(far.ports)) == (["park XML default"], 1)
            server.event("CHANNEL_UNPARK", U)
            server.event("CHANNEL_PARK", U)
            await linking
        assert len(far.ports) == 2
        far.close()


async def test_a_link_without_any_datagram_is_unavailable_after_two_parks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_FRAME_WITHIN_S", 0.05)
    async with connected() as (server, switch):
        far = Unicast(server, silent=99)
        leg = await answered(server, switch)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            linking = group.create_task(refused(leg.link(echo)))
            await server.until_transferred()
            server.event("CHANNEL_UNPARK", U)
            server.event("CHANNEL_PARK", U)
        assert linking.result().code == "no_audio"
        assert len(far.ports) == 2
        far.close()


async def refused(waiting: object) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        await waiting  # type: ignore[misc]
    return caught.value


async def test_a_leg_that_is_not_parked_cannot_be_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PARK_WITHIN_S", 0.05)
    async with connected() as (server, switch):
        leg = await answered(server, switch, parked=False)
        assert (await refused(leg.link(echo))).code == "not_parked"


async def test_one_park_is_linked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PARK_WITHIN_S", 0.05)
    async with connected() as (server, switch):
        far = Unicast(server)
        leg = await answered(server, switch)
        await leg.link(echo)
        assert (await refused(leg.link(echo))).code == "not_parked"
        assert len(far.ports) == 1
        far.close()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
async def test_linking_a_leg_that_is_over_returns_and_the_end_is_told_as_an_event(when: str) -> None:
    async with connected() as (server, switch):
        leg = await answered(server, switch, parked=False)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            if when == "before":
                server.hung_up(U)
                assert isinstance(await soon(leg), HungUp)
            group.create_task(leg.link(echo))
            await switch.live_legs()
            server.hung_up(U)
        assert isinstance(await soon(leg), HungUp)
        await leg.hold()
        await leg.park()
        assert server.transfers() == []


async def test_a_conversation_that_fails_ends_its_leg_as_a_system_error() -> None:
    def broken(heard: Pcm) -> Pcm:
        if heard != SILENCE:
            raise RuntimeError("defect")
        return heard

    async with connected() as (server, switch):
        far = Unicast(server)
        leg = await answered(server, switch)
        await leg.link(broken)
        far.send(b"\1\0" * 160)
        assert await soon(leg) == HungUp("AUDIO_FAILED", CallResult.SYSTEM_ERROR, by_us=True)
        await server.until(f"api uuid_kill {U}")
        server.hung_up(U)
        assert switch.legs_live == 0
        far.close()


async def test_a_cancelled_link_calls_the_conversation_no_more() -> None:
    heard: list[Pcm] = []

    def listen(frame: Pcm) -> Pcm:
        heard.append(frame)
        return frame

    async with connected() as (server, switch):
        far = Unicast(server, silent=1)
        leg = await answered(server, switch)
        async with asyncio.TaskGroup() as group:
            linking = group.create_task(leg.link(listen))
            await server.until("sendmsg")
            linking.cancel()
        far.send(SILENCE)
        await switch.live_legs()
        assert heard == []
        far.close()


# --- hold, park, bridge ---


async def test_hold_and_park_end_the_audio_and_a_fresh_park_is_linked_again() -> None:
    heard: list[Pcm] = []

    def listen(frame: Pcm) -> Pcm:
        heard.append(frame)
        return frame

    async with connected() as (server, switch):
        far = Unicast(server)
        leg = await answered(server, switch)
        await leg.link(listen)
        await leg.hold()
        far.send(SILENCE)
        server.event("CHANNEL_UNPARK", U)
        await leg.park()
        server.event("CHANNEL_PARK", U)
        assert await soon(leg) == Parked()
        assert len(heard) == 1
        await leg.link(listen)
        assert len(heard) == 2
        assert len(far.ports) == 2
        assert server.transfers() == ["hold XML default", "park XML default"]
        far.close()


async def test_a_transfer_that_is_refused_is_unavailable_unless_the_leg_is_gone() -> None:
    async with connected() as (server, switch):
        leg = await answered(server, switch)
        answers = {"refused": reply("-ERR no dialplan"), "gone": reply("-ERR invalid session id [x]")}
        server.answer = lambda _: answers["refused"]
        with pytest.raises(Unavailable, match="no dialplan"):
            await leg.hold()
        server.answer = lambda _: answers["gone"]
        await leg.hold()


async def test_a_bridge_is_told_to_both_legs_though_freeswitch_tells_it_of_one() -> None:
    async with connected() as (server, switch):
        caller, operator = await answered(server, switch, U), await answered(server, switch, V)
        await caller.bridge(operator)
        assert server.lines("api uuid_bridge") == [f"api uuid_bridge {U} {V}"]
        both = {"Bridge_A_Unique_ID": U, "Bridge_B_Unique_ID": V}
        server.event("CHANNEL_BRIDGE", U, **both)
        assert (await soon(caller), await soon(operator)) == (Bridged(V), Bridged(U))
        server.event("CHANNEL_UNBRIDGE", U, **both)
        assert (await soon(caller), await soon(operator)) == (Unbridged(), Unbridged())


async def test_a_leg_whose_audio_runs_is_held_before_it_is_bridged() -> None:
    async with connected() as (server, switch):
        far = Unicast(server)
        caller, operator = await answered(server, switch, U), await answered(server, switch, V)
        await caller.link(echo)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            bridging = group.create_task(caller.bridge(operator))
            await server.until_transferred()
            await switch.live_legs()
            assert server.lines("api uuid_bridge") == []
            server.event("CHANNEL_UNPARK", U)
            await bridging
        assert server.transfers() == ["hold XML default"]
        assert server.lines("api uuid_bridge") == [f"api uuid_bridge {U} {V}"]
        far.close()


async def test_a_refused_bridge_is_unavailable() -> None:
    async with connected() as (server, switch):
        caller, operator = await answered(server, switch, U), await answered(server, switch, V)
        server.answer = lambda _: response("-ERR Invalid uuid\n")
        with pytest.raises(Unavailable, match="Invalid uuid"):
            await caller.bridge(operator)


# --- the connection ---


async def test_a_lost_connection_ends_its_legs_and_the_next_one_kills_those_that_live_on() -> None:
    async with connected() as (server, switch):
        live, dead = await answered(server, switch, U), await answered(server, switch, V)

        def answer(frame: ClientFrame) -> bytes | None:
            gone = frame.line.startswith(f"api uuid_kill {V}")
            return response("-ERR No such channel!\n") if gone else answer_well(frame)

        server.answer = answer
        server.drop()
        assert (await soon(live), await soon(dead)) == (LOST, LOST)
        assert not switch.connected
        await switch.wait_connected(5)
        assert sorted(server.lines("api uuid_kill")) == [
            f"api uuid_kill {U} NORMAL_CLEARING",
            f"api uuid_kill {V} NORMAL_CLEARING",
        ]
        server.event("CHANNEL_ANSWER", V)  # its originate was still under way
        await server.until(f"api uuid_kill {V}", times=2)
        assert (switch.connections_lost, switch.legs_live) == (1, 0)


async def test_while_disconnected_every_order_is_unavailable_and_hanging_up_is_quiet() -> None:
    async with WireServer() as server, running(Switch(settings(server.port), Watch(), back_off=lambda _: 60)) as switch:
        await switch.wait_connected(5)
        leg = await answered(server, switch)
        server.drop()
        assert await soon(leg) == LOST
        for order_ in (switch.dial(order(V)), switch.kill(V), switch.live_legs()):
            assert str(server.port) in (await refused(order_)).message
        await leg.hang_up()
        await leg.hold()
        await leg.park()


async def test_waiting_for_a_switch_that_is_away_tells_why() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    async with running(Switch(settings(port), Watch())) as switch:
        error = await refused(switch.wait_connected(0.1))
        assert f"127.0.0.1:{port}: the connection was refused" in error.message
        assert not switch.connected


async def test_a_wrong_password_is_told_at_once_and_tried_again() -> None:
    async with WireServer() as server:
        wrong = settings(server.port, password="mistaken")
        async with running(Switch(wrong, Watch(), back_off=lambda _: 0.01)) as switch:
            async with asyncio.timeout(5):
                assert "wrong password" in (await refused(switch.wait_connected(60))).message
            await server.until("auth mistaken", times=2)


async def test_a_switch_that_comes_back_is_connected_again() -> None:
    async with WireServer() as server:
        waits: list[int] = []

        def back_off(failures: int) -> float:
            waits.append(failures)
            return 0.02

        async with running(Switch(settings(server.port), Watch(), back_off=back_off)) as switch:
            await switch.wait_connected(5)
            for _ in range(3):
                server.drop()
                async with asyncio.timeout(5):
                    while switch.connected:
                        await asyncio.sleep(0)
                await switch.wait_connected(5)
            assert switch.connections_lost == 3
            assert waits == [0, 0, 0], "a connection that stood begins the waits anew"


async def test_a_silent_switch_is_noticed_by_the_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.02)
    async with connected() as (server, _):
        await server.until("api version", times=3)


async def test_an_unreadable_list_of_channels_is_unavailable() -> None:
    async with connected() as (server, switch):
        server.answer = lambda _: response("not JSON\n")
        assert (await refused(switch.live_legs())).code == "switch_rubbish"
        rows = '{"row_count":2,"rows":[{"uuid":"a","name":"sofia/x"},{"uuid":"b"}]}'
        server.answer = lambda _: response(rows)
        assert await switch.live_legs() == {"a", "b"}


async def test_stopping_the_switch_ends_its_legs_and_says_good_bye() -> None:
    async with WireServer() as server:
        async with running(Switch(settings(server.port), Watch())) as switch:
            await switch.wait_connected(5)
            leg = await answered(server, switch)
        assert await soon(leg) == LOST
        assert server.frames[-1].line == "exit"


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(settings(8021))


@pytest.mark.parametrize(
    ("host", "media_host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", ("127.0.0.1", "127.0.0.1")),
        ("freeswitch", "127.0.0.1", ("127.0.0.1", "127.0.0.1")),
        ("10.0.0.7", "10.0.0.5", ("10.0.0.7", "10.0.0.7")),
        ("freeswitch", "10.0.0.5", ("freeswitch", None)),
    ],
)
def test_the_switch_sends_audio_from_its_own_address(
    host: str, media_host: str, expected: tuple[str, str | None]
) -> None:
    assert module._media_hosts(settings(8021, host=host, media_host=media_host)) == expected
