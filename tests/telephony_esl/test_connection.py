from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from core.errors import BadInput, Unavailable
from telephony_esl import commands, connection
from telephony_esl.connection import Endpoint, Session, back_off, open_session
from telephony_esl.legs import EVENTS
from telephony_esl.protocol import ClientFrame, encode
from tests.telephony_esl.wire_server import GREETING, WireServer, answer_well, reply, response


def ignore(_: Mapping[str, str]) -> None:
    return


@asynccontextmanager
async def session(server: WireServer, on_event: connection.OnEvent = ignore) -> AsyncIterator[Session]:
    made = await open_session(Endpoint("127.0.0.1", server.port), "secret", on_event)
    try:
        yield made
    finally:
        await made.close()
        await server.until_gone()


async def ended(one: Session) -> Unavailable:
    async with asyncio.timeout(5):
        return await asyncio.shield(one.ended)


# --- logging in ---


async def test_a_session_logs_in_and_subscribes_by_name() -> None:
    async with WireServer() as server, session(server) as one:
        assert one.alive
        assert [frame.line for frame in server.frames] == ["auth secret", "event json " + " ".join(EVENTS)]


async def test_a_wrong_password_is_told_with_host_and_port() -> None:
    async with WireServer() as server:
        with pytest.raises(Unavailable, match=f"127.0.0.1:{server.port}: wrong password") as caught:
            await open_session(Endpoint("127.0.0.1", server.port), "no secret", ignore)
        assert caught.value.code == "switch_refused_login"
        assert "no secret" not in str(caught.value)
        await server.until_gone()


async def test_a_password_with_a_line_break_is_not_sent() -> None:
    async with WireServer() as server:
        with pytest.raises(BadInput):
            await open_session(Endpoint("127.0.0.1", server.port), "a\n\napi system id", ignore)
        await server.until_gone()
        assert server.frames == []


async def test_a_refused_connection_says_so() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}: the connection was refused"):
        await open_session(Endpoint("127.0.0.1", port), "secret", ignore)


async def test_a_refused_address_says_so() -> None:
    notice = encode({"Content-Type": "text/rude-rejection"}, b"Access Denied, go away.\n")
    async with WireServer(greeting=notice) as server:
        with pytest.raises(Unavailable, match="refuses our address") as caught:
            await open_session(Endpoint("127.0.0.1", server.port), "secret", ignore)
        assert "acl" in (caught.value.hint or "")


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\n\n", b"SSH-2.0-OpenSSH_9.2\n\n"])
async def test_a_port_of_something_else_says_so(greeting: bytes) -> None:
    async with WireServer(greeting=greeting) as server:
        with pytest.raises(Unavailable, match="does not speak the event socket protocol"):
            await open_session(Endpoint("127.0.0.1", server.port), "secret", ignore)


async def test_a_port_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_WITHIN_S", 0.05)
    async with WireServer(greeting=b"") as server:
        with pytest.raises(Unavailable, match="no greeting"):
            await open_session(Endpoint("127.0.0.1", server.port), "secret", ignore)
        await server.until_gone()


async def test_a_cancelled_log_in_leaves_no_connection() -> None:
    async with WireServer(greeting=b"") as server:
        async with asyncio.TaskGroup() as group:
            opening = group.create_task(open_session(Endpoint("127.0.0.1", server.port), "secret", ignore))
            async with asyncio.timeout(5):
                while not server.clients:
                    await asyncio.sleep(0)
            opening.cancel()
        await server.until_gone()


# --- replies ---


async def test_replies_belong_to_commands_in_their_order() -> None:
    async with WireServer() as server, session(server) as one:
        server.answer = lambda frame: response(frame.line)
        replies = [one.send(f"api echo {number}\n\n".encode()) for number in range(200)]
        assert [(await got).text for got in replies] == [f"api echo {number}" for number in range(200)]


async def test_a_caller_that_no_longer_waits_shifts_no_reply() -> None:
    async with WireServer() as server, session(server) as one:
        server.answer = lambda _: None
        first, second = one.send(b"api first\n\n"), one.send(b"api second\n\n")
        await server.until("api second")
        first.cancel()
        server.send(response("first") + response("second"))
        assert (await second).text == "second"


async def test_events_between_replies_are_handed_on_in_order() -> None:
    events: list[Mapping[str, str]] = []
    async with WireServer() as server, session(server, events.append) as one:
        server.event("CHANNEL_CREATE", "u")
        server.event("BACKGROUND_JOB", Job_UUID="j", body="-ERR USER_BUSY\n")
        await one.send(commands.version())
    assert [event["Event-Name"] for event in events] == ["CHANNEL_CREATE", "BACKGROUND_JOB"]
    assert events[1]["_body"] == "-ERR USER_BUSY\n"


async def test_a_reply_that_never_comes_ends_the_session() -> None:
    loop = asyncio.get_running_loop()
    async with WireServer() as server:
        endpoint = Endpoint("127.0.0.1", server.port)
        _, one = await loop.create_connection(
            lambda: Session(endpoint, ignore, reply_within_s=0.05), endpoint.host, endpoint.port
        )
        await one.log_in("secret")
        server.answer = lambda _: None
        first, second = one.send(b"api first\n\n"), one.send(b"api second\n\n")
        assert "had no reply for 0.05 s" in str(await ended(one))
        for waiting in (first, second):
            with pytest.raises(Unavailable, match="no reply"):
                await waiting
        with pytest.raises(Unavailable):
            await one.send(b"api third\n\n")
        await server.until_gone()


async def test_a_reply_to_no_command_ends_the_session() -> None:
    async with WireServer() as server, session(server) as one:
        server.send(reply("+OK nobody asked"))
        assert "a reply to no command" in str(await ended(one))
        assert not one.alive


async def test_too_many_commands_without_reply_end_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_UNANSWERED", 10)
    async with WireServer() as server, session(server) as one:
        server.answer = lambda _: None
        replies = [one.send(commands.version()) for _ in range(11)]
        assert "without a reply" in str(await ended(one))
        for waiting in replies:
            with pytest.raises(Unavailable):
                await waiting


# --- the end ---


async def test_a_lost_connection_fails_all_that_waits() -> None:
    async with WireServer() as server, session(server) as one:
        server.answer = lambda _: None
        waiting = one.send(commands.version())
        await server.until("api version")
        server.drop()
        with pytest.raises(Unavailable):
            await waiting
        assert (await ended(one)).code == "switch_lost"


async def test_rubbish_ends_the_session_after_what_came_before_it() -> None:
    events: list[Mapping[str, str]] = []
    async with WireServer() as server, session(server, events.append) as one:
        server.event("CHANNEL_CREATE", "u")
        server.send(b"rubbish\n\n")
        assert "does not speak" in str(await ended(one))
    assert len(events) == 1


async def test_a_good_bye_of_the_switch_is_told() -> None:
    async with WireServer() as server, session(server) as one:
        server.send(encode({"Content-Type": "text/disconnect-notice"}, b"Disconnected, goodbye.\n"))
        server.send(encode({"Content-Type": "text/something-new"}))
        await one.send(commands.version())
        for client in server.clients:
            assert client.transport is not None
            client.transport.close()
        assert "it closed the connection" in str(await ended(one))


async def test_closing_says_good_bye() -> None:
    async with WireServer() as server:
        async with session(server):
            pass
        assert server.frames[-1] == ClientFrame("exit", {})


async def test_a_defect_in_the_handling_of_an_event_surfaces_at_the_owner() -> None:
    def broken(_: Mapping[str, str]) -> None:
        raise KeyError("defect")

    loop = asyncio.get_running_loop()
    told: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    async with WireServer() as server, session(server, broken) as one:
        server.event("CHANNEL_CREATE", "u")
        with pytest.raises(KeyError):
            await ended(one)
    assert len(told) == 1


async def test_a_dropped_reply_is_no_complaint() -> None:
    loop = asyncio.get_running_loop()
    told: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    async with WireServer() as server:
        async with session(server) as one:
            server.answer = lambda frame: None if frame.line == "api version" else answer_well(frame)
            one.send(commands.version())
            server.drop()
            await ended(one)
        one.send(commands.version())
    import gc

    gc.collect()
    assert told == []


def test_waits_between_tries_grow_to_half_a_minute() -> None:
    waits = [back_off(failures) for failures in range(12)]
    assert waits[:4] == [0.5, 1, 2, 4]
    assert waits == sorted(waits)
    assert waits[-1] == back_off(10_000) == 30


def test_the_greeting_is_what_freeswitch_sends() -> None:
    assert GREETING == b"Content-Type: auth/request\n\n"
