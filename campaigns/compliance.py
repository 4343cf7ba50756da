"""Whether a phone may be called under the rules of the company's country, and since when if not (SPEC R3.7).

The rules hold for a phone over all campaigns of the company. Each is held against the call by itself: it says whether
it forbids it, until when, and with what counters it came to that; all of them together are the proof that is kept with
an attempt. A rule forbids every instant up to its end, so the first instant at which none forbids is found by going
from end to end.

Days, weeks (from Monday) and months are calendar ones on the callee's clock. A call counts in the period in which it
began, one that goes on already counts, one that was not placed does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from campaigns.calling_hours import CallingHours
from campaigns.campaign import Period
from campaigns.cause import Cause, CauseKind
from campaigns.schedule import day_start, local_time
from core.results import NOT_PLACED, CallResult

DAY: Final = timedelta(days=1)
LONGEST_CALL: Final = timedelta(hours=1)
"""A call that goes on is taken to end so long after its beginning: no leg lives longer."""
LOOK_BACK_SPARE: Final = DAY
NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Compliance:
    """What a company's calls keep to, over all its campaigns; a rule that is None holds nobody.

    `per_day`, `per_week` and `per_month` count the calls to one phone in the calendar day, week (from Monday) and month
    of the callee's zone. `gap` and `gap_after_lost` run from the end of a call. `hours` are the only ones in which the
    callee may be called, by the callee's weekday (0 = Monday); on `holidays` those of `holiday_hours` hold instead, if
    given; where they are empty, nobody is called on a holiday. `zone` is the clock of callees whose zone nobody knows.
    A telephone rings for at least `least_ring`. Of the calls that people answered within `lost_window` a campaign may
    lose the share `lost_limit`, and who is lost hears a message within `message_within`.
    """

    preset: str = "none"
    zone: str = "Europe/Moscow"
    per_day: int | None = None
    per_week: int | None = None
    per_month: int | None = None
    gap: timedelta | None = None
    gap_after_lost: timedelta | None = None
    hours: Mapping[int, tuple[Period, ...]] | None = None
    holidays: frozenset[date] = frozenset()
    holiday_hours: tuple[Period, ...] | None = None
    least_ring: timedelta | None = None
    message_within: timedelta | None = None
    consent_required: bool = False
    label_required: bool = False
    longest_label: int | None = None
    call_label: str | None = None
    lost_limit: float | None = None
    lost_window: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """A call to a phone by any campaign of the company; without an end and a result it is still going on."""

    started_at: datetime
    ended_at: datetime | None = None
    result: CallResult | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """The phone may be called; `proof` is plain JSON: which rules were checked, with which counters (R3.7)."""

    proof: Mapping[str, object] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The phone may not be called: why, and from which instant (UTC) on it may, or None if not by itself."""

    cause: CauseKind
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Check:
    """One rule held against one call: whether and until when it forbids it, and the counters that say so."""

    rule: str
    kind: CauseKind
    broken: bool
    until: datetime | None
    counters: Mapping[str, object] = field(hash=False)


def may_call(
    history: Sequence[PhoneCall], zone: str | None, rules: Compliance, now: datetime, *, consent: bool = False
) -> Allowed | Forbidden:
    """Whether a phone with these calls (in any order) may be called at the instant `now`.

    `zone` is the callee's; `consent` is whether the callee's is on record. `until` is the first instant at which no
    rule forbids the call; the cause is the rule that forbids it longest now.
    """
    found = checks(history, zone, rules, now, consent=consent)
    broken = [check for check in found if check.broken]
    if not broken:
        return Allowed(_proof(found, zone or rules.zone, rules, now))
    worst = max(broken, key=_end)
    until = worst.until
    while until is not None:
        ends = [_end(check) for check in checks(history, zone, rules, until, consent=consent) if check.broken]
        if not ends:
            return Forbidden(worst.kind, until)
        until = None if max(ends) == NEVER else max(ends)
    return Forbidden(worst.kind, None)


def compliance_causes(
    history: Sequence[PhoneCall], zone: str | None, rules: Compliance, now: datetime, *, consent: bool = False
) -> tuple[Cause, ...]:
    """Every rule that forbids the call at the instant `now`, each with the instant at which it alone would allow it."""
    return tuple(
        Cause(check.kind, check.until, _detail(check))
        for check in checks(history, zone, rules, now, consent=consent)
        if check.broken
    )


def checks(
    history: Sequence[PhoneCall], zone: str | None, rules: Compliance, now: datetime, *, consent: bool = False
) -> tuple[Check, ...]:
    """Each rule of `rules` that is one, held against a call at the instant `now`."""
    zone, now = zone or rules.zone, now.astimezone(UTC)
    placed = [call for call in history if call.result not in NOT_PLACED]
    found: list[Check] = []
    if rules.consent_required:
        found.append(Check("consent", CauseKind.NO_CONSENT, not consent, None, {"on_record": consent}))
    for rule, kind, most in (
        ("per_day", CauseKind.COMPLIANCE_DAY, rules.per_day),
        ("per_week", CauseKind.COMPLIANCE_WEEK, rules.per_week),
        ("per_month", CauseKind.COMPLIANCE_MONTH, rules.per_month),
    ):
        if most is not None:
            found.append(_cap(rule, kind, most, placed, zone, now))
    if rules.gap is not None:
        found.append(_rest("gap", rules.gap, placed, now))
    if rules.gap_after_lost is not None:
        lost = [call for call in placed if call.result is CallResult.LOST]
        found.append(_rest("gap_after_lost", rules.gap_after_lost, lost, now))
    if rules.hours is not None or rules.holiday_hours is not None:
        found.append(_hours(rules, zone, now))
    return tuple(found)


def looks_back(rules: Compliance) -> timedelta:
    """How old a call's beginning may be and still matter to these rules; nothing where no rule looks at calls."""
    reach = [
        *(DAY for most in (rules.per_day,) if most is not None),
        *(7 * DAY for most in (rules.per_week,) if most is not None),
        *(31 * DAY for most in (rules.per_month,) if most is not None),
        *(gap + LONGEST_CALL for gap in (rules.gap, rules.gap_after_lost) if gap is not None),
    ]
    return max(reach) + LOOK_BACK_SPARE if reach else timedelta()


def ring_timeout(wanted: timedelta, rules: Compliance) -> timedelta:
    """How long a telephone rings: as the campaign wants, but never less than the rules do."""
    return wanted if rules.least_ring is None else max(wanted, rules.least_ring)


def may_lose(rules: Compliance, *, answered: int, lost: int) -> bool:
    """Whether a campaign with so many calls that people answered within `lost_window`, `lost` of them, may risk one."""
    return rules.lost_limit is None or lost + 1 <= rules.lost_limit * (answered + 1)


def _end(check: Check) -> datetime:
    return NEVER if check.until is None else check.until


def _detail(check: Check) -> dict[str, str]:
    return {"rule": check.rule, **{name: str(value) for name, value in check.counters.items() if value is not None}}


def _cap(rule: str, kind: CauseKind, most: int, placed: Sequence[PhoneCall], zone: str, now: datetime) -> Check:
    """At most so many calls in the calendar period of `now`."""
    first, after = _period(kind, local_time(zone, now).date())
    begin, end = day_start(zone, first), day_start(zone, after)
    calls = sum(1 for call in placed if begin <= call.started_at < end)
    counters = {"most": most, "calls": calls, "since": begin.isoformat()}
    return Check(rule, kind, calls >= most, end, counters)


def _period(kind: CauseKind, day: date) -> tuple[date, date]:
    """The first day of the day, week or month of `day`, and the first one after it."""
    match kind:
        case CauseKind.COMPLIANCE_WEEK:
            monday = day - DAY * day.weekday()
            return monday, monday + 7 * DAY
        case CauseKind.COMPLIANCE_MONTH:
            first = day.replace(day=1)
            return first, (first + 31 * DAY).replace(day=1)
        case _:
            return day, day + DAY


def _rest(rule: str, least: timedelta, calls: Sequence[PhoneCall], now: datetime) -> Check:
    """At least so much time since the end of each of these calls."""
    last = max((_ended_at(call) for call in calls), default=None)
    until = None if last is None else last + least
    counters = {"least_s": int(least.total_seconds()), "last_call_ended_at": None if last is None else last.isoformat()}
    return Check(rule, CauseKind.COMPLIANCE_GAP, until is not None and now < until, until, counters)


def _ended_at(call: PhoneCall) -> datetime:
    return (call.started_at + LONGEST_CALL if call.ended_at is None else call.ended_at).astimezone(UTC)


def _hours(rules: Compliance, zone: str, now: datetime) -> Check:
    """Only in the callee's hours."""
    local = local_time(zone, now)
    holiday = local.date() in rules.holidays
    closed_day = holiday and rules.holiday_hours == ()
    hours = CallingHours(zone, rules.hours, rules.holidays, rules.holiday_hours)
    allowed = hours.allow(now)
    counters = {"local_time": local.isoformat(timespec="minutes"), "zone": zone, "holiday": holiday}
    kind = CauseKind.HOLIDAY if closed_day else CauseKind.QUIET_HOURS
    return Check("hours", kind, not allowed, None if allowed else hours.next_allowed(now), counters)


def _proof(found: Sequence[Check], zone: str, rules: Compliance, now: datetime) -> Mapping[str, object]:
    """What was checked, as plain JSON values."""
    proof: dict[str, object] = {
        "preset": rules.preset,
        "at": now.astimezone(UTC).isoformat(),
        "zone": zone,
        "checked": [{"rule": check.rule, **check.counters} for check in found],
    }
    if rules.least_ring is not None:
        proof["least_ring_s"] = rules.least_ring.total_seconds()
    if rules.call_label is not None:
        proof["call_label"] = rules.call_label
    return proof
