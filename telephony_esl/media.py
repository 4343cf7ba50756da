"""One leg's audio as datagrams: what is received is the clock, and each datagram received is answered by exactly one.

FreeSWITCH sends raw 16-bit samples, as many in a datagram as the far telephone puts into a packet, and plays each
datagram of ours as one packet, so ours have the length of the first one received, whatever the 20 ms frame of the
conversation is. It takes datagrams from anybody and stops for good at an empty one; we send none, and take ours from
one address only. Frames whose bytes are all 0xff are FreeSWITCH's filler for a caller who sends nothing: silence.

All work is one plain call in the event loop's callback for a readable socket.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final

from core.audio import FRAME_BYTES, SAMPLE_RATE, Pcm
from core.errors import Unavailable

Exchange = Callable[[Pcm], Pcm]

Address = tuple[Any, ...]

LONGEST_DATAGRAM: Final = 10 * FRAME_BYTES
_FILLER: Final = b"\xff" * LONGEST_DATAGRAM


class Framing:
    """Cuts datagrams of one fixed length into the conversation's frames and back, one datagram for each."""

    def __init__(self, datagram_bytes: int, exchange: Exchange) -> None:
        self.datagram_bytes = datagram_bytes
        self._exchange = exchange
        self._heard = bytearray()
        self._said = bytearray()

    def answer(self, datagram: Pcm) -> Pcm:
        """Passes what was heard to the conversation and returns as much as is to be said."""
        if datagram == _FILLER[: len(datagram)]:
            datagram = bytes(len(datagram))
        if len(datagram) == self.datagram_bytes == FRAME_BYTES and not self._heard and not self._said:
            return self._frame(datagram)
        self._heard += datagram
        while len(self._heard) >= FRAME_BYTES:
            self._said += self._frame(bytes(self._heard[:FRAME_BYTES]))
            del self._heard[:FRAME_BYTES]
        missing = self.datagram_bytes - len(self._said)
        if missing > 0:
            self._said[:0] = bytes(missing)
        said = bytes(self._said[: self.datagram_bytes])
        del self._said[: self.datagram_bytes]
        return said

    def _frame(self, heard: Pcm) -> Pcm:
        said = self._exchange(heard)
        if len(said) != FRAME_BYTES:
            raise ValueError(f"the conversation answered a frame of {FRAME_BYTES} bytes with {len(said)}")
        return said


class MediaLink:
    """One UDP socket for one park of one leg; closed by its owner, or by itself when the conversation fails."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        now: Callable[[], float],
        failed: Callable[[Exception], None],
        peer_host: str | None = None,
    ) -> None:
        self.received = 0
        self.refused = 0
        self.unsent = 0
        self._exchange: Exchange = exchange
        self._now = now
        self._failed = failed
        self._peer_host = peer_host
        self._peer: Address | None = None
        self._framing: Framing | None = None
        self._socket: socket.socket | None = None
        self._settled = asyncio.Event()
        self._muted = False
        self._first_at = self._last_at = 0.0

    def open(self, host: str) -> int:
        """Binds to a free port of the IP address `host`, begins to listen and returns the port."""
        try:
            family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
            opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            try:
                opened.bind((host, 0))
            except OSError:
                opened.close()
                raise
        except (OSError, ValueError) as error:
            message = f"No UDP port on {host} for a call's audio: {error}"
            raise Unavailable(
                "no_media_port", message, hint="media_host must be an IP address of this machine."
            ) from None
        self._socket = opened
        asyncio.get_running_loop().add_reader(opened, self._on_readable, opened)
        port: int = opened.getsockname()[1]
        return port

    @property
    def up(self) -> bool:
        """Whether a datagram came, and the link was not closed since."""
        return self._framing is not None and self._socket is not None

    async def settled(self) -> None:
        """Returns at the first datagram or when the link is closed; `up` says which."""
        await self._settled.wait()

    def mute(self) -> None:
        """Takes the conversation off; until the link is closed the switch hears silence, not a closed port.

        FreeSWITCH ends a unicast whose datagrams are refused, which must not cross with another end of it.
        """
        self._muted = True
        if self._framing is None:
            self.close()

    def close(self) -> None:
        """Ends the link; the conversation is not called any more."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        self._settled.set()

    @property
    def lost(self) -> int:
        """How many datagrams did not come or could not be sent, as far as time tells: datagrams carry no number.

        One is allowed for, since the first datagram of a link does not keep the beat of the others.
        """
        if self._framing is None:
            return 0
        datagram_s = self._framing.datagram_bytes / 2 / SAMPLE_RATE
        expected = round((self._last_at - self._first_at) / datagram_s)
        return max(0, expected - self.received) + self.unsent

    def _on_readable(self, opened: socket.socket) -> None:
        """Answers one datagram; where more wait the loop comes back, after other legs have had their turn."""
        try:
            data, address = opened.recvfrom(LONGEST_DATAGRAM + 1)
        except OSError:  # nothing there after all; or the far port is closed, which the leg's own events tell better
            return
        said = self._answer(data, address)
        if said and self._socket is opened:
            try:
                opened.sendto(said, address)
            except OSError:  # what does not go out at once is too late: FreeSWITCH would play it behind the rest
                self.unsent += 1

    def _answer(self, data: bytes, address: Address) -> Pcm | None:
        framing = self._framing_for(data, address)
        if framing is None:
            self.refused += 1
            return None
        if self._muted:
            return bytes(framing.datagram_bytes)
        self._last_at = self._now()
        self.received += 1
        try:
            return framing.answer(data)
        except Exception as error:  # noqa: BLE001 - whoever owns the leg is told; the event loop would only log it
            self.close()
            self._failed(error)
            return None

    def _framing_for(self, data: bytes, address: Address) -> Framing | None:
        """The framing if the datagram is the switch's; the first sound one settles which address that is."""
        if not data or len(data) % 2 or len(data) > LONGEST_DATAGRAM:
            return None
        if self._framing is None:
            if self._peer_host is not None and address[0] != self._peer_host:
                return None
            self._peer, self._framing = address, Framing(len(data), self._exchange)
            self._first_at = self._now()
            self._settled.set()
        return self._framing if address == self._peer else None
