"""The product's own switch client on the simulated network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from core.audio import SILENCE, Pcm
from core.legs import Answered, DialOrder, HungUp, KeyPressed, LegEvent, LegId, Parked
from core.results import CallResult
from telephony_esl.simulator import Cast, Pace, SimulatedNetwork
from telephony_esl.switch import Leg, Switch, SwitchSettings
from telephony_esl.trunks import Trunk

CAST = Cast.parse(
    """
numbers:
  "+79000000001": {after_ring_s: 1, first: {press: "5"}, hang_up_after_s: 4}
  "+79000000002": {busy: true}
  "+79000000003": {no_answer: true}
  "+79000000004": {nonexistent: true}
"""
)


class LoopClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 0, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def switched() -> AsyncIterator[tuple[Switch, SimulatedNetwork]]:
    async with SimulatedNetwork(CAST, pace=Pace.FAST) as network:
        trunk = Trunk(name="simulator", gateway="sofia/gateway/simulator")
        settings = SwitchSettings(
            name="simulator",
            host="127.0.0.1",
            port=network.port,
            password=network.password,
            media_host="127.0.0.1",
            trunks=(trunk,),
        )
        switch = Switch(settings, LoopClock())
        async with asyncio.TaskGroup() as group:
            running = group.create_task(switch.run())
            await switch.wait_connected(5)
            yield switch, network
            running.cancel()


async def to_the_end(leg: Leg) -> list[LegEvent]:
    events: list[LegEvent] = []
    async with asyncio.timeout(10):
        while not events or not isinstance(events[-1], HungUp):
            events.append(await leg.next_event())
            if isinstance(events[-1], Answered):
                await leg.link(quiet)
    return events


def quiet(frame: Pcm) -> Pcm:
    return SILENCE


async def dialled(switch: Switch, number: str) -> list[LegEvent]:
    order = DialOrder(leg=LegId(str(uuid4())), trunk="simulator", destination=number)
    return await to_the_end(await switch.dial(order))


async def test_a_call_is_answered_linked_pressed_and_ended() -> None:
    async with switched() as (switch, network):
        events = await dialled(switch, "+79000000001")
        assert KeyPressed("5") in events
        assert isinstance(events[-1], HungUp)
        assert not events[-1].by_us
        assert network.placed[0].frames_heard > 150


async def test_failures_mean_what_they_should() -> None:
    async with switched() as (switch, _):
        results = {}
        for number in ("+79000000002", "+79000000003", "+79000000004"):
            end = (await dialled(switch, number))[-1]
            assert isinstance(end, HungUp)
            results[number[-1]] = end.result
        assert results == {
            "2": CallResult.BUSY,
            "3": CallResult.NO_ANSWER,
            "4": CallResult.NONEXISTENT_NUMBER,
        }


async def test_a_park_is_told() -> None:
    async with switched() as (switch, _):
        events = await dialled(switch, "+79000000001")
        assert any(isinstance(event, Parked) for event in events)
