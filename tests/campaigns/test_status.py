"""A campaign's status (SPEC R2.3): what it is, when it changes, and that only a running one dials."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import Campaign, CampaignKind, CampaignStatus, LocalTime, Period, WeeklySchedule
from campaigns.cause import CauseKind
from campaigns.conditions import own_causes
from campaigns.status import STATUS_OF, finishes_at, may_dial, next_change, status_of
from tests.campaigns.zones import FIRST, LAST, instants, schedules
from tests.storage.worlds import campaign

DAYS = st.none() | st.dates(FIRST.date(), LAST.date())
NINE_TO_SIX = WeeklySchedule("Europe/Moscow", dict.fromkeys(range(7), (Period(time(9), time(18)),)))


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    return campaign(
        schedule=draw(schedules()),
        switched_on=draw(st.sampled_from([True, True, False])),
        finished=draw(st.sampled_from([False, False, False, True])),
        processing=draw(st.sampled_from([False, False, False, True])),
        error=draw(st.sampled_from([None, None, None, "no trunk"])),
        starts_on=draw(DAYS),
        ends_on=draw(DAYS),
        breaker_open=draw(st.sampled_from([None, None, None, "system_error:15/22"])),
        local_time=draw(st.sampled_from(LocalTime)),
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Moscow"))


@settings(max_examples=500)
@given(one=campaigns(), now=instants)
def test_R2_3_a_campaign_may_dial_exactly_when_its_status_is_running(one: Campaign, now: datetime) -> None:
    assert may_dial(one, now) == (status_of(one, now) is CampaignStatus.RUNNING)


@settings(max_examples=300, deadline=None)
@given(one=campaigns(), now=instants, share=st.floats(0, 1, exclude_max=True))
def test_R2_3_the_status_stays_until_the_next_change_and_differs_then(
    one: Campaign, now: datetime, share: float
) -> None:
    status, change = status_of(one, now), next_change(one, now)
    if change is None:
        between = now + timedelta(days=400) * share
        assert status_of(one, between) is status
        return
    assert change > now
    assert change.tzinfo is UTC
    assert status_of(one, min(now + (change - now) * share, change - timedelta(microseconds=1))) is status
    assert status_of(one, change) is not status


@pytest.mark.parametrize("now", [at("2026-11-23 12:00"), at("2026-11-23 03:00")], ids=["open", "closed"])
def test_R2_3_paused_never_dials_whatever_the_schedule(now: datetime) -> None:
    paused = campaign(schedule=NINE_TO_SIX, switched_on=False)
    assert (status_of(paused, now), may_dial(paused, now)) == (CampaignStatus.PAUSED, False)


def test_R2_3_outside_the_schedule_it_never_dials_whatever_the_switch() -> None:
    on = campaign(schedule=NINE_TO_SIX)
    assert status_of(on, at("2026-11-23 18:00")) is CampaignStatus.SCHEDULED
    assert next_change(on, at("2026-11-23 18:00")) == at("2026-11-24 09:00")
    assert status_of(on, at("2026-11-24 09:00")) is CampaignStatus.RUNNING
    assert next_change(on, at("2026-11-24 09:00")) == at("2026-11-24 18:00")


def test_R2_3_it_begins_on_its_first_day_and_dials_its_last_day_to_the_end() -> None:
    one = campaign(schedule=NINE_TO_SIX, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 25))
    assert status_of(one, at("2026-11-23 12:00")) is CampaignStatus.SCHEDULED
    assert next_change(one, at("2026-11-23 12:00")) == at("2026-11-24 09:00")
    assert status_of(one, at("2026-11-25 17:59")) is CampaignStatus.RUNNING
    assert status_of(one, at("2026-11-25 23:59")) is CampaignStatus.SCHEDULED
    assert next_change(one, at("2026-11-25 18:00")) == at("2026-11-26 00:00")
    assert status_of(one, at("2026-11-26 00:00")) is CampaignStatus.FINISHED


def test_R2_3_what_somebody_did_goes_before_the_calendar() -> None:
    now = at("2026-11-23 12:00")
    one = campaign(schedule=NINE_TO_SIX, processing=True)
    assert status_of(one, now) is CampaignStatus.PROCESSING
    assert status_of(replace(one, error="no trunk"), now) is CampaignStatus.ERROR
    assert status_of(replace(one, error="no trunk", finished=True), now) is CampaignStatus.FINISHED
    assert status_of(replace(one, switched_on=False), now) is CampaignStatus.PROCESSING


def test_R2_3_a_campaign_whose_last_day_comes_before_its_first_never_runs() -> None:
    one = campaign(schedule=NINE_TO_SIX, starts_on=date(2026, 11, 25), ends_on=date(2026, 11, 24))
    assert next_change(one, at("2026-11-23 12:00")) == at("2026-11-25 00:00")
    assert status_of(one, at("2026-11-25 12:00")) is CampaignStatus.FINISHED


def test_R2_3_whatever_may_forbid_running_has_a_status() -> None:
    now = at("2026-11-23 03:00")
    off = campaign(
        schedule=NINE_TO_SIX,
        switched_on=False,
        finished=True,
        processing=True,
        error="no trunk",
        breaker_open="system_error:15/22",
        starts_on=date(2026, 11, 24),
        ends_on=date(2026, 11, 22),
    )
    assert {cause.kind for cause in own_causes(off, now)} == set(STATUS_OF)


def test_R2_3_a_campaign_with_operators_runs_only_while_one_of_them_is_dialling() -> None:
    noon = at("2026-11-23 12:00")
    one = campaign(schedule=NINE_TO_SIX, kind=CampaignKind.OPERATOR, scenario=None)
    assert status_of(one, noon, operators_dialling=0) is CampaignStatus.SCHEDULED
    assert status_of(one, noon, operators_dialling=1) is CampaignStatus.RUNNING
    assert status_of(replace(one, kind=CampaignKind.SURVEY), noon, operators_dialling=0) is CampaignStatus.RUNNING
    assert status_of(replace(one, switched_on=False), noon, operators_dialling=0) is CampaignStatus.PAUSED


def test_R2_13_a_campaign_whose_breaker_opened_is_paused_and_says_why() -> None:
    one = campaign(schedule=NINE_TO_SIX, breaker_open="system_error:15/22")
    noon = at("2026-11-23 12:00")
    assert (status_of(one, noon), may_dial(one, noon)) == (CampaignStatus.PAUSED, False)
    assert [cause.kind for cause in own_causes(one, noon)] == [CauseKind.BREAKER_OPEN]


def test_R4_2_by_the_contacts_clocks_alone_it_runs_day_and_night() -> None:
    one = campaign(schedule=NINE_TO_SIX, local_time=LocalTime.CONTACTS_ONLY, ends_on=date(2026, 11, 25))
    assert status_of(one, at("2026-11-23 03:00")) is CampaignStatus.RUNNING
    assert next_change(one, at("2026-11-23 12:00")) == at("2026-11-26 00:00")
    later = replace(one, starts_on=date(2026, 11, 24))
    assert next_change(later, at("2026-11-23 12:00")) == at("2026-11-24 00:00")
    both = replace(one, local_time=LocalTime.OPERATORS_AND_CONTACTS)
    assert status_of(both, at("2026-11-23 03:00")) is CampaignStatus.SCHEDULED


CREATED = at("2026-11-01 10:00")


@pytest.mark.parametrize(
    ("called", "added", "finishes"),
    [
        (None, None, at("2026-11-15 10:00")),
        (at("2026-11-05 12:00"), None, at("2026-11-19 12:00")),
        (at("2026-11-05 12:00"), at("2026-11-20 09:00"), at("2026-12-04 09:00")),
        (at("2026-11-20 09:00"), at("2026-11-05 12:00"), at("2026-12-04 09:00")),
    ],
)
def test_R2_5_fourteen_days_after_the_last_call_or_the_last_new_lead(
    called: datetime | None, added: datetime | None, finishes: datetime
) -> None:
    assert finishes_at(campaign(), created_at=CREATED, called_at=called, added_at=added) == finishes


def test_R2_5_a_campaign_that_begins_later_waits_from_its_first_day() -> None:
    one = campaign(starts_on=date(2027, 1, 11))
    assert finishes_at(one, created_at=CREATED, called_at=None, added_at=CREATED) == at("2027-01-25 00:00")


def test_R2_5_it_may_be_another_number_of_days_or_never_and_a_finished_one_does_not_finish_again() -> None:
    def at_end(one: Campaign) -> datetime | None:
        return finishes_at(one, created_at=CREATED, called_at=None, added_at=None)

    assert at_end(campaign(auto_finish_days=30)) == at("2026-12-01 10:00")
    assert at_end(campaign(auto_finish_days=0)) is None
    assert at_end(campaign(finished=True)) is None


def test_R2_5_fourteen_days_are_not_bent_by_a_change_of_the_clocks() -> None:
    one = campaign(schedule=WeeklySchedule("Europe/Berlin", NINE_TO_SIX.week))
    created = datetime(2026, 10, 20, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    finishes = finishes_at(one, created_at=created, called_at=None, added_at=None)
    assert finishes == created.astimezone(UTC) + timedelta(days=14)
