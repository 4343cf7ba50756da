from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import FRAME_BYTES, SILENCE, Pcm
from core.errors import Unavailable
from telephony_esl.media import Exchange, Framing, MediaLink

LOUD = b"\x10\x20" * (FRAME_BYTES // 2)


def frame(number: int) -> Pcm:
    return number.to_bytes(2, "little") * (FRAME_BYTES // 2)


def echo(heard: Pcm) -> Pcm:
    return heard


class Far:
    """FreeSWITCH's end of the audio: one plain socket."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, 0))

    def send(self, data: bytes, port: int) -> None:
        self._socket.sendto(data, ("127.0.0.1", port))

    async def receive(self) -> bytes:
        async with asyncio.timeout(2):
            return await asyncio.get_running_loop().sock_recv(self._socket, 65536)

    def waiting(self) -> list[bytes]:
        """What is there already."""
        got = []
        while True:
            try:
                got.append(self._socket.recv(65536))
            except BlockingIOError:
                return got

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def far() -> Iterator[Far]:
    made = Far()
    yield made
    made.close()


class Time:
    """The seconds that the link reads; set by the test."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def link(
    exchange: Exchange, *, time: Time | None = None, peer_host: str | None = None
) -> AsyncIterator[tuple[MediaLink, int, list[Exception]]]:
    failures: list[Exception] = []
    made = MediaLink(exchange, now=time or Time(), failed=failures.append, peer_host=peer_host)
    port = made.open("127.0.0.1")
    try:
        yield made, port, failures
    finally:
        made.close()


# --- framing ---


def test_a_frame_of_the_usual_length_is_one_exchange() -> None:
    heard: list[Pcm] = []
    framing = Framing(FRAME_BYTES, lambda frame: heard.append(frame) or LOUD)  # type: ignore[func-returns-value]
    assert framing.answer(frame(7)) == LOUD
    assert heard == [frame(7)]


@given(st.sampled_from([160, 320, 480, 640, 800, 960]), st.integers(1, 40))
def test_whatever_the_packets_length_each_is_answered_by_one_of_it(size: int, count: int) -> None:
    heard = bytearray()

    def exchange(part: Pcm) -> Pcm:
        heard.extend(part)
        return part

    framing = Framing(size, exchange)
    sent = b"".join((at % 1000).to_bytes(2, "little") for at in range(1, count * size // 2 + 1))
    said = [framing.answer(sent[at : at + size]) for at in range(0, len(sent), size)]
    assert {len(part) for part in said} == {size}
    assert sent.startswith(heard)
    assert len(sent) - len(heard) < FRAME_BYTES
    spoken = b"".join(said).lstrip(b"\0")
    delay = len(b"".join(said)) - len(spoken)
    assert sent.lstrip(b"\0").startswith(spoken)
    assert delay <= FRAME_BYTES, "silence is put in once, at the beginning"


def test_filler_is_silence_to_the_conversation() -> None:
    heard: list[Pcm] = []
    framing = Framing(FRAME_BYTES, lambda frame: heard.append(frame) or SILENCE)  # type: ignore[func-returns-value]
    framing.answer(b"\xff" * FRAME_BYTES)
    almost = b"\xff" * (FRAME_BYTES - 2) + b"\xfe\xff"
    framing.answer(almost)
    assert heard == [SILENCE, almost]


@pytest.mark.parametrize("said", [b"", b"\0" * 319, b"\0" * 640])
def test_a_conversation_that_answers_another_length_is_a_defect(said: Pcm) -> None:
    with pytest.raises(ValueError, match="320"):
        Framing(FRAME_BYTES, lambda _: said).answer(LOUD)


# --- the link ---


async def test_each_datagram_is_answered_by_exactly_one(far: Far) -> None:
    async with link(echo) as (media, port, _):
        assert (media.up, media.received) == (False, 0)
        for number in range(1, 30):
            far.send(frame(number), port)
            assert await far.receive() == frame(number)
        assert media.up
        assert (media.received, media.refused) == (29, 0)
        assert far.waiting() == []


async def test_the_link_is_up_at_the_first_datagram(far: Far) -> None:
    async with link(echo) as (media, port, _), asyncio.timeout(2):
        far.send(LOUD, port)
        await media.settled()
        assert media.up


async def test_a_burst_is_answered_whole(far: Far) -> None:
    async with link(echo) as (_, port, _):
        for number in range(1, 41):
            far.send(frame(number), port)
        assert [await far.receive() for _ in range(40)] == [frame(number) for number in range(1, 41)]


async def test_nothing_is_sent_before_something_is_received_and_nothing_for_rubbish(far: Far) -> None:
    heard: list[Pcm] = []
    async with link(lambda frame: heard.append(frame) or frame) as (media, port, _):  # type: ignore[func-returns-value]
        for rubbish in (b"", b"\0" * 321, b"\0" * 8000):
            far.send(rubbish, port)
        far.send(LOUD, port)
        assert await far.receive() == LOUD
        far.send(b"", port)
        far.send(frame(3), port)
        assert await far.receive() == frame(3)
        assert far.waiting() == []
        assert media.refused == 4
    assert heard == [LOUD, frame(3)]


async def test_datagrams_of_another_sender_are_neither_heard_nor_answered(far: Far) -> None:
    stranger = Far()
    heard: list[Pcm] = []
    async with link(lambda frame: heard.append(frame) or frame) as (media, port, _):  # type: ignore[func-returns-value]
        far.send(frame(1), port)
        await far.receive()
        stranger.send(frame(2), port)
        far.send(frame(3), port)
        assert await far.receive() == frame(3)
        assert stranger.waiting() == []
        assert media.refused == 1
    stranger.close()
    assert heard == [frame(1), frame(3)]


async def test_a_known_host_must_be_the_senders(far: Far) -> None:
    stranger = Far("127.0.0.2")
    async with link(echo, peer_host="127.0.0.1") as (media, port, _):
        stranger.send(frame(1), port)
        far.send(frame(2), port)
        assert await far.receive() == frame(2)
        assert media.refused == 1
    stranger.close()


async def test_a_conversation_that_fails_closes_the_link_and_tells_its_owner(far: Far) -> None:
    def broken(_: Pcm) -> Pcm:
        raise RuntimeError("defect")

    async with link(broken) as (media, port, failures):
        far.send(LOUD, port)
        far.send(LOUD, port)
        async with asyncio.timeout(2):
            await media.settled()
        assert [str(failure) for failure in failures] == ["defect"]
        assert not media.up
        assert far.waiting() == []


async def test_a_link_may_be_closed_by_its_own_conversation(far: Far) -> None:
    async with link(lambda _: LOUD) as (media, port, failures):

        def close(heard: Pcm) -> Pcm:
            media.close()
            return heard

        media._exchange = close
        far.send(LOUD, port)
        far.send(LOUD, port)
        async with asyncio.timeout(2):
            await media.settled()
        assert (media.up, media.received, failures) == (False, 1, [])


async def test_a_muted_link_answers_silence_and_calls_the_conversation_no_more(far: Far) -> None:
    heard: list[Pcm] = []
    async with link(lambda frame: heard.append(frame) or frame) as (media, port, _):  # type: ignore[func-returns-value]
        far.send(LOUD, port)
        await far.receive()
        media.mute()
        far.send(LOUD, port)
        assert await far.receive() == SILENCE
        assert (media.up, len(heard), media.received) == (True, 1, 1)


async def test_a_link_that_is_muted_before_its_first_datagram_is_closed() -> None:
    async with link(echo) as (media, _, _), asyncio.timeout(2):
        media.mute()
        await media.settled()
        assert not media.up


async def test_closing_wakes_whoever_waits_for_the_first_datagram() -> None:
    async with link(echo) as (media, _, _), asyncio.timeout(2):
        asyncio.get_running_loop().call_soon(media.close)
        await media.settled()
        assert not media.up


async def test_what_did_not_come_is_counted_by_the_time(far: Far) -> None:
    time = Time()
    async with link(echo, time=time) as (media, port, _):
        assert media.lost == 0
        for at in (0.0, 0.02, 0.041, 0.14, 0.161):
            time.now = at
            far.send(LOUD, port)
            await far.receive()
        assert media.lost == 3
    assert media.lost == 3


async def test_a_host_that_is_not_ours_is_unavailable() -> None:
    media = MediaLink(echo, now=Time(), failed=lambda _: None)
    for host in ("203.0.113.1", "not an address"):
        with pytest.raises(Unavailable, match="UDP port"):
            media.open(host)
