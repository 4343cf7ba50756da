"""SPEC R12: the outbox: each message goes out once if it can, is tried for a day, and can be seen and repeated."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.campaign import CompanyId
from core.errors import BadInput, Conflict, NotFound, Unavailable
from robot.dialog.flow import Channel
from services import message_templates, messages
from services.message_delivery import Deliverer
from services.messages import WAITS, Message, MessageState, NewMessage, next_try
from storage.database import Database
from tests.api.conftest import HandClock
from tests.conftest import EPOCH, make_company

pytestmark = pytest.mark.postgres

NEW = NewMessage(None, "send", Channel.SMS, "+79001112233", "", "Готов.")
DAY = timedelta(days=1)


@dataclass
class Gateway:
    """Fails as often as it is told, then takes."""

    errors: list[Exception] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)

    async def send(self, company: CompanyId, message: Message) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(message.id)


@dataclass
class Post:
    database: Database
    company: CompanyId
    clock: HandClock
    gateway: Gateway

    @property
    def deliverer(self) -> Deliverer:
        return Deliverer(self.database, {Channel.SMS: self.gateway}, self.clock)

    async def add(self, new: NewMessage = NEW) -> int:
        async with self.database.transaction(self.company) as tx:
            return await messages.add_message(tx, new, self.clock.now())

    async def deliver(self, id_: int) -> Message:
        await self.deliverer.run(self.company, id_)
        return await self.show(id_)

    async def show(self, id_: int) -> Message:
        async with self.database.transaction(self.company) as tx:
            return await messages.one_message(tx, id_)

    async def repeat(self, id_: int) -> Message:
        async with self.database.transaction(self.company) as tx:
            return await messages.repeat_message(tx, id_, self.clock.now())


@pytest.fixture
def post(database: Database, company: CompanyId) -> Post:
    return Post(database, company, HandClock(), Gateway())


async def test_R12_a_message_goes_out_once(post: Post) -> None:
    id_ = await post.add()
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(post.deliverer.run(post.company, id_))
    done = await post.deliver(id_)
    assert (done.state, done.tries, done.sent_at, post.gateway.sent) == (MessageState.SENT, 1, post.clock.now(), [id_])


async def test_R12_what_fails_is_tried_again_when_it_is_due_and_not_before(post: Post) -> None:
    post.gateway.errors = [Unavailable("unreachable", "There is no answer.")]
    id_ = await post.add()
    failed = await post.deliver(id_)
    assert (failed.state, failed.error, failed.next_at) == (
        MessageState.WAITING,
        "unreachable",
        post.clock.now() + WAITS[0],
    )
    assert (await post.deliver(id_)).tries == 1
    post.clock.at += WAITS[0]
    done = await post.deliver(id_)
    assert (done.state, done.tries, done.error) == (MessageState.SENT, 2, None)


async def test_R12_what_cannot_go_out_fails_at_once_and_may_be_repeated(post: Post) -> None:
    post.gateway.errors = [BadInput("refused", "The other side refused with 400.")]
    id_ = await post.add()
    failed = await post.deliver(id_)
    assert (failed.state, failed.error_message) == (MessageState.FAILED, "The other side refused with 400.")
    post.clock.at += DAY * 3
    assert (await post.repeat(id_)).tries == 0
    assert (await post.deliver(id_)).state is MessageState.SENT
    await post.repeat(id_)
    with pytest.raises(Conflict):
        await post.repeat(id_)
    await post.deliver(id_)
    assert post.gateway.sent == [id_, id_]


async def test_R12_after_a_day_of_tries_a_message_is_given_up(post: Post) -> None:
    post.gateway.errors = [Unavailable("unreachable", "There is no answer.") for _ in range(50)]
    id_, tried = await post.add(), []
    while (now := await post.deliver(id_)).next_at is not None:
        tried.append(now.tries)
        post.clock.at = now.next_at
    assert (now.state, now.tries) == (MessageState.FAILED, len(WAITS) + 1)
    assert post.clock.now() == EPOCH + DAY


async def test_R12_a_delivery_that_dies_or_breaks_is_taken_up_again(post: Post) -> None:
    id_ = await post.add()
    async with post.database.transaction(post.company) as tx:
        assert await messages.claim_message(tx, id_, post.clock.now()) is not None
    await post.deliver(id_)
    assert post.gateway.sent == []
    post.clock.at += messages.CLAIMED
    post.gateway.errors = [KeyError("a defect")]
    broke = await post.deliver(id_)
    assert (broke.state, broke.error) == (MessageState.WAITING, "delivery_broke")
    assert broke.next_at is not None
    post.clock.at = broke.next_at
    assert (await post.deliver(id_)).state is MessageState.SENT


async def test_R12_an_answer_that_comes_too_late_changes_nothing(post: Post) -> None:
    """The message was asked for anew while it was being sent: the new order counts."""
    id_ = await post.add()
    async with post.database.transaction(post.company) as tx:
        old = await messages.claim_message(tx, id_, post.clock.now())
    assert old is not None
    await post.repeat(id_)
    async with post.database.transaction(post.company) as tx:
        await messages.note_failed(tx, old, BadInput("refused", "No."), post.clock.now(), for_good=True)
    assert (await post.show(id_)).state is MessageState.WAITING


async def test_R12_a_refused_message_stands_in_the_list_with_its_reason(post: Post) -> None:
    async with post.database.transaction(post.company) as tx:
        refused = NotFound("no_such_template", "There is no template 'Адрес'.")
        id_ = await messages.add_message(tx, NEW, EPOCH, refused=refused)
        await messages.add_message(tx, NEW, EPOCH)
        (failed,) = await messages.list_messages(tx, limit=9, state=MessageState.FAILED)
        assert (failed.id, failed.error) == (id_, "no_such_template")
        assert [one.id for one in await messages.list_messages(tx, limit=9)] == [id_ + 1, id_]
        assert [one.id for one in await messages.list_messages(tx, limit=9, before=id_ + 1)] == [id_]


async def test_R12_a_message_is_its_companys_alone(post: Post, database: Database) -> None:
    id_ = await post.add()
    other = await make_company(database, "Вектор")
    await Deliverer(database, {Channel.SMS: post.gateway}, post.clock).run(other, id_)
    assert post.gateway.sent == []
    async with database.transaction(other) as tx:
        assert await messages.list_messages(tx, limit=9) == []
        with pytest.raises(NotFound):
            await messages.repeat_message(tx, id_, EPOCH)


@given(tries=st.integers(1, 40), late=st.timedeltas(timedelta(0), DAY * 2))
def test_R12_a_try_comes_later_than_the_last_and_never_after_a_day(tries: int, late: timedelta) -> None:
    failed_at: datetime = EPOCH + late
    at = next_try(EPOCH, tries, failed_at)
    assert at is None or failed_at < at <= EPOCH + DAY
    assert (at is None) == (tries > len(WAITS) or late >= DAY)


# ---- templates


async def test_R12_a_template_is_written_with_the_variables_of_the_call(database: Database, company: CompanyId) -> None:
    async with database.transaction(company) as tx:
        await message_templates.save_template(tx, name="Адрес", subject="Заказ {order}", text="Старый", now=EPOCH)
        text = "{first_name|Здравствуйте}, заказ {order} готов.\nЖдём!"
        saved = await message_templates.save_template(tx, name=" Адрес ", subject="Заказ {order}", text=text, now=EPOCH)
        assert [one.id for one in await message_templates.list_templates(tx)] == [saved.id]
        variables = {"first_name": "Анна", "order": "17"}
        assert await message_templates.written_by(tx, "Адрес", variables) == (
            "Заказ 17",
            "Анна, заказ 17 готов.\nЖдём!",
        )
        await message_templates.delete_template(tx, saved.id)
        with pytest.raises(NotFound):
            await message_templates.written_by(tx, "Адрес", variables)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "empty"),
        ({"text": " "}, "bad_message_text"),
        ({"text": "x" * 20_001}, "bad_message_text"),
        ({"subject": "a\nBcc: x"}, "bad_subject"),
    ],
)
async def test_R12_a_bad_template_is_refused(
    database: Database, company: CompanyId, changes: dict[str, str], code: str
) -> None:
    async with database.transaction(company) as tx:
        given_ = {"name": "Адрес", "subject": "", "text": "Текст"} | changes
        with pytest.raises(BadInput) as error:
            await message_templates.save_template(tx, **given_, now=EPOCH)
    assert error.value.code == code
