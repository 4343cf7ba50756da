"""SPEC R2.11, CHECKLIST C7: why a campaign does not call, one by one, each until the instant at which it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import Campaign, CampaignKind, LocalTime, Period, WeeklySchedule
from campaigns.causes import CampaignFacts, Cause, CauseKind, causes
from campaigns.status import may_dial, status_of
from tests.campaigns.zones import FIRST, LAST, ZONES, instants, schedules
from tests.storage.worlds import campaign

MOSCOW, KAMCHATKA = "Europe/Moscow", "Asia/Kamchatka"
NINE_TO_SIX = WeeklySchedule(MOSCOW, dict.fromkeys(range(5), (Period(time(9), time(18)),)))
MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


def at(text: str, zone: str = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


NOON = at("2026-11-24 12:00")
BUSY = CampaignFacts(due={None: NOON - HOUR}, waiting_due=5, leads=9, operators=2, operators_dialling=2, free_lines=30)


def facts(**changes: object) -> CampaignFacts:
    """Those of a campaign that has something to do, changed."""
    return replace(BUSY, **changes)  # type: ignore[arg-type]


def with_settings(**changes: object) -> Campaign:
    return replace(campaign(schedule=NINE_TO_SIX), **changes)  # type: ignore[arg-type]


def told(one: Campaign, known: CampaignFacts = BUSY, now: datetime = NOON) -> list[tuple[CauseKind, datetime | None]]:
    return [(cause.kind, cause.until) for cause in causes(one, known, now)]


def only(one: Campaign, known: CampaignFacts = BUSY, now: datetime = NOON) -> Cause:
    (cause,) = causes(one, known, now)
    return cause


def test_R2_11_a_campaign_that_has_work_and_may_dial_has_no_cause() -> None:
    assert causes(campaign(schedule=NINE_TO_SIX), BUSY, NOON) == ()


@pytest.mark.parametrize(
    ("settings_", "known", "kind"),
    [
        ({"switched_on": False}, {}, CauseKind.PAUSED),
        ({"finished": True}, {}, CauseKind.FINISHED),
        ({"processing": True}, {}, CauseKind.PROCESSING),
        ({"error": "no trunk"}, {}, CauseKind.ERROR),
        ({"ends_on": date(2026, 11, 23)}, {}, CauseKind.ENDED),
        ({"breaker_open": "system_error:15/22"}, {}, CauseKind.BREAKER_OPEN),
        ({}, {"due": {}, "waiting_due": 0}, CauseKind.NO_LEADS),
        ({}, {"due": {}, "leads": 0, "deleted": 7}, CauseKind.LEADS_DELETED),
        ({}, {"due": {}, "leads": 0}, CauseKind.NO_LEADS),
        ({}, {"due": {}, "deleted": 7}, CauseKind.NO_LEADS),
        ({}, {"due": {}, "barred": 3}, CauseKind.NO_CONSENT),
        ({}, {"scenario_exists": False}, CauseKind.SCENARIO_MISSING),
        ({"scenario": None}, {}, CauseKind.SCENARIO_MISSING),
        ({"kind": CampaignKind.OPERATOR}, {"operators_dialling": 0}, CauseKind.NO_OPERATORS),
        ({"kind": CampaignKind.OPERATOR}, {"operators": 0, "operators_dialling": 0}, CauseKind.NO_OPERATORS),
        ({"caller_number": "+74950000001"}, {"caller_number_until": NOON}, CauseKind.CALLER_NUMBER_EXPIRED),
        ({"caller_number": "+74950000001"}, {"caller_number_verified": False}, CauseKind.CALLER_NUMBER_UNVERIFIED),
        ({"budget": Decimal(100)}, {"spent": Decimal(100)}, CauseKind.BUDGET_SPENT),
        ({"priority": 2}, {"higher": ("Debts",)}, CauseKind.HIGHER_PRIORITY),
        ({}, {"higher": ("Debts",)}, CauseKind.HIGHER_PRIORITY),
        ({}, {"free_lines": 0}, CauseKind.NO_FREE_LINE),
        ({"lines": 4}, {"dialling": 4}, CauseKind.NO_FREE_LINE),
    ],
)
def test_R2_11_what_does_not_end_by_itself(
    settings_: dict[str, object], known: dict[str, object], kind: CauseKind
) -> None:
    cause = only(with_settings(**settings_), facts(**known))
    assert (cause.kind, cause.until) == (kind, None)


@pytest.mark.parametrize(
    ("settings_", "known"),
    [
        ({"kind": CampaignKind.OPERATOR, "scenario": None}, {"scenario_exists": False}),
        ({"kind": CampaignKind.SURVEY}, {"operators_dialling": 0}),
        ({}, {"caller_number_until": NOON, "caller_number_verified": False}),
        ({"caller_number": "+74950000001"}, {"caller_number_until": NOON + MOMENT}),
        ({"budget": Decimal(100)}, {"spent": Decimal("99.9999")}),
        ({"priority": 1}, {"higher": ("Debts",)}),
        ({}, {"free_lines": None}),
        ({"lines": 5}, {"dialling": 4}),
        ({"ends_on": date(2026, 11, 24)}, {}),
    ],
)
def test_R2_11_what_is_no_cause(settings_: dict[str, object], known: dict[str, object]) -> None:
    assert causes(with_settings(**settings_), facts(**known), NOON) == ()


def test_R2_11_a_closed_schedule_ends_at_its_next_opening_and_says_its_zone() -> None:
    cause = only(campaign(schedule=NINE_TO_SIX), now=at("2026-11-27 18:00"))
    assert cause == Cause(CauseKind.SCHEDULE_CLOSED, at("2026-11-30 09:00"), {"zone": MOSCOW})
    assert cause.detail == {"zone": MOSCOW}


def test_R2_11_a_campaign_that_begins_later_says_when() -> None:
    one = campaign(schedule=NINE_TO_SIX, starts_on=date(2026, 12, 1))
    assert told(one) == [(CauseKind.NOT_STARTED_YET, at("2026-12-01 00:00"))]
    night = at("2026-11-24 03:00")
    assert told(one, facts(due={None: night}), night) == [
        (CauseKind.NOT_STARTED_YET, at("2026-12-01 00:00")),
        (CauseKind.SCHEDULE_CLOSED, at("2026-11-24 09:00")),
    ]


def test_R2_11_where_only_callbacks_remain_it_says_when_the_next_is_due() -> None:
    later = facts(due={None: NOON + 3 * HOUR, KAMCHATKA: NOON + HOUR}, waiting_due=0, waiting_later=8)
    assert told(campaign(schedule=NINE_TO_SIX), later) == [(CauseKind.ONLY_LATER, NOON + HOUR)]
    assert only(campaign(), later).detail["waiting"] == "8"


def test_R2_11_where_no_leads_local_time_allows_a_call_it_says_when_the_next_zone_opens() -> None:
    # 12:00 in Moscow: 21:00 in Kamchatka, 4:00 in New York.
    asleep = facts(due={KAMCHATKA: NOON - HOUR, "America/New_York": NOON - HOUR})
    one = campaign(schedule=NINE_TO_SIX, local_time=LocalTime.CONTACTS_ONLY)
    assert told(one, asleep) == [(CauseKind.LOCAL_TIME, at("2026-11-24 09:00", "America/New_York"))]
    both = replace(one, local_time=LocalTime.OPERATORS_AND_CONTACTS)
    assert told(both, asleep) == [(CauseKind.LOCAL_TIME, at("2026-11-24 17:00"))]
    assert told(both, facts(due={KAMCHATKA: NOON})) == [(CauseKind.LOCAL_TIME, None)]
    assert told(replace(one, local_time=LocalTime.OFF), asleep) == []
    assert told(both, facts(due={KAMCHATKA: NOON, None: NOON})) == []


def test_R2_11_a_lead_that_is_due_later_but_in_an_open_zone_comes_before_one_that_sleeps() -> None:
    one = campaign(schedule=NINE_TO_SIX, local_time=LocalTime.CONTACTS_ONLY)
    known = facts(due={KAMCHATKA: NOON - HOUR, None: NOON + HOUR})
    assert told(one, known) == [(CauseKind.LOCAL_TIME, NOON + HOUR)]


def test_R2_11_the_contacts_clocks_alone_count_at_night_where_the_campaign_says_so() -> None:
    one = campaign(schedule=NINE_TO_SIX, local_time=LocalTime.CONTACTS_ONLY)
    assert told(one, facts(due={KAMCHATKA: NOON - 24 * HOUR}), at("2026-11-25 03:00")) == []


def test_R2_11_the_schedule_is_not_blamed_twice() -> None:
    both = campaign(schedule=NINE_TO_SIX, local_time=LocalTime.OPERATORS_AND_CONTACTS)
    night = at("2026-11-24 03:00")
    mine, far = facts(due={None: night - HOUR}), facts(due={"Europe/Berlin": night - HOUR})
    assert told(both, mine, night) == [(CauseKind.SCHEDULE_CLOSED, at("2026-11-24 09:00"))]
    assert told(both, far, night) == [
        (CauseKind.SCHEDULE_CLOSED, at("2026-11-24 09:00")),
        (CauseKind.LOCAL_TIME, at("2026-11-24 11:00")),
    ]


def test_R2_11_all_causes_are_told_at_once() -> None:
    one = campaign(schedule=NINE_TO_SIX, switched_on=False, budget=Decimal(1), scenario=None)
    known = facts(due={}, leads=0, spent=Decimal(2), free_lines=0)
    assert [kind for kind, _ in told(one, known, at("2026-11-24 03:00"))] == [
        CauseKind.PAUSED,
        CauseKind.SCHEDULE_CLOSED,
        CauseKind.SCENARIO_MISSING,
        CauseKind.BUDGET_SPENT,
        CauseKind.NO_LEADS,
        CauseKind.NO_FREE_LINE,
    ]


def test_R2_11_a_cause_says_its_figures() -> None:
    spent = only(campaign(budget=Decimal("10.50")), facts(spent=Decimal("10.5012")))
    assert spent.detail == {"budget": "10.50", "spent": "10.5012"}
    broken = only(campaign(breaker_open="system_error:15/22"))
    assert broken.detail == {"result": "system_error", "failed": "15", "calls": "22"}
    assert only(campaign(), facts(higher=("A", "B"))).detail == {"campaigns": "A, B"}


days = st.none() | st.dates(FIRST.date(), LAST.date())
rare = st.sampled_from([False, False, False, True])


@st.composite
def situations(draw: st.DrawFn) -> tuple[Campaign, CampaignFacts, datetime]:
    now = draw(instants)
    one = campaign(
        schedule=draw(schedules()),
        kind=draw(st.sampled_from(CampaignKind)),
        switched_on=not draw(rare),
        finished=draw(rare),
        starts_on=draw(days),
        ends_on=draw(days),
        priority=draw(st.none() | st.integers(1, 3)),
        local_time=draw(st.sampled_from(LocalTime)),
        budget=draw(st.none() | st.just(Decimal(10))),
        breaker_open="unknown_error:11/20" if draw(rare) else None,
    )
    minutes = st.integers(-3 * 1440, 3 * 1440).map(lambda number: now + timedelta(minutes=number))
    known = CampaignFacts(
        due=draw(st.dictionaries(st.none() | st.sampled_from(ZONES), minutes, max_size=4)),
        leads=draw(st.integers(0, 3)),
        deleted=draw(st.integers(0, 1)),
        spent=Decimal(draw(st.sampled_from([0, 9, 10]))),
        scenario_exists=not draw(rare),
        operators_dialling=draw(st.integers(0, 2)),
        higher=draw(st.sampled_from([(), (), ("A",)])),
        free_lines=draw(st.none() | st.integers(0, 2)),
    )
    return one, known, now


def kinds(found: Sequence[Cause]) -> set[CauseKind]:
    return {cause.kind for cause in found}


def holds(cause: Cause, found: Sequence[Cause]) -> bool:
    """Whether it is told, or is the schedule's alone by then: closed for the same reason up to the same instant."""
    closed = {one.until for one in found if one.kind is CauseKind.SCHEDULE_CLOSED}
    return cause.kind in kinds(found) or (cause.kind is CauseKind.LOCAL_TIME and cause.until in closed)


@settings(max_examples=400, deadline=None)
@given(situation=situations(), parts=st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_R2_11_each_cause_holds_up_to_its_end_and_not_there(
    situation: tuple[Campaign, CampaignFacts, datetime], parts: list[float]
) -> None:
    one, known, now = situation
    for cause in causes(one, known, now):
        if cause.until is None:
            continue
        assert cause.until > now
        assert cause.until.tzinfo is UTC
        for part in (*parts, 1.0):
            moment = min(now + (cause.until - now) * part, cause.until - MOMENT)
            assert holds(cause, causes(one, known, moment))
        assert cause.kind not in kinds(causes(one, known, cause.until))


@settings(max_examples=300, deadline=None)
@given(situation=situations())
def test_R2_11_what_dials_is_running_and_what_does_not_run_has_its_cause(
    situation: tuple[Campaign, CampaignFacts, datetime],
) -> None:
    one, known, now = situation
    found = causes(one, known, now)
    running = status_of(one, now, operators_dialling=known.operators_dialling) == "running"
    assert not (found == () and not running)
    assert running or kinds(found) & {
        CauseKind.PAUSED, CauseKind.FINISHED, CauseKind.ENDED, CauseKind.NOT_STARTED_YET, CauseKind.SCHEDULE_CLOSED,
        CauseKind.BREAKER_OPEN, CauseKind.NO_OPERATORS,
    }  # fmt: skip
    assert may_dial(one, now) or found


@settings(max_examples=300, deadline=None)
@given(situation=situations())
def test_R2_11_no_kind_of_cause_is_told_twice(situation: tuple[Campaign, CampaignFacts, datetime]) -> None:
    found = causes(*situation)
    assert len(kinds(found)) == len(found)


@settings(max_examples=300, deadline=None)
@given(situation=situations())
def test_R2_11_without_a_cause_a_lead_is_due_and_its_zone_open(
    situation: tuple[Campaign, CampaignFacts, datetime],
) -> None:
    """Told anew from the grids: somebody can be called."""
    one, known, now = situation
    if causes(one, known, now):
        return

    def is_open(zone: str | None) -> bool:
        local = now.astimezone(ZoneInfo(zone or one.schedule.zone))
        if local.date() in one.schedule.holidays:
            return False
        minute = local.hour * 60 + local.minute
        return any(
            period.start.hour * 60 + period.start.minute <= minute
            < (period.end.hour * 60 + period.end.minute or 1440)
            for period in one.schedule.week.get(local.weekday(), ())
        )  # fmt: skip

    due = [zone for zone, due_at in known.due.items() if due_at <= now]
    assert due
    own = one.local_time is LocalTime.CONTACTS_ONLY or is_open(None)
    assert own
    assert one.local_time is LocalTime.OFF or any(is_open(zone) for zone in due)
