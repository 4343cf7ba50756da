"""Calls to a phone and rules for property tests: what a company may have done and may want."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

from campaigns.compliance import Compliance, PhoneCall
from core.results import CallResult
from tests.campaigns.zones import FIRST, LAST, ZONES, instants, periods_of_a_day

Situation = tuple[list[PhoneCall], str, Compliance, datetime]

seconds = st.integers(0, 5 * 86_400).map(lambda value: timedelta(seconds=value))
weeks = st.dictionaries(st.integers(0, 6), periods_of_a_day().filter(bool), min_size=1, max_size=7)
all_rules = st.builds(
    Compliance,
    per_day=st.none() | st.integers(1, 3),
    per_week=st.none() | st.integers(1, 4),
    per_month=st.none() | st.integers(1, 6),
    gap=st.none() | seconds,
    gap_after_lost=st.none() | seconds,
    hours=st.none() | weeks,
    holidays=st.frozensets(st.dates(FIRST.date(), LAST.date()), max_size=5),
    holiday_hours=st.none() | periods_of_a_day(),
    consent_required=st.sampled_from([False, False, False, True]),
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Calls of the last weeks to a phone, its zone, any rules, and an instant, often near a change of the clocks."""
    now = draw(instants)
    ages = draw(st.lists(st.integers(0, 40 * 86_400) | st.integers(0, 2 * 86_400), max_size=9))
    history = [
        PhoneCall(now - timedelta(seconds=age + 90), now - timedelta(seconds=age), draw(st.sampled_from(CallResult)))
        for age in ages
    ]
    if draw(st.booleans()):
        history.append(PhoneCall(now - timedelta(seconds=draw(st.integers(1, 3600)))))
    return history, draw(st.sampled_from(ZONES)), draw(all_rules), now
