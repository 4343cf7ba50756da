"""FreeSWITCH's event socket as bytes and messages, for both roles; does no I/O.

A frame is a block of `Name: value` lines, an empty line, and a body of Content-Length bytes. Everything stays bytes
until the frame is cut, since Content-Length counts bytes and a TCP segment may end inside a letter. Values are
percent-decoded only after the lines are split, so that `%0A` forges no header. Any split of the stream yields the
same messages. Frames are bounded: a peer that sends endless headers or announces a giant body is an error.

When the stream turns to rubbish, the messages cut before it are returned first and the next `feed` raises; a parser
that has raised stays broken, for nobody knows where the next frame begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote

import msgspec

MAX_HEADER_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 16 * 1024 * 1024

CONTENT_LENGTH: Final = "Content-Length"
CONTENT_TYPE: Final = "Content-Type"
EVENT_JSON: Final = "text/event-json"

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_NAME: Final = re.compile(r"[!-9;-~]+")
_UNENCODED: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
_strings: Final = msgspec.json.Decoder(dict[str, str])
_strings_and_arrays: Final = msgspec.json.Decoder(dict[str, str | list[str]])


class ProtocolError(Exception):
    """The peer sent what is no event socket frame; the connection cannot be used any more."""


@dataclass(frozen=True, slots=True)
class Message:
    """One frame from the server; header values are percent-decoded, the body is as it came."""

    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def content_type(self) -> str:
        """What kind of frame it is: `command/reply`, `api/response`, `text/event-json` and so on."""
        return self.headers.get(CONTENT_TYPE, "")

    @property
    def text(self) -> str:
        """The answer to a command: the body of an `api/response`, the Reply-Text of a `command/reply`."""
        if self.body:
            return self.body.decode("utf-8", "replace").strip()
        return self.headers.get("Reply-Text", "").strip()


@dataclass(frozen=True, slots=True)
class ClientFrame:
    """One frame from a client: the command's line, its headers as written, and a body if Content-Length says so."""

    line: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class _Cutter:
    """Cuts the stream into (header block, body); remembers how far it has looked, so that no byte is scanned twice."""

    def __init__(self, max_header_bytes: int, max_body_bytes: int) -> None:
        self._max_header_bytes = max_header_bytes
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._scanned = 0
        self._block: list[str] | None = None
        self._body_bytes = 0

    def add(self, data: bytes) -> None:
        """Takes the next bytes of the stream."""
        self._buffer += data

    def next(self) -> tuple[list[str], bytes] | None:
        """The lines and the body of the next whole frame, or None while it is not whole."""
        if self._block is None and not self._cut_block():
            return None
        if len(self._buffer) < self._body_bytes or self._block is None:
            return None
        lines, body = self._block, bytes(self._buffer[: self._body_bytes])
        del self._buffer[: self._body_bytes]
        self._block = None
        return lines, body

    def _cut_block(self) -> bool:
        if self._scanned == 0:
            self._skip_empty_lines()
        end = self._buffer.find(b"\n\n", max(0, self._scanned - 1))
        if (end if end >= 0 else len(self._buffer)) > self._max_header_bytes:
            raise ProtocolError(f"headers longer than {self._max_header_bytes} bytes")
        if end < 0:
            self._scanned = len(self._buffer)
            return False
        lines = bytes(self._buffer[:end]).decode("utf-8", "replace").split("\n")
        del self._buffer[: end + 2]
        self._scanned = 0
        self._body_bytes = self._announced(lines)
        self._block = lines
        return True

    def _skip_empty_lines(self) -> None:
        begin = 0
        while begin < len(self._buffer) and self._buffer[begin] == 0x0A:
            begin += 1
        del self._buffer[:begin]

    def _announced(self, lines: list[str]) -> int:
        values = {value.strip() for name, _, value in (line.partition(":") for line in lines) if _is_length(name)}
        if not values:
            return 0
        text = values.pop()
        if values or not (text.isascii() and text.isdigit()) or len(text) > 12:
            raise ProtocolError(f"unusable {CONTENT_LENGTH}: {text[:40]!r}")
        if int(text) > self._max_body_bytes:
            raise ProtocolError(f"a body of {text} bytes is longer than {self._max_body_bytes}")
        return int(text)


class EslParser:
    """The client's ear: turns any split of the server's bytes into the same messages."""

    def __init__(self, *, max_header_bytes: int = MAX_HEADER_BYTES, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._cutter = _Cutter(max_header_bytes, max_body_bytes)
        self._broken: ProtocolError | None = None

    def feed(self, data: bytes) -> list[Message]:
        """Takes the next bytes and returns the messages they complete; `ProtocolError` once the stream is rubbish."""
        if self._broken is not None:
            raise self._broken
        messages: list[Message] = []
        self._cutter.add(data)
        try:
            while (frame := self._cutter.next()) is not None:
                messages.append(Message(_decoded_headers(frame[0]), frame[1]))
        except ProtocolError as error:
            self._broken = error
            if not messages:
                raise
        return messages


class ClientParser:
    """The server's ear: turns any split of a client's bytes into the same commands."""

    def __init__(self, *, max_header_bytes: int = MAX_HEADER_BYTES, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._cutter = _Cutter(max_header_bytes, max_body_bytes)
        self._broken: ProtocolError | None = None

    def feed(self, data: bytes) -> list[ClientFrame]:
        """Takes the next bytes and returns the commands they complete; `ProtocolError` once the stream is rubbish."""
        if self._broken is not None:
            raise self._broken
        frames: list[ClientFrame] = []
        self._cutter.add(data)
        try:
            while (frame := self._cutter.next()) is not None:
                lines, body = frame
                frames.append(ClientFrame(lines[0].strip(), dict(_pairs(lines[1:])), body))
        except ProtocolError as error:
            self._broken = error
            if not frames:
                raise
        return frames


def encode(headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Writes one frame of the server: values percent-encoded where they must be, Content-Length added for a body."""
    lines = [f"{_sound_name(name)}: {quote(value, safe=_UNENCODED)}" for name, value in headers.items()]
    if body:
        lines.append(f"{CONTENT_LENGTH}: {len(body)}")
    return "\n".join(lines).encode() + b"\n\n" + body


def encode_event(event: Mapping[str, str], body: str = "") -> bytes:
    """Writes one event as the server does after `event json`; a body goes into the JSON as `_body`."""
    fields = dict(event)
    if body:
        fields |= {CONTENT_LENGTH: str(len(body.encode())), "_body": body}
    return encode({CONTENT_TYPE: EVENT_JSON}, msgspec.json.encode(fields))


def decode_event(body: bytes) -> dict[str, str]:
    """The fields of an event in JSON; an array becomes FreeSWITCH's own `ARRAY::a|:b`.

    A far telephone may put any bytes into a display name, so bytes that are not UTF-8 are replaced, not refused.
    """
    try:
        return _strings.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        fields = _strings_and_arrays.decode(body.decode("utf-8", "replace"))
    except msgspec.DecodeError as error:
        raise ProtocolError(f"an event that is no JSON object of strings: {error}") from None
    return {name: value if isinstance(value, str) else "ARRAY::" + "|:".join(value) for name, value in fields.items()}


def _is_length(name: str) -> bool:
    return name.strip().lower() == "content-length"


def _sound_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a header name: {name!r}")
    return name


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise ProtocolError(f"not a header line: {line[:80]!r}")
        pairs.append((name, value.lstrip(" ")))
    return pairs


def _decoded_headers(lines: list[str]) -> dict[str, str]:
    return {name: unquote(value) for name, value in _pairs(lines)}
