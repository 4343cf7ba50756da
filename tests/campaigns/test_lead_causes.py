"""SPEC R2.11: why a single lead, or one of its phones, is not called, and when that ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.buckets import LeadState
from campaigns.campaign import Campaign, LocalTime, Period, WeeklySchedule
from campaigns.causes import Cause, CauseKind, LeadFacts, lead_causes
from campaigns.company_rules import CompanyRules
from campaigns.compliance import PhoneCall
from campaigns.compliance_presets import preset
from campaigns.leads import PastCall, Returned
from core.results import CallResult
from tests.campaigns.phone_histories import Situation, situations
from tests.campaigns.zones import schedules
from tests.storage.worlds import campaign

MOSCOW, KAMCHATKA = "Europe/Moscow", "Asia/Kamchatka"
NINE_TO_SIX = WeeklySchedule(MOSCOW, dict.fromkeys(range(5), (Period(time(9), time(18)),)))
MOMENT, MINUTE, HOUR = timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=1)
NO_RULES, DEBTS = CompanyRules(), CompanyRules(compliance=preset("ru-debt"))


def at(text: str, zone: str = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


NOON = at("2026-11-24 12:00")
DUE = LeadFacts(state=LeadState.WAITING, phones=3, due_at=NOON - HOUR)


def told(
    facts: LeadFacts, *, one: Campaign | None = None, rules: CompanyRules = NO_RULES, now: datetime = NOON
) -> list[tuple[CauseKind, datetime | None]]:
    return [(cause.kind, cause.until) for cause in lead_causes(one or campaign(), facts, rules, now)]


def busy(phone: int, ended_at: datetime) -> PastCall:
    return PastCall(phone, CallResult.BUSY, ended_at)


def test_R2_11_a_lead_that_is_due_has_no_cause() -> None:
    assert told(DUE) == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"deleted": True}, CauseKind.DELETED),
        ({"state": LeadState.REACHED}, CauseKind.LEAD_REACHED),
        ({"state": LeadState.FAILED}, CauseKind.LEAD_FAILED),
        ({"state": LeadState.DIALLING}, CauseKind.LEAD_DIALLING),
        ({"blacklisted": frozenset({0, 1, 2})}, CauseKind.BLACKLISTED),
    ],
)
def test_R2_11_what_ends_a_lead_or_keeps_it(changes: dict[str, object], kind: CauseKind) -> None:
    assert told(replace(DUE, **changes)) == [(kind, None)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "awaited"),
    [
        ({}, "first_call"),
        ({"past": (busy(0, NOON - HOUR),)}, "retry"),
        ({"past": (busy(0, NOON - HOUR),), "returned": Returned(counted_from=1)}, "first_call"),
        ({"past": (busy(0, NOON - HOUR),), "callback_at": NOON + HOUR}, "callback"),
    ],
)
def test_R2_11_a_lead_that_waits_says_for_what_and_until_when(changes: dict[str, object], awaited: str) -> None:
    facts = replace(DUE, due_at=NOON + HOUR, **changes)  # type: ignore[arg-type]
    (cause,) = lead_causes(campaign(), facts, NO_RULES, NOON)
    assert cause == Cause(CauseKind.WAITS, NOON + HOUR, {"for": awaited})


def test_R2_11_the_phone_whose_turn_it_is_not_says_which_comes_first() -> None:
    (cause,) = lead_causes(campaign(), replace(DUE, next_phone=1, asked=2), NO_RULES, NOON)
    assert cause == Cause(CauseKind.OTHER_PHONE_FIRST, None, {"phone": "2"})
    assert told(replace(DUE, next_phone=1, asked=1)) == []


def test_R2_11_a_phone_that_is_used_up_or_blacklisted_says_so() -> None:
    past = (PastCall(0, CallResult.NONEXISTENT_NUMBER, NOON - HOUR),)
    assert told(replace(DUE, next_phone=1, past=past, asked=0)) == [(CauseKind.PHONE_EXHAUSTED, None)]
    assert told(replace(DUE, blacklisted=frozenset({2}), asked=2)) == [(CauseKind.BLACKLISTED, None)]


def test_R2_11_a_blacklisted_phone_is_passed_over_for_the_next_one() -> None:
    past = (busy(0, NOON - 5 * MINUTE), busy(1, NOON - MINUTE))
    facts = replace(DUE, next_phone=2, past=past, blacklisted=frozenset({2}))
    # The first phone rests ten minutes after its own call; the third would have been called by now.
    assert told(facts) == [(CauseKind.WAITS, NOON + 5 * MINUTE)]
    assert told(facts, now=NOON + 5 * MINUTE) == []


def test_R2_11_a_lead_whose_local_time_allows_no_call_says_when_it_does() -> None:
    one = campaign(schedule=NINE_TO_SIX, local_time=LocalTime.CONTACTS_ONLY)
    asleep = replace(DUE, zone=KAMCHATKA)
    assert told(asleep, one=one) == [(CauseKind.LOCAL_TIME, at("2026-11-25 09:00", KAMCHATKA))]
    assert told(asleep, one=campaign(schedule=NINE_TO_SIX)) == []
    assert told(replace(DUE, zone=None), one=one) == []


def test_R2_11_calls_of_other_campaigns_to_the_same_phone_count() -> None:
    morning = PhoneCall(NOON - 2 * HOUR, NOON - 2 * HOUR, CallResult.BUSY)
    facts = replace(DUE, history={0: (morning,)})
    assert told(facts, rules=DEBTS) == [(CauseKind.COMPLIANCE_DAY, at("2026-11-25 00:00"))]
    assert told(replace(facts, next_phone=1), rules=DEBTS) == []
    assert told(replace(facts, asked=1), rules=DEBTS) == [(CauseKind.OTHER_PHONE_FIRST, None)]


def test_R2_11_a_lead_without_a_zone_lives_by_the_campaigns() -> None:
    far = campaign(schedule=replace(NINE_TO_SIX, zone=KAMCHATKA))
    quiet = CauseKind.QUIET_HOURS, at("2026-11-25 08:00", KAMCHATKA)
    assert told(DUE, one=far, rules=DEBTS, now=at("2026-11-24 23:00", KAMCHATKA)) == [quiet]
    assert told(replace(DUE, zone=MOSCOW), one=far, rules=DEBTS, now=at("2026-11-24 23:00", KAMCHATKA)) == []


def test_R2_11_consent_that_is_not_on_record_is_told() -> None:
    rules = CompanyRules(compliance=preset("ru"))
    assert told(DUE, rules=rules) == [(CauseKind.NO_CONSENT, None)]
    assert told(replace(DUE, consent=True), rules=rules) == []


def test_R2_11_all_causes_of_a_lead_are_told_at_once() -> None:
    one = campaign(schedule=NINE_TO_SIX, local_time=LocalTime.CONTACTS_ONLY)
    facts = replace(DUE, zone=KAMCHATKA, due_at=NOON + HOUR, asked=2)
    assert [kind for kind, _ in told(facts, one=one, rules=DEBTS, now=at("2026-11-24 18:00"))] == [
        CauseKind.OTHER_PHONE_FIRST,
        CauseKind.LOCAL_TIME,
        CauseKind.QUIET_HOURS,
    ]


past_calls = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(CallResult), st.integers(0, 5000)), max_size=6)


@st.composite
def leads(draw: st.DrawFn) -> tuple[Campaign, LeadFacts, CompanyRules, datetime]:
    situation: Situation = draw(situations())
    history, zone, rules, now = situation
    ended = sorted(draw(past_calls), key=lambda one: -one[2])
    facts = LeadFacts(
        state=draw(st.sampled_from([LeadState.WAITING, LeadState.WAITING, LeadState.WAITING, *LeadState])),
        phones=3,
        next_phone=draw(st.integers(0, 2)),
        due_at=now + timedelta(minutes=draw(st.integers(-600, 300))),
        zone=draw(st.sampled_from([None, zone])),
        blacklisted=draw(st.frozensets(st.integers(0, 2), max_size=3)),
        past=tuple(PastCall(phone, result, now - ago * MINUTE) for phone, result, ago in ended),
        history={draw(st.integers(0, 2)): tuple(history)},
        consent=draw(st.booleans()),
        asked=draw(st.none() | st.integers(0, 2)),
    )
    grid = draw(schedules())
    one = campaign(schedule=grid, local_time=draw(st.sampled_from(LocalTime)))
    return one, facts, CompanyRules(compliance=rules), now


@settings(max_examples=400, deadline=None)
@given(lead=leads(), parts=st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_R2_11_each_cause_of_a_lead_holds_up_to_its_end_and_not_there(
    lead: tuple[Campaign, LeadFacts, CompanyRules, datetime], parts: list[float]
) -> None:
    one, facts, rules, now = lead

    def holds(cause: Cause, moment: datetime) -> bool:
        """Gaps after calls are two rules of one kind, told apart by their names."""
        rule = cause.detail.get("rule")
        at_that_time = lead_causes(one, facts, rules, moment)
        return any(found.kind is cause.kind and found.detail.get("rule") == rule for found in at_that_time)

    for cause in lead_causes(one, facts, rules, now):
        if cause.until is None:
            continue
        assert cause.until > now
        assert cause.until.tzinfo is UTC
        for part in (*parts, 1.0):
            assert holds(cause, min(now + (cause.until - now) * part, cause.until - MOMENT))
        assert not holds(cause, cause.until)


def test_R2_11_a_lead_that_was_put_off_waits_though_another_phone_than_the_blacklisted_one_has_rested() -> None:
    facts = replace(DUE, past=(busy(0, NOON - HOUR),), next_phone=1, blacklisted=frozenset({1}), due_at=NOON + HOUR)
    assert told(facts) == [(CauseKind.WAITS, NOON + HOUR)]
