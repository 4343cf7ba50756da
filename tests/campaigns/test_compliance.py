"""SPEC R3.7: caps, gaps and hours over all campaigns; until when they forbid a call, and the proof that they do not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.campaign import Period
from campaigns.cause import CauseKind
from campaigns.compliance import (
    Allowed,
    Compliance,
    Forbidden,
    PhoneCall,
    checks,
    compliance_causes,
    looks_back,
    may_call,
    may_lose,
    ring_timeout,
)
from campaigns.compliance_presets import preset
from core.results import NOT_PLACED, CallResult
from tests.campaigns.phone_histories import Situation, all_rules, situations
from tests.campaigns.zones import ZONES, instants

MOSCOW, KAMCHATKA, NEW_YORK = "Europe/Moscow", "Asia/Kamchatka", "America/New_York"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def at(text: str, zone: str = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def call(ended: datetime, result: CallResult = CallResult.NO_ANSWER) -> PhoneCall:
    return PhoneCall(ended - timedelta(minutes=1), ended, result)


def verdict(rules: Compliance, now: datetime, *history: PhoneCall, zone: str | None = MOSCOW) -> object:
    """The cause and its end, or "allowed"."""
    match may_call(history, zone, rules, now, consent=True):
        case Forbidden(cause, until):
            return cause, until
        case Allowed():
            return "allowed"


def test_R3_7_no_rules_forbid_nothing() -> None:
    many = [call(at("2026-11-24 12:00") - HOUR * n) for n in range(50)]
    assert verdict(preset("none"), at("2026-11-24 03:00"), *many) == "allowed"


def test_R3_7_debts_once_a_day() -> None:
    rules, morning = preset("ru-debt"), call(at("2026-11-24 10:00"))
    assert verdict(rules, at("2026-11-24 09:00")) == "allowed"
    assert verdict(rules, at("2026-11-24 21:00"), morning) == (CauseKind.COMPLIANCE_DAY, at("2026-11-25 08:00"))
    assert verdict(rules, at("2026-11-25 08:00"), morning) == "allowed"


def test_R3_7_debts_twice_a_week_from_monday() -> None:
    rules = preset("ru-debt")
    twice = call(at("2026-11-23 10:00")), call(at("2026-11-25 10:00"))
    assert verdict(rules, at("2026-11-26 10:00"), *twice) == (CauseKind.COMPLIANCE_WEEK, at("2026-11-30 08:00"))
    # Two more before it: those of the week before do not count in this one.
    before = call(at("2026-11-20 10:00")), call(at("2026-11-21 10:00"))
    assert verdict(rules, at("2026-11-23 10:00"), *before) == "allowed"


def test_R3_7_debts_eight_times_a_month() -> None:
    rules = preset("ru-debt")
    eight = [call(at(f"2026-10-{day:02} 10:00")) for day in (1, 2, 5, 7, 12, 14, 19, 21)]
    assert verdict(rules, at("2026-10-26 10:00"), *eight) == (CauseKind.COMPLIANCE_MONTH, at("2026-11-01 09:00"))
    assert verdict(rules, at("2026-10-26 10:00"), *eight[1:]) == "allowed"


def test_R3_7_debts_hours_by_the_callees_clock_and_shorter_on_days_off_and_holidays() -> None:
    rules = preset("ru-debt")
    for now, opens in (
        (at("2026-11-24 22:00"), at("2026-11-25 08:00")),  # a Tuesday
        (at("2026-11-24 07:59"), at("2026-11-24 08:00")),
        (at("2026-11-27 22:30"), at("2026-11-28 09:00")),  # into a Saturday
        (at("2026-11-28 20:00"), at("2026-11-29 09:00")),
        (at("2026-11-29 20:00"), at("2026-11-30 08:00")),
        (at("2026-11-03 22:00"), at("2026-11-04 09:00")),  # a Wednesday, a holiday
        (at("2026-11-04 20:00"), at("2026-11-05 08:00")),
    ):
        assert verdict(rules, now) == (CauseKind.QUIET_HOURS, opens)
        assert verdict(rules, opens) == "allowed"
        assert verdict(rules, opens - MOMENT) == (CauseKind.QUIET_HOURS, opens)
    assert verdict(rules, at("2026-11-24 12:00"), zone=KAMCHATKA) == "allowed"
    assert verdict(rules, at("2026-11-24 14:00"), zone=KAMCHATKA) == (
        CauseKind.QUIET_HOURS,
        at("2026-11-25 08:00", KAMCHATKA),
    )


def test_R3_7_the_day_is_the_callees() -> None:
    """10:00 in Moscow is 19:00 in Kamchatka: five hours later a new day has begun there, though it is quiet."""
    rules, now = Compliance(per_day=1), at("2026-11-24 15:00")
    morning = call(at("2026-11-24 10:00"))
    assert verdict(rules, now, morning, zone=KAMCHATKA) == "allowed"
    assert verdict(rules, now, morning, zone=MOSCOW) == (CauseKind.COMPLIANCE_DAY, at("2026-11-25 00:00"))


def test_R3_7_who_has_no_known_zone_lives_by_the_clock_of_the_rules() -> None:
    assert verdict(preset("us"), at("2026-11-24 21:00", NEW_YORK), zone=None) == (
        CauseKind.QUIET_HOURS,
        at("2026-11-25 08:00", NEW_YORK),
    )


def test_R3_7_uk_no_repeat_within_72_hours_after_a_lost_call() -> None:
    rules, london = preset("uk"), "Europe/London"
    lost = call(at("2026-11-24 10:00", london), CallResult.LOST)
    busy = call(at("2026-11-24 11:00", london), CallResult.BUSY)
    gap = CauseKind.COMPLIANCE_GAP, at("2026-11-27 10:00", london)
    assert verdict(rules, at("2026-11-24 10:01", london), lost, zone=london) == gap
    assert verdict(rules, at("2026-11-27 10:00", london) - MOMENT, lost, busy, zone=london) == gap
    assert verdict(rules, at("2026-11-27 10:00", london), lost, busy, zone=london) == "allowed"
    assert verdict(rules, at("2026-11-24 11:01", london), busy, zone=london) == "allowed"


def test_R3_7_72_hours_are_72_hours_when_the_clocks_change() -> None:
    lost = call(at("2026-03-28 10:00", "Europe/London"), CallResult.LOST)
    until = at("2026-03-31 11:00", "Europe/London")  # an hour of that weekend was skipped
    assert verdict(preset("uk"), lost.started_at + HOUR, lost, zone="Europe/London") == (
        CauseKind.COMPLIANCE_GAP,
        until,
    )


def test_R3_7_a_call_that_was_not_placed_counts_for_nothing() -> None:
    rules = Compliance(per_day=1, gap=DAY)
    now = at("2026-11-24 12:00")
    for result in CallResult:
        allowed = verdict(rules, now, call(now - HOUR, result)) == "allowed"
        assert allowed == (result in NOT_PLACED)


def test_R3_7_a_call_that_goes_on_counts_already() -> None:
    now = at("2026-11-24 12:00")
    talking = PhoneCall(now - timedelta(minutes=2))
    assert verdict(Compliance(per_day=1), now, talking) == (CauseKind.COMPLIANCE_DAY, at("2026-11-25 00:00"))
    assert verdict(Compliance(gap=timedelta(minutes=10)), now, talking) == (
        CauseKind.COMPLIANCE_GAP,
        talking.started_at + HOUR + timedelta(minutes=10),
    )


def test_R3_7_nobody_is_called_on_a_holiday_where_its_hours_are_empty() -> None:
    holidays = frozenset({date(2026, 11, 4), date(2026, 11, 5)})
    rules = Compliance(holidays=holidays, holiday_hours=())
    assert verdict(rules, at("2026-11-04 00:00")) == (CauseKind.HOLIDAY, at("2026-11-06 00:00"))
    assert verdict(rules, at("2026-11-03 23:59")) == "allowed"
    assert verdict(replace(rules, holiday_hours=None), at("2026-11-04 12:00")) == "allowed"


def test_R3_7_without_consent_on_record_nobody_is_called() -> None:
    rules, now = preset("ru"), at("2026-11-24 12:00")
    assert may_call([], MOSCOW, rules, now) == Forbidden(CauseKind.NO_CONSENT, None)
    assert isinstance(may_call([], MOSCOW, rules, now, consent=True), Allowed)


def test_R3_7_the_cause_is_the_rule_that_forbids_longest_and_its_end_that_of_all() -> None:
    rules = replace(preset("ru-debt"), gap=timedelta(hours=30))
    last = call(at("2026-11-24 15:00"))
    # The gap ends on Wednesday at 21:00, the day's cap at midnight before; the hours are open then.
    assert verdict(rules, at("2026-11-24 16:00"), last) == (CauseKind.COMPLIANCE_GAP, at("2026-11-25 21:00"))
    late = call(at("2026-11-24 17:00"))
    assert verdict(rules, at("2026-11-24 18:00"), late) == (CauseKind.COMPLIANCE_GAP, at("2026-11-26 08:00"))


def test_R3_7_every_broken_rule_is_told_with_its_own_end() -> None:
    found = compliance_causes([call(at("2026-11-24 21:59"))], MOSCOW, preset("ru-debt"), at("2026-11-24 22:30"))
    assert [(cause.kind, cause.until) for cause in found] == [
        (CauseKind.COMPLIANCE_DAY, at("2026-11-25 00:00")),
        (CauseKind.QUIET_HOURS, at("2026-11-25 08:00")),
    ]
    assert found[0].detail["calls"] == found[0].detail["most"] == "1"


def test_R3_7_the_proof_says_which_rules_were_checked_with_which_counters() -> None:
    rules = replace(preset("ru-debt"), gap=HOUR, call_label="Рога и копыта", least_ring=timedelta(seconds=15))
    allowed = may_call([call(at("2026-11-23 12:00"))], MOSCOW, rules, at("2026-11-24 12:00"))
    assert isinstance(allowed, Allowed)
    assert json.loads(json.dumps(allowed.proof)) == {
        "preset": "ru-debt",
        "at": "2026-11-24T09:00:00+00:00",
        "zone": "Europe/Moscow",
        "checked": [
            {"rule": "per_day", "most": 1, "calls": 0, "since": "2026-11-23T21:00:00+00:00"},
            {"rule": "per_week", "most": 2, "calls": 1, "since": "2026-11-22T21:00:00+00:00"},
            {"rule": "per_month", "most": 8, "calls": 1, "since": "2026-10-31T21:00:00+00:00"},
            {"rule": "gap", "least_s": 3600, "last_call_ended_at": "2026-11-23T09:00:00+00:00"},
            {"rule": "hours", "local_time": "2026-11-24T12:00+03:00", "zone": "Europe/Moscow", "holiday": False},
        ],
        "least_ring_s": 15.0,
        "call_label": "Рога и копыта",
    }


def test_R3_7_a_telephone_rings_as_long_as_the_rules_want() -> None:
    short, long = timedelta(seconds=10), timedelta(seconds=40)
    assert ring_timeout(short, preset("us")) == timedelta(seconds=15)
    assert ring_timeout(long, preset("us")) == long
    assert ring_timeout(short, preset("none")) == short


@pytest.mark.parametrize(
    ("name", "answered", "lost", "may"),
    [("us", 99, 2, True), ("us", 98, 2, False), ("us", 99, 3, False), ("us", 0, 0, False), ("uk", 999, 0, False),
     ("none", 1, 1, True)],
)  # fmt: skip
def test_R3_7_a_call_more_may_be_lost_while_the_share_allows_it(name: str, answered: int, lost: int, may: bool) -> None:
    assert may_lose(preset(name), answered=answered, lost=lost) is may


shares = st.lists(st.floats(0, 1), min_size=6, max_size=6)


@settings(max_examples=500, deadline=None)
@given(situation=situations(), consent=st.booleans(), parts=shares)
def test_R3_7_until_is_the_first_instant_at_which_the_call_is_allowed(
    situation: Situation, consent: bool, parts: list[float]
) -> None:
    history, zone, rules, now = situation
    found = may_call(history, zone, rules, now, consent=consent)
    if isinstance(found, Allowed):
        return
    end = now + 500 * DAY if found.until is None else found.until
    assert end > now
    before = [min(now + (end - now) * part, end - MOMENT) for part in parts]
    for moment in (now, *before, end - MOMENT):
        assert isinstance(may_call(history, zone, rules, moment, consent=consent), Forbidden)
    if found.until is not None:
        assert found.until.tzinfo is UTC
        assert isinstance(may_call(history, zone, rules, found.until, consent=consent), Allowed)


@settings(max_examples=300, deadline=None)
@given(situation=situations(), parts=shares)
def test_R3_7_each_rule_alone_forbids_every_instant_up_to_its_end(situation: Situation, parts: list[float]) -> None:
    history, zone, rules, now = situation

    def broken(moment: datetime) -> set[str]:
        return {check.rule for check in checks(history, zone, rules, moment) if check.broken}

    for check in checks(history, zone, rules, now):
        if check.broken and check.until is not None:
            assert all(
                check.rule in broken(min(now + (check.until - now) * part, check.until - MOMENT)) for part in parts
            )
            assert check.rule not in broken(check.until)


@settings(max_examples=300, deadline=None)
@given(situation=situations())
def test_R3_7_an_allowed_call_breaks_no_cap_and_no_gap(
    situation: Situation,
) -> None:
    """Counts anew, by other means: the days of the callee's calendar."""
    history, zone, rules, now = situation
    if isinstance(may_call(history, zone, rules, now, consent=True), Forbidden):
        return
    placed = [one for one in history if one.result not in NOT_PLACED]
    today = now.astimezone(ZoneInfo(zone)).date()
    days = [one.started_at.astimezone(ZoneInfo(zone)).date() for one in placed]
    same = {
        "day": sum(day == today for day in days),
        "week": sum(day.isocalendar()[:2] == today.isocalendar()[:2] for day in days),
        "month": sum((day.year, day.month) == (today.year, today.month) for day in days),
    }
    for count, most in zip(same.values(), (rules.per_day, rules.per_week, rules.per_month), strict=True):
        assert most is None or count < most
    for one in placed:
        if one.ended_at is not None:
            assert rules.gap is None or now - one.ended_at >= rules.gap
            if one.result is CallResult.LOST:
                assert rules.gap_after_lost is None or now - one.ended_at >= rules.gap_after_lost


@settings(max_examples=300, deadline=None)
@given(situation=situations())
def test_R3_7_calls_older_than_the_rules_look_back_change_nothing(
    situation: Situation,
) -> None:
    history, zone, rules, now = situation
    recent = [one for one in history if now - one.started_at <= looks_back(rules)]
    old, new = may_call(history, zone, rules, now), may_call(recent, zone, rules, now)
    assert type(old) is type(new)
    if isinstance(old, Forbidden):
        assert old == new


@settings(max_examples=60, deadline=None)
@given(rules=all_rules, zone=st.sampled_from(ZONES), now=instants)
def test_R3_7_a_phone_that_is_called_whenever_it_may_keeps_every_cap(
    rules: Compliance, zone: str, now: datetime
) -> None:
    history: list[PhoneCall] = []
    for _ in range(25):
        found = may_call(history, zone, rules, now, consent=True)
        if isinstance(found, Forbidden):
            if found.until is None:
                return
            assert found.until > now
            now = found.until
        history.append(PhoneCall(now, now + timedelta(seconds=40), CallResult.LOST))
        now += timedelta(minutes=7)
    for name, most in (("%Y-%m-%d", rules.per_day), ("%G-%V", rules.per_week), ("%Y-%m", rules.per_month)):
        names = [one.started_at.astimezone(ZoneInfo(zone)).strftime(name) for one in history]
        assert most is None or max(names.count(one) for one in names) <= most


def test_an_hour_of_a_grid_that_the_clocks_skip_never_comes() -> None:
    rules = Compliance(hours={6: (Period(time(2), time(3)),)})
    assert verdict(rules, at("2026-03-29 00:00", "Europe/Berlin"), zone="Europe/Berlin") == (
        CauseKind.QUIET_HOURS,
        at("2026-04-05 02:00", "Europe/Berlin"),
    )
