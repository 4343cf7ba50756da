"""The call as a stereo WAV file: the caller on the left, the robot on the right.

Both sides of a frame are taken in one step, so they stay aligned to the sample. Frames are gathered on the event
loop and written in pieces by other threads. The header is right after each piece, so the file can be heard whatever
happens to the process; a full disk ends the recording, not the call.
"""

from __future__ import annotations

import threading
import wave
from collections import deque
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from core.audio import SAMPLE_RATE, Pcm
from robot.workers import Workers

log = structlog.get_logger(__name__)

PIECE_FRAMES: Final = 200
MOST_PIECES: Final = 8
"""Half a minute may wait for the disk; what comes then is kept as silence of its length, so that time still fits."""


class Recording:
    """One recording; `add` is called for each frame, `write` whenever a piece is full, `close` at the end."""

    def __init__(self, path: Path, workers: Workers) -> None:
        self.path = path
        self.lost_pieces = 0
        self._workers = workers
        self._caller: list[Pcm] = []
        self._robot: list[Pcm] = []
        self._pieces: deque[Pcm | int] = deque()
        self._file: wave.Wave_write | None = None
        self._disk = threading.Lock()
        self._broken: OSError | None = None
        self._empty = True

    def add(self, caller: Pcm, robot: Pcm) -> bool:
        """Takes 20 ms of both sides; True when a piece waits to be written. Nothing is taken once the disk failed."""
        if self._broken is not None:
            return False
        self._caller.append(caller)
        self._robot.append(robot)
        if len(self._caller) >= PIECE_FRAMES:
            self._cut()
        return bool(self._pieces)

    async def write(self) -> None:
        """Writes the pieces that wait; a disk that fails ends the recording, not the call."""
        await self._workers.write(self._write_waiting)

    async def close(self) -> Path | None:
        """Writes the rest and says where the recording is; None if there was nothing to record or the disk failed."""
        if self._caller:
            self._cut()
        await self._workers.write(self._finish)
        if self.lost_pieces:
            log.warning("recording.gaps", pieces=self.lost_pieces)
        return None if self._empty else self.path

    def _cut(self) -> None:
        left = np.frombuffer(b"".join(self._caller), dtype="<i2")
        right = np.frombuffer(b"".join(self._robot), dtype="<i2")
        self._caller.clear()
        self._robot.clear()
        if len(self._pieces) < MOST_PIECES:
            self._pieces.append(np.stack((left, right), axis=1).tobytes())
        else:
            self._pieces.append(4 * len(left))
            self.lost_pieces += 1

    def _write_waiting(self) -> None:
        with self._disk:
            while self._pieces and self._broken is None:
                piece = self._pieces.popleft()
                try:
                    self._opened().writeframes(bytes(piece) if isinstance(piece, int) else piece)
                    self._empty = False
                except OSError as error:
                    self._fail(error)
            if self._broken is not None:
                self._pieces.clear()

    def _fail(self, error: OSError) -> None:
        if self._broken is None:
            self._broken = error
            log.warning("recording.ended", file=self.path.name, error=error.strerror, kept=not self._empty)

    def _opened(self) -> wave.Wave_write:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = wave.open(str(self.path), "wb")  # noqa: SIM115 - closed by _finish
            self._file.setnchannels(2)
            self._file.setsampwidth(2)
            self._file.setframerate(SAMPLE_RATE)
        return self._file

    def _finish(self) -> None:
        self._write_waiting()
        with self._disk:
            if self._file is None:
                return
            try:
                self._file.close()
            except OSError as error:
                self._fail(error)
            self._file = None
            if self._empty:
                self.path.unlink(missing_ok=True)


def expire_recordings(folder: Path, before: date) -> int:
    """Deletes the recordings of the days before `before` from a company's folder, which has a folder for each day.

    Returns how many went. A file that cannot be deleted is told and left for the next time.
    """
    gone = 0
    for day in sorted(folder.glob("????-??-??")):
        if not _is_before(day.name, before):
            continue
        for file in day.glob("*.wav"):
            try:
                file.unlink(missing_ok=True)
                gone += 1
            except OSError as error:
                log.warning("recording.not_deleted", file=file.name, error=error.strerror)
        with suppress(OSError):  # something else lies there
            day.rmdir()
    return gone


def _is_before(name: str, before: date) -> bool:
    try:
        return date.fromisoformat(name) < before
    except ValueError:
        return False
