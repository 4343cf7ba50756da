"""Whole calls at the fast pace: a robot that speaks prompts, callees who answer, and the log of what happened."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.audio import SILENCE, Pcm
from core.errors import BadInput
from telephony_esl.simulator import Answer, Cast, Deed, EndedBy, Pace, Person, SimulatedCall, SimulatedNetwork
from telephony_esl.simulator.audio import level_dbfs, tone
from telephony_esl.simulator.callee import Uttered
from tests.telephony_esl.simulator.wire import WITHIN_S, connected, robot_on

VOICE = tone(300.0, 1.0, -20.0)[5]
LIMITS = "originate_timeout=20,execute_on_answer=sched_hangup\\s+40\\sALLOTTED_TIMEOUT"
CAST = Cast.parse(
    """
numbers:
  "1": {after_ring_s: 3, answers: [{say: "да"}, {press: "1"}, {say: "нет", interrupt_after_s: 0.5}, {hang_up: true}]}
  "2": {voicemail: true, records_s: 20}
  "3": {answers: [{silent: true}], then: hang_up}
  "4": {tries: [{busy: true}, {no_answer: true}, {answers: [{say: "да"}, {hang_up: true}]}]}
  "5": {hang_up_after_s: 1.5}
  "6": {answers: [{say: "да"}], hang_up_after_s: 60}
  "101": {operator: true, answers_after_s: 1, talks_s: 5}
  "102": {operator: true, refuses: true}
  "103": {operator: true, rings_out: true}
"""
)


class Prompter:
    """A robot that says a prompt of two seconds, listens for five, and so on for ever."""

    def __init__(self) -> None:
        self._frames = 0

    def __call__(self, frame: Pcm) -> Pcm:
        self._frames += 1
        return VOICE if self._frames % 350 < 100 else SILENCE


def fast(seed: int = 1, cast: Cast = CAST) -> SimulatedNetwork:
    return SimulatedNetwork(cast, seed=seed, pace=Pace.FAST)


async def talk(network: SimulatedNetwork, *numbers: str, limits: str = LIMITS) -> list[SimulatedCall]:
    """Calls the numbers one after another, each with a prompting robot, and gives back the log."""
    async with connected(network) as client:
        for number in numbers:
            async with robot_on(Prompter()) as robot:
                client.forget()
                leg = await client.dial(number, limits)
                await client.event("BACKGROUND_JOB", Job_UUID=leg)
                if "CHANNEL_ANSWER" in client.names(leg):
                    await client.event("CHANNEL_PARK", Unique_ID=leg)
                    await client.unicast(leg, robot)
                await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
    return list(network.placed)


async def test_the_log_says_what_was_said_and_pressed_in_order() -> None:
    async with fast() as network:
        (call,) = await talk(network, "1")
    assert call.said == ("да", "нет", "нет"), "the robot talked over the interruption, so it was said again"
    assert call.pressed == "1"
    assert [(deed.turn, deed.kind.value, deed.what) for deed in call.deeds] == [
        (0, "greeted", "алло"),
        (1, "said", "да"),
        (2, "pressed", "1"),
        (3, "interrupted", ""),
        (3, "said", "нет"),
        (3, "said", "нет"),
        (4, "hung_up", ""),
    ]
    assert (call.number, call.call, call.behaviour, call.answered_ms) == ("1", 0, "person", 3000)
    assert (call.ended_by, call.cause) == (EndedBy.CALLEE, "NORMAL_CLEARING")
    assert [deed.at_ms for deed in call.deeds] == sorted(deed.at_ms for deed in call.deeds)


async def test_a_call_of_a_minute_takes_no_minute() -> None:
    loop = asyncio.get_running_loop()
    async with fast() as network:
        began = loop.time()
        (call,) = await talk(network, "6", limits="")
        took_s = loop.time() - began
    assert call.ended_ms >= 60_000
    assert took_s < 6


async def test_the_same_seed_gives_the_same_calls() -> None:
    numbers = [*(number for number in "12345"), *(f"+790012300{number:02}" for number in range(12))]

    async def run(seed: int) -> list[SimulatedCall]:
        async with fast(seed) as network:
            return await talk(network, *numbers)

    first, second, other = await run(1), await run(1), await run(2)
    assert first == second
    assert first != other


async def test_many_calls_at_once_do_what_they_do_alone() -> None:
    numbers = [f"+790012300{number:02}" for number in range(16)]

    async def one(network: SimulatedNetwork, number: str) -> None:
        await talk(network, number)

    async with fast() as network:
        alone = await talk(network, *numbers)
    async with fast() as network:
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                group.create_task(one(network, number))
        together = list(network.placed)
    assert {call.number: kept(call) for call in together} == {call.number: kept(call) for call in alone}


def kept(call: SimulatedCall) -> tuple[object, ...]:
    return call.behaviour, call.said, call.pressed, call.cause, call.answered_ms


async def test_tries_go_call_by_call() -> None:
    async with fast() as network:
        calls = await talk(network, "4", "4", "4", "4")
    assert [call.cause for call in calls] == ["USER_BUSY", "NO_ANSWER", "NORMAL_CLEARING", "NORMAL_CLEARING"]
    assert [call.call for call in calls] == [0, 1, 2, 3]
    assert [call.said for call in calls] == [(), (), ("да",), ("да",)]


async def test_a_voicemail_keeps_what_is_left_after_the_beep() -> None:
    async with fast() as network:
        (call,) = await talk(network, "2")
    assert call.behaviour == "voicemail"
    assert 4000 < call.message_ms < 9000


async def test_who_hangs_up_early_is_gone_at_the_second() -> None:
    async with fast() as network:
        (call,) = await talk(network, "5")
    assert call.ended_ms - (call.answered_ms or 0) == 1500


async def test_a_contact_is_put_through_to_an_operator_and_back() -> None:
    async with fast() as network, connected(network) as client, robot_on() as robot:
        contact = await client.dial("6", "park_after_bridge=true")
        await client.event("CHANNEL_PARK", Unique_ID=contact)
        await client.unicast(contact, robot)
        async with asyncio.timeout(WITHIN_S):
            await robot.first.wait()
        await client.ask(f"api uuid_transfer {contact} hold XML default")
        for number, body in (("102", "-ERR CALL_REJECTED\n"), ("103", "-ERR NO_ANSWER\n")):
            refused = await client.dial(number, "originate_timeout=20")
            assert (await client.event("BACKGROUND_JOB", Job_UUID=refused))["_body"] == body
        operator = await client.dial("101")
        await client.event("CHANNEL_PARK", Unique_ID=operator)
        client.forget()
        await client.ask(f"api uuid_bridge {contact} {operator}")
        await client.event("CHANNEL_PARK", Unique_ID=contact)
        await client.ask(f"api uuid_kill {contact}")
        await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=contact)
    calls = {call.number: call for call in network.placed}
    assert calls["101"].talked_with == ("6",)
    assert calls["6"].talked_with == ("101",)
    assert calls["101"].ended_by is EndedBy.CALLEE
    assert 5000 <= calls["101"].ended_ms - (calls["101"].answered_ms or 0) <= 5100
    assert [deed.what for deed in calls["101"].deeds][:2] == ["слушаю вас", "хорошо"]


async def test_what_the_robot_hears_is_the_callees_voice() -> None:
    async with fast() as network, connected(network) as client, robot_on(Prompter()) as robot:
        leg = await client.dial("1")
        await client.event("CHANNEL_PARK", Unique_ID=leg)
        await client.unicast(leg, robot)
        await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
        call = network.placed[0]
        began = next(deed for deed in call.deeds if deed.what == "да").at_ms // 20
        missing = call.deeds[-1].at_ms // 20 - len(robot.heard)
        spoken = b"".join(robot.heard[began - missing - 1 : began - missing + 17])
        before = b"".join(robot.heard[began - missing - 20 : began - missing - 2])
        assert level_dbfs(spoken) > -30
        assert level_dbfs(before) < -55


def test_what_nobody_can_say_is_refused_at_once() -> None:
    with pytest.raises(BadInput, match="no such words"):
        SimulatedNetwork(Cast({"1": (Person((Answer(say="no such words"),)),)}))


class Broken:
    deeds: list[Deed] = []  # noqa: RUF012
    message_ms = 0

    def frame(self, heard: Pcm) -> Uttered:
        raise ValueError("out of order")

    def put_through(self, *, to_robot: bool) -> None:
        pass


async def test_a_call_that_breaks_is_hung_up_and_the_others_live_on() -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(str(context["exception"])))
    async with SimulatedNetwork(CAST) as network, connected(network) as client:
        broken, whole = await client.dial("101"), await client.dial("101")
        await client.event("CHANNEL_PARK", Unique_ID=broken)
        network.channels[broken].callee = Broken()
        end = await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=broken)
        assert end["Hangup-Cause"] == "CRASH"
        end = await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=whole)
        assert end["Hangup-Cause"] == "NORMAL_CLEARING"
    assert told == ["out of order"]


async def test_a_call_without_a_leg_or_a_date_equals_the_same_call() -> None:
    async with fast() as network:
        (call,) = await talk(network, "5")
    assert replace(call, leg="another", at=None) == call
