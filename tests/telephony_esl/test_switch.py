"""The switch against a scripted wire: what goes wrong, and in which order; what goes right is the contract suite's."""

from __future__ import annotations

import asyncio
import socket

import pytest

from core.errors import BadInput, Unavailable
from core.legs import HungUp, KeyPressed, LegId
from core.results import CallResult
from telephony_esl import switch as module
from telephony_esl.protocol import ClientFrame
from telephony_esl.switch import INBOX, Switch
from tests.telephony_esl.scripted import (
    LOST,
    U,
    V,
    Watch,
    answered,
    connected,
    order,
    refused,
    running,
    settings,
    soon,
)
from tests.telephony_esl.wire_server import WireServer, answer_well, reply, response

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
