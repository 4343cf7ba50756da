"""Joining two channels and parting them; the switch tells of both on the leading channel only.

The audio flows at once, the event comes some frames later. When one party hangs up or is sent elsewhere, the other
learns of it a frame later; it parks if `park_after_bridge` says so, and hangs up otherwise.
"""

from __future__ import annotations

from typing import Final

from core.audio import FRAME_MS
from telephony_esl.simulator.channel import Channel, Stage
from telephony_esl.simulator.placed import EndedBy

TOLD_AFTER_S: Final = 0.04
NOTICED_AFTER_S: Final = FRAME_MS / 1000


def join(leader: Channel, led: Channel) -> None:
    """Lets two channels hear each other, whatever they were at."""
    for channel in (leader, led):
        channel.leave()
    for channel, other in ((leader, led), (led, leader)):
        channel.stage = Stage.BRIDGED
        channel.other = other
        channel.other_leg = other.order.uuid
        channel.part = _part
        channel.talked_with.append(other.order.number)
        if channel.callee is not None:
            channel.callee.put_through(to_robot=False)
        for state in ("CS_HIBERNATE", "CS_RESET", "CS_SOFT_EXECUTE"):
            channel.move(state)
        channel.fire("CHANNEL_EXECUTE", {"Application": "uuid_bridge", "Application-Data": other.order.uuid})
    leader.timers.after(TOLD_AFTER_S, lambda: _tell(leader, led))


def _tell(leader: Channel, led: Channel) -> None:
    if leader.other is led:
        led.move("CS_CONSUME_MEDIA")
        leader.bridge_headers = {
            "Bridge-A-Unique-ID": leader.order.uuid,
            "Bridge-B-Unique-ID": led.order.uuid,
            "Other-Type": "originatee",
            "Other-Leg-Unique-ID": led.order.uuid,
            "Other-Leg-Destination-Number": led.order.number,
        }
        leader.fire("CHANNEL_BRIDGE", leader.bridge_headers)
        led.move("CS_EXCHANGE_MEDIA")


def _part(channel: Channel) -> None:
    """Takes `channel` out of its bridge; the other one notices a frame later."""
    other, channel.other = channel.other, None
    if other is None:
        return
    other.other = None
    _tell_parting(channel)
    other.timers.after(NOTICED_AFTER_S, lambda: _left_alone(other))


def _tell_parting(channel: Channel) -> None:
    headers, channel.bridge_headers = channel.bridge_headers, None
    if headers is not None:
        channel.fire("CHANNEL_UNBRIDGE", headers)


def _left_alone(channel: Channel) -> None:
    _tell_parting(channel)
    if channel.stage is not Stage.BRIDGED or channel.other is not None:
        return
    channel.stage = Stage.ANSWERED
    if channel.variables.get("park_after_bridge") == "true":
        channel.timers.after(NOTICED_AFTER_S, channel.park_after_bridge)
    else:
        channel.hang_up("NORMAL_CLEARING", by=EndedBy.SWITCH)
