"""What the switch and its legs promise, on the simulator always and on a real FreeSWITCH where one is named.

`ZVONAR_TEST_FREESWITCH=host:port:password` names it; it must run with the configuration in `freeswitch/`.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from app.clock import SystemClock
from core.audio import FRAME_BYTES
from core.errors import BadInput, Unavailable
from core.legs import (
    Answered,
    Bridged,
    EarlyMedia,
    HungUp,
    KeyPressed,
    LegId,
    Parked,
    Ringing,
    Unbridged,
)
from core.results import CallResult
from telephony_esl import commands
from telephony_esl.examine import examine
from telephony_esl.switch import Switch
from tests.telephony_esl.lab import (
    BRIEF_OPERATOR,
    BUSY,
    CONGESTION,
    EARLY,
    ECHO,
    HANGS_UP,
    KINDS,
    NONEXISTENT,
    OPERATOR,
    PATIENCE_S,
    PRESSES_1,
    REDIRECTS,
    REJECTS,
    RINGS,
    SILENT,
    TALKS,
    UNREACHABLE,
    Handset,
    Lab,
    eventually,
    laboratory,
    loudness,
    number,
    pitch,
    to_the_end,
    tone,
    until,
)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def network(kind: str, tmp_path: Path) -> AbstractAsyncContextManager[Lab]:
    return laboratory(kind, tmp_path)


Network = AbstractAsyncContextManager[Lab]


async def _listed(switch: Switch, leg: LegId) -> bool:
    """FreeSWITCH's list of channels lags some hundred milliseconds behind its events, both ways."""
    return leg in await switch.live_legs()


async def _gone(switch: Switch, leg: LegId) -> bool:
    return not await _listed(switch, leg)


# --- what becomes of a call ---

REFUSALS = [
    (BUSY, "USER_BUSY", 486, CallResult.BUSY),
    (REJECTS, "CALL_REJECTED", 603, CallResult.REJECTED),
    (NONEXISTENT, "UNALLOCATED_NUMBER", 404, CallResult.NONEXISTENT_NUMBER),
    (UNREACHABLE, "SUBSCRIBER_ABSENT", 480, CallResult.NO_ANSWER),
    (CONGESTION, "NORMAL_CIRCUIT_CONGESTION", 503, CallResult.UNKNOWN_ERROR),
]


@pytest.mark.parametrize(("who", "cause", "status", "result"), REFUSALS)
async def test_a_refused_call_ends_with_the_carriers_reason(
    network: Network, who: str, cause: str, status: int, result: CallResult
) -> None:
    async with network as lab:
        events = await to_the_end(await lab.dial(who))
    assert [event for event in events if isinstance(event, Answered | Parked)] == []
    assert events[-1] == HungUp(cause=cause, result=result, sip_status=status, by_us=False)


async def test_a_call_that_nobody_takes_ends_by_the_ring_timeout(network: Network) -> None:
    async with network as lab:
        events = await to_the_end(await lab.dial(RINGS, ring_timeout=timedelta(seconds=2)))
    assert events == [Ringing(), HungUp(cause="NO_ANSWER", result=CallResult.NO_ANSWER, by_us=True)]


async def test_ringing_can_be_given_up_at_any_time(network: Network) -> None:
    async with network as lab:
        leg = await lab.dial(RINGS)
        await until(leg, Ringing)
        await leg.hang_up()
        (end,) = await to_the_end(leg)
        assert isinstance(end, HungUp)
        assert (end.by_us, end.result) == (True, CallResult.NO_ANSWER)
        await lab.probe.seen(leg.id, "CHANNEL_HANGUP_COMPLETE")
        assert len(lab.probe.of(leg.id, "CHANNEL_HANGUP_COMPLETE")) == 1


async def test_an_answered_call_is_answered_and_parked_once(network: Network) -> None:
    async with network as lab:
        events = await to_the_end(await lab.dial(HANGS_UP))
    told = [type(event) for event in events if not isinstance(event, Ringing)]
    assert told == [Answered, Parked, HungUp]
    end = events[-1]
    assert isinstance(end, HungUp)
    assert (end.cause, end.by_us) == ("NORMAL_CLEARING", False)


async def test_early_media_is_no_answer(network: Network) -> None:
    async with network as lab:
        now = asyncio.get_running_loop().time
        leg = await lab.dial(EARLY)
        await until(leg, EarlyMedia)
        rang_at = now()
        await until(leg, Answered)
        assert now() - rang_at > 0.7
        await until(leg, Parked)


async def test_the_end_is_told_for_ever(network: Network) -> None:
    async with network as lab:
        leg = await lab.dial(BUSY)
        end = (await to_the_end(leg))[-1]
        assert [await leg.next_event() for _ in range(3)] == [end] * 3


async def test_hanging_up_twice_is_one_end(network: Network) -> None:
    async with network as lab:
        leg = await lab.answered(SILENT)
        await leg.hang_up()
        await leg.hang_up()
        (end,) = await to_the_end(leg)
        await leg.hang_up()
        assert isinstance(end, HungUp)
        assert (end.cause, end.by_us) == ("NORMAL_CLEARING", True)
        await lab.probe.seen(leg.id, "CHANNEL_HANGUP_COMPLETE")
        assert len(lab.probe.of(leg.id, "CHANNEL_HANGUP_COMPLETE")) == 1


async def test_a_redirect_is_refused_and_not_followed(network: Network) -> None:
    async with network as lab:
        leg = await lab.dial(REDIRECTS)
        events = await to_the_end(leg)
        end = events[-1]
        assert isinstance(end, HungUp)
        assert (end.cause, end.result) == ("REQUESTED_CHAN_UNAVAIL", CallResult.UNKNOWN_ERROR)
        assert not any(isinstance(event, Answered) for event in events)
        await lab.probe.seen(leg.id, "CHANNEL_HANGUP_COMPLETE")
        await eventually(lambda: _gone(lab.switch, leg.id))
        assert [event for event in lab.probe.events if event.get("Caller-Destination-Number") == number("99")] == []


async def test_an_unknown_gateway_is_a_system_error(network: Network) -> None:
    async with network as lab:
        events = await to_the_end(await lab.dial(TALKS, trunk="nowhere"))
    assert events == [HungUp(cause="INVALID_GATEWAY", result=CallResult.SYSTEM_ERROR, by_us=False)]


async def test_an_unknown_trunk_is_refused_before_anything_is_sent(network: Network) -> None:
    async with network as lab:
        with pytest.raises(Unavailable):
            await lab.dial(TALKS, trunk="no such trunk")
        assert lab.gate.sent("bgapi originate") == []


# --- audio and keys ---


async def test_a_link_carries_the_callers_voice(network: Network) -> None:
    async with network as lab:
        leg, handset = await lab.answered(TALKS), Handset()
        await leg.link(handset)
        await handset.hear(0.4)
        heard = await handset.hear(1)
    assert pitch(heard) == pytest.approx(440, abs=5)
    assert 2_000 < loudness(heard) < 12_000


async def test_a_link_carries_our_voice(network: Network) -> None:
    async with network as lab:
        leg, handset = await lab.answered(ECHO), Handset()
        await leg.link(handset)
        await handset.hear(0.5)
        handset.say(tone(620, 1))
        heard = await handset.hear(2)
    frames = [heard[at : at + FRAME_BYTES] for at in range(0, len(heard), FRAME_BYTES)]
    loud = [frame for frame in frames if loudness(frame) > 1_000]
    assert pitch(b"".join(loud)) == pytest.approx(620, abs=10)
    assert 30 <= len(loud) <= 51  # FreeSWITCH's echo drops frames while the machine is busy, and doubles none


async def test_each_frame_heard_sends_one(network: Network, kind: str) -> None:
    async with network as lab:
        leg, handset = await lab.answered(ECHO if kind == "simulator" else TALKS), Handset(tone(620, 1))
        await leg.link(handset)
        await handset.hear(2)
        exchanged = len(handset.frames)
        await leg.hang_up()
        end = await lab.probe.seen(leg.id, "CHANNEL_HANGUP_COMPLETE")
    if kind == "freeswitch":
        sent = int(end["variable_rtp_audio_out_media_packet_count"])
    else:
        sent = sum(loudness(frame) > 1_000 for frame in handset.frames) + exchanged - 50
    assert -1 <= exchanged - sent <= 5  # what was under way when the leg was hung up


async def test_audio_keeps_the_time_of_the_telephone(network: Network) -> None:
    async with network as lab:
        now = asyncio.get_running_loop().time
        leg, handset = await lab.answered(SILENT), Handset()
        await leg.link(handset)
        await handset.hear(0.5)
        begun_at = now()
        await handset.hear(3)
        took_s = now() - begun_at
    assert took_s == pytest.approx(3, abs=0.15)
    assert {len(frame) for frame in handset.frames} == {FRAME_BYTES}


async def test_a_key_is_told_while_the_audio_runs(network: Network) -> None:
    async with network as lab:
        leg = await lab.answered(PRESSES_1)
        handset = Handset(tone(500, 0.6))
        await leg.link(handset)
        assert await until(leg, KeyPressed) == KeyPressed("1")
        assert len(await handset.hear(0.5)) == 25 * FRAME_BYTES


async def test_datagrams_of_strangers_are_not_heard(network: Network) -> None:
    async with network as lab:
        leg, handset = await lab.answered(SILENT), Handset()
        await leg.link(handset)
        (unicast,) = lab.gate.unicasts(leg.id)
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        begin = len(handset.frames)
        with stranger:
            for _ in range(25):
                stranger.sendto(tone(1000, 0.02), ("127.0.0.1", int(unicast.headers["remote-port"])))
                stranger.sendto(b"", ("127.0.0.1", int(unicast.headers["remote-port"])))
            heard = await handset.hear(1)
        assert loudness(heard) < 200
        assert len(handset.frames) - begin <= 55


# --- hold, operators ---


async def test_a_held_leg_comes_back_to_the_robot(network: Network) -> None:
    async with network as lab:
        leg, first = await lab.answered(TALKS), Handset()
        await leg.link(first)
        await first.hear(0.3)
        await leg.hold()
        await lab.probe.seen(leg.id, "CHANNEL_UNPARK")
        await leg.park()
        await until(leg, Parked)
        assert lab.gate.sent("api uuid_transfer") == []  # with audio running it can freeze FreeSWITCH's own connection
        heard_before = len(first.frames)
        second = Handset()
        await leg.link(second)
        assert pitch(await second.hear(1)) == pytest.approx(440, abs=5)
        assert len(first.frames) == heard_before


async def test_each_park_is_linked_by_one_unicast(network: Network) -> None:
    async with network as lab:
        leg = await lab.answered(TALKS)
        for parks in (1, 2, 3):
            handset = Handset()
            await leg.link(handset)
            await handset.hear(0.2)
            assert len(lab.gate.unicasts(leg.id)) == parks
            await leg.park()


async def test_an_operator_talks_with_the_caller_and_leaves_him_to_the_robot(network: Network) -> None:
    async with network as lab:
        caller = await lab.answered(TALKS)
        handset = Handset()
        await caller.link(handset)
        await handset.hear(0.3)
        await caller.hold()
        operator = await lab.answered(BRIEF_OPERATOR)
        await caller.bridge(operator)
        assert await until(caller, Bridged) == Bridged(operator.id)
        assert (await to_the_end(operator))[0] == Bridged(caller.id)
        await until(caller, Unbridged)
        await until(caller, Parked)
        back = Handset()
        await caller.link(back)
        assert pitch(await back.hear(1)) == pytest.approx(440, abs=5)


async def test_a_caller_who_leaves_the_operator_ends_both(network: Network) -> None:
    async with network as lab:
        caller = await lab.answered(HANGS_UP)
        operator = await lab.answered(OPERATOR)
        await caller.bridge(operator)
        assert [type(event) for event in await to_the_end(caller)] == [Bridged, HungUp]
        unbridged = await until(operator, Unbridged)
        assert unbridged == Unbridged()
        await operator.hang_up()
        assert isinstance((await to_the_end(operator))[-1], HungUp)


async def test_a_bridge_to_a_leg_that_is_gone_is_refused_and_the_caller_stays(network: Network) -> None:
    async with network as lab:
        caller, operator = await lab.answered(TALKS), await lab.answered(OPERATOR)
        await operator.hang_up()
        await to_the_end(operator)
        with pytest.raises(Unavailable):
            await caller.bridge(operator)
        handset = Handset()
        await caller.park()
        await caller.link(handset)
        assert pitch(await handset.hear(1)) == pytest.approx(440, abs=5)


# --- what breaks ---


async def test_an_examination_names_the_switch_and_all_that_is_missing(network: Network, kind: str) -> None:
    async with network as lab:
        found = await examine(lab.direct)
    assert found.version.startswith("FreeSWITCH Version 1.")
    if kind == "freeswitch":  # the simulator has neither modules nor a dialplan
        assert found.missing == ("The trunk 'nowhere' goes by the gateway 'nowhere', which is not there.",)


async def test_a_leg_of_another_process_can_be_killed(network: Network) -> None:
    async with network as lab:
        leg = await lab.answered(SILENT)
        other = Switch(lab.direct, SystemClock())
        async with asyncio.TaskGroup() as group:
            running = group.create_task(other.run())
            await other.wait_connected(PATIENCE_S)
            await eventually(lambda: _listed(other, leg.id))
            await other.kill(leg.id)
            await other.kill(LegId(str(uuid4())))
            assert isinstance((await to_the_end(leg))[-1], HungUp)
            await eventually(lambda: _gone(other, leg.id))
            running.cancel()


async def test_a_lost_connection_ends_the_legs_and_the_next_one_kills_what_is_left(network: Network) -> None:
    async with network as lab:
        leg = await lab.answered(SILENT)
        lab.gate.cut()
        (end,) = await to_the_end(leg)
        assert end == HungUp(cause="CONNECTION_LOST", result=CallResult.SYSTEM_ERROR, by_us=True)
        with pytest.raises(Unavailable):
            await lab.dial(SILENT)
        lab.gate.mend()
        await lab.switch.wait_connected(PATIENCE_S)
        await lab.probe.seen(leg.id, "CHANNEL_HANGUP_COMPLETE")
        await lab.answered(SILENT)


async def test_a_leg_ends_by_itself_when_its_process_dies(network: Network) -> None:
    async with network as lab:
        now = asyncio.get_running_loop().time
        leg = await lab.answered(SILENT, max_duration=timedelta(seconds=2))
        handset = Handset()
        await leg.link(handset)
        answered_at = now()
        lab.gate.cut()
        end = await lab.probe.seen(leg.id, "CHANNEL_HANGUP_COMPLETE")
    assert end["Hangup-Cause"] == "ALLOTTED_TIMEOUT"
    assert now() - answered_at < 3


async def test_a_wrong_password_is_told_as_such(network: Network) -> None:
    async with network as lab:
        from dataclasses import replace

        wrong = Switch(replace(lab.direct, password="wrong"), SystemClock())
        async with asyncio.TaskGroup() as group:
            running = group.create_task(wrong.run())
            with pytest.raises(Unavailable, match="password"):
                await wrong.wait_connected(2)
            running.cancel()


# --- what a stranger's text can do ---

HOSTILE = [
    "a,evil=1",
    "a evil=1",
    "',evil=1,x='",
    "a\\,evil=1",
    "Иван\"; DROP|, O'Neil",
    "\\n\\s%0Aevil: 1",
    "${system(touch evil)}",
    " ends with a backslash \\",
]


@pytest.mark.parametrize("text", [text for text in HOSTILE if "${" not in text])
async def test_a_variable_holds_its_text_and_sets_nothing_else(network: Network, text: str) -> None:
    async with network as lab:
        leg = lab.new_leg()
        variables = commands.channel_variables({"origination_uuid": leg, "zvonar_test": text, "last": "one"})
        target = f"{variables}{lab.settings.trunks[0].gateway}/{number(SILENT)}"
        line = f"bgapi originate {target} &park()\nJob-UUID: {leg}\n\n"
        await lab.probe.ask(line.encode())
        answer = await lab.probe.seen(leg, "CHANNEL_ANSWER")
    assert answer.get("variable_zvonar_test") == text
    assert answer.get("variable_last") == "one"
    assert "variable_evil" not in answer


@pytest.mark.parametrize("text", [*HOSTILE, "a\nb", "a}sofia/x", "ж", ""])
async def test_labels_and_numbers_take_no_free_text(network: Network, text: str) -> None:
    async with network as lab:
        for changes in ({"labels": {"label": text}}, {"destination": text}, {"caller_number": text or " "}):
            with pytest.raises(BadInput):
                await lab.dial(SILENT, **changes)
        assert lab.gate.sent("bgapi originate") == []


async def test_labels_are_on_the_leg_from_the_beginning(network: Network) -> None:
    async with network as lab:
        leg = await lab.answered(SILENT, labels={"zvonar_attempt": "42"}, caller_number="+79001112233")
        created = await lab.probe.seen(leg.id, "CHANNEL_CREATE")
    assert created["variable_zvonar_attempt"] == "42"
    assert created["variable_origination_caller_id_number"] == "+79001112233"
