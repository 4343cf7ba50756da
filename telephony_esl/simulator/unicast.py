"""One call's audio over UDP, as the switch's `unicast` sends and takes it.

One datagram is one frame. What comes is played one frame per 20 ms and waits in the socket's buffer meanwhile. A short
datagram is filled up with what the one before it held, a long one is cut, an empty one ends the hearing for good. The
sender's address is not looked at.

Frames that come late (there was none when one was due) would delay all that follow. So when many were late, the oldest
are left out until the delay is small again, as the jitter buffer of a telephone does; a burst sent ahead loses nothing.
"""

from __future__ import annotations

import socket
from typing import Final

from core.audio import FRAME_BYTES, SILENCE, Pcm

_LARGEST: Final = 4096
_MOST_LATE: Final = 3
_MOST_MADE_UP: Final = 25


class Unicast:
    """An open audio link; `OSError` when its address cannot be bound."""

    def __init__(self, local: tuple[str, int], remote: tuple[str, int]) -> None:
        self.heard = 0
        self.missed = 0
        self._remote = remote
        self._late = 0
        self._deaf = False
        self._last = SILENCE
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind(local)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """The socket's descriptor, for being told of datagrams."""
        return self._socket.fileno()

    def send(self, frame: Pcm) -> None:
        """Sends one frame; a full buffer or an unreachable address loses it, as a network does."""
        try:
            self._socket.sendto(frame, self._remote)
        except OSError:
            return

    def receive(self) -> Pcm:
        """The next frame that came, or silence."""
        if self._deaf:
            return SILENCE
        datagram = self._next()
        if datagram is None:
            self.missed += 1
            if self.heard and self._late < _MOST_MADE_UP:
                self._late += 1
            return SILENCE
        if self._late > _MOST_LATE and (newer := self._next()) is not None:
            self._late -= 1
            datagram = newer
        return self._frame(datagram)

    def _next(self) -> bytes | None:
        try:
            return self._socket.recv(_LARGEST)
        except OSError:
            return None

    def _frame(self, datagram: bytes) -> Pcm:
        if not datagram:
            self._deaf = True
            return SILENCE
        self.heard += 1
        self._last = datagram[:FRAME_BYTES] + self._last[len(datagram) :]
        return self._last

    def close(self) -> None:
        """Ends the link."""
        self._socket.close()
