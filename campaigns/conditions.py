"""The conditions under which a campaign runs, each told once (SPEC R2.3).

What the status shows, what forbids dialling and what explains it are all read from this table. Its order is that of
the status: what somebody did goes before what the calendar says. Days are those of the schedule's zone, and the last
one is dialled to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from campaigns.breaker import told
from campaigns.campaign import Campaign, LocalTime
from campaigns.cause import Cause, CauseKind
from campaigns.schedule import is_open, next_opening, start_of_day

DAY = timedelta(days=1)


def own_causes(campaign: Campaign, now: datetime) -> tuple[Cause, ...]:
    """What the campaign's own settings and the calendar forbid at the instant `now`; empty where it runs."""
    return tuple(cause for check in CONDITIONS if (cause := check(campaign, now)) is not None)


def begins(campaign: Campaign) -> datetime | None:
    """The first instant of its first day; None if it has none."""
    return None if campaign.starts_on is None else start_of_day(campaign.schedule, campaign.starts_on)


def ends(campaign: Campaign) -> datetime | None:
    """The instant at which its last day is over; None if it has none."""
    return None if campaign.ends_on is None else start_of_day(campaign.schedule, campaign.ends_on + DAY)


def goes_by_its_own_clock(campaign: Campaign) -> bool:
    """Whether the schedule holds on the campaign's clock too, and not on the contacts' alone (SPEC R4.2)."""
    return campaign.local_time is not LocalTime.CONTACTS_ONLY


def lacks_operators(campaign: Campaign, dialling: int) -> bool:
    """Whether it needs operators and none of its own is in a dialling status."""
    return campaign.needs_operators and dialling <= 0


def _finished(campaign: Campaign, _: datetime) -> Cause | None:
    return Cause(CauseKind.FINISHED) if campaign.finished else None


def _ended(campaign: Campaign, now: datetime) -> Cause | None:
    end = ends(campaign)
    if end is None or campaign.ends_on is None or now < end:
        return None
    return Cause(CauseKind.ENDED, detail={"last_day": campaign.ends_on.isoformat(), "zone": campaign.schedule.zone})


def _error(campaign: Campaign, _: datetime) -> Cause | None:
    return None if campaign.error is None else Cause(CauseKind.ERROR, detail={"error": campaign.error})


def _processing(campaign: Campaign, _: datetime) -> Cause | None:
    return Cause(CauseKind.PROCESSING) if campaign.processing else None


def _paused(campaign: Campaign, _: datetime) -> Cause | None:
    return None if campaign.switched_on else Cause(CauseKind.PAUSED)


def _breaker(campaign: Campaign, _: datetime) -> Cause | None:
    why = campaign.breaker_open
    return None if why is None else Cause(CauseKind.BREAKER_OPEN, detail=told(why))


def _not_started(campaign: Campaign, now: datetime) -> Cause | None:
    start = begins(campaign)
    if start is None or campaign.starts_on is None or start <= now:
        return None
    detail = {"first_day": campaign.starts_on.isoformat(), "zone": campaign.schedule.zone}
    return Cause(CauseKind.NOT_STARTED_YET, start, detail)


def _closed(campaign: Campaign, now: datetime) -> Cause | None:
    schedule = campaign.schedule
    if not goes_by_its_own_clock(campaign) or is_open(schedule, now):
        return None
    return Cause(CauseKind.SCHEDULE_CLOSED, next_opening(schedule, now), {"zone": schedule.zone})


CONDITIONS: Final[tuple[Callable[[Campaign, datetime], Cause | None], ...]] = (
    _finished,
    _ended,
    _error,
    _processing,
    _paused,
    _breaker,
    _not_started,
    _closed,
)
