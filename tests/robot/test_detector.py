"""One inference for many calls: each gets its own probability, an error reaches those who asked, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from models.manifest import SHIPPED
from robot.asr.silero import Silero
from robot.detector import MOST, Detector
from robot.dialog.flow import Language, VoiceSex
from robot.ports import Vad
from robot.tts.espeak import EspeakVoice
from robot.workers import Workers
from tests.fakes.speech import FakeVad, quiet, sound

LOUD, SOFT = sound(1000, 32), quiet(32)


async def ask(detector: Detector, vad: Vad, chunk: bytes) -> float:
    told: asyncio.Future[float | BaseException] = asyncio.get_running_loop().create_future()
    detector.ask(vad, chunk, lambda speech, _level: told.set_result(speech))
    found = await told
    if isinstance(found, BaseException):
        raise found
    return found


async def together(detector: Detector, chunks: Sequence[bytes]) -> list[float]:
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(ask(detector, FakeVad(), chunk)) for chunk in chunks]
    return [one.result() for one in asked]


async def test_what_is_asked_together_is_computed_together_and_told_apart() -> None:
    sizes: list[int] = []

    def many(vads: Sequence[Vad], chunks: Sequence[bytes]) -> list[float]:
        sizes.append(len(vads))
        return [vad.probability(chunk) for vad, chunk in zip(vads, chunks, strict=True)]

    workers = Workers(1)
    found = await together(Detector(workers, many), [LOUD, SOFT] * 100)
    workers.close()
    assert found == [0.95, 0.02] * 100
    assert sizes == [MOST] * (200 // MOST) + [200 % MOST]


async def test_an_error_is_told_to_those_who_asked_and_the_next_are_served() -> None:
    workers = Workers(1)
    detector = Detector(workers)
    with pytest.raises(ValueError, match="256"):
        await ask(detector, FakeVad(), b"")
    assert await ask(detector, FakeVad(), LOUD) == 0.95
    workers.close()


async def test_inline_workers_answer_at_once() -> None:
    found: list[float | BaseException] = []
    detector = Detector(Workers.inline())
    for chunk in (LOUD, b""):
        detector.ask(FakeVad(), chunk, lambda speech, _level: found.append(speech))
    assert found[0] == 0.95
    assert isinstance(found[1], ValueError)


def test_a_batch_gives_each_call_what_it_would_get_alone() -> None:
    network = Silero(SHIPPED / "silero-vad" / "silero_vad.onnx")
    voice = EspeakVoice().say("да, хочу", language=Language.RU, sex=VoiceSex.MALE)
    chunks = [voice[at : at + 512] for at in range(0, len(voice) - 511, 512)]
    alone = network.open()
    expected = [alone.probability(chunk) for chunk in chunks]
    calls = [network.open() for _ in range(5)]
    batches = [network.probabilities(calls, [chunk] * 5) for chunk in chunks]
    for call in range(5):
        assert [batch[call] for batch in batches] == pytest.approx(expected, abs=1e-4)
