"""One connection of the event socket: authentication, subscriptions, and commands answered in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast
from uuid import uuid4

from telephony_esl.protocol import ClientFrame, ClientParser, ProtocolError, encode
from telephony_esl.simulator import api
from telephony_esl.simulator.channel import Channel
from telephony_esl.simulator.placed import EndedBy

if TYPE_CHECKING:
    from telephony_esl.simulator.network import SimulatedNetwork

MOST_UNREAD_BYTES: Final = 32 * 1024 * 1024
GOODBYE: Final = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"


class Session(asyncio.Protocol):
    """A client of the switch; it hears only the events it asked for, and its calls outlive it."""

    def __init__(self, network: SimulatedNetwork) -> None:
        self._network = network
        self._parser = ClientParser()
        self._transport: asyncio.Transport | None = None
        self._trusted = False
        self._everything = False
        self._names: set[str] = set()

    # --- the connection ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the password."""
        self._transport = cast("asyncio.Transport", transport)
        self._network.joined(self)
        self.send(encode({"Content-Type": "auth/request"}))

    def connection_lost(self, error: Exception | None) -> None:
        """Forgets the client."""
        self._network.left(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Takes commands; a client that sends rubbish is disconnected."""
        try:
            frames = self._parser.feed(data)
        except ProtocolError:
            self.cut()
            return
        for frame in frames:
            if self._transport is not None and not self._transport.is_closing():
                self._command(frame)

    def cut(self) -> None:
        """Closes the connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    def wants(self, name: str) -> bool:
        """Whether the client asked for events of this name."""
        return self._trusted and (self._everything or name in self._names)

    def send(self, frame: bytes) -> None:
        """Sends a frame; a client that does not read is disconnected before the memory is full."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(frame)
        if self._transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.cut()

    # --- commands ---

    def _command(self, frame: ClientFrame) -> None:
        word, _, rest = frame.line.partition(" ")
        if not self._trusted:
            self._authenticate(word, rest)
            return
        commands: dict[str, Callable[[str, ClientFrame], None]] = {
            "auth": lambda rest, frame: self._reply("+OK accepted"),
            "api": self._api,
            "bgapi": self._bgapi,
            "event": self._event,
            "nixevent": self._nixevent,
            "noevents": self._noevents,
            "sendmsg": self._sendmsg,
            "exit": self._exit,
        }
        command = commands.get(word)
        if command is None or (word in ("api", "bgapi") and not rest.strip()):
            self._reply("-ERR command not found")
        else:
            command(rest.strip(), frame)

    def _reply(self, text: str, **more: str) -> None:
        headers = {"Content-Type": "command/reply", "Reply-Text": text}
        self.send(encode(headers | {name.replace("_", "-"): value for name, value in more.items()}))

    def _authenticate(self, word: str, rest: str) -> None:
        if word != "auth":
            self._reply("-ERR command not found")
        elif rest.strip() == self._network.password:
            self._trusted = True
            self._reply("+OK accepted")
        else:
            self._reply("-ERR invalid")
            self._disconnect()

    def _disconnect(self) -> None:
        self.send(encode({"Content-Type": "text/disconnect-notice"}, GOODBYE))
        if self._transport is not None:
            self._transport.close()

    def _exit(self, rest: str, frame: ClientFrame) -> None:
        self._reply("+OK bye")
        self._disconnect()

    def _event(self, rest: str, frame: ClientFrame) -> None:
        form, _, names = rest.partition(" ")
        wanted = {name for name in names.split() if name.isupper()}
        if form != "json":
            self._reply("-ERR this network speaks event json alone")
        elif not wanted:
            self._reply("-ERR no keywords supplied")
        else:
            self._everything |= "ALL" in wanted
            self._names |= wanted
            self._reply("+OK event listener enabled json")

    def _nixevent(self, rest: str, frame: ClientFrame) -> None:
        self._names -= set(rest.split())
        self._everything &= "ALL" not in rest.split()
        self._reply("+OK events nixed")

    def _noevents(self, rest: str, frame: ClientFrame) -> None:
        self._everything, self._names = False, set()
        self._reply("+OK no longer listening for events")

    def _api(self, rest: str, frame: ClientFrame) -> None:
        answer = api.run(self._network, rest).encode()
        self.send(encode({"Content-Type": "api/response"}, answer or b"-ERR no reply\n"))

    def _bgapi(self, rest: str, frame: ClientFrame) -> None:
        job = frame.headers.get("Job-UUID") or str(uuid4())
        self._reply(f"+OK Job-UUID: {job}", Job_UUID=job)
        name, _, arguments = rest.partition(" ")
        if name == "originate":
            failure = api.originate(self._network, arguments, job)
            if failure is None:
                return
            answer = failure
        else:
            answer = api.run(self._network, rest)
        self._network.job_done(job, name, arguments, answer)

    def _sendmsg(self, rest: str, frame: ClientFrame) -> None:
        channel = self._network.channels.get(rest)
        if channel is None:
            self._reply(f"-ERR invalid session id [{rest}]")
            return
        headers = frame.headers
        self._reply("+OK")
        match headers.get("call-command"):
            case "unicast":
                local = headers.get("local-ip", "127.0.0.1"), _port(headers.get("local-port"))
                remote = headers.get("remote-ip", "127.0.0.1"), _port(headers.get("remote-port"))
                self._network.open_link(channel, local, remote)
            case "execute":
                _execute(channel, headers.get("execute-app-name", ""), headers.get("execute-app-arg", ""))
            case "hangup":
                channel.hang_up(headers.get("hangup-cause", "NORMAL_CLEARING"), by=EndedBy.SWITCH)
            case _:
                return


def _execute(channel: Channel, application: str, argument: str) -> None:
    """Runs a dialplan application on the channel; those that this network does not have do nothing."""
    words = argument.split()
    match application:
        case "transfer" if words:
            channel.transfer(words[0])
        case "hangup":
            channel.hang_up(words[0] if words else "NORMAL_CLEARING", by=EndedBy.SWITCH)


def _port(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and int(text) < 65536 else 0
