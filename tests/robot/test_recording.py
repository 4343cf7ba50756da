"""The stereo file: who is on which side, a header that is always right, a disk that fails."""

from __future__ import annotations

import asyncio
import threading
import wave
from pathlib import Path

from core.audio import SILENCE
from robot.recording import MOST_PIECES, PIECE_FRAMES, Recording
from robot.workers import Workers
from tests.fakes.speech import sound
from tests.virtual_time import run_virtual


def read(path: Path) -> tuple[int, int, bytes]:
    with wave.open(str(path)) as file:
        assert (file.getsampwidth(), file.getframerate()) == (2, 8000)
        return file.getnchannels(), file.getnframes(), file.readframes(file.getnframes())


def test_the_caller_is_left_and_the_robot_right(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "day" / "call.wav", Workers.inline())
    recording.add(sound(1000, 20), SILENCE)
    recording.add(SILENCE, sound(2000, 20))
    assert run_virtual(recording.close()) == tmp_path / "day" / "call.wav"
    channels, frames, pcm = read(recording.path)
    assert (channels, frames) == (2, 320)
    left = b"".join(pcm[i : i + 2] for i in range(0, len(pcm), 4))
    right = b"".join(pcm[i + 2 : i + 4] for i in range(0, len(pcm), 4))
    assert left == sound(1000, 20) + SILENCE
    assert right == SILENCE + sound(2000, 20)


def test_the_file_can_be_read_before_the_call_is_over(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", Workers.inline())
    for _ in range(PIECE_FRAMES):
        waits = recording.add(SILENCE, SILENCE)
    assert waits
    run_virtual(recording.write())
    assert read(recording.path)[1] == PIECE_FRAMES * 160
    run_virtual(recording.close())


def test_a_call_without_audio_leaves_no_file(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", Workers.inline())
    assert run_virtual(recording.close()) is None
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_ends_the_recording_but_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    recording = Recording(tmp_path / "file" / "call.wav", Workers.inline())
    recording.add(SILENCE, SILENCE)
    assert run_virtual(recording.close()) is None


def test_what_the_disk_cannot_keep_up_with_becomes_silence_of_the_same_length(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", Workers.inline())
    seconds = MOST_PIECES + 5
    for _ in range(seconds * 50):
        recording.add(sound(1000, 20), SILENCE)
    run_virtual(recording.close())
    assert recording.lost_pieces == 5
    assert read(recording.path)[1] == seconds * PIECE_FRAMES * 160


async def test_closing_while_a_piece_is_written_keeps_the_order(tmp_path: Path) -> None:
    workers = Workers(2)
    try:
        recording = Recording(tmp_path / "call.wav", workers)
        for number in range(10 * PIECE_FRAMES):
            recording.add(sound(100 + number, 20), SILENCE)
        async with asyncio.TaskGroup() as group:
            group.create_task(recording.write())
            closed = group.create_task(recording.close())
        assert closed.result() == recording.path
        _, frames, pcm = read(recording.path)
        assert frames == 10 * PIECE_FRAMES * 160
        assert [int.from_bytes(pcm[i : i + 2], "little") for i in range(0, len(pcm), 640)] == list(
            range(100, 100 + 10 * PIECE_FRAMES)
        )
    finally:
        workers.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("hear", "speak", "write"))]
