"""When a campaign stops itself because calls fail on our side or on the carrier's (SPEC R2.13)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from core.results import CallResult

LOOKS_BACK: Final = timedelta(minutes=2)
FEWEST_CALLS: Final = 20
FAILURES: Final = frozenset({CallResult.SYSTEM_ERROR, CallResult.UNKNOWN_ERROR})
_REASON: Final = re.compile(r"([a-z_]+):([0-9]+)/([0-9]+)", re.ASCII)


def tripped(
    results: Sequence[tuple[datetime, CallResult]], now: datetime, *, since: datetime | None = None
) -> str | None:
    """Why it must stop at the instant `now`, or None: more than half of the last two minutes' calls failed.

    `results` are the ends of calls in any order; those not after `since`, when somebody switched the campaign on,
    are forgiven. A number on the blacklist was no call. The reason reads "system_error:15/22": the commonest failure,
    how many calls failed, of how many.
    """
    begin = now - LOOKS_BACK if since is None else max(now - LOOKS_BACK, since)
    recent = [result for at, result in results if begin < at <= now and result is not CallResult.BLACKLISTED]
    failed = Counter(result for result in recent if result in FAILURES)
    if len(recent) < FEWEST_CALLS or 2 * failed.total() <= len(recent):
        return None
    commonest = min(failed, key=lambda result: (-failed[result], result))
    return f"{commonest}:{failed.total()}/{len(recent)}"


def told(reason: str) -> Mapping[str, str]:
    """The reason of `tripped` in parts for people: `result`, `failed`, `calls`; any other text as `reason`."""
    match = _REASON.fullmatch(reason)
    if match is None:
        return {"reason": reason}
    return dict(zip(("result", "failed", "calls"), match.groups(), strict=True))
