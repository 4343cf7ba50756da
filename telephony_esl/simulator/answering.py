"""From a behaviour to what the network needs: how long it rings, how that ends, and who then lives on the line."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from telephony_esl.simulator.audio import Frames
from telephony_esl.simulator.behaviour import Behaviour, Echo, Failure, OperatorPhone, Person, Refusal, Voicemail
from telephony_esl.simulator.callee import Callee
from telephony_esl.simulator.machines import EchoOnPhone, OperatorOnPhone, VoicemailOnPhone
from telephony_esl.simulator.person import PersonOnPhone


@dataclass(frozen=True, slots=True)
class Ringing:
    """What is heard of the far telephone before it is taken, or is not (`failure`)."""

    after_ring_s: float
    failure: Failure | None = None
    early_media_s: float | None = None


def ringing(behaviour: Behaviour) -> Ringing:
    """How a call to this callee rings and whether it is taken."""
    match behaviour:
        case Refusal(failure, after_ring_s):
            return Ringing(after_ring_s, failure)
        case OperatorPhone(refuses=True):
            return Ringing(behaviour.answers_after_s, Failure.REJECTS)
        case OperatorPhone(rings_out=True):
            return Ringing(behaviour.answers_after_s, Failure.NO_ANSWER)
        case OperatorPhone():
            return Ringing(behaviour.answers_after_s)
        case Echo(after_ring_s):
            return Ringing(after_ring_s)
        case Person() | Voicemail():
            return Ringing(behaviour.after_ring_s, None, behaviour.early_media_s)


def answering(behaviour: Behaviour, rng: Random, noise: Frames) -> Callee:
    """Who takes the call; only for behaviours that do."""
    match behaviour:
        case Person():
            return PersonOnPhone(behaviour, rng, noise)
        case Voicemail():
            return VoicemailOnPhone(behaviour, noise)
        case OperatorPhone():
            return OperatorOnPhone(behaviour, noise)
        case Echo():
            return EchoOnPhone()
        case Refusal():
            raise ValueError("a refused call has nobody on the line")


def kind(behaviour: Behaviour) -> str:
    """One word for the log of calls: person, voicemail, operator, or the failure."""
    match behaviour:
        case Refusal(failure):
            return failure.value
        case Person():
            return "person"
        case Voicemail():
            return "voicemail"
        case OperatorPhone():
            return "operator"
        case Echo():
            return "echo"


def sounds_of(behaviour: Behaviour) -> tuple[str, ...]:
    """All texts and WAV paths that this callee may say."""
    match behaviour:
        case Person():
            answers = (*behaviour.answers, *((behaviour.first,) if behaviour.first is not None else ()))
            said = (behaviour.greeting, *(say for answer in answers for say in (answer.say, answer.backchannel)))
            return tuple(say for say in said if say is not None)
        case Voicemail() | OperatorPhone():
            return (behaviour.greeting,)
        case Echo() | Refusal():
            return ()
