"""The audio of a parked call over UDP: what the real switch does with it, and what it does not."""

from __future__ import annotations

import asyncio
import socket
import statistics
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from random import Random

import pytest

from core.audio import FRAME_BYTES, SILENCE, Pcm
from telephony_esl.simulator import Cast, Pace, SimulatedNetwork
from telephony_esl.simulator.audio import FILLER, level_dbfs
from telephony_esl.simulator.unicast import Unicast
from tests.telephony_esl.simulator.wire import WITHIN_S, Client, Robot, connected, robot_on

CAST = Cast.parse(
    """
numbers:
  "1": {after_ring_s: 0, greeting: null, patience_s: 3600}
  "2": {echo: true}
  "3": {after_ring_s: 0, greeting: "всё понравилось, только долго ждали", greets_after_s: 0, patience_s: 3600}
  "4": {after_ring_s: 0, greeting: null, vanishes_after_s: 0.5}
  "5": {operator: true, answers_after_s: 0, talks_s: 60}
"""
)


@pytest.fixture(params=list(Pace))
async def network(request: pytest.FixtureRequest) -> AsyncIterator[SimulatedNetwork]:
    async with SimulatedNetwork(CAST, pace=request.param) as network:
        yield network


@pytest.fixture
async def slow() -> AsyncIterator[SimulatedNetwork]:
    async with SimulatedNetwork(CAST) as network:
        yield network


async def parked(client: Client, number: str, variables: str = "") -> str:
    leg = await client.dial(number, variables)
    await client.event("CHANNEL_PARK", Unique_ID=leg)
    return leg


class Counter:
    """A robot's exchange that says frames of its own numbering and waits for so many datagrams."""

    def __init__(self, wanted: int, say: Callable[[int], Pcm | None]) -> None:
        self.enough = asyncio.Event()
        self._wanted = wanted
        self._say = say
        self._count = 0

    def __call__(self, frame: Pcm) -> Pcm | None:
        self._count += 1
        if self._count >= self._wanted:
            self.enough.set()
        return self._say(self._count - 1)

    async def wait(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            await self.enough.wait()


def numbered(count: int) -> Pcm:
    return count.to_bytes(2, "little") * (FRAME_BYTES // 2)


async def test_audio_runs_both_ways_frame_by_frame(network: SimulatedNetwork) -> None:
    exchange = Counter(60, numbered)
    async with connected(network) as client, robot_on(exchange) as robot:
        leg = await parked(client, "2")
        assert await client.unicast(leg, robot) == "+OK"
        await exchange.wait()
        assert {len(frame) for frame in robot.heard} == {FRAME_BYTES}
        echoed = [int.from_bytes(frame[:2], "little") for frame in robot.heard if frame != SILENCE]
        assert echoed == list(range(1, len(echoed) + 1))
        assert len(echoed) > 50


async def test_frames_come_each_20_ms(slow: SimulatedNetwork) -> None:
    loop, times = asyncio.get_running_loop(), list[float]()
    exchange = Counter(101, lambda count: times.append(loop.time()))
    async with connected(slow) as client, robot_on(exchange) as robot:
        await client.unicast(await parked(client, "1"), robot)
        await exchange.wait()
    gaps = [(later - earlier) * 1000 for earlier, later in pairwise(times)]
    assert abs(statistics.mean(gaps) - 20) < 1


async def test_a_second_unicast_in_a_park_is_accepted_and_ignored(network: SimulatedNetwork) -> None:
    exchange, unheard = Counter(40, lambda count: SILENCE), Counter(1, lambda count: SILENCE)
    async with connected(network) as client, robot_on(exchange) as robot, robot_on(unheard) as second:
        leg = await parked(client, "1")
        await client.unicast(leg, robot)
        assert await client.unicast(leg, second) == "+OK"
        await exchange.wait()
        assert second.heard == []


EXECUTE = "sendmsg {}\ncall-command: execute\nexecute-app-name: transfer\nexecute-app-arg: "
TRANSFERS = ("api uuid_transfer {} park XML default", EXECUTE + "park XML default")


@pytest.mark.parametrize("transfer", TRANSFERS)
async def test_a_transfer_ends_the_audio_and_a_fresh_park_gives_it_again(
    network: SimulatedNetwork, transfer: str
) -> None:
    exchange, again = Counter(5, lambda count: SILENCE), Counter(5, lambda count: SILENCE)
    async with connected(network) as client, robot_on(exchange) as robot, robot_on(again) as second:
        leg = await parked(client, "1")
        await client.unicast(leg, robot)
        await exchange.wait()
        client.forget()
        assert await client.ask(transfer.format(leg)) == "+OK"
        heard = len(robot.heard)
        await client.event("CHANNEL_PARK", Unique_ID=leg)
        assert client.names(leg) == ["CHANNEL_UNPARK", "CHANNEL_PARK"]
        await client.unicast(leg, second)
        await again.wait()
        assert len(robot.heard) <= heard + 1


async def test_unicast_is_swallowed_while_the_call_is_on_hold(slow: SimulatedNetwork) -> None:
    unheard, later = Counter(1, lambda count: SILENCE), Counter(20, lambda count: SILENCE)
    async with connected(slow) as client, robot_on(unheard) as robot, robot_on(later) as second:
        leg, other = await parked(client, "1"), await parked(client, "1")
        assert await client.ask(f"api uuid_transfer {leg} hold XML default") == "+OK"
        assert await client.unicast(leg, robot) == "+OK"
        await client.unicast(other, second)
        await later.wait()
        assert robot.heard == []


async def test_an_empty_datagram_deafens_the_caller_for_the_rest_of_the_park(network: SimulatedNetwork) -> None:
    robots: list[Robot] = []

    def say(count: int) -> Pcm:
        if count == 20:  # asyncio's own transport sends no empty datagram
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:
                raw.sendto(b"", robots[0].source)
        return numbered(count)

    exchange = Counter(60, say)
    async with connected(network) as client, robot_on(exchange) as robot:
        robots.append(robot)
        await client.unicast(await parked(client, "2"), robot)
        await exchange.wait()
        assert any(frame != SILENCE for frame in robot.heard[:20])
        assert set(robot.heard[35:]) == {SILENCE}


async def test_short_datagrams_are_filled_with_stale_bytes_and_long_ones_cut(network: SimulatedNetwork) -> None:
    says = {0: b"\1" * 320, 1: b"\2" * 100, 2: b"\3" * 640}
    exchange = Counter(8, lambda count: says.get(count, SILENCE))
    async with connected(network) as client, robot_on(exchange) as robot:
        await client.unicast(await parked(client, "2"), robot)
        await exchange.wait()
        echoed = [frame for frame in robot.heard if frame != SILENCE]
        assert echoed == [b"\1" * 320, b"\2" * 100 + b"\1" * 220, b"\3" * 320]


async def test_nobody_looks_at_the_sender(slow: SimulatedNetwork) -> None:
    exchange = Counter(30, lambda count: None)
    async with connected(slow) as client, robot_on(exchange) as robot, robot_on() as stranger:
        await client.unicast(await parked(client, "2"), robot)
        async with asyncio.timeout(WITHIN_S):
            await robot.first.wait()
        stranger.source = robot.source
        stranger.send(numbered(7))
        await exchange.wait()
        assert numbered(7) in robot.heard


async def test_a_burst_is_played_frame_by_frame(slow: SimulatedNetwork) -> None:
    robots: list[Robot] = []

    def say(count: int) -> Pcm | None:
        if count == 0:
            for number in range(1, 21):
                robots[0].send(numbered(number))
        return None

    exchange = Counter(30, say)
    async with connected(slow) as client, robot_on(exchange) as robot:
        robots.append(robot)
        await client.unicast(await parked(client, "2"), robot)
        await exchange.wait()
        assert [frame for frame in robot.heard if frame != SILENCE] == [numbered(n) for n in range(1, 21)]


def test_after_many_late_frames_the_delay_becomes_small_again() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as robot:
        robot.bind(("127.0.0.1", 0))
        link = Unicast(("127.0.0.1", 0), robot.getsockname())
        link.send(SILENCE)
        source = robot.recvfrom(1000)[1]
        robot.sendto(numbered(1), source)
        heard = [link.receive() for _ in range(11)]
        for number in range(2, 40):
            robot.sendto(numbered(number), source)
        heard += [link.receive() for _ in range(20)]
        link.close()
    assert heard[:11] == [numbered(1), *[SILENCE] * 10]
    assert heard[11:] == [numbered(number) for number in [*range(3, 17, 2), *range(16, 29)]]


async def test_a_robot_that_sends_nothing_still_hears_the_caller(network: SimulatedNetwork) -> None:
    exchange = Counter(30, lambda count: None)
    async with connected(network) as client, robot_on(exchange) as robot:
        await client.unicast(await parked(client, "1"), robot)
        await exchange.wait()
        assert -63 < level_dbfs(b"".join(robot.heard)) < -57


async def test_when_the_caller_sends_nothing_filler_comes(network: SimulatedNetwork) -> None:
    exchange = Counter(60, lambda count: SILENCE)
    async with connected(network) as client, robot_on(exchange) as robot:
        await client.unicast(await parked(client, "4"), robot)
        await exchange.wait()
        assert robot.heard[-1] == FILLER


async def test_no_address_means_no_audio_and_no_error(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = await parked(client, "1")
        clash = f"sendmsg {leg}\ncall-command: unicast\nlocal-ip: 203.0.113.1\nlocal-port: 0\nremote-port: 9"
        assert await client.ask(clash) == "+OK"
        exchange = Counter(2, lambda count: SILENCE)
        async with robot_on(exchange) as robot:
            await client.unicast(leg, robot)
            await exchange.wait()


async def test_bridged_callers_hear_each_other_and_return_to_the_robot(network: SimulatedNetwork) -> None:
    exchange = Counter(5, lambda count: SILENCE)
    async with connected(network) as client, robot_on(exchange) as robot:
        contact = await parked(client, "1", "park_after_bridge=true")
        await client.unicast(contact, robot)
        await exchange.wait()
        assert await client.ask(f"api uuid_transfer {contact} hold XML default") == "+OK"
        operator = await parked(client, "5")
        client.forget()
        assert await client.ask(f"api uuid_bridge {contact} {operator}") == f"+OK {operator}"
        bridged = await client.event("CHANNEL_BRIDGE")
        assert (bridged["Unique-ID"], bridged["Other-Leg-Unique-ID"]) == (contact, operator)
        assert (bridged["Bridge-A-Unique-ID"], bridged["Bridge-B-Unique-ID"]) == (contact, operator)
        await client.ask(f"api uuid_kill {operator}")
        await client.event("CHANNEL_PARK", Unique_ID=contact)
        assert client.names(contact) == ["CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE", "CHANNEL_PARK"]
        again = Counter(5, lambda count: SILENCE)
        async with robot_on(again) as second:
            await client.unicast(contact, second)
            await again.wait()


async def test_a_contact_who_leaves_takes_the_operator_along(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        contact, operator = await parked(client, "1"), await parked(client, "5")
        await client.ask(f"api uuid_bridge {contact} {operator}")
        await client.event("CHANNEL_BRIDGE")
        await client.ask(f"api uuid_kill {contact}")
        await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=operator)
        assert client.names(contact)[-4:] == [
            "CHANNEL_HANGUP",
            "CHANNEL_UNBRIDGE",
            "CHANNEL_HANGUP_COMPLETE",
            "CHANNEL_DESTROY",
        ]


async def test_kills_and_links_in_any_order_leave_nothing_behind(slow: SimulatedNetwork) -> None:
    rng = Random(7)
    async with connected(slow) as client, robot_on() as robot:
        legs = [await client.dial(rng.choice("1235")) for _ in range(60)]
        commands = [
            lambda leg, other: f"api uuid_kill {leg}",
            lambda leg, other: f"api uuid_transfer {leg} park XML default",
            lambda leg, other: f"api uuid_transfer {leg} hold XML default",
            lambda leg, other: f"api uuid_bridge {leg} {other}",
            lambda leg, other: f"sendmsg {leg}\ncall-command: unicast\nremote-ip: 127.0.0.1\nremote-port: {robot.port}",
        ]
        for _ in range(600):
            await client.ask(rng.choice(commands)(rng.choice(legs), rng.choice(legs)))
        for leg in legs:
            await client.ask(f"api uuid_kill {leg}")
        for leg in legs:
            await client.event("CHANNEL_DESTROY", Unique_ID=leg)
            names = client.names(leg)
            assert names.count("CHANNEL_HANGUP_COMPLETE") == 1
            assert names[-1] == "CHANNEL_DESTROY"
        assert await client.ask("api show channels as json") == '{"row_count": 0}'
        assert len(slow.placed) == 60
