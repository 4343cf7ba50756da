"""Event streams of a real FreeSWITCH, kept as files: what the legs make of them, and whether they still come.

`ZVONAR_RECORD_GOLDEN=1` with a FreeSWITCH named writes the files anew; they hold only what the product reads.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from core.legs import (
    Answered,
    Bridged,
    EarlyMedia,
    HungUp,
    KeyPressed,
    LegEvent,
    LegId,
    Parked,
    Ringing,
    Unbridged,
)
from core.results import CallResult
from telephony_esl.legs import LegState, legs_of, on_event, on_job
from tests.telephony_esl.lab import (
    BRIEF_OPERATOR,
    BUSY,
    EARLY,
    HANGS_UP,
    KINDS,
    PRESSES_1,
    REDIRECTS,
    RINGS,
    TALKS,
    Handset,
    Lab,
    laboratory,
    to_the_end,
    tone,
    until,
)

FOLDER: Final = Path(__file__).parent.parent / "golden" / "esl"
RECORD: Final = "ZVONAR_RECORD_GOLDEN"
CALLER, OPERATOR_LEG = (LegId(f"00000000-0000-4000-8000-00000000000{n}") for n in (1, 2))
READ: Final = frozenset(
    {
        *("Event-Name", "Unique-ID", "Job-UUID", "_body", "DTMF-Digit", "Hangup-Cause"),
        *("Bridge-A-Unique-ID", "Bridge-B-Unique-ID", "Other-Leg-Unique-ID"),
        *("variable_sip_term_status", "variable_sip_hangup_disposition"),
    }
)
Event = dict[str, str]


# --- the situations, played on a network ---


async def _to_the_end(lab: Lab, who: str, **changes: object) -> list[LegId]:
    leg = await lab.dial(who, **changes)
    await to_the_end(leg)
    return [leg.id]


async def _key(lab: Lab) -> list[LegId]:
    leg = await lab.answered(PRESSES_1)
    await leg.link(Handset(tone(500, 0.6)))
    await until(leg, KeyPressed)
    await leg.hang_up()
    await to_the_end(leg)
    return [leg.id]


async def _early_media(lab: Lab) -> list[LegId]:
    leg = await lab.answered(EARLY)
    await leg.hang_up()
    await to_the_end(leg)
    return [leg.id]


async def _operator(lab: Lab) -> list[LegId]:
    caller = await lab.answered(TALKS)
    await caller.hold()
    await lab.probe.seen(caller.id, "CHANNEL_UNPARK")
    operator = await lab.answered(BRIEF_OPERATOR)
    await caller.bridge(operator)
    await until(caller, Unbridged)
    await until(caller, Parked)
    await caller.hang_up()
    await to_the_end(caller)
    await to_the_end(operator)
    return [caller.id, operator.id]


SITUATIONS: Final[dict[str, Callable[[Lab], Awaitable[list[LegId]]]]] = {
    "answered": lambda lab: _to_the_end(lab, HANGS_UP),
    "busy": lambda lab: _to_the_end(lab, BUSY),
    "no_answer": lambda lab: _to_the_end(lab, RINGS, ring_timeout=timedelta(seconds=2)),
    "unknown_gateway": lambda lab: _to_the_end(lab, TALKS, trunk="nowhere"),
    "redirect": lambda lab: _to_the_end(lab, REDIRECTS),
    "key": _key,
    "early_media": _early_media,
    "operator": _operator,
}

BY_US: Final = HungUp("NORMAL_CLEARING", CallResult.NO_ANSWER, by_us=True)
BY_THEM: Final = HungUp("NORMAL_CLEARING", CallResult.NO_ANSWER)
EXPECTED: Final[dict[str, list[list[LegEvent]]]] = {
    "answered": [[Ringing(), Answered(), Parked(), BY_THEM]],
    "busy": [[HungUp("USER_BUSY", CallResult.BUSY, 486)]],
    "no_answer": [[Ringing(), HungUp("NO_ANSWER", CallResult.NO_ANSWER, by_us=True)]],
    "unknown_gateway": [[HungUp("INVALID_GATEWAY", CallResult.SYSTEM_ERROR)]],
    "redirect": [[HungUp("REQUESTED_CHAN_UNAVAIL", CallResult.UNKNOWN_ERROR, by_us=True)]],
    "key": [[Ringing(), Answered(), Parked(), KeyPressed("1"), BY_US]],
    "early_media": [[EarlyMedia(), Answered(), Parked(), BY_US]],
    "operator": [
        [Ringing(), Answered(), Parked(), Bridged(OPERATOR_LEG), Unbridged(), Parked(), BY_US],
        [Ringing(), Answered(), Parked(), Bridged(CALLER), BY_THEM],
    ],
}


# --- files ---


def _golden(situation: str) -> list[Event]:
    lines = (FOLDER / f"{situation}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _as_golden(events: list[Event], legs: list[LegId]) -> list[Event]:
    """The events of these legs, with nothing in them but what is read, and the legs' ids made plain."""
    plain = dict(zip(legs, (CALLER, OPERATOR_LEG), strict=False))
    kept = []
    for event in events:
        if not {*legs_of(event), event.get("Job-UUID")} & plain.keys():
            continue
        read = {name: value for name, value in event.items() if name in READ}
        for leg, name in plain.items():
            read = {header: value.replace(leg, name) for header, value in read.items()}
        if "_body" in read and read["_body"].startswith("+OK"):
            read["_body"] = f"+OK {read['Job-UUID']}\n"
        kept.append(read)
    return kept


def _names(events: list[Event], leg: LegId) -> list[str]:
    return [event["Event-Name"] for event in events if event.get("Unique-ID") == leg]


# --- what the legs make of them ---


def _played(events: list[Event], leg: LegId) -> list[LegEvent]:
    state = LegState(leg)
    told: list[LegEvent] = []
    for event in events:
        if event["Event-Name"] == "BACKGROUND_JOB":
            step = on_job(state, event["_body"]) if event["Job-UUID"] == leg else (state, ())
        else:
            step = on_event(state, event) if leg in legs_of(event) else (state, ())
        state = step[0]
        told.extend(step[1])
    return told


def _with_jobs_elsewhere(events: list[Event]) -> Iterator[list[Event]]:
    """The same stream with the answer to the originate at every other place after the leg's first event."""
    jobs = [event for event in events if event["Event-Name"] == "BACKGROUND_JOB"]
    channels = [event for event in events if event["Event-Name"] != "BACKGROUND_JOB"]
    for at in range(1, len(channels) + 1):
        yield channels[:at] + jobs + channels[at:]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_recorded_stream_means_these_events(situation: str) -> None:
    events = _golden(situation)
    expected = EXPECTED[situation]
    for leg, told in zip((CALLER, OPERATOR_LEG), expected, strict=False):
        assert _played(events, leg) == told


@pytest.mark.parametrize("situation", [name for name in SITUATIONS if name not in ("operator", "unknown_gateway")])
def test_the_place_of_the_originates_answer_changes_nothing(situation: str) -> None:
    for events in _with_jobs_elsewhere(_golden(situation)):
        assert _played(events, CALLER) == EXPECTED[situation][0]


# --- whether the networks still send them ---

OPTIONAL: Final = {"CHANNEL_PROGRESS", "CHANNEL_OUTGOING"}
"""Whether a refused call was heard to ring is the callee's affair."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("situation", SITUATIONS)
async def test_the_network_sends_the_recorded_events(kind: str, situation: str, tmp_path: Path) -> None:
    async with laboratory(kind, tmp_path) as lab:
        legs = await SITUATIONS[situation](lab)
        for leg in legs:
            await lab.probe.seen(leg, "BACKGROUND_JOB")
            if situation != "unknown_gateway":
                await lab.probe.seen(leg, "CHANNEL_HANGUP_COMPLETE")
        events = _as_golden(lab.probe.events, legs)
    if kind == "freeswitch" and os.environ.get(RECORD):
        FOLDER.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(event, ensure_ascii=False, sort_keys=True) + "\n" for event in events)
        (FOLDER / f"{situation}.jsonl").write_text(text, encoding="utf-8")
    golden = _golden(situation)
    for leg in (CALLER, OPERATOR_LEG)[: len(legs)]:
        expected = [name for name in _names(golden, leg) if name not in OPTIONAL]
        assert [name for name in _names(events, leg) if name not in OPTIONAL] == expected
    jobs = [[event["_body"] for event in each if event["Event-Name"] == "BACKGROUND_JOB"] for each in (events, golden)]
    assert jobs[0] == jobs[1]
