"""Tags of contacts: put on, taken off, counted (SPEC R9.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.contacts.tags import MOST, BadTag, tidied
from core.errors import BadInput, Conflict

_ALL: Final = text("""
    SELECT t.tag, count(*) AS count FROM contacts c, unnest(c.tags) AS t (tag)
    WHERE c.tags <> '{}'::text[] GROUP BY t.tag ORDER BY t.tag
""")
_TAG: Final = text("""
    UPDATE contacts c SET tags = ARRAY(
        SELECT t.tag FROM unnest(c.tags || CAST(:add AS text[])) WITH ORDINALITY AS t (tag, place)
        WHERE t.tag <> ALL (CAST(:remove AS text[])) GROUP BY t.tag ORDER BY min(t.place)
    )
    WHERE c.id = ANY (CAST(:ids AS bigint[]))
      AND (NOT c.tags @> CAST(:add AS text[]) OR c.tags && CAST(:remove AS text[]))
    RETURNING cardinality(c.tags)
""")


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags in one form, each once; BadInput on `tags` if one cannot be."""
    tidy = tidied(tags)
    if isinstance(tidy, BadTag):
        raise BadInput("bad_tag", tidy.reason, field="tags")
    return tidy


async def all_tags(tx: AsyncConnection) -> dict[str, int]:
    """The company's tags with the number of contacts that have each, by the alphabet."""
    return {row[0]: row[1] for row in await tx.execute(_ALL)}


async def tag(
    tx: AsyncConnection, contacts: Sequence[int], *, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> int:
    """Puts tags on contacts and takes others off; says how many contacts changed."""
    values = {"ids": list(contacts), "add": list(checked_tags(add)), "remove": list(checked_tags(remove))}
    changed = (await tx.execute(_TAG, values)).scalars().all()
    if any(count > MOST for count in changed):
        raise Conflict("too_many_tags", f"A contact has at most {MOST} tags.", field="tags")
    return len(changed)
