"""Where a campaign stands, whether it may dial now, and when time alone changes that (SPEC R2.3).

Its last day is dialled to the end; after it the campaign is finished like one that somebody finished. Days are
those of the schedule's zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from campaigns.campaign import Campaign, CampaignStatus
from campaigns.schedule import is_open, next_closing, next_opening, start_of_day

DAY = timedelta(days=1)


def status_of(campaign: Campaign, now: datetime) -> CampaignStatus:
    """The one status of `campaign` at the instant `now`; what somebody did goes before what the calendar says."""
    ends = _ends(campaign)
    if campaign.finished or (ends is not None and now >= ends):
        return CampaignStatus.FINISHED
    if campaign.error is not None:
        return CampaignStatus.ERROR
    if campaign.processing:
        return CampaignStatus.PROCESSING
    if not campaign.switched_on:
        return CampaignStatus.PAUSED
    begins = _begins(campaign)
    if (begins is not None and now < begins) or not is_open(campaign.schedule, now):
        return CampaignStatus.SCHEDULED
    return CampaignStatus.RUNNING


def may_dial(campaign: Campaign, now: datetime) -> bool:
    """Whether a call may be placed at the instant `now`: every condition of running holds."""
    begins, ends = _begins(campaign), _ends(campaign)
    return (
        campaign.switched_on
        and not campaign.finished
        and not campaign.processing
        and campaign.error is None
        and (begins is None or begins <= now)
        and (ends is None or now < ends)
        and is_open(campaign.schedule, now)
    )


def next_change(campaign: Campaign, now: datetime) -> datetime | None:
    """The first instant after `now`, in UTC, at which the status changes by itself; None if it never does."""
    now = now.astimezone(UTC)
    ends = _ends(campaign)
    match status_of(campaign, now):
        case CampaignStatus.FINISHED:
            return None
        case CampaignStatus.RUNNING:
            changes = [next_closing(campaign.schedule, now), ends]
        case CampaignStatus.SCHEDULED:
            begins = _begins(campaign)
            changes = [next_opening(campaign.schedule, now if begins is None else max(now, begins)), ends]
        case _:
            changes = [ends]
    return min((change for change in changes if change is not None), default=None)


def _begins(campaign: Campaign) -> datetime | None:
    return None if campaign.starts_on is None else start_of_day(campaign.schedule, campaign.starts_on)


def _ends(campaign: Campaign) -> datetime | None:
    """The instant at which the campaign's last day is over."""
    return None if campaign.ends_on is None else start_of_day(campaign.schedule, campaign.ends_on + DAY)
