"""A whole pretend telephone network behind the wire of a stock FreeSWITCH: event socket over TCP, unicast over UDP."""

from telephony_esl.simulator.behaviour import (
    Answer,
    Behaviour,
    Echo,
    Failure,
    OperatorPhone,
    Person,
    Refusal,
    Then,
    Voicemail,
)
from telephony_esl.simulator.callee import Deed, DeedKind
from telephony_esl.simulator.cast import Cast
from telephony_esl.simulator.network import Pace, SimulatedNetwork
from telephony_esl.simulator.placed import EndedBy, SimulatedCall

__all__ = [
    "Answer",
    "Behaviour",
    "Cast",
    "Deed",
    "DeedKind",
    "Echo",
    "EndedBy",
    "Failure",
    "OperatorPhone",
    "Pace",
    "Person",
    "Refusal",
    "SimulatedCall",
    "SimulatedNetwork",
    "Then",
    "Voicemail",
]
