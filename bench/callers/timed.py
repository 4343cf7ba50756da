"""How long a frame of ours takes to be answered, by the kernel's own stamp on the answer.

The stamp is put on when a datagram reaches the switch's socket, so how late the simulated network takes it up, or is
itself, is not in the figure. Each datagram is answered by exactly one, in order: the oldest that is not answered yet
is the one meant.
"""

from __future__ import annotations

import socket
import struct
import time
from array import array
from collections import deque
from typing import Final

from core.audio import FRAME_BYTES, Pcm
from telephony_esl.simulator.unicast import Unicast

STAMP_NS: Final = 35
"""Linux's SO_TIMESTAMPNS, by which the kernel notes when a datagram came."""
_TIMESPEC: Final = struct.Struct("qq")
_SPACE: Final = socket.CMSG_SPACE(_TIMESPEC.size)


class TimedUnicast(Unicast):
    """An audio link that puts the milliseconds from each frame sent to its answer into `answered_ms`."""

    def __init__(self, local: tuple[str, int], remote: tuple[str, int]) -> None:
        super().__init__(local, remote)
        self.answered_ms = array("f")
        self._sent_ns: deque[int] = deque()
        self._socket.setsockopt(socket.SOL_SOCKET, STAMP_NS, 1)

    def send(self, frame: Pcm) -> None:
        """Sends one frame and notes when."""
        self._sent_ns.append(time.clock_gettime_ns(time.CLOCK_REALTIME))
        super().send(frame)

    def _next(self) -> bytes | None:
        try:
            datagram, notes, _, _ = self._socket.recvmsg(10 * FRAME_BYTES, _SPACE)
        except OSError:
            return None
        if notes and self._sent_ns:
            seconds, nanoseconds = _TIMESPEC.unpack(notes[0][2])
            self.answered_ms.append((seconds * 1_000_000_000 + nanoseconds - self._sent_ns.popleft()) / 1e6)
        return datagram
