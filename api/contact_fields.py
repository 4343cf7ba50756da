"""What a company keeps of its contacts beyond the usual: custom fields, tags, consents (SPEC R9.3, R3.7)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, status
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.deps import Given
from api.forms import MOST_ID, Form, Number, Tag
from api.security import By
from services import fields, tags
from services.consent import record_consent
from services.fields import ContactField, FieldKind

router = APIRouter(tags=["contacts"])

Id = Annotated[int, Path(alias="field", ge=1, le=MOST_ID, description="The field's number.")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Options = Annotated[list[Name], Field(max_length=1000)]


class FieldForm(Form):
    """A new custom field."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Договор", "kind": "text"}]})

    name: Name = Field(description="Its name; a text of a robot names it in braces.")
    kind: FieldKind = Field(default=FieldKind.TEXT, description="What its values are.")
    options: Options = Field(default_factory=list, description="The values of the kind `list`.")


class FieldChanges(Form):
    """What is to change of a custom field; what is left out stays. The kind is for good."""

    name: Name | None = None
    options: Options | None = Field(default=None, description="The values of the kind `list`.")


class FieldView(BaseModel):
    """A custom field."""

    id: int
    name: str
    kind: FieldKind
    options: list[str]

    @classmethod
    def of(cls, one: ContactField) -> FieldView:
        """Shapes the answer."""
        return cls(id=one.id, name=one.name, kind=one.kind, options=list(one.options))


class TagView(BaseModel):
    """A tag that some contact has."""

    tag: str
    contacts: int = Field(description="How many contacts have it.")


class TaggingForm(Form):
    """Tags to give to contacts and to take from them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"contacts": [1, 2], "add": ["вип"]}]})

    contacts: list[Number] = Field(min_length=1, max_length=10_000)
    add: list[Tag] = Field(default_factory=list, max_length=100)
    remove: list[Tag] = Field(default_factory=list, max_length=100)


class ConsentForm(Form):
    """A consent to calls that was given or taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"contacts": [1, 2], "given": True}]})

    contacts: list[Number] = Field(min_length=1, max_length=10_000)
    given: bool = Field(description="False: a consent that was on record is taken back.")
    at: AwareDatetime | None = Field(default=None, description="Since when; left out: since now.")


class TaggedView(BaseModel):
    """What came of it."""

    contacts: int = Field(description="Contacts whose tags changed.")


@router.get("/contact-fields", summary="List custom fields")
async def list_fields(asker: By, deps: Given) -> list[FieldView]:
    """Shows the custom fields in their order."""
    async with deps.database.transaction(asker.company) as tx:
        return [FieldView.of(one) for one in await fields.list_fields(tx)]


@router.post("/contact-fields", summary="Add a custom field", status_code=status.HTTP_201_CREATED)
async def add_field(given: FieldForm, asker: By, deps: Given) -> FieldView:
    """Adds a field, which imports can fill, cards show and texts say."""
    async with deps.database.transaction(asker.company) as tx:
        made = await fields.add_field(tx, given.name, given.kind, tuple(given.options), deps.clock.now())
        return FieldView.of(made)


@router.patch("/contact-fields/{field}", summary="Change a custom field")
async def change_field(id_: Id, given: FieldChanges, asker: By, deps: Given) -> FieldView:
    """Renames a field or gives it other options; values that contacts have keep the name they came with."""
    async with deps.database.transaction(asker.company) as tx:
        options = None if given.options is None else tuple(given.options)
        return FieldView.of(await fields.change_field(tx, id_, name=given.name, options=options))


@router.delete("/contact-fields/{field}", summary="Delete a custom field", status_code=status.HTTP_204_NO_CONTENT)
async def delete_field(id_: Id, asker: By, deps: Given) -> None:
    """Takes the field away."""
    async with deps.database.transaction(asker.company) as tx:
        await fields.delete_field(tx, id_)


@router.get("/tags", summary="List tags")
async def list_tags(asker: By, deps: Given) -> list[TagView]:
    """Shows all tags that contacts have, with how many have each."""
    async with deps.database.transaction(asker.company) as tx:
        return [TagView(tag=tag, contacts=count) for tag, count in (await tags.all_tags(tx)).items()]


@router.post("/contacts/tags", summary="Tag contacts")
async def tag_contacts(given: TaggingForm, asker: By, deps: Given) -> TaggedView:
    """Gives tags to contacts and takes tags from them; numbers of no contact are passed over."""
    async with deps.database.transaction(asker.company) as tx:
        changed = await tags.tag(tx, tuple(given.contacts), add=tuple(given.add), remove=tuple(given.remove))
    return TaggedView(contacts=changed)


@router.post("/contacts/consent", summary="Note consents to calls")
async def consent(given: ConsentForm, asker: By, deps: Given) -> TaggedView:
    """Notes whether these contacts consent to calls, which the rules of some countries want on record."""
    now = deps.clock.now()
    at = (given.at or now) if given.given else None
    async with deps.database.transaction(asker.company) as tx:
        changed = await record_consent(tx, given.contacts, at=at, now=now)
    deps.wake()
    return TaggedView(contacts=changed)
