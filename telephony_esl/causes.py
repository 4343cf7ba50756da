"""What a hang-up cause means for a leg that was never answered (SPEC R5).

FreeSWITCH maps SIP answers to Q.850 causes, and a carrier's Reason header wins over its status, so the cause decides.
Only where FreeSWITCH folds different things into one cause does the SIP status tell them apart: a 401 or 407 is our
own wrong password and a 402 or 403 the carrier's refusal, though all of them come as the callee's CALL_REJECTED.
A cause that is not in the table goes by its SIP status, else it is an unknown error.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from core.results import CallResult

BY_CAUSE: Final = MappingProxyType(
    {
        "USER_BUSY": CallResult.BUSY,
        "BUSY_EVERYWHERE": CallResult.BUSY,
        "CALL_REJECTED": CallResult.REJECTED,
        "DECLINE": CallResult.REJECTED,
        "UNWANTED": CallResult.REJECTED,
        "REJECT_ALL": CallResult.REJECTED,
        "UNALLOCATED_NUMBER": CallResult.NONEXISTENT_NUMBER,
        "INVALID_NUMBER_FORMAT": CallResult.NONEXISTENT_NUMBER,
        "NUMBER_CHANGED": CallResult.NONEXISTENT_NUMBER,
        "DOES_NOT_EXIST_ANYWHERE": CallResult.NONEXISTENT_NUMBER,
        "NO_ANSWER": CallResult.NO_ANSWER,
        "NO_USER_RESPONSE": CallResult.NO_ANSWER,
        "SUBSCRIBER_ABSENT": CallResult.NO_ANSWER,
        "USER_NOT_REGISTERED": CallResult.NO_ANSWER,
        "ORIGINATOR_CANCEL": CallResult.NO_ANSWER,
        "NORMAL_CLEARING": CallResult.NO_ANSWER,
        "ALLOTTED_TIMEOUT": CallResult.NO_ANSWER,
        "NO_PICKUP": CallResult.NO_ANSWER,
        "PROGRESS_TIMEOUT": CallResult.NO_ANSWER,
        "NO_ROUTE_TRANSIT_NET": CallResult.UNKNOWN_ERROR,
        "NO_ROUTE_DESTINATION": CallResult.UNKNOWN_ERROR,
        "EXCHANGE_ROUTING_ERROR": CallResult.UNKNOWN_ERROR,
        "DESTINATION_OUT_OF_ORDER": CallResult.UNKNOWN_ERROR,
        "FACILITY_REJECTED": CallResult.UNKNOWN_ERROR,
        "NORMAL_UNSPECIFIED": CallResult.UNKNOWN_ERROR,
        "NORMAL_CIRCUIT_CONGESTION": CallResult.UNKNOWN_ERROR,
        "NETWORK_OUT_OF_ORDER": CallResult.UNKNOWN_ERROR,
        "NORMAL_TEMPORARY_FAILURE": CallResult.UNKNOWN_ERROR,
        "SWITCH_CONGESTION": CallResult.UNKNOWN_ERROR,
        "REQUESTED_CHAN_UNAVAIL": CallResult.UNKNOWN_ERROR,
        "OUTGOING_CALL_BARRED": CallResult.UNKNOWN_ERROR,
        "INCOMING_CALL_BARRED": CallResult.UNKNOWN_ERROR,
        "SERVICE_UNAVAILABLE": CallResult.UNKNOWN_ERROR,
        "BEARERCAPABILITY_NOTAVAIL": CallResult.UNKNOWN_ERROR,
        "INCOMPATIBLE_DESTINATION": CallResult.UNKNOWN_ERROR,
        "RECOVERY_ON_TIMER_EXPIRE": CallResult.UNKNOWN_ERROR,
        "MEDIA_TIMEOUT": CallResult.UNKNOWN_ERROR,
        "GATEWAY_DOWN": CallResult.UNKNOWN_ERROR,
        "INTERWORKING": CallResult.UNKNOWN_ERROR,
        "CHAN_NOT_IMPLEMENTED": CallResult.SYSTEM_ERROR,
        "INVALID_GATEWAY": CallResult.SYSTEM_ERROR,
        "INVALID_PROFILE": CallResult.SYSTEM_ERROR,
        "INVALID_URL": CallResult.SYSTEM_ERROR,
        "CRASH": CallResult.SYSTEM_ERROR,
        "SYSTEM_SHUTDOWN": CallResult.SYSTEM_ERROR,
        "MANAGER_REQUEST": CallResult.SYSTEM_ERROR,
        # our own words, where the switch has none
        "CONNECTION_LOST": CallResult.SYSTEM_ERROR,
        "AUDIO_FAILED": CallResult.SYSTEM_ERROR,
        "EVENTS_OVERFLOW": CallResult.SYSTEM_ERROR,
        "ORIGINATE_REFUSED": CallResult.SYSTEM_ERROR,
        "NO_END": CallResult.UNKNOWN_ERROR,
    }
)

BY_CAUSE_AND_STATUS: Final = MappingProxyType(
    {
        ("CALL_REJECTED", 401): CallResult.SYSTEM_ERROR,
        ("CALL_REJECTED", 407): CallResult.SYSTEM_ERROR,
        ("CALL_REJECTED", 402): CallResult.UNKNOWN_ERROR,
        ("CALL_REJECTED", 403): CallResult.UNKNOWN_ERROR,
        ("NO_ROUTE_DESTINATION", 604): CallResult.NONEXISTENT_NUMBER,
    }
)

BY_STATUS: Final = MappingProxyType(
    {
        404: CallResult.NONEXISTENT_NUMBER,
        410: CallResult.NONEXISTENT_NUMBER,
        480: CallResult.NO_ANSWER,
        484: CallResult.NONEXISTENT_NUMBER,
        486: CallResult.BUSY,
        487: CallResult.NO_ANSWER,
        600: CallResult.BUSY,
        603: CallResult.REJECTED,
        604: CallResult.NONEXISTENT_NUMBER,
        607: CallResult.REJECTED,
        608: CallResult.REJECTED,
    }
)


def result_of(cause: str, sip_status: int | None = None, *, rang: bool = False) -> CallResult:
    """The result of a leg that ended unanswered by `cause`; `rang` says that the far telephone was heard to ring.

    A timer that ran out (SIP 408) after ringing is a person who did not answer; without it, a carrier that is silent.
    """
    if sip_status is not None and (cause, sip_status) in BY_CAUSE_AND_STATUS:
        return BY_CAUSE_AND_STATUS[cause, sip_status]
    if cause == "RECOVERY_ON_TIMER_EXPIRE" and rang:
        return CallResult.NO_ANSWER
    if cause in BY_CAUSE:
        return BY_CAUSE[cause]
    return BY_STATUS.get(sip_status or 0, CallResult.UNKNOWN_ERROR)
