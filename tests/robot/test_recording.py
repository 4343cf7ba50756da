"""The stereo file: who is on which side, a header that is always right, a disk that fails."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import threading
import wave
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from core.audio import SILENCE
from core.results import CallResult
from robot.recording import MOST_PIECES, PIECE_FRAMES, Recording, expire_recordings
from robot.workers import Workers
from tests.fakes.line import FakeLine, HangUp, Say, When
from tests.fakes.speech import sound
from tests.robot.test_call import YES, talk
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


def test_a_marker_on_both_sides_stays_aligned_to_the_sample_through_a_whole_call(tmp_path: Path) -> None:
    marks = {7: 160 * 7 + 11, 49: 160 * 49 + 159, 50: 160 * 50, 151: 160 * 151 + 80, 399: 160 * 399 + 159}
    recording = Recording(tmp_path / "call.wav", Workers.inline())
    for number in range(400):
        frame = np.zeros(160, dtype="<i2")
        if number in marks:
            frame[marks[number] % 160] = 30_000
        if recording.add(frame.tobytes(), (-frame).tobytes()):
            run_virtual(recording.write())
    run_virtual(recording.close())
    both = np.frombuffer(read(recording.path)[2], dtype="<i2").reshape(-1, 2)
    assert np.flatnonzero(both[:, 0]).tolist() == np.flatnonzero(both[:, 1]).tolist() == sorted(marks.values())
    assert (both[:, 0] == -both[:, 1]).all()


def test_what_the_line_exchanged_is_what_was_recorded(tmp_path: Path) -> None:
    line = FakeLine([Say(sound(YES, 400)), HangUp(When(robot_spoke_ms=100))])
    outcome = talk(tmp_path, line)
    assert outcome.recording is not None
    both = np.frombuffer(read(outcome.recording)[2], dtype="<i2").reshape(-1, 2)
    assert both[:, 0].tobytes() == b"".join(line.caller)
    assert both[:, 1].tobytes() == b"".join(line.robot)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def small_files(tmp_path: Path) -> Iterator[Path]:
    """A folder in which no file can grow past 256 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024 + 7, before[1]))
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("disk", ["small_disk", "small_files"])
def test_a_disk_that_gets_full_ends_the_recording_with_a_warning_and_the_call_goes_on(
    disk: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(disk)
    recording = Recording(folder / "1" / "call.wav", Workers.inline())
    frame = sound(1000, 20)
    with capture_logs() as logs:
        waits = []
        for _ in range(60 * 50):
            waits.append(recording.add(frame, frame))
            if waits[-1]:
                run_virtual(recording.write())
        kept = run_virtual(recording.close())
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("recording.ended", "warning")]
    assert kept == recording.path
    assert not any(waits[12 * 50 :])
    _, frames, pcm = read(recording.path)
    assert 5 * 8000 <= frames <= 8 * 8000
    assert pcm == b"".join(frame[at : at + 2] * 2 for at in range(0, len(frame), 2)) * (frames // 160)


def test_a_whole_call_on_a_full_disk_ends_as_it_would_have(tmp_path: Path, small_disk: Path) -> None:
    (small_disk / "recordings").mkdir()
    (small_disk / "fill").write_bytes(bytes(220 * 1024))
    line = FakeLine([Say(sound(YES, 400), When(at_ms=4000))])
    outcome = talk(small_disk, line)
    assert outcome.result is CallResult.COMPLETED
    assert [answer.label for answer in outcome.answers] == ["хорошо"]


def test_recordings_of_days_gone_by_are_deleted_and_nothing_else(tmp_path: Path) -> None:
    for name in ("2026-10-31/1.wav", "2026-10-31/2.wav", "2026-11-01/3.wav", "2026-11-02/4.wav", "2025-13-01/5.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "2026-11-01" / "note.txt").write_text("kept")
    (tmp_path / "2026-10-30").write_text("no folder")
    assert expire_recordings(tmp_path, date(2026, 11, 2)) == 3
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["2025-13-01/5.wav", "2026-10-30", "2026-11-01/note.txt", "2026-11-02/4.wav"]
    assert not (tmp_path / "2026-10-31").exists()
    assert expire_recordings(tmp_path / "nobody", date(2026, 11, 2)) == 0


def test_a_disk_that_fails_ends_the_recording_but_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    recording = Recording(tmp_path / "file" / "call.wav", Workers.inline())
    recording.add(SILENCE, SILENCE)
    assert run_virtual(recording.close()) is None


def test_what_the_disk_cannot_keep_up_with_becomes_silence_of_the_same_length(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "call.wav", Workers.inline())
    pieces = MOST_PIECES + 5
    for _ in range(pieces * PIECE_FRAMES):
        recording.add(sound(1000, 20), SILENCE)
    run_virtual(recording.close())
    assert recording.lost_pieces == 5
    assert read(recording.path)[1] == pieces * PIECE_FRAMES * 160


async def test_closing_while_a_piece_is_written_keeps_the_order(tmp_path: Path) -> None:
    workers = Workers(2)
    try:
        recording = Recording(tmp_path / "call.wav", workers)
        for number in range(MOST_PIECES * PIECE_FRAMES):
            recording.add(sound(100 + number, 20), SILENCE)
        async with asyncio.TaskGroup() as group:
            group.create_task(recording.write())
            closed = group.create_task(recording.close())
        assert closed.result() == recording.path
        _, frames, pcm = read(recording.path)
        assert frames == MOST_PIECES * PIECE_FRAMES * 160
        assert [int.from_bytes(pcm[i : i + 2], "little") for i in range(0, len(pcm), 640)] == list(
            range(100, 100 + MOST_PIECES * PIECE_FRAMES)
        )
    finally:
        workers.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("hear", "speak", "write"))]
