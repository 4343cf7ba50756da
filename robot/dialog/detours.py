"""What is handled anywhere in a dialog: a handler's detour, from the words that ask for it to the way back.

A detour is a frame on the stack (what it interrupted) and a handler under way (`DialogState.detour`). Its reply is
said; then it either listens (wait, later), or runs a sub-flow, or is concluded at once. Each handler has its limit for
the whole call, so that detours alone never keep a call going.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from msgspec.structs import replace

from core.results import CallResult
from robot.dialog.ending import Errands, Next, finish
from robot.dialog.entering import MAX_UNANSWERED, conclude, enter, listen, restored, resume
from robot.dialog.events import DialogState, Forbid, Frame, Heard, Listen, Phase
from robot.dialog.flow import Ask, Handler, HandlerKind, StepId, inside
from robot.dialog.passing import MAX_FRAMES, instant, promise
from robot.dialog.plan import Detour, Plan

ENDS_CALL: Final = frozenset({HandlerKind.LATER, HandlerKind.NOT_INTERESTED, HandlerKind.DO_NOT_CALL})
"""What ends the call where the designer leads nowhere else."""
ASKS_AGAIN: Final = 1
"""How often a time that was not understood is asked for once more."""
MAX_NOISES: Final = 5
"""So many turns without a word do not end a wait."""


def is_open(state: DialogState, handler: Handler) -> bool:
    """Whether the handler can be taken: within its limit or with an escalation, and not the one under way."""
    if state.detour == handler.id or any(frame.by == handler.id for frame in state.frames):
        return False
    if state.used.get(handler.id, 0) >= handler.limit:
        return handler.escalation is not None
    return len(state.frames) < MAX_FRAMES or handler.kind is HandlerKind.DO_NOT_CALL


def start(plan: Plan, state: DialogState, handler: Handler, event: Heard) -> Next:
    """Takes the detour, or the escalation where the handler's limit is passed."""
    times = state.used.get(handler.id, 0)
    if times >= handler.limit and handler.escalation is not None:
        state = replace(state, detour=None, frames=(), unanswered=state.unanswered + 1)
        if state.unanswered >= MAX_UNANSWERED:
            return finish(state, CallResult.NO_INPUT)
        return enter(plan, state, handler.escalation)
    frame = Frame(
        at=plan.here(state).name, by=handler.id, detour=state.detour, tries=state.tries, cut_short=state.cut_short
    )
    state = replace(
        state,
        detour=handler.id,
        frames=(*state.frames, frame),
        used={**state.used, handler.id: times + 1},
        path=(*state.path, StepId(f"@{handler.id}")),
        tries=0,
        cut_short=0,
        going_to=None,
        typed="",
    )
    errands: Errands = ()
    if handler.kind is HandlerKind.DO_NOT_CALL:
        state = replace(state, forbidden=True, callback_at=None, callback_delay_min=None)
        errands = (Forbid(event.text),)
    if handler.kind is HandlerKind.LATER and (at := instant(event.value)) is not None:
        state, promised = promise(plan, state, at, None)
        return conclude(plan, replace(state, detour=None), handler, errands + promised)
    return _reply(plan, state, plan.detours[handler.id], errands, again=times > 0)


def _reply(plan: Plan, state: DialogState, detour: Detour, errands: Errands = (), *, again: bool) -> Next:
    """Says the handler's reply; keys for the interrupted question stop one that leads back to it."""
    spoken = (detour.again if again else detour.reply).said(state.variables)
    if spoken is None:
        return replied(plan, state, errands)
    if _takes_keys(plan, state, detour):
        spoken = dataclasses.replace(spoken, barge_in=True, keys_only=True)
    return replace(state, phase=Phase.SPEAKING), (*errands, spoken)


def _takes_keys(plan: Plan, state: DialogState, detour: Detour) -> bool:
    return detour.handler.kind not in ENDS_CALL and keys_of(plan, state) != ""


def keys_of(plan: Plan, state: DialogState) -> str:
    """The keys that answer the question which the reply being said has interrupted."""
    frame = state.frames[-1] if state.frames else None
    if frame is None or frame.by is None or frame.detour is not None:
        return ""
    spot = plan.spots[frame.at]
    return spot.listen.keys if isinstance(spot.step, Ask) and spot.step.barge_in and spot.listen is not None else ""


def replied(plan: Plan, state: DialogState, errands: Errands = ()) -> Next:
    """Goes on after the reply: hears the caller, runs the handler's sub-flow, or concludes."""
    detour = plan.detours[state.detour or ""]
    handler = detour.handler
    if detour.listen is not None:
        state, commands = listen(state, _listen_of(plan, state, detour))
        return state, (*errands, *commands)
    state = replace(state, detour=None)
    if handler.flow is not None:
        return enter(plan, state, inside(handler.flow, plan.flow.flows[handler.flow].start), errands)
    return conclude(plan, state, handler, errands)


def _listen_of(plan: Plan, state: DialogState, detour: Detour) -> Listen | None:
    """What a detour hears by; one that only waits expects what the interrupted step does."""
    frame = state.frames[-1]
    if detour.handler.kind is HandlerKind.WAIT and frame.detour is None:
        interrupted = plan.spots[frame.at].listen
        return interrupted if interrupted is None else dataclasses.replace(interrupted, wait_s=detour.handler.wait_s)
    return detour.listen


def hear_when(plan: Plan, state: DialogState, event: Heard | None) -> Next:
    """A turn, or silence, when the caller was asked for the time of another call."""
    handler = plan.detours[state.detour or ""].handler
    at = instant(event.value) if event is not None else None
    if at is None and state.tries < ASKS_AGAIN:
        return _reply(plan, replace(state, tries=state.tries + 1), plan.detours[handler.id], again=True)
    state, promised = promise(plan, state, at, handler.delay_min)
    return conclude(plan, replace(state, detour=None), handler, promised)


def stopped(plan: Plan, state: DialogState) -> DialogState | None:
    """A key stopped the reply: the state at the interrupted question, or None where the reply cannot be stopped."""
    if state.detour is None or state.last or keys_of(plan, state) == "":
        return None
    if plan.detours[state.detour].handler.kind in ENDS_CALL:
        return None
    return replace(restored(state), phase=Phase.LISTENING)


def wait_on(plan: Plan, state: DialogState) -> Next:
    """A noise while the caller is waited for: stays silent, but not for any number of them."""
    if state.tries >= MAX_NOISES:
        return resume(plan, state)
    return listen(replace(state, tries=state.tries + 1), _listen_of(plan, state, plan.detours[state.detour or ""]))
