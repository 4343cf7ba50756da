"""How a call's end is reported: causes with their numbers, who hung up, and the variables that tell of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from telephony_esl.simulator.behaviour import REFUSED, Failure
from telephony_esl.simulator.events import Fields, micros
from telephony_esl.simulator.placed import EndedBy

NORMAL_CLEARING: Final = 16
Q850: Final = {"NO_ANSWER": 19, "NO_ROUTE_DESTINATION": 3, **{each.cause: each.q850 for each in REFUSED.values()}}
"""The causes that Q.850 knows; the switch's own ones (timeouts, ORIGINATOR_CANCEL) are reported as normal clearing."""


def refusal_variables(failure: Failure) -> Fields:
    """What the switch notes of a carrier's refusal; a redirect that is not followed it cancels itself."""
    if failure is Failure.REDIRECTS:
        return {"sip_hangup_disposition": "send_cancel"}
    refused = REFUSED[failure]
    return {
        "sip_hangup_disposition": "recv_refuse",
        "sip_term_status": str(refused.sip_status),
        "proto_specific_hangup_cause": f"sip:{refused.sip_status}",
        "sip_term_cause": str(refused.q850),
        "sip_hangup_phrase": refused.phrase,
    }


def hangup_variables(by: EndedBy, *, answered: bool) -> Fields:
    """What the switch notes when a call is hung up; the callee's goodbye carries status 200, which is no refusal."""
    if not answered:
        return {"sip_hangup_disposition": "send_cancel"}
    if by is not EndedBy.CALLEE:
        return {"sip_hangup_disposition": "send_bye"}
    return {
        "sip_hangup_disposition": "recv_bye",
        "sip_term_status": "200",
        "proto_specific_hangup_cause": "sip:200",
        "sip_term_cause": "16",
    }


def final_variables(cause: str, *, created: datetime, answered: datetime | None, hung_up: datetime) -> Fields:
    """The cause and the times that CHANNEL_HANGUP_COMPLETE carries; times never answered are 0."""
    duration_ms = round((hung_up - created).total_seconds() * 1000)
    bill_ms = 0 if answered is None else round((hung_up - answered).total_seconds() * 1000)
    return {
        "hangup_cause": cause,
        "hangup_cause_q850": str(Q850.get(cause, NORMAL_CLEARING)),
        "start_epoch": str(int(created.timestamp())),
        "start_uepoch": micros(created),
        "answer_epoch": "0" if answered is None else str(int(answered.timestamp())),
        "answer_uepoch": "0" if answered is None else micros(answered),
        "end_epoch": str(int(hung_up.timestamp())),
        "end_uepoch": micros(hung_up),
        "duration": str(duration_ms // 1000),
        "billsec": str(bill_ms // 1000),
        "mduration": str(duration_ms),
        "billmsec": str(bill_ms),
    }
