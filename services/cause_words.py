"""What keeps a call from being placed, as an English sentence with the instant at which that ends (SPEC R2.11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from campaigns.cause import Cause, CauseKind

_WORDS: Final[Mapping[CauseKind, str]] = {
    CauseKind.FINISHED: "The campaign is finished",
    CauseKind.ENDED: "The campaign's last day was {last_day}",
    CauseKind.ERROR: "The campaign stopped with an error: {error}",
    CauseKind.PROCESSING: "The campaign is being prepared",
    CauseKind.PAUSED: "The campaign is switched off",
    CauseKind.BREAKER_OPEN: "Too many calls failed, so the campaign paused itself{failures}",
    CauseKind.NOT_STARTED_YET: "The campaign begins on {first_day}",
    CauseKind.SCHEDULE_CLOSED: "The schedule is closed now ({zone})",
    CauseKind.NO_OPERATORS: "No operator of the campaign is in a dialling status (it has {operators})",
    CauseKind.SCENARIO_MISSING: "The scenario is deleted or not published",
    CauseKind.CALLER_NUMBER_EXPIRED: "The confirmation of the caller number {number} expired at {expired_at}",
    CauseKind.CALLER_NUMBER_UNVERIFIED: "The caller number {number} is not verified",
    CauseKind.BUDGET_SPENT: "The budget of {budget} is spent ({spent})",
    CauseKind.NO_LEADS: "No lead is left to be called (of {leads}; {dialling} are being called)",
    CauseKind.LEADS_DELETED: "All leads were deleted ({deleted})",
    CauseKind.ONLY_LATER: "Only retries and callbacks remain ({waiting})",
    CauseKind.LOCAL_TIME: "The local time of the contact allows no call now ({zones})",
    CauseKind.HIGHER_PRIORITY: "Campaigns of a higher priority go first: {campaigns}",
    CauseKind.NO_FREE_LINE: "No line of the {of} is free{which}",
    CauseKind.DELETED: "The lead was deleted",
    CauseKind.LEAD_REACHED: "The contact was reached",
    CauseKind.LEAD_FAILED: "All attempts are used up",
    CauseKind.LEAD_DIALLING: "The contact is being called right now",
    CauseKind.WAITS: "The lead waits for its {awaited}",
    CauseKind.BLACKLISTED: "The number is on a blacklist",
    CauseKind.PHONE_EXHAUSTED: "The attempts of this number are used up",
    CauseKind.OTHER_PHONE_FIRST: "Another number of the contact is called first{which}",
    CauseKind.NO_CONSENT: "The company's rules want a consent on record and there is none",
    CauseKind.COMPLIANCE_DAY: "This number had as many calls today as the company's rules allow",
    CauseKind.COMPLIANCE_WEEK: "This number had as many calls this week as the company's rules allow",
    CauseKind.COMPLIANCE_MONTH: "This number had as many calls this month as the company's rules allow",
    CauseKind.COMPLIANCE_GAP: "The company's rules want a longer gap between calls to this number",
    CauseKind.QUIET_HOURS: "It is outside the hours in which the company's rules allow calls",
    CauseKind.HOLIDAY: "It is a holiday on which the company's rules allow no calls",
}
_AWAITED: Final = {"callback": "callback", "first_call": "first call", "retry": "next attempt"}


def sentence(cause: Cause, zone: str) -> str:
    """The cause in a sentence; the instant is told on the clock of `zone`."""
    detail: defaultdict[str, str] = defaultdict(lambda: "?", {**cause.detail, **_made(cause.detail)})
    words = _WORDS[cause.kind].format_map(detail)
    return words + (f", until {local(cause.until, zone)}." if cause.until is not None else ".")


def local(instant: datetime, zone: str) -> str:
    """The instant on the clock of `zone`, with the zone's name."""
    return f"{instant.astimezone(ZoneInfo(zone)):%a %d %b %Y, %H:%M} ({zone})"


def _made(detail: Mapping[str, str]) -> dict[str, str]:
    """Parts of sentences that stand there or do not."""
    made = {"which": "", "failures": ""}
    if "trunk" in detail:
        made["which"] = f" ({detail['trunk']})"
    elif "lines" in detail:
        made["which"] = f" (it has {detail['lines']})"
    elif "phone" in detail:
        made["which"] = f" (number {detail['phone']})"
    if "failed" in detail:
        made["failures"] = f": {detail['failed']} of the last {detail.get('calls', '?')} ({detail.get('result', '?')})"
    elif "reason" in detail:
        made["failures"] = f": {detail['reason']}"
    made["awaited"] = _AWAITED.get(detail.get("for", ""), "next call")
    return made
