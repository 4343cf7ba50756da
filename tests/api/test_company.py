"""SPEC R2.12, R3.7 over HTTP: the company's rules, and calls outside of campaigns."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import Api, create, load, problem

RULES = "/api/v1/company/rules"

pytestmark = pytest.mark.postgres


async def test_R3_7_rules_are_replaced_whole_and_shown_with_what_comes_of_them(
    api: Api, anna: httpx.AsyncClient, boris: httpx.AsyncClient
) -> None:
    first = (await anna.get(RULES)).json()
    assert (first["preset"], first["overrides"], first["changed_at"]) == ("none", {}, None)
    assert set(first["outside_calls"].values()) == {"leave"}
    given: dict[str, Any] = {
        "preset": "ru-debt",
        "overrides": {"per_week": 1, "holidays": ["2027-01-01"]},
        "outside_calls": {"inbound": "all_campaigns", "manual": "last_campaign", "campaign": "leave"},
        "keep_recordings_days": 365,
    }
    saved = (await anna.put(RULES, json=given)).json()
    assert {name: saved[name] for name in given} == given
    assert (saved["compliance"]["per_day"], saved["compliance"]["per_week"]) == (1, 1)
    assert saved["compliance"]["holidays"] == ["2027-01-01"]
    assert saved["changed_at"] == api.clock.at.isoformat().replace("+00:00", "Z")
    assert (await anna.get(RULES)).json() == saved
    assert (await boris.get(RULES)).json() == first
    assert len(api.woken) == 1
    again = (await anna.put(RULES, json={"preset": "uk"})).json()
    assert (again["overrides"], again["keep_recordings_days"]) == ({}, None)
    assert again["compliance"]["gap_after_lost_s"] == 72 * 3600


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"preset": "atlantis"}, ("no_such_preset", "preset")),
        ({"overrides": {"per_day": -1}}, ("out_of_range", "overrides.per_day")),
        ({"overrides": {"per_day": "x"}}, ("not_a_whole_number", "overrides.per_day")),
        ({"overrides": {"speed": 1}}, ("unknown_setting", "overrides.speed")),
        ({"overrides": {"hours": [""] * 7}}, ("never_open", "overrides.hours")),
        ({"overrides": {"call_label": "a\u0000b"}}, ("not_a_line", "overrides.call_label")),
        ({"outside_calls": {"manual": "everywhere"}}, ("invalid_enum", "outside_calls.manual")),
        ({"outside_calls": {"fax": "leave"}}, ("unknown_field", "outside_calls.fax")),
        ({"keep_recordings_days": 0}, ("invalid_greater_than_equal", "keep_recordings_days")),
        ({"retention": 5}, ("unknown_field", "retention")),
    ],
)
async def test_R3_7_rules_that_cannot_be_name_their_field(
    anna: httpx.AsyncClient, given: dict[str, Any], refusal: tuple[str, str]
) -> None:
    before = (await anna.get(RULES)).json()
    assert problem(await anna.put(RULES, json=given)) == (422, *refusal)
    assert (await anna.get(RULES)).json() == before


async def test_R2_12_a_talk_outside_closes_the_lead_at_once_and_its_history_says_so(anna: httpx.AsyncClient) -> None:
    made = await create(anna)
    await load(anna, made, "Имя;Телефон\nАнна;89001112233\nИван;89001112244\n")
    await anna.put(RULES, json={"outside_calls": {"manual": "all_campaigns"}})
    given = {"kind": "manual", "phone": "8 900 111-22-33", "seconds": 42, "operator": "Мария"}
    (lead,) = (await anna.post("/api/v1/outside-calls", json=given)).json()["closed"]
    assert (await anna.get(f"/api/v1/campaigns/{made}")).json()["buckets"]["reached"] == 1
    card = (await anna.get(f"/api/v1/campaigns/{made}/leads/{lead}")).json()
    (change,) = card["changes"]
    assert (card["name"], card["bucket"], card["next_call_at"]) == ("Анна", "reached", None)
    assert (change["what"], change["by"]) == ("outside_call", "Анна")
    assert (change["details"]["operator"], change["details"]["seconds"]) == ("Мария", 42)
    assert (await anna.post("/api/v1/outside-calls", json=given)).json() == {"closed": []}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"kind": "fax"}, ("invalid_enum", "kind")),
        ({"phone": "анна"}, ("bad_phone", "phone")),
        ({"seconds": -1}, ("invalid_greater_than_equal", "seconds")),
        ({"seconds": 10**6}, ("invalid_less_than_equal", "seconds")),
        ({"at": "2030-01-01T00:00:00Z"}, ("in_the_future", "at")),
        ({"at": "2026-01-01T00:00:00"}, ("invalid_timezone_aware", "at")),
        ({"mood": "good"}, ("unknown_field", "mood")),
    ],
)
async def test_R2_12_a_call_that_cannot_be_is_refused(
    anna: httpx.AsyncClient, changes: dict[str, Any], refusal: tuple[str, str]
) -> None:
    given = {"kind": "manual", "phone": "89001112233", "seconds": 5} | changes
    assert problem(await anna.post("/api/v1/outside-calls", json=given)) == (422, *refusal)
