"""Talking to a robot from a page: its microphone and loudspeaker over a WebSocket, no call is placed.

The page sends first `{"type":"start","version":…,"variables":{…}}`, then 20 ms of 8 kHz signed 16-bit mono PCM in each
binary message (320 bytes), in real time, and when they happen `{"type":"key","key":"1"}` and `{"type":"hang_up"}`.
Each frame is answered by one of the robot's. Besides come `{"type":"ready"}`, a `line` for each thing said, a
`transfer` where a telephone call would be put through, and `end` with the result, before the connection is closed.
What is refused is an `error` with code, message, field and hint.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.deps import Deps, deps_of
from api.security import COOKIE, is_same_origin
from core.audio import FRAME_BYTES, FRAME_MS, Pcm
from core.clock import Clock
from core.errors import BadInput, Conflict, Unavailable, ZvonarError
from robot.call import CallSettings, RobotCall
from robot.dialog.flow import Flow
from robot.dialog.intents import Trained
from robot.dialog.source.understanding import ZONE
from robot.meaning import Understanding
from robot.microphone import MicrophoneLine, Talks
from robot.outcome import Outcome, Utterance
from robot.senses import Senses
from robot.warming import warm
from services.accounts import asker_of
from services.scenarios import flow_of, trained_of
from services.versions import zone_of

router = APIRouter()

START_WITHIN_S: Final = 10.0
SEND_WITHIN_S: Final = 5.0
LONGEST_TALK_S: Final = 600.0
AHEAD_S: Final = 2.0
"""A page may catch up after a stall, but send no more than this beyond real time."""
OUTBOX: Final = 250
MOST_TEXT: Final = 20_000
MOST_VARIABLES: Final = 50
DONE, REFUSED, SIGNED_OUT, FORBIDDEN, TOO_SLOW = 1000, 4400, 4401, 4403, 4408
KEYS: Final = frozenset("0123456789*#")


class Start(msgspec.Struct, tag="start", tag_field="type", forbid_unknown_fields=True):
    """Which published version of a scenario to talk to, and the contact's fields to talk as."""

    version: int
    variables: dict[str, str] = {}


class Key(msgspec.Struct, tag="key", tag_field="type", forbid_unknown_fields=True):
    """One key of the telephone."""

    key: str


class HangUp(msgspec.Struct, tag="hang_up", tag_field="type", forbid_unknown_fields=True):
    """The user hangs up."""


_told: Final = msgspec.json.Decoder(Start | Key | HangUp)


@router.websocket("/talk")
async def talk(socket: WebSocket) -> None:
    """Lets the signed-in user talk to one of the company's scenarios.

    Closes with 1000 after the talk, 4400 after an `error`, 4401 when nobody is signed in, 4403 for a foreign page,
    4408 when the page reads too slowly.
    """
    deps = deps_of(socket)
    await socket.accept()
    if not is_same_origin(socket, required=True):
        await socket.close(FORBIDDEN)
        return
    token = socket.cookies.get(COOKIE, "")
    asker = await asker_of(deps.database, token, deps.clock.now()) if token else None
    if asker is None:
        await socket.close(SIGNED_OUT)
        return
    try:
        talks = _talks(deps)
        with talks.seat(token) as seated:
            if not seated:
                raise Conflict("talk_in_progress", "A talk is under way already, or all places are taken.")
            start = await _start(socket)
            async with deps.database.transaction(asker.company) as tx:
                flow = await flow_of(tx, start.version)
                trained = await trained_of(tx, start.version, deps.folder / "models")
                zone = await zone_of(tx, start.version) or ZONE
            senses = await talks.senses(flow.language)
            senses.require(flow)
            await asyncio.to_thread(warm, flow, trained)
            code = await _Talk(socket, deps.clock).hold(flow, start.variables, senses, trained, zone=zone)
            await socket.close(code)
    except ZvonarError as error:
        await _refuse(socket, error)
    except (WebSocketDisconnect, TimeoutError):
        return


class _Talk:
    """One talk: what the page sends goes into the line, what the robot does goes into the outbox, in order."""

    def __init__(self, socket: WebSocket, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._line = MicrophoneLine(lambda group: self._tell({"type": "transfer", "group": group}))
        self._outbox: asyncio.Queue[Pcm | dict[str, Any] | None] = asyncio.Queue(OUTBOX)
        self._too_slow = False
        self._refused: ZvonarError | None = None

    async def hold(
        self,
        flow: Flow,
        variables: dict[str, str],
        senses: Senses,
        trained: Trained | None = None,
        *,
        zone: str = ZONE,
    ) -> int:
        """Holds the talk to its end and returns the code to close with; raises what the page did wrong."""
        today = f"{self._clock.now().astimezone(ZoneInfo(zone)):%Y-%m-%d}"
        with TemporaryDirectory(prefix="zvonar-talk-") as folder:
            told = CallSettings(
                recordings=Path(folder),
                call_name="talk",
                detect_machines=False,
                language=flow.language,
                tell=lambda line: self._tell(_line(line)),
                meaning=Understanding(trained, now=self._clock.now, zone=zone, language=flow.language),
            )
            known = {"today": today, **variables}
            call = RobotCall(flow, variables=known, line=self._line, senses=senses, settings=told)
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen())
                sending = group.create_task(self._send())
                self._tell({"type": "ready"})
                self._tell(_end(await call.run()))
                listening.cancel()
                self._put(None)
                await sending
        if self._refused is not None:
            raise self._refused
        return TOO_SLOW if self._too_slow else DONE

    async def _listen(self) -> None:
        """Takes what the page sends until it leaves, misbehaves, or has talked for too long."""
        try:
            async with asyncio.timeout(LONGEST_TALK_S):
                await self._take_all()
        except (WebSocketDisconnect, TimeoutError):
            pass
        except ZvonarError as error:
            self._refused = error
        self._line.leave()

    async def _take_all(self) -> None:
        began, frames = self._clock.monotonic(), 0
        while True:
            message = await _receive(self._socket)
            if isinstance(message, bytes):
                frames += 1
                if frames * FRAME_MS / 1000 > self._clock.monotonic() - began + AHEAD_S:
                    raise BadInput("too_fast", "Audio comes faster than it can be spoken.", field="frame")
                self._put(self._line.hear(_frame(message)))
                continue
            match _decoded(message):
                case Key(key=key):
                    if key not in KEYS:
                        raise BadInput("bad_key", f"{key!r} is no key of a telephone.", field="key")
                    self._line.press(key)
                case HangUp():
                    return
                case Start():
                    raise BadInput("started", "The talk has begun already.", field="type")

    async def _send(self) -> None:
        while (out := await self._outbox.get()) is not None:
            try:
                async with asyncio.timeout(SEND_WITHIN_S):
                    if isinstance(out, bytes):
                        await self._socket.send_bytes(out)
                    else:
                        await self._socket.send_json(out)
            except TimeoutError:
                self._too_slow = True
                return self._line.leave()
            except (WebSocketDisconnect, RuntimeError):  # the latter is starlette's word for a socket that is closed
                return self._line.leave()
        return None

    def _tell(self, message: dict[str, Any]) -> None:
        self._put(message)

    def _put(self, out: Pcm | dict[str, Any] | None) -> None:
        """Queues for the page; one that does not read is parted with, and the end of the talk goes before its rest."""
        if self._outbox.full():
            self._too_slow = True
            self._line.leave()
            if out is not None:
                return
            self._outbox.get_nowait()
        self._outbox.put_nowait(out)


def _talks(deps: Deps) -> Talks:
    if deps.talks is None:
        raise Unavailable("no_talks", "This server has no ears and no voice.", hint="Ask the one that places calls.")
    return deps.talks


async def _start(socket: WebSocket) -> Start:
    try:
        async with asyncio.timeout(START_WITHIN_S):
            message = await _receive(socket)
    except TimeoutError:
        raise BadInput("no_start", f"No start came within {START_WITHIN_S:g} s.", field="type") from None
    start = _decoded(message) if isinstance(message, str) else None
    if not isinstance(start, Start):
        raise BadInput("no_start", "The first message must be a start.", field="type")
    if len(start.variables) > MOST_VARIABLES:
        raise BadInput("too_many_variables", f"At most {MOST_VARIABLES} variables are allowed.", field="variables")
    if not 0 < start.version < 2**63:
        raise BadInput("bad_version", "There is no such version.", field="version")
    return start


async def _receive(socket: WebSocket) -> bytes | str:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", DONE))
    found = message.get("bytes")
    return found if found is not None else str(message.get("text") or "")


def _frame(message: bytes) -> Pcm:
    if len(message) != FRAME_BYTES:
        text = f"A frame has {FRAME_BYTES} bytes, not {len(message)}."
        raise BadInput("bad_frame", text, field="frame", hint="Send 20 ms of 8 kHz signed 16-bit mono PCM.")
    return message


def _decoded(message: str) -> Start | Key | HangUp:
    if len(message) > MOST_TEXT:
        raise BadInput("too_long", f"A message has at most {MOST_TEXT} characters.")
    try:
        told: Start | Key | HangUp = _told.decode(message)
    except msgspec.DecodeError as error:
        raise BadInput("bad_message", f"The message is not understood: {error}.") from None
    return told


async def _refuse(socket: WebSocket, error: ZvonarError) -> None:
    told = {"type": "error", "code": error.code, "message": error.message, "field": error.field, "hint": error.hint}
    try:
        async with asyncio.timeout(SEND_WITHIN_S):
            await socket.send_json(told)
            await socket.close(REFUSED)
    except (WebSocketDisconnect, RuntimeError, TimeoutError):
        return


def _line(line: Utterance) -> dict[str, Any]:
    return {"type": "line", **_plain(line)}


def _end(outcome: Outcome) -> dict[str, Any]:
    answers = [{"question": a.question, "label": a.label, "how": str(a.how), "said": a.said} for a in outcome.answers]
    return {
        "type": "end",
        "result": str(outcome.result),
        "answers": answers,
        "path": list(outcome.path),
        "latencies": [_plain(latency) for latency in outcome.latencies],
    }


def _plain(value: object) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain
