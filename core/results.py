"""The system results of a call (SPEC R5): every attempt ends with exactly one of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class CallResult(StrEnum):
    """What came of one attempt; the values are stored and shown by the API."""

    # not placed
    BLACKLISTED = "blacklisted"
    SYSTEM_ERROR = "system_error"
    UNKNOWN_ERROR = "unknown_error"
    # placed
    LOST = "lost"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    REJECTED_BY_OPERATOR = "rejected_by_operator"
    ANSWERING_MACHINE = "answering_machine"
    NONEXISTENT_NUMBER = "nonexistent_number"
    FAX = "fax"
    # the robot spoke with somebody
    COMPLETED = "completed"
    HUNG_UP_EARLY = "hung_up_early"
    TRANSFERRED = "transferred"
    TRANSFER_FAILED = "transfer_failed"
    NO_INPUT = "no_input"
    CALLBACK_REQUESTED = "callback_requested"


NOT_PLACED: Final = frozenset({CallResult.BLACKLISTED, CallResult.SYSTEM_ERROR, CallResult.UNKNOWN_ERROR})
REACHED: Final = frozenset({CallResult.COMPLETED, CallResult.TRANSFERRED})
RETRIED: Final = frozenset(CallResult) - REACHED - {CallResult.BLACKLISTED, CallResult.NONEXISTENT_NUMBER}
