"""Operator groups, to which robots transfer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, status
from pydantic import Field

from api.deps import Given
from api.forms import Form
from api.security import By
from services import groups
from services.groups import OperatorGroup

router = APIRouter(prefix="/operator-groups", tags=["operator groups"])


class GroupForm(Form):
    """A group by its name and its operators' telephones, in any order."""

    name: str = Field(min_length=1, max_length=200)
    phones: list[Annotated[str, Field(min_length=1, max_length=40)]] = Field(min_length=1, max_length=1000)
    wait_s: float = Field(default=60, ge=1, le=3600, description="How long a caller waits for an operator, in seconds.")


class GroupView(GroupForm):
    """A stored group."""

    id: int

    @classmethod
    def of(cls, group: OperatorGroup) -> GroupView:
        """Shapes the answer."""
        return cls(id=group.id, name=group.name, phones=list(group.phones), wait_s=group.wait_s)


@router.get("", summary="List operator groups")
async def list_groups(asker: By, deps: Given) -> list[GroupView]:
    """Shows all groups of the company."""
    async with deps.database.transaction(asker.company) as tx:
        return [GroupView.of(group) for group in await groups.list_groups(tx)]


@router.post("", summary="Save an operator group", status_code=status.HTTP_201_CREATED)
async def save_group(given: GroupForm, asker: By, deps: Given) -> GroupView:
    """Creates the group, or gives the one of this name these telephones; numbers come back as they are dialled."""
    async with deps.database.transaction(asker.company) as tx:
        return GroupView.of(await groups.save_group(tx, name=given.name, phones=given.phones, wait_s=given.wait_s))
