"""A leg's audio against a scripted wire: linking, and the ways into hold, park and bridge and back."""

from __future__ import annotations

import asyncio

import pytest

from core.audio import SILENCE, Pcm
from core.errors import Unavailable
from core.legs import Bridged, HungUp, Parked, Unbridged
from core.results import CallResult
from telephony_esl import switch as module
from tests.telephony_esl.scripted import (
    U,
    Unicast,
    V,
    answered,
    connected,
    echo,
    refused,
    soon,
)
from tests.telephony_esl.wire_server import reply, response

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
