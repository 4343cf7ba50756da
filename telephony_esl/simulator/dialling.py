"""From the originate to the answer or the refusal: ringing, early media, the ring timeout.

Most refusals come without any ringing, as carriers give them. With early media there is no plain ringing before it; a
client that does not ignore it gets the call parked on it, and the answer comes later in that park.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from core.audio import FRAME_MS
from telephony_esl.simulator.answering import Ringing, answering, ringing
from telephony_esl.simulator.behaviour import REFUSED, Failure
from telephony_esl.simulator.channel import Channel, Stage, number_in
from telephony_esl.simulator.endings import refusal_variables
from telephony_esl.simulator.placed import EndedBy

RINGS_AFTER_S: Final = 0.3
RINGS_AT_MOST_S: Final = 60
SHORT_BY_S: Final = 0.9
"""The switch counts whole clock seconds: its timeouts end up to this much early."""
SILENT_REFUSALS: Final = frozenset(Failure) - {Failure.REJECTS, Failure.NO_ANSWER}


def dial(channel: Channel) -> None:
    """Begins a channel: plans how it rings and how that ends."""
    channel.fire("CHANNEL_OUTGOING")
    channel.move("CS_INIT")
    channel.fire("CHANNEL_CREATE")
    channel.fire("CHANNEL_ORIGINATE")
    channel.move("CS_ROUTING")
    channel.move("CS_CONSUME_MEDIA")
    plan = ringing(channel.behaviour)
    _plan_ringing(channel, plan)
    failure = plan.failure
    if failure is None:
        channel.timers.after(plan.after_ring_s, lambda: _answer(channel))
    elif failure is not Failure.NO_ANSWER:
        channel.timers.after(plan.after_ring_s, lambda: _refuse(channel, failure))
    limit_s = number_in(channel.variables.get("originate_timeout"), RINGS_AT_MOST_S)
    short_s = SHORT_BY_S * channel.rng.random()
    channel.timers.after(max(FRAME_MS / 1000, limit_s - short_s), lambda: _ring_out(channel))


def _plan_ringing(channel: Channel, plan: Ringing) -> None:
    if plan.early_media_s is not None and plan.early_media_s < plan.after_ring_s:
        channel.timers.after(plan.early_media_s, lambda: _early_media(channel))
    elif plan.failure not in SILENT_REFUSALS and (
        plan.failure is Failure.NO_ANSWER or plan.after_ring_s > RINGS_AFTER_S
    ):
        channel.timers.after(RINGS_AFTER_S, lambda: _progress(channel))


def _progress(channel: Channel) -> None:
    if channel.stage is Stage.RINGING:
        channel.fire("CHANNEL_PROGRESS")
        channel.turn("RINGING")


def _early_media(channel: Channel) -> None:
    if channel.stage is not Stage.RINGING:
        return
    channel.signs = replace(channel.signs, answer_state="early")
    channel.fire("CHANNEL_PROGRESS_MEDIA")
    channel.turn("EARLY")
    if channel.variables.get("ignore_early_media") != "true":
        channel.tell("+OK " + channel.order.uuid)
        channel.move("CS_EXECUTE")
        channel.application = "park"
        channel.begin_park()


def _answer(channel: Channel) -> None:
    """Takes the call: somebody lives on the line from now on, and the channel parks at the next frame."""
    if channel.stage is Stage.GONE:
        return
    channel.fire("CODEC")
    channel.fire("CODEC")
    channel.take(answering(channel.behaviour, channel.rng, channel.noise))
    channel.fire("CHANNEL_ANSWER")
    channel.turn("ACTIVE")
    channel.fire("CALL_UPDATE")
    _run_on_answer(channel, channel.variables.get("execute_on_answer", ""))
    if channel.stage is Stage.ANSWERED:
        if channel.rng.random() < 0.5:
            channel.tell("+OK " + channel.order.uuid)
        channel.timers.after(FRAME_MS / 1000, channel.park)


def _run_on_answer(channel: Channel, application: str) -> None:
    name, _, arguments = application.partition(" ")
    words = arguments.split()
    if name == "sched_hangup" and words and words[0].startswith("+"):
        channel.end_after(number_in(words[0][1:], 0), words[1] if len(words) > 1 else "NORMAL_CLEARING")


def _refuse(channel: Channel, failure: Failure) -> None:
    if channel.stage is Stage.RINGING:
        channel.variables |= refusal_variables(failure)
        channel.hang_up(REFUSED[failure].cause, by=EndedBy.NETWORK)


def _ring_out(channel: Channel) -> None:
    if channel.answered is None:
        channel.hang_up("NO_ANSWER", by=EndedBy.LIMIT)
