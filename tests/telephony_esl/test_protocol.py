from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_esl.protocol import (
    ClientFrame,
    ClientParser,
    EslParser,
    Message,
    ProtocolError,
    decode_event,
    encode,
    encode_event,
)

GOLDEN = Path(__file__).parent / "golden"

REPLY = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
PRIVET = "привет".encode()

header_names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,20}", fullmatch=True).filter(
    lambda name: name.lower() != "content-length"
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
# a bare value begins and ends with no space: the wire cannot carry those
header_values = texts.map(lambda text: text.strip(" "))
messages = st.builds(
    Message, st.dictionaries(header_names, header_values, min_size=1, max_size=5), st.binary(max_size=60)
)


def wire(stream: list[Message]) -> bytes:
    return b"".join(encode(message.headers, message.body) for message in stream)


def plain(message: Message) -> tuple[dict[str, str], bytes]:
    return {name: value for name, value in message.headers.items() if name != "Content-Length"}, message.body


def read(pieces: list[bytes]) -> list[tuple[dict[str, str], bytes]]:
    parser = EslParser()
    return [plain(message) for piece in pieces for message in parser.feed(piece)]


@given(st.lists(messages, max_size=6))
def test_what_is_encoded_is_read_back(stream: list[Message]) -> None:
    assert read([wire(stream)]) == [plain(message) for message in stream]


@given(st.lists(messages, max_size=6), st.lists(st.integers(0, 400), max_size=12))
def test_any_split_of_the_stream_gives_the_same_messages(stream: list[Message], cuts: list[int]) -> None:
    data = wire(stream)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[begin:end] for begin, end in pairwise(edges)]
    assert read(pieces) == read([data])
    assert read([data[at : at + 1] for at in range(len(data))]) == read([data])


def test_content_length_counts_bytes_not_letters() -> None:
    first = b"Content-Type: api/response\nContent-Length: 12\n\n" + PRIVET
    got = EslParser().feed(first + REPLY)
    assert [message.body for message in got] == [PRIVET, b""]
    assert got[0].text == "привет"
    assert got[1].text == "+OK accepted"


def test_a_letter_split_over_two_segments_is_one_letter() -> None:
    parser = EslParser()
    data = b"Content-Type: api/response\nContent-Length: 12\n\n" + PRIVET
    assert parser.feed(data[:-1]) == []
    assert parser.feed(data[-1:])[0].text == "привет"


def test_a_percent_encoded_line_feed_forges_no_header() -> None:
    data = b"Content-Type: command/reply\nCaller-ID-Name: Bob%0AHangup-Cause: NORMAL_CLEARING\n\n"
    (message,) = EslParser().feed(data)
    assert message.headers["Caller-ID-Name"] == "Bob\nHangup-Cause: NORMAL_CLEARING"
    assert "Hangup-Cause" not in message.headers


def test_percent_encoded_empty_lines_forge_no_frame() -> None:
    data = b"Content-Type: command/reply\nReply-Text: x%0A%0AContent-Type: command/reply%0A%0A\n\n"
    assert len(EslParser().feed(data)) == 1


@pytest.mark.parametrize(
    "rubbish",
    [
        b"HTTP/1.1 400 Bad Request\n\n",
        b"no colon here\n\n",
        b"Bad Name: x\n\n",
        b": x\n\n",
        b"Content-Length: twelve\n\n",
        b"Content-Length: -1\n\n",
        b"Content-Length: \xd9\xa1\n\n",
        b"Content-Length: 1\nContent-Length: 2\n\n",
        b"Content-Length: 99999999999\n\n",
        b"Content-Length: 9999999999999999999999999999\n\n",
    ],
)
def test_rubbish_is_an_error_and_stays_one(rubbish: bytes) -> None:
    parser = EslParser()
    with pytest.raises(ProtocolError):
        parser.feed(rubbish)
    with pytest.raises(ProtocolError):
        parser.feed(REPLY)


def test_the_messages_before_the_rubbish_are_not_lost() -> None:
    parser = EslParser()
    assert len(parser.feed(REPLY + REPLY + b"rubbish\n\n" + REPLY)) == 2
    with pytest.raises(ProtocolError):
        parser.feed(b"")


def test_headers_without_end_are_an_error_however_they_come() -> None:
    parser = EslParser(max_header_bytes=1000)
    for _ in range(1000):
        assert parser.feed(b"a") == []
    with pytest.raises(ProtocolError, match="headers longer"):
        parser.feed(b"a")
    with pytest.raises(ProtocolError, match="headers longer"):
        EslParser(max_header_bytes=1000).feed(b"A: " + b"a" * 1000 + b"\n\n")


def test_a_giant_body_is_refused_by_its_announcement() -> None:
    with pytest.raises(ProtocolError, match="longer than 100"):
        EslParser(max_body_bytes=100).feed(b"Content-Length: 101\n\n")
    assert EslParser(max_body_bytes=100).feed(b"Content-Length: 100\n\n" + b"x" * 100)


def test_empty_lines_between_frames_are_no_frames() -> None:
    assert len(EslParser().feed(b"\n\n" + REPLY + b"\n\n\n" + REPLY)) == 2


@given(
    st.dictionaries(texts, texts, max_size=8).filter(lambda event: not {"_body", "Content-Length"} & set(event)), texts
)
def test_an_event_is_read_back_with_its_body(event: dict[str, str], body: str) -> None:
    (message,) = EslParser().feed(encode_event(event, body))
    assert message.content_type == "text/event-json"
    decoded = decode_event(message.body)
    assert decoded.pop("_body", "") == body
    if body:
        assert decoded.pop("Content-Length") == str(len(body.encode()))
    assert decoded == event


def test_arrays_in_an_event_become_freeswitchs_own_notation() -> None:
    assert decode_event(b'{"a":["x","y"],"b":"c"}') == {"a": "ARRAY::x|:y", "b": "c"}


def test_a_display_name_in_a_wrong_encoding_breaks_nothing() -> None:
    event = decode_event(b'{"Caller-Caller-ID-Name":"\xcf\xf0","Event-Name":"CHANNEL_ANSWER"}')
    assert event == {"Caller-Caller-ID-Name": "��", "Event-Name": "CHANNEL_ANSWER"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a":1}', b'{"a":null}', b"null", b'"a"'])
def test_an_event_that_is_no_object_of_strings_is_rubbish(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_event(body)


def test_a_header_name_cannot_forge_a_line() -> None:
    with pytest.raises(ValueError, match="header name"):
        encode({"A: b\nC": "d"})


# --- the server's side ---


def test_the_server_reads_commands_with_headers_and_bodies() -> None:
    data = (
        b"auth ClueCon\n\n"
        b"bgapi originate {a=b}x/1 &park()\nJob-UUID: 42\n\n"
        b"sendmsg U\ncall-command: execute\ncontent-type: text/plain\ncontent-length: 4\n\n\xd0\xb6\xd0\xb6"
        b"exit\n\n"
    )
    whole = ClientParser().feed(data)
    assert whole == [
        ClientFrame("auth ClueCon", {}),
        ClientFrame("bgapi originate {a=b}x/1 &park()", {"Job-UUID": "42"}),
        ClientFrame(
            "sendmsg U",
            {"call-command": "execute", "content-type": "text/plain", "content-length": "4"},
            "жж".encode(),
        ),
        ClientFrame("exit", {}),
    ]
    parser = ClientParser()
    assert [frame for at in range(len(data)) for frame in parser.feed(data[at : at + 1])] == whole


def test_the_server_takes_no_endless_command() -> None:
    with pytest.raises(ProtocolError):
        ClientParser(max_header_bytes=1000).feed(b"a" * 2000)
    parser = ClientParser()
    assert len(parser.feed(b"exit\n\napi x\nno header\n\n")) == 1
    with pytest.raises(ProtocolError):
        parser.feed(b"exit\n\n")


# --- golden files: the bytes of a whole session ---


def test_the_golden_session_is_read() -> None:
    stream = EslParser().feed((GOLDEN / "connect.esl").read_bytes())
    assert [message.content_type for message in stream] == [
        "auth/request",
        "command/reply",
        "command/reply",
        "command/reply",
        "text/event-json",
        "api/response",
        "text/disconnect-notice",
        "command/reply",
    ]
    assert stream[3].headers["Job-UUID"] == "5b3f6a52-7f8b-4d0b-9c3e-1f2d3c4b5a69"
    event = decode_event(stream[4].body)
    assert (event["Job-Owner"], event["_body"]) == ("Анна", "-ERR USER_BUSY\n")
    assert stream[5].text == "+OK привет"
    assert stream[-1].text == "+OK bye"
