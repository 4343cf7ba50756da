"""Messages that calls send (SPEC R12): an outbox in which each stands until it is delivered, or given up.

Whoever delivers one claims it first, for some minutes; a process that dies meanwhile leaves it to the next claim. So a
message may come twice, never not at all, and carries its number for receivers who mind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Conflict, NotFound, ZvonarError
from robot.dialog.flow import Channel
from storage.tables import messages

CLAIMED: Final = timedelta(minutes=3)
"""For so long nobody else tries to deliver what somebody does; longer than any delivery may take."""
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 45, 120, 240, 480, 720))
"""The waits after each try that failed; the last try comes a day after the first."""
DAY: Final = timedelta(days=1)


class MessageState(StrEnum):
    """How far a message is; the values are stored."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NewMessage:
    """What is to be sent to whom; `attempt` is the call that sends it, None where no call does."""

    attempt: int | None
    step: str
    channel: Channel
    recipient: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message with what came of it; `error` is the code of what went wrong at the last try."""

    id: int
    attempt: int | None
    step: str
    channel: Channel
    recipient: str
    subject: str
    text: str
    state: MessageState
    tries: int
    error: str | None
    error_message: str | None
    created_at: datetime
    first_at: datetime
    next_at: datetime | None
    sent_at: datetime | None


def next_try(first_at: datetime, tries: int, failed_at: datetime) -> datetime | None:
    """When a message that failed `tries` times is tried again; None when a day has passed since the first try."""
    last = first_at + DAY
    if not 1 <= tries <= len(WAITS) or failed_at >= last:
        return None
    return min(failed_at + WAITS[tries - 1], last)


async def add_message(
    tx: AsyncConnection, new: NewMessage, now: datetime, *, refused: ZvonarError | None = None
) -> int:
    """Puts a message into the outbox and returns its number; one that is `refused` stands there as failed."""
    values = {
        "attempt_id": new.attempt,
        "step": new.step,
        "channel": str(new.channel),
        "recipient": new.recipient.replace("\0", ""),
        "subject": new.subject.replace("\0", ""),
        "text": new.text.replace("\0", ""),
        "state": str(MessageState.WAITING if refused is None else MessageState.FAILED),
        "created_at": now,
        "first_at": now,
        "next_at": now if refused is None else None,
        **({} if refused is None else {"error": refused.code, "error_message": refused.message}),
    }
    return int((await tx.execute(insert(messages).values(values).returning(messages.c.id))).scalar_one())


async def list_messages(
    tx: AsyncConnection,
    *,
    limit: int,
    state: MessageState | None = None,
    attempt: int | None = None,
    before: int | None = None,
) -> Sequence[Message]:
    """The company's messages, the newest first, from the one before `before` on."""
    query = select(messages).order_by(messages.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(messages.c.state == str(state))
    if attempt is not None:
        query = query.where(messages.c.attempt_id == attempt)
    if before is not None:
        query = query.where(messages.c.id < before)
    return [_message(row) for row in await tx.execute(query)]


async def one_message(tx: AsyncConnection, id_: int) -> Message:
    """One message; `NotFound` if the company has no such."""
    row = (await tx.execute(select(messages).where(messages.c.id == id_))).one_or_none()
    if row is None:
        raise NotFound("no_such_message", "There is no such message.")
    return _message(row)


async def repeat_message(tx: AsyncConnection, id_: int, now: datetime) -> Message:
    """Lets a message be sent once more, delivered or given up; one that still waits is tried now."""
    known = await one_message(tx, id_)
    if known.state is MessageState.WAITING and known.next_at is not None and known.next_at <= now:
        raise Conflict("message_is_due", "The message is being sent already.")
    fresh = {"state": str(MessageState.WAITING), "tries": 0, "first_at": now, "next_at": now, "sent_at": None}
    await tx.execute(
        update(messages).where(messages.c.id == id_).values(fresh | {"error": None, "error_message": None})
    )
    return await one_message(tx, id_)


async def claim_message(tx: AsyncConnection, id_: int, now: datetime) -> Message | None:
    """Takes a due message to deliver it, its try counted; None if there is none, or somebody else has it."""
    due = (messages.c.id == id_) & (messages.c.state == str(MessageState.WAITING)) & (messages.c.next_at <= now)
    taken = update(messages).where(due).values(tries=messages.c.tries + 1, next_at=now + CLAIMED).returning(messages)
    row = (await tx.execute(taken)).one_or_none()
    return None if row is None else _message(row)


async def note_sent(tx: AsyncConnection, message: Message, now: datetime) -> None:
    """The claimed message is delivered."""
    done = {"state": str(MessageState.SENT), "sent_at": now, "next_at": None, "error": None, "error_message": None}
    await tx.execute(update(messages).where(_is(message)).values(done))


async def note_failed(
    tx: AsyncConnection, message: Message, error: ZvonarError, now: datetime, *, for_good: bool
) -> MessageState:
    """The claimed message could not be delivered; says whether it will be tried again."""
    at = None if for_good else next_try(message.first_at, message.tries, now)
    state = MessageState.FAILED if at is None else MessageState.WAITING
    values = {"state": str(state), "next_at": at, "error": error.code, "error_message": error.message}
    await tx.execute(update(messages).where(_is(message)).values(values))
    return state


def _is(message: Message) -> Any:  # noqa: ANN401
    """The row as long as it is still this try's: it may have been asked for anew meanwhile."""
    return (messages.c.id == message.id) & (messages.c.tries == message.tries) & (messages.c.state == "waiting")


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        attempt=row.attempt_id,
        step=row.step,
        channel=Channel(row.channel),
        recipient=row.recipient,
        subject=row.subject,
        text=row.text,
        state=MessageState(row.state),
        tries=row.tries,
        error=row.error,
        error_message=row.error_message,
        created_at=row.created_at,
        first_at=row.first_at,
        next_at=row.next_at,
        sent_at=row.sent_at,
    )
