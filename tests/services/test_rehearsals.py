"""SPEC R6.9: a rehearsal takes no time from the calls of the process that asks for it, and never lasts for ever."""

from __future__ import annotations

import asyncio
import time

import pytest

from core.errors import BadInput, Conflict, Unavailable
from robot.dialog.flow import Flow
from robot.dialog.source.understanding import ZONE, hearing_of, trained_for
from robot.rehearsal import rehearse
from services import drafts, rehearsals
from tests.conftest import EPOCH, ROOT

FRAME_S = 0.02


def flow() -> Flow:
    return drafts.flow_of_source((ROOT / "scenarios" / "nps.ru.yaml").read_text("utf-8"))


async def test_R6_9_a_rehearsal_apart_finds_what_one_here_finds() -> None:
    mine = flow()
    hear = hearing_of(mine, trained_for(mine), now=EPOCH, zone=ZONE)
    assert await rehearsals.run(mine, dialogs=100, seed=3, now=EPOCH) == rehearse(mine, dialogs=100, seed=3, hear=hear)


@pytest.mark.slow
async def test_R6_9_ten_thousand_dialogs_cost_this_process_next_to_nothing() -> None:
    """Neither its processor nor its loop: frames of 20 ms go on while it waits."""
    frames = 0

    async def call() -> None:
        nonlocal frames
        while True:
            await asyncio.sleep(FRAME_S)
            frames += 1

    async with asyncio.TaskGroup() as group:
        calling = group.create_task(call())
        used, began = time.process_time(), time.monotonic()
        report = await rehearsals.run(flow(), dialogs=10_000, seed=1, now=EPOCH)
        used, took = time.process_time() - used, time.monotonic() - began
        calling.cancel()
    assert report.dialogs == 10_000
    assert used < took / 4
    assert frames > took / FRAME_S / 3


async def test_R6_9_a_rehearsal_that_takes_too_long_is_killed_and_the_next_one_may_begin() -> None:
    with pytest.raises(Unavailable) as refused:
        await rehearsals.run(flow(), dialogs=10_000, seed=1, now=EPOCH, within_s=0.2)
    assert refused.value.code == "rehearsal_too_long"
    assert (await rehearsals.run(flow(), dialogs=10, seed=1, now=EPOCH)).dialogs == 10


async def test_R6_9_one_rehearsal_at_a_time() -> None:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(rehearsals.run(flow(), dialogs=10, seed=1, now=EPOCH))
        await asyncio.sleep(0)
        with pytest.raises(Conflict):
            await rehearsals.run(flow(), dialogs=10, seed=1, now=EPOCH)
    assert first.result().dialogs == 10


async def test_R6_9_what_keeps_intents_from_being_learnt_is_told() -> None:
    source = """\
name: x
intents: {price: [дорого, очень дорого]}
handlers: {price: {reply: Скидка., escalation: bye}}
steps:
  ask: {ask: Берёте?, answers: {Да: {key: 1, then: bye}}, otherwise: bye}
  bye: {end: }
"""
    with pytest.raises(BadInput) as refused:
        await rehearsals.run(drafts.flow_of_source(source), dialogs=10, seed=1, now=EPOCH)
    assert (refused.value.code, refused.value.field) == ("too_few_examples", "intents.price.examples")
