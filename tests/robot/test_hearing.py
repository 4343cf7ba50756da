"""Frames to events off the loop: order, the ring when computing is too slow, one piece at a time."""

from __future__ import annotations

import asyncio
import threading

from core.audio import SILENCE, Samples, from_ms, samples
from robot.hearing import RING_FRAMES, Hearing, HearingCounts
from robot.listener import Listener, ListenerEvent
from robot.pauses import Attend, attention
from robot.turns import TurnEnded
from robot.workers import Workers
from tests.fakes.speech import FakeEars, FakeVad, quiet, sound
from tests.virtual_time import run_virtual

WANTED = attention(1, Attend.ANSWER, phrases=["да"])


def listener() -> Listener:
    return Listener(FakeVad(), FakeEars({1000: "да"}), greeting=False)


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[i : i + 320] for i in range(0, len(pcm), 320)]


async def hear(hearing: Hearing, pcm: bytes) -> None:
    async with asyncio.TaskGroup() as group:
        run = group.create_task(hearing.run())
        for frame in frames(pcm):
            hearing.push(frame)
            await asyncio.sleep(0.02)
        run.cancel()


def test_what_is_pushed_is_heard() -> None:
    heard: list[ListenerEvent] = []
    hearing = Hearing(listener(), Workers.inline(), tell=heard.append)
    hearing.attention = WANTED
    run_virtual(hear(hearing, quiet(500) + sound(1000, 400) + quiet(500)))
    assert [event.said.text for event in heard if isinstance(event, TurnEnded)] == ["да"]
    assert hearing.dropped_frames == 0


def test_when_hearing_is_too_slow_the_oldest_is_dropped_and_time_goes_on() -> None:
    heard: list[ListenerEvent] = []
    hearing = Hearing(listener(), Workers.inline(), tell=heard.append)
    hearing.attention = WANTED
    late = 250
    for _ in range(RING_FRAMES + late):
        hearing.push(SILENCE)
    run_virtual(hear(hearing, sound(1000, 400) + quiet(500)))
    turn = next(event for event in heard if isinstance(event, TurnEnded))
    assert hearing.dropped_frames >= late
    assert abs(turn.start - from_ms((RING_FRAMES + late) * 20)) <= 512


async def test_one_piece_is_computed_at_a_time() -> None:
    inside, most, computed = 0, 0, 0
    guard = threading.Lock()

    class Slow(FakeVad):
        def probability(self, chunk: bytes) -> float:
            nonlocal inside, most, computed
            with guard:
                inside += 1
                most = max(most, inside)
            result = super().probability(chunk)
            with guard:
                inside -= 1
                computed += 1
            return result

    workers = Workers(4)
    hearing = Hearing(Listener(Slow(), None, greeting=False), workers, tell=lambda _: None)
    async with asyncio.TaskGroup() as group:
        run = group.create_task(hearing.run())
        for frame in frames(quiet(1500)):
            hearing.push(frame)
            await asyncio.sleep(0)
        while computed < 1500 * 8 // 256:
            await asyncio.sleep(0.001)
        run.cancel()
    workers.close()
    assert most == 1


def test_lost_audio_moves_the_position_by_its_length() -> None:
    ears = listener()
    ears.hear(quiet(10), WANTED)
    ears.skip(Samples(samples(quiet(990))))
    events = ears.hear(sound(1000, 400) + quiet(500), WANTED)
    turn = next(event for event in events if isinstance(event, TurnEnded))
    assert turn.start == from_ms(1000)


def test_how_late_hearing_is_can_be_counted() -> None:
    hearing = Hearing(listener(), Workers.inline(), tell=lambda _: None)
    for _ in range(50):
        hearing.push(SILENCE)
    run_virtual(hear(hearing, quiet(1000)))
    counts = hearing.counts
    assert counts.chunks == 2000 * 8 // 256
    assert 0 < counts.late_chunks < counts.chunks, "what waited a second is late, what came after is not"
    assert counts.latest > from_ms(900)
    total = HearingCounts(chunks=1, latest=Samples(1))
    total.add(counts)
    assert (total.chunks, total.latest) == (counts.chunks + 1, counts.latest)
