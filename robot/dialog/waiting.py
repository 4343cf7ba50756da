"""What follows when something outside of the talk is over: a prompt, a transfer, a call over HTTP, an action."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from core.results import CallResult
from robot.dialog import detours
from robot.dialog.ending import Next, end_by, finish
from robot.dialog.entering import enter, go_on, leave
from robot.dialog.events import Acted, DialogState, Fetched, Phase, TransferEnded
from robot.dialog.flow import Act, Fetch, Prompt, Transfer
from robot.dialog.plan import Line, Plan
from robot.dialog.values import with_value

MAX_REPLY: Final = 2000
"""So many characters of what an action wants said are said."""


def prompt_ended(plan: Plan, state: DialogState) -> Next:
    """The last commanded prompt was heard to its end."""
    if state.phase is not Phase.SPEAKING:
        return state, ()
    if state.going_to is not None:
        return enter(plan, state, state.going_to)
    if state.last:
        return end_by(state, plan.detours[state.detour or ""].handler)
    if state.detour is not None:
        return detours.replied(plan, state)
    spot = plan.here(state)
    if spot.name not in state.heard_out:
        state = replace(state, heard_out=(*state.heard_out, spot.name))
    return go_on(plan, state, spot)


def transfer_ended(plan: Plan, state: DialogState, event: TransferEnded) -> Next:
    """An operator talked with the caller, or nobody came."""
    if state.phase is not Phase.TRANSFERRING:
        return state, ()
    if event.connected:
        return finish(state, CallResult.TRANSFERRED)
    state = replace(state, transfer_failed=True)
    if state.detour is not None:
        return leave(plan, state, plan.detours[state.detour].handler)
    spot = plan.here(state)
    if not isinstance(spot.step, Transfer):
        raise AssertionError(f"{spot.name} transfers nobody")
    return enter(plan, state, spot.to(spot.step.otherwise))


def fetched(plan: Plan, state: DialogState, event: Fetched) -> Next:
    """The answer to a call over HTTP, kept in the variables that the step names; or what went wrong."""
    spot = plan.here(state) if state.phase is Phase.WAITING else None
    if spot is None or not isinstance(spot.step, Fetch):
        return state, ()
    if event.error is not None:
        return enter(plan, state, spot.to(spot.step.failed))
    variables = state.variables
    for name in spot.step.save.values():
        if name in event.values:
            variables = with_value(variables, name, event.values[name])
    return enter(plan, replace(state, variables=variables), spot.to(spot.step.then))


def acted(plan: Plan, state: DialogState, event: Acted) -> Next:
    """An action is over: keeps its slots, says its replies, goes on; or what went wrong."""
    spot = plan.here(state) if state.phase is Phase.WAITING else None
    if spot is None or not isinstance(spot.step, Act):
        return state, ()
    if event.error is not None:
        return enter(plan, state, spot.to(spot.step.failed))
    variables = state.variables
    for name, value in event.slots.items():
        variables = with_value(variables, name, value or "")
    state, then = replace(state, variables=variables), spot.to(spot.step.then)
    text = " ".join(event.replies).replace("{", "(").replace("}", ")").replace("[", "(").replace("]", ")")
    reply = Line(plan.flow, Prompt(text=text[:MAX_REPLY])).said({}) if text.strip() else None
    if reply is None:
        return enter(plan, state, then)
    return replace(state, phase=Phase.SPEAKING, going_to=then), (reply,)
