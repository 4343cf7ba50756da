"""What a call ends with when the caller hangs up (the rules stand in `robot.dialog.step`)."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from core.results import CallResult
from robot.dialog.detours import ENDS_CALL
from robot.dialog.ending import Errands, Next, end, end_by, finish, is_promised
from robot.dialog.entering import MAX_WITHOUT_EVENT
from robot.dialog.events import CallerGone, DialogState, Phase
from robot.dialog.flow import Ask, End, Say, StepId
from robot.dialog.passing import pass_by
from robot.dialog.plan import Plan

HEARD_ENOUGH: Final = 0.8


def caller_gone(plan: Plan, state: DialogState, event: CallerGone) -> Next:
    """The caller hung up."""
    if state.phase is Phase.TRANSFERRING:
        return finish(state, CallResult.TRANSFER_FAILED)
    if state.phase is Phase.NEW:
        return finish(state, CallResult.HUNG_UP_EARLY)
    if state.detour is not None and state.going_to is None:
        return _in_detour(plan, state)
    ended = _follow(plan, state, _ahead(plan, state, event))
    return ended if ended is not None else _early(state)


def _early(state: DialogState) -> Next:
    if state.forbidden:
        return finish(state, CallResult.COMPLETED)
    return finish(state, CallResult.CALLBACK_REQUESTED if is_promised(state) else CallResult.HUNG_UP_EARLY)


def _in_detour(plan: Plan, state: DialogState) -> Next:
    """Within a handler's words the call is over if they end it and ask nothing."""
    handler = plan.detours[state.detour or ""].handler
    if state.last:
        return end_by(state, handler)
    if handler.kind not in ENDS_CALL or plan.detours[handler.id].listen is not None:
        return _early(state)
    if handler.then is None:
        return end_by(state, handler)
    ended = _follow(plan, replace(state, detour=None, frames=()), handler.then)
    return ended if ended is not None else _early(state)


def _follow(plan: Plan, state: DialogState, ahead: StepId | None) -> Next | None:
    """Passes what lies between here and an `End`; None where the caller would have been owed, or owed, a word."""
    errands: Errands = ()
    for _ in range(MAX_WITHOUT_EVENT):
        if ahead is None:
            return None
        spot = plan.spots[ahead]
        if isinstance(spot.step, End):
            return end(state, spot.step, errands)
        passed = pass_by(plan, state, spot)
        if passed is None:
            return None
        state, ahead, errands = passed.state, passed.to, errands + passed.errands
    return None


def _ahead(plan: Plan, state: DialogState, event: CallerGone) -> StepId | None:
    """Where the flow would have gone on without another word of the caller; None if he owed or was owed one."""
    if state.going_to is not None:
        return state.going_to
    spot = plan.here(state)
    played = event.heard if state.phase is Phase.SPEAKING and event.heard is not None else 0.0
    heard = spot.name in state.heard_out or played >= HEARD_ENOUGH
    match spot.step:
        case End():
            return spot.name
        case Say() if heard:
            return spot.to(spot.step.then)
        case Ask(question=None) if heard:
            return spot.to(spot.step.otherwise)
        case _:
            return None
