"""A bulk operation as it is given: which leads, and what is done to them."""

from __future__ import annotations

from random import Random
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from api.campaign_forms import Priority
from api.forms import AS_WRITTEN, Form, Number, Tag
from campaigns.campaign import CampaignId
from campaigns.leads import Bucket
from core.results import CallResult
from services import bulk
from services.bulk import Asked, Selection


class SelectionForm(Form):
    """Which leads of the campaign; of several conditions all must hold."""

    ids: list[Number] = Field(default_factory=list, max_length=bulk.MOST_IDS, description="Only these leads.")
    bucket: Bucket | None = Field(default=None, description="Only leads of this bucket.")
    result: CallResult | None = Field(default=None, description="Only leads whose last call had this result.")
    tag: Tag | None = Field(default=None, description="Only leads whose contact has this tag.")
    text: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Only leads whose contact's name or phone holds this."
    )
    all: bool = Field(default=False, description="Every lead of the campaign; goes with no condition.")

    def value(self) -> Selection:
        """The same as the use case takes it."""
        return Selection(
            ids=tuple(self.ids), bucket=self.bucket, result=self.result, tag=self.tag, text=self.text, all=self.all
        )


class TagAction(Form):
    """Gives tags to the contacts and takes others away."""

    kind: Literal["tag"]
    add: list[Tag] = Field(default_factory=list, max_length=100)
    remove: list[Tag] = Field(default_factory=list, max_length=100)

    async def done(self, tx: AsyncConnection, asked: Asked, randomness: Random) -> int:
        """How many contacts changed."""
        return await bulk.tag_selected(tx, asked, add=self.add, remove=self.remove)


class DeleteAction(Form):
    """Takes the leads out of the campaign; contacts and calls stay."""

    kind: Literal["delete"]

    async def done(self, tx: AsyncConnection, asked: Asked, randomness: Random) -> int:
        """How many leads are gone."""
        return await bulk.delete_selected(tx, asked)


class AddAction(Form):
    """Adds the contacts to another campaign."""

    kind: Literal["add_to_campaign"]
    campaign: Number = Field(description="The other campaign.")

    async def done(self, tx: AsyncConnection, asked: Asked, randomness: Random) -> int:
        """How many became leads there."""
        return await bulk.add_selected(tx, asked, CampaignId(self.campaign), randomness)


class ReturnAction(Form):
    """Lets the leads be called again; their history stays."""

    kind: Literal["return_to_dialling"]
    extra_calls: Annotated[int, Field(ge=1, le=bulk.MOST_EXTRA_CALLS)] | None = Field(
        default=None, description="Keep the counters and allow so many calls more; null: as if never called."
    )

    async def done(self, tx: AsyncConnection, asked: Asked, randomness: Random) -> int:
        """How many leads will be called again."""
        return await bulk.return_selected(tx, asked, self.extra_calls)


class ConsentAction(Form):
    """Notes whether the contacts consent to calls."""

    kind: Literal["consent"]
    given: bool = Field(description="False: a consent that was on record is taken back.")
    at: AwareDatetime | None = Field(default=None, description="Since when; left out: since now.")

    async def done(self, tx: AsyncConnection, asked: Asked, randomness: Random) -> int:
        """How many contacts changed."""
        return await bulk.consent_selected(tx, asked, (self.at or asked.now) if self.given else None)


class PriorityAction(Form):
    """Gives the leads a priority among those of the campaign."""

    kind: Literal["priority"]
    priority: Priority | None = Field(description="1 is called first; null comes after all numbers.")

    async def done(self, tx: AsyncConnection, asked: Asked, randomness: Random) -> int:
        """How many leads changed."""
        return await bulk.prioritise_selected(tx, asked, self.priority)


class BulkForm(Form):
    """Which leads, and what is done to them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"selection": {"bucket": "failed"}, "action": {"kind": "return_to_dialling", "extra_calls": 2}}
            ]
        }
    )

    selection: SelectionForm
    action: Annotated[
        TagAction | DeleteAction | AddAction | ReturnAction | PriorityAction | ConsentAction,
        Field(discriminator="kind"),
        AS_WRITTEN,
    ]
