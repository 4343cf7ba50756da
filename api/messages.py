"""Messages that calls send, with what came of each; the templates that they are written from (SPEC R12)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, status
from pydantic import BaseModel, ConfigDict, Field

from api.deps import Given
from api.forms import MOST_ID, Form, Number
from api.security import By
from robot.dialog.flow import Channel
from services import message_templates, messages
from services.message_templates import LONGEST_SUBJECT, LONGEST_TEXT, MessageTemplate
from services.messages import Message, MessageState

router = APIRouter(tags=["messages"])

Id = Annotated[int, Path(alias="message", ge=1, le=MOST_ID, description="The message's number.")]
TemplateId = Annotated[int, Path(alias="template", ge=1, le=MOST_ID, description="The template's number.")]


class MessageView(BaseModel):
    """A message with what came of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 12,
                    "attempt": 345,
                    "step": "send_link",
                    "channel": "sms",
                    "recipient": "+79001112233",
                    "subject": "",
                    "text": "Ваш заказ 17 готов.",
                    "state": "sent",
                    "tries": 1,
                    "error": None,
                    "error_message": None,
                    "created_at": "2026-11-23T09:00:00Z",
                    "next_at": None,
                    "sent_at": "2026-11-23T09:00:02Z",
                }
            ]
        }
    )

    id: int
    attempt: int | None = Field(description="The call that sent it.")
    step: str = Field(description="The step of its scenario.")
    channel: Channel
    recipient: str
    subject: str
    text: str = Field(description="What is sent; of a webhook the JSON body.")
    state: MessageState
    tries: int
    error: str | None = Field(description="The code of what went wrong at the last try.")
    error_message: str | None
    created_at: datetime
    next_at: datetime | None = Field(description="When the next try is due.")
    sent_at: datetime | None

    @classmethod
    def of(cls, one: Message) -> MessageView:
        """Shapes the answer."""
        return cls.model_validate(one, from_attributes=True)


class TemplateView(BaseModel):
    """A template of messages."""

    id: int
    name: str
    subject: str
    text: str
    changed_at: datetime

    @classmethod
    def of(cls, one: MessageTemplate) -> TemplateView:
        """Shapes the answer."""
        return cls.model_validate(one, from_attributes=True)


class TemplateForm(Form):
    """A template as it is given."""

    name: str = Field(max_length=200, examples=["Адрес"], description="What scenarios name it by.")
    text: str = Field(
        max_length=LONGEST_TEXT,
        examples=["{first_name|Здравствуйте}, ждём вас: ул. Мира, 1."],
        description="With `{variables}` of the contact and the dialog.",
    )
    subject: str = Field(default="", max_length=LONGEST_SUBJECT, description="For e-mail.")


@router.get("/messages", summary="List messages")
async def list_messages(
    asker: By,
    deps: Given,
    state: Annotated[MessageState | None, Query(description="Only those that are so far.")] = None,
    attempt: Annotated[Number | None, Query(description="Only those of this call.")] = None,
    before: Annotated[Number | None, Query(description="Only those with a smaller number: the next page.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at most.")] = 50,
) -> list[MessageView]:
    """Shows the company's messages, the newest first."""
    async with deps.database.transaction(asker.company) as tx:
        found = await messages.list_messages(tx, limit=limit, state=state, attempt=attempt, before=before)
    return [MessageView.of(one) for one in found]


@router.get("/messages/{message}", summary="Show a message")
async def show_message(id_: Id, asker: By, deps: Given) -> MessageView:
    """Shows one message with its text and how its delivery went."""
    async with deps.database.transaction(asker.company) as tx:
        return MessageView.of(await messages.one_message(tx, id_))


@router.post("/messages/{message}/repeat", summary="Send a message once more")
async def repeat_message(id_: Id, asker: By, deps: Given) -> MessageView:
    """Lets it be sent again now, whatever became of it; the tries count anew."""
    async with deps.database.transaction(asker.company) as tx:
        repeated = await messages.repeat_message(tx, id_, deps.clock.now())
    await deps.jobs.message(asker.company, id_)
    return MessageView.of(repeated)


@router.get("/message-templates", summary="List templates of messages")
async def list_templates(asker: By, deps: Given) -> list[TemplateView]:
    """Shows the company's templates by their names."""
    async with deps.database.transaction(asker.company) as tx:
        return [TemplateView.of(one) for one in await message_templates.list_templates(tx)]


@router.put("/message-templates", summary="Write a template of messages")
async def save_template(form: TemplateForm, asker: By, deps: Given) -> TemplateView:
    """Writes the template of this name, new or not."""
    async with deps.database.transaction(asker.company) as tx:
        saved = await message_templates.save_template(
            tx, name=form.name, subject=form.subject, text=form.text, now=deps.clock.now()
        )
    return TemplateView.of(saved)


@router.delete(
    "/message-templates/{template}", summary="Delete a template of messages", status_code=status.HTTP_204_NO_CONTENT
)
async def delete_template(id_: TemplateId, asker: By, deps: Given) -> None:
    """Deletes the template; steps that name it send nothing any more, and their messages say so."""
    async with deps.database.transaction(asker.company) as tx:
        await message_templates.delete_template(tx, id_)
