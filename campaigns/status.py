"""Where a campaign stands, whether it may dial now, and when time alone changes that (SPEC R2.3, R2.5).

The status is read from the table of conditions: the first that does not hold says it. After its last day a campaign
is finished like one that somebody finished. One whose circuit breaker opened is paused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from campaigns.campaign import Campaign, CampaignStatus
from campaigns.cause import CauseKind
from campaigns.conditions import begins, ends, goes_by_its_own_clock, lacks_operators, own_causes
from campaigns.schedule import next_closing, next_opening

STATUS_OF: Final[Mapping[CauseKind, CampaignStatus]] = MappingProxyType(
    {
        CauseKind.FINISHED: CampaignStatus.FINISHED,
        CauseKind.ENDED: CampaignStatus.FINISHED,
        CauseKind.ERROR: CampaignStatus.ERROR,
        CauseKind.PROCESSING: CampaignStatus.PROCESSING,
        CauseKind.PAUSED: CampaignStatus.PAUSED,
        CauseKind.BREAKER_OPEN: CampaignStatus.PAUSED,
        CauseKind.NOT_STARTED_YET: CampaignStatus.SCHEDULED,
        CauseKind.SCHEDULE_CLOSED: CampaignStatus.SCHEDULED,
    }
)


def status_of(campaign: Campaign, now: datetime, *, operators_dialling: int | None = None) -> CampaignStatus:
    """The one status of `campaign` at the instant `now`.

    `operators_dialling` is how many of its operators are in a dialling status; None where that is not asked.
    """
    if found := own_causes(campaign, now):
        return STATUS_OF[found[0].kind]
    if operators_dialling is not None and lacks_operators(campaign, operators_dialling):
        return CampaignStatus.SCHEDULED
    return CampaignStatus.RUNNING


def may_dial(campaign: Campaign, now: datetime) -> bool:
    """Whether a call may be placed at the instant `now`, as far as its settings and the calendar tell."""
    return not own_causes(campaign, now)


def next_change(campaign: Campaign, now: datetime) -> datetime | None:
    """The first instant after `now`, in UTC, at which the status changes by itself; None if it never does."""
    now = now.astimezone(UTC)
    own_clock = goes_by_its_own_clock(campaign)
    changes = [ends(campaign)]
    match status_of(campaign, now):
        case CampaignStatus.FINISHED:
            return None
        case CampaignStatus.RUNNING if own_clock:
            changes.append(next_closing(campaign.schedule, now))
        case CampaignStatus.SCHEDULED:
            begun = max(now, begins(campaign) or now)
            changes.append(next_opening(campaign.schedule, begun) if own_clock else begun)
    return min((change for change in changes if change is not None), default=None)


def finishes_at(
    campaign: Campaign, *, created_at: datetime, called_at: datetime | None, added_at: datetime | None
) -> datetime | None:
    """When it finishes by itself if no call and no new lead comes before (R2.5); None if it never does, or has.

    The time runs from the last call or the last lead that was added, and not before its first day.
    """
    if campaign.finished or campaign.auto_finish_days <= 0:
        return None
    known = [instant for instant in (created_at, called_at, added_at, begins(campaign)) if instant is not None]
    return max(instant.astimezone(UTC) for instant in known) + timedelta(days=campaign.auto_finish_days)
