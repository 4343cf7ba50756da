"""The demo, as a newcomer runs it: real audio both ways, and its numbers add up."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from app.demo.parts import PARTS, part_for
from app.demo.plan import read_plan
from campaigns.campaign import CampaignKind
from campaigns.leads import Bucket
from tests.app.running import looking_into, started


@pytest.mark.slow
@pytest.mark.postgres
async def test_the_demo_dials_three_campaigns_and_its_numbers_add_up(var: Path) -> None:
    with started(var, "demo", "--once", "--json", "--port", "0") as demo:
        output, _ = await asyncio.to_thread(demo.communicate, timeout=240)
        said = (var.parent / "demo.err").read_text("utf-8")
        assert demo.returncode == 0, said
    whole = json.loads(output.splitlines()[-1])
    assert whole["errors"] == 0
    assert [one["kind"] for one in whole["campaigns"]] == ["notification", "survey", "offer"]
    plan = read_plan()
    assert sum(one["leads"] for one in whole["campaigns"]) == len(plan.parts)
    for one in whole["campaigns"]:
        assert sum(one[str(bucket)] for bucket in Bucket) == one["leads"]
    assert whole["attempts"] == sum(sum(one["results"].values()) for one in whole["campaigns"])
    told = Counter(label for part in plan.parts.values() for label in part.answers)
    stored = Counter[str]()
    for one in whole["campaigns"]:
        for counts in one["answers"].values():
            stored.update(counts)
    assert stored == told
    async with looking_into(var) as database:
        assert await database.fetchval("SELECT count(*) FROM attempts WHERE result IS NULL") == 0
        names = {row["last_name"] for row in await database.fetch("SELECT last_name FROM contacts")}
        assert 'Иван"; DROP}|,\nтабл' in names, sorted(names)
    assert {path.suffix for path in (var / "recordings").rglob("*.*")} == {".wav"}


def test_every_part_is_played_and_every_phone_has_its_own() -> None:
    plan = read_plan()
    for kind in CampaignKind.NOTIFICATION, CampaignKind.SURVEY, CampaignKind.OFFER:
        assert {part.name for part in PARTS[kind]} <= {part.name for part in plan.parts.values()}
        assert part_for(kind, 0, 2).name == "answers the second phone"
    for phone, part in plan.parts.items():
        assert phone in plan.cast.numbers
        assert (part.bucket is Bucket.REACHED) == (part.last.value in ("completed", "transferred"))
