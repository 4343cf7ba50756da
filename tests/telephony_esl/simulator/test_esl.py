"""The event socket of the simulated network, as a bare client sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random
from uuid import uuid4

import msgspec
import pytest

from telephony_esl.simulator import Cast, EndedBy, Pace, SimulatedNetwork
from tests.telephony_esl.simulator.wire import Client, connected

CAST = Cast.parse(
    """
numbers:
  "1": {after_ring_s: 0.4, greeting: null, patience_s: 3600}
  "2": {busy: true}
  "3": {no_answer: true}
  "4": {nonexistent: true}
  "5": {unreachable: true}
  "6": {congestion: true}
  "7": {rejects: true, after_ring_s: 2}
  "8": {redirects: true}
  "9": {after_ring_s: 2, early_media_s: 0.5, patience_s: 3600}
  "10": {vanishes_after_s: 1}
  "11": {hang_up_after_s: 2}
  "12": {first: {wait_s: 0.5, press: "7"}, patience_s: 3600}
"""
)


@pytest.fixture
async def network() -> AsyncIterator[SimulatedNetwork]:
    async with SimulatedNetwork(CAST, pace=Pace.FAST, gateways=("simulator", "other")) as network:
        yield network


@pytest.fixture
async def slow() -> AsyncIterator[SimulatedNetwork]:
    async with SimulatedNetwork(CAST) as network:
        yield network


async def bare(network: SimulatedNetwork) -> Client:
    _, client = await asyncio.get_running_loop().create_connection(Client, "127.0.0.1", network.port)
    assert (await client.reply()).headers == {"Content-Type": "auth/request"}
    return client


async def test_a_wrong_password_is_refused_and_the_connection_closed(network: SimulatedNetwork) -> None:
    client = await bare(network)
    assert await client.ask("auth wrong") == "-ERR invalid"
    notice = await client.reply()
    assert notice.content_type == "text/disconnect-notice"
    await client.closed.wait()


async def test_nothing_is_done_before_the_password(network: SimulatedNetwork) -> None:
    client = await bare(network)
    assert await client.ask("api version") == "-ERR command not found"
    assert await client.ask(f"auth {network.password}") == "+OK accepted"
    assert (await client.ask("api version")).startswith("FreeSWITCH Version 1.10")


async def test_replies_come_in_the_order_of_the_commands(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        for number in range(50):
            client.write(f"api uuid_exists {number}" if number % 2 else "bgapi version\nJob-UUID: job-" + str(number))
        replies = [(await client.reply()).text for _ in range(50)]
        assert replies == ["false" if number % 2 else f"+OK Job-UUID: job-{number}" for number in range(50)]


async def test_what_is_unknown_is_said_to_be(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        assert await client.ask("sing") == "-ERR command not found"
        assert await client.ask("api sing loud") == "-ERR sing command not found"
        assert await client.ask("event json") == "-ERR no keywords supplied"
        assert await client.ask("sendmsg nobody\ncall-command: unicast") == "-ERR invalid session id [nobody]"
        assert await client.ask("api uuid_kill nobody") == "-ERR No such channel!"
        assert await client.ask("api uuid_transfer nobody park XML default") == "-ERR No such channel!"
        assert await client.ask("api uuid_bridge nobody noone") == "-ERR Invalid uuid"


async def test_too_few_words_are_answered_with_the_usage(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        assert await client.ask("api") == "-ERR command not found"
        assert await client.ask("api uuid_kill") == "-USAGE: <uuid> [cause]"
        assert await client.ask("api uuid_bridge one") == "-USAGE: <uuid> <other_uuid>"
        assert await client.ask("api sched_hangup soon x") == "-USAGE: [+]<time> <uuid> [<cause>]"
        await client.ask("bgapi originate nothing\nJob-UUID: 5")
        assert (await client.event("BACKGROUND_JOB", Job_UUID="5"))["_body"].startswith("-USAGE: <call url>")


async def test_rubbish_ends_the_connection_and_no_other(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        bad = await bare(network)
        bad.write("auth x\nContent-Length: many")
        await bad.closed.wait()
        assert (await client.ask("api version")).startswith("FreeSWITCH")


async def test_only_subscribed_events_are_sent_to_each_connection(network: SimulatedNetwork) -> None:
    async with (
        connected(network, "CHANNEL_ANSWER") as one,
        connected(network, "CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB") as other,
        connected(network, "") as deaf,
    ):
        leg = await one.dial("11")
        await one.event("CHANNEL_ANSWER", Unique_ID=leg)
        await other.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
        assert {event["Event-Name"] for event in one.events} == {"CHANNEL_ANSWER"}
        assert {event["Event-Name"] for event in other.events} == {"CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB"}
        assert deaf.events == []


async def test_an_answered_call_tells_these_events_in_this_order(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        leg = await client.dial("1", "zvonar_attempt=5")
        await client.event("CHANNEL_PARK", Unique_ID=leg)
        job = await client.event("BACKGROUND_JOB", Job_UUID=leg)
        assert job["_body"] == f"+OK {leg}\n"
        assert await client.ask(f"api uuid_kill {leg}") == "+OK"
        end = await client.event("CHANNEL_DESTROY", Unique_ID=leg)
        assert client.names(leg) == [
            "CHANNEL_CREATE",
            "CHANNEL_PROGRESS",
            "CHANNEL_ANSWER",
            "CHANNEL_PARK",
            "CHANNEL_HANGUP",
            "CHANNEL_UNPARK",
            "CHANNEL_HANGUP_COMPLETE",
            "CHANNEL_DESTROY",
        ]
        assert all(event["variable_zvonar_attempt"] == "5" for event in client.events if "Unique-ID" in event)
        assert end["Caller-Destination-Number"] == "1"
        assert end["variable_sip_hangup_disposition"] == "send_bye"
        answer = await client.event("CHANNEL_ANSWER", Unique_ID=leg)
        assert answer["Answer-State"] == "answered"
        assert answer["Event-Date-Timestamp"].isdigit()
        sequence = [int(event["Event-Sequence"]) for event in client.events]
        assert sequence == sorted(set(sequence))


@pytest.mark.parametrize(
    ("number", "cause", "status", "q850", "disposition"),
    [
        ("2", "USER_BUSY", "486", "17", "recv_refuse"),
        ("3", "NO_ANSWER", None, "19", "send_cancel"),
        ("4", "UNALLOCATED_NUMBER", "404", "1", "recv_refuse"),
        ("5", "SUBSCRIBER_ABSENT", "480", "20", "recv_refuse"),
        ("6", "NORMAL_CIRCUIT_CONGESTION", "503", "34", "recv_refuse"),
        ("7", "CALL_REJECTED", "603", "21", "recv_refuse"),
        ("8", "REQUESTED_CHAN_UNAVAIL", None, "44", "send_cancel"),
    ],
)
async def test_a_call_that_is_not_taken_ends_with_its_cause(
    network: SimulatedNetwork, number: str, cause: str, status: str | None, q850: str, disposition: str
) -> None:
    async with connected(network) as client:
        leg = await client.dial(number, "originate_timeout=30")
        job = await client.event("BACKGROUND_JOB", Job_UUID=leg)
        end = await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
        assert job["_body"] == f"-ERR {cause}\n"
        assert end["Hangup-Cause"] == end["variable_hangup_cause"] == cause
        assert end.get("variable_sip_term_status") == status
        assert end["variable_hangup_cause_q850"] == q850
        assert end["variable_sip_hangup_disposition"] == disposition
        assert "CHANNEL_ANSWER" not in client.names(leg)
        rang = "CHANNEL_PROGRESS" in client.names(leg)
        assert rang == (number in ("3", "7"))


async def test_the_originates_answer_has_no_fixed_place_among_the_events(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        places = set()
        for _ in range(30):
            client.forget()
            leg = await client.dial("2")
            await client.event("BACKGROUND_JOB", Job_UUID=leg)
            await client.event("CHANNEL_DESTROY", Unique_ID=leg)
            names = [event["Event-Name"] for event in client.events]
            places.add(names.index("BACKGROUND_JOB") < names.index("CHANNEL_HANGUP_COMPLETE"))
        assert places == {True, False}


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("sofia/gateway/nowhere/1", "-ERR INVALID_GATEWAY\n"),
        ("loopback/1", "-ERR CHAN_NOT_IMPLEMENTED\n"),
        ("sofia/gateway/simulator/1,sofia/gateway/simulator/2", "-ERR DESTINATION_OUT_OF_ORDER\n"),
    ],
)
async def test_what_cannot_be_placed_has_no_channel(network: SimulatedNetwork, target: str, answer: str) -> None:
    async with connected(network) as client:
        leg = str(uuid4())
        await client.ask(f"bgapi originate {{origination_uuid={leg}}}{target} &park()\nJob-UUID: {leg}")
        assert (await client.event("BACKGROUND_JOB", Job_UUID=leg))["_body"] == answer
        assert set(client.names(leg)) <= {"CHANNEL_DESTROY"}
        assert network.placed == ()


async def test_other_gateways_may_be_named(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        leg = await client.dial("1", gateway="sofia/gateway/other")
        await client.event("CHANNEL_ANSWER", Unique_ID=leg)


async def test_the_ring_timeout_ends_up_to_a_second_early(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        for timeout_s in (2, 3, 10):
            leg = await client.dial("3", f"originate_timeout={timeout_s}")
            await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
            call = network.placed[-1]
            assert timeout_s - 1 <= call.ended_ms / 1000 <= timeout_s
            assert call.ended_by is EndedBy.LIMIT


async def test_early_media_is_told_and_is_no_answer(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        leg = await client.dial("9")
        await client.event("CHANNEL_PARK", Unique_ID=leg)
        names = client.names(leg)
        assert names[:4] == ["CHANNEL_CREATE", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_ANSWER", "CHANNEL_PARK"]


async def test_who_does_not_ignore_early_media_is_parked_before_the_answer(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = str(uuid4())
        await client.ask(f"bgapi originate {{origination_uuid={leg}}}sofia/gateway/simulator/9 &park()")
        await client.event("CHANNEL_ANSWER", Unique_ID=leg)
        names = client.names(leg)
        assert names == ["CHANNEL_CREATE", "CHANNEL_PROGRESS_MEDIA", "CHANNEL_PARK", "CHANNEL_ANSWER"]
        assert (await client.event("CHANNEL_PARK"))["Answer-State"] == "early"


async def test_a_key_is_told_of(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = await client.dial("12", "")
        assert (await client.event("DTMF", Unique_ID=leg))["DTMF-Digit"] == "7"


async def test_calls_outlive_the_connection(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = await client.dial("1")
        await client.event("CHANNEL_PARK", Unique_ID=leg)
        assert await client.ask("exit") == "+OK bye"
        await client.closed.wait()
    async with connected(slow) as again:
        assert await again.ask(f"api uuid_exists {leg}") == "true"
        shown = msgspec.json.decode(await again.ask("api show channels as json"))
        assert shown["row_count"] == 1
        assert shown["rows"][0] | {"uuid": leg, "dest": "1", "callstate": "ACTIVE"} == shown["rows"][0]
        assert await again.ask(f"api uuid_kill {leg} MANAGER_REQUEST") == "+OK"
        assert (await again.event("CHANNEL_HANGUP_COMPLETE"))["Hangup-Cause"] == "MANAGER_REQUEST"
        assert await again.ask("api show channels as json") == '{"row_count": 0}'


async def test_only_the_callees_goodbye_carries_a_sip_status(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        theirs, ours = await client.dial("11"), await client.dial("1")
        await client.event("CHANNEL_PARK", Unique_ID=ours)
        await client.ask(f"api uuid_kill {ours} ALLOTTED_TIMEOUT")
        end = await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=ours)
        assert "variable_sip_term_status" not in end
        assert end["variable_hangup_cause_q850"] == "16"
        end = await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=theirs)
        assert (end["variable_sip_term_status"], end["variable_sip_hangup_disposition"]) == ("200", "recv_bye")


async def test_a_ringing_call_can_be_cancelled(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = await client.dial("3")
        await client.event("CHANNEL_PROGRESS", Unique_ID=leg)
        assert await client.ask(f"api uuid_kill {leg} ORIGINATOR_CANCEL") == "+OK"
        end = await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
        assert (end["Hangup-Cause"], end["variable_sip_hangup_disposition"]) == ("ORIGINATOR_CANCEL", "send_cancel")
        assert (await client.event("BACKGROUND_JOB"))["_body"] == "-ERR ORIGINATOR_CANCEL\n"


@pytest.mark.parametrize(
    ("limit", "cause"),
    [
        ("park_timeout=2:ALLOTTED_TIMEOUT", "ALLOTTED_TIMEOUT"),
        ("park_timeout=2", "NORMAL_CLEARING"),
        ("execute_on_answer=sched_hangup\\s+1\\sALLOTTED_TIMEOUT", "ALLOTTED_TIMEOUT"),
    ],
)
async def test_orphans_end_by_themselves(slow: SimulatedNetwork, limit: str, cause: str) -> None:
    async with connected(slow) as client:
        leg = await client.dial("1", limit)
        assert (await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg))["Hangup-Cause"] == cause
        assert slow.placed[-1].ended_by is EndedBy.LIMIT


async def test_a_scheduled_end_comes(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = await client.dial("1")
        await client.event("CHANNEL_PARK", Unique_ID=leg)
        assert await client.ask(f"api sched_hangup +1 {leg} ALLOTTED_TIMEOUT") == "+OK"
        await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
        call = slow.placed[-1]
        assert 1000 <= call.ended_ms - (call.answered_ms or 0) <= 1200


async def test_a_caller_whose_audio_stops_is_given_up_after_the_media_timeout(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = await client.dial("10", "media_timeout=500")
        assert (await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg))["Hangup-Cause"] == "MEDIA_TIMEOUT"


async def test_a_park_with_a_limit_forgets_the_park_after_the_bridge(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = await client.dial("1", "park_timeout=60,park_after_bridge=true")
        await client.event("CHANNEL_PARK", Unique_ID=leg)
        assert await client.ask(f"api uuid_getvar {leg} park_after_bridge") == "_undef_"
        assert await client.ask(f"api uuid_getvar {leg} park_timeout") == "_undef_"
        assert await client.ask(f"api uuid_setvar {leg} park_after_bridge true") == "+OK"
        assert await client.ask(f"api uuid_getvar {leg} park_after_bridge") == "true"


async def test_an_extension_that_does_not_exist_ends_the_call(slow: SimulatedNetwork) -> None:
    async with connected(slow) as client:
        leg = await client.dial("1")
        await client.event("CHANNEL_PARK", Unique_ID=leg)
        await client.ask(f"api uuid_transfer {leg} nowhere XML default")
        assert (await client.event("CHANNEL_HANGUP_COMPLETE"))["Hangup-Cause"] == "NO_ROUTE_DESTINATION"


COMMANDS = [
    "uuid_kill",
    "uuid_transfer",
    "uuid_bridge",
    "uuid_setvar",
    "uuid_getvar",
    "uuid_exists",
    "sched_hangup",
    "show",
]
SECONDS = ["+3", "+²", "-1", "9" * 400]
OTHERS = [
    "channels",
    "as",
    "json",
    "park",
    "hold",
    "NORMAL_CLEARING",
    "a=b",
    "{",
    "}",
    "&park()",
    "sofia/gateway/simulator/2",
    "'",
]


async def test_whatever_is_asked_has_an_answer(slow: SimulatedNetwork) -> None:
    rng = Random(11)
    async with connected(slow) as client:
        legs = [await client.dial("1") for _ in range(5)]
        for _ in range(1500):
            words = rng.choices([*COMMANDS, *SECONDS, *OTHERS, *legs], k=rng.randrange(1, 6))
            kind = rng.choice(("api", "bgapi", "bgapi originate"))
            assert await client.ask(f"{kind} {' '.join(words)}")


async def test_two_hundred_originates_at_once_are_all_told_of(network: SimulatedNetwork) -> None:
    async with connected(network) as client:
        legs = [await client.dial("2") for _ in range(200)]
        for leg in legs:
            await client.event("BACKGROUND_JOB", Job_UUID=leg)
            await client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
        assert len(network.placed) == 200
        assert [call.call for call in network.placed] == list(range(200))
