"""SPEC R2.11: `zvonar why` says in sentences why it is not calling, and names the campaign as people do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import why
from app.settings import Settings
from campaigns.campaign import CompanyId
from core.errors import BadInput, NotFound
from services import campaigns
from storage.database import Database
from tests.conftest import EPOCH, Fresh, make_company
from tests.services.things import load, make_campaign

pytestmark = pytest.mark.postgres


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path) -> Settings:
    return Settings(database_url=fresh.app_url, var=tmp_path)  # type: ignore[arg-type]


async def ask(settings: Settings, campaign: str, phone: str | None = None, **given: str) -> None:
    await why.run_why(settings, campaign, phone, company=given.get("company"), as_json="as_json" in given)


async def test_R2_11_the_campaign_is_named_by_its_name_or_its_number(
    settings: Settings, database: Database, company: CompanyId, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx, "Опрос клиентов")
        await load(tx, made, "Телефон\n89001112233\n")
    said = []
    for name in ("Опрос клиентов", "опрос  КЛИЕНТОВ", str(int(made))):
        await ask(settings, name)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] == said[2]
    assert said[0].splitlines() == [
        f"Опрос клиентов (campaign {made}): paused",
        "  No process that places calls is running (`zvonar up` or `zvonar calls`).",
        "  The campaign is switched off.",
    ]


async def test_R2_11_a_number_is_explained_beside_its_campaign(
    settings: Settings, database: Database, company: CompanyId, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.transaction(company) as tx:
        made = await make_campaign(tx)
        await load(tx, made, "Телефон\n89001112233\n")
        await campaigns.switch(tx, made, on=True, now=EPOCH)
    await ask(settings, "Опрос", "8 900 111-22-33")
    said = capsys.readouterr().out.splitlines()
    assert said[-2].startswith("The number (lead ")
    assert said[-1] == "  Nothing keeps it from being called."
    await ask(settings, "Опрос", "8 900 111-22-33", as_json="yes")
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["causes"], told["lead_causes"], told["calls"]) == ("running", [], [], False)
    with pytest.raises(NotFound) as error:
        await ask(settings, "Опрос", "89005556677")
    assert error.value.code == "no_such_lead"


async def test_R2_11_what_is_not_clear_is_said(settings: Settings, database: Database, company: CompanyId) -> None:
    other = await make_company(database, "Вектор")
    for owner in (company, company, other):
        async with database.transaction(owner) as tx:
            await make_campaign(tx)
    async with database.transaction(other) as tx:
        await make_campaign(tx, "Скидки")
    await ask(settings, "Скидки")
    await ask(settings, "Опрос", company="вектор")
    for campaign, named, kind, code in (
        ("Опрос", {"company": "Ромашка"}, BadInput, "several_campaigns"),
        ("Лето", {}, NotFound, "no_such_campaign"),
        ("Опрос", {"company": "Нет такой"}, NotFound, "no_such_company"),
    ):
        with pytest.raises(kind) as error:
            await ask(settings, campaign, **named)
        assert error.value.code == code
        assert error.value.hint
