"""In which bucket a lead is (SPEC R2.7): the four of them partition all leads of a campaign."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from campaigns.leads import Bucket


class LeadState(StrEnum):
    """What the queue knows of a lead; the values are stored."""

    WAITING = "waiting"
    DIALLING = "dialling"
    REACHED = "reached"
    FAILED = "failed"


def bucket(state: LeadState | str, attempts: int) -> Bucket:
    """The one bucket of a lead with `attempts` ended calls; a call in progress does not count yet."""
    match LeadState(state):
        case LeadState.REACHED:
            return Bucket.REACHED
        case LeadState.FAILED:
            return Bucket.FAILED
        case LeadState.WAITING | LeadState.DIALLING:
            return Bucket.WILL_CALL_AGAIN if attempts > 0 else Bucket.NOT_CALLED
        case never:
            assert_never(never)
