"""How a dialog goes on at a step, comes back from a sub-flow or a detour, and what it waits for there."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from core.results import CallResult
from robot.dialog.ending import Errands, Next, end, end_by, finish
from robot.dialog.events import ActThis, Command, DialogState, FetchThis, Frame, Phase, TransferTo
from robot.dialog.events import Listen as ListenTo
from robot.dialog.flow import Act, Ask, End, Fetch, Handler, HandlerKind, Listen, Return, Say, StepId, Transfer
from robot.dialog.passing import pass_by
from robot.dialog.plan import Line, Plan, Spot
from robot.dialog.values import fill_header, fill_json, fill_url

MAX_WITHOUT_EVENT: Final = 250
MAX_PATH: Final = 1000
MAX_UNANSWERED: Final = 30
"""After so many turns in a row that answered nothing the dialog is over."""


def enter(plan: Plan, state: DialogState, at: StepId, errands: Errands = ()) -> Next:
    """Goes on at a step (its name in the whole flow), and from there until something is to be waited for."""
    for _ in range(MAX_WITHOUT_EVENT):
        if len(state.path) >= MAX_PATH:
            break
        spot = plan.spots[at]
        state = replace(state, at=at, path=(*state.path, at), tries=0, cut_short=0, going_to=None, typed="")
        passed = pass_by(plan, state, spot)
        if passed is not None:
            state, at, errands = passed.state, passed.to, errands + passed.errands
            continue
        if isinstance(spot.step, Return):
            return _returned(plan, state, errands)
        state, commands = _begin(state, spot)
        if commands:
            return state, (*errands, *commands)
        if not isinstance(spot.step, Say):
            break
        at = spot.to(spot.step.then)
    return finish(state, CallResult.SYSTEM_ERROR, errands=errands)


def _begin(state: DialogState, spot: Spot) -> Next:
    """Says the step's prompt or, where there is nothing to say, does what follows it; no command if nothing waits."""
    if isinstance(spot.step, Listen) or (isinstance(spot.step, Ask) and spot.step.question is not None):
        state = replace(state, asked=True)
    spoken = spot.prompt.said(state.variables)
    if spoken is not None:
        return replace(state, phase=Phase.SPEAKING), (spoken,)
    return wait_at(state, spot)


def wait_at(state: DialogState, spot: Spot) -> Next:
    """What is waited for once the step's prompt has been said; no command where the flow just goes on."""
    match spot.step:
        case Ask() | Listen():
            return listen(state, spot.listen)
        case Transfer(group=group, wait_s=wait_s):
            return replace(state, phase=Phase.TRANSFERRING), (TransferTo(group, wait_s),)
        case Fetch() as fetch:
            return replace(state, phase=Phase.WAITING), (_fetch(fetch, state, spot),)
        case Act(action=action, timeout_s=timeout_s):
            return replace(state, phase=Phase.WAITING), (ActThis(spot.name, action, state.variables, timeout_s),)
        case End() as ending:
            return end(state, ending)
        case _:
            return state, ()


def go_on(plan: Plan, state: DialogState, spot: Spot) -> Next:
    """Goes on after the step's prompt."""
    if isinstance(spot.step, Say):
        return enter(plan, state, spot.to(spot.step.then))
    return wait_at(state, spot)


def listen(state: DialogState, how: ListenTo | None) -> Next:
    """Waits for a turn."""
    if how is None:
        return state, ()
    return replace(state, phase=Phase.LISTENING), (how,)


def put(plan: Plan, state: DialogState, spot: Spot, line: Line, errands: Errands = ()) -> Next:
    """Says the step's prompt, or what stands for it, once more."""
    spoken = line.said(state.variables)
    if spoken is not None:
        return replace(state, phase=Phase.SPEAKING, typed=""), (*errands, spoken)
    state, commands = go_on(plan, replace(state, typed=""), spot)
    return state, (*errands, *commands)


def _returned(plan: Plan, state: DialogState, errands: Errands) -> Next:
    """A sub-flow is over that no step called: a handler's detour, or else the whole dialog."""
    by = state.frames[-1].by if state.frames else None
    if by is None:
        return finish(state, CallResult.COMPLETED, errands=errands)
    return conclude(plan, state, plan.detours[by].handler, errands)


def conclude(plan: Plan, state: DialogState, handler: Handler, errands: Errands = ()) -> Next:
    """Goes on when a handler has said and done what it does; its frame lies on top."""
    match handler.kind:
        case HandlerKind.OPERATOR if handler.group:
            transferring = replace(state, phase=Phase.TRANSFERRING, detour=handler.id)
            return transferring, (*errands, TransferTo(handler.group, handler.wait_s))
        case HandlerKind.LATER | HandlerKind.NOT_INTERESTED | HandlerKind.DO_NOT_CALL if handler.then is None:
            goodbye = plan.detours[handler.id].goodbye.said(state.variables)
            if goodbye is None:
                return end_by(state, handler, errands)
            return replace(state, phase=Phase.SPEAKING, detour=handler.id, last=True), (*errands, goodbye)
        case HandlerKind.REPEAT:
            return leave(plan, state, handler, errands, whole=True)
        case _:
            return leave(plan, state, handler, errands)


def leave(plan: Plan, state: DialogState, handler: Handler, errands: Errands = (), *, whole: bool = False) -> Next:
    """Leaves a handler's detour: to where it leads, or back at what it interrupted."""
    if handler.then is not None:
        return enter(plan, replace(state, detour=None, frames=()), handler.then, errands)
    return resume(plan, state, errands, whole=whole)


def resume(plan: Plan, state: DialogState, errands: Errands = (), *, whole: bool = False) -> Next:
    """Back at what the innermost detour interrupted: its question is put again, its first one if `whole`."""
    state = restored(state)
    spot = plan.here(state)
    if state.detour is None:
        return put(plan, state, spot, spot.prompt if whole else spot.again, errands)
    detour = plan.detours[state.detour]
    spoken = detour.again.said(state.variables)
    if spoken is not None:
        return replace(state, phase=Phase.SPEAKING), (*errands, spoken)
    state, commands = listen(state, detour.listen)
    return state, (*errands, *commands)


def restored(state: DialogState) -> DialogState:
    """The state with what the innermost detour interrupted as it was then."""
    frame: Frame = state.frames[-1]
    return replace(
        state,
        at=frame.at,
        detour=frame.detour,
        tries=frame.tries,
        cut_short=frame.cut_short,
        frames=state.frames[:-1],
        going_to=None,
        typed="",
    )


def _fetch(fetch: Fetch, state: DialogState, spot: Spot) -> Command:
    return FetchThis(
        step=spot.name,
        method=fetch.method,
        url=fill_url(fetch.url, state.variables),
        headers={name: fill_header(value, state.variables) for name, value in fetch.headers.items()},
        body=None if fetch.body is None else fill_json(fetch.body, state.variables),
        timeout_s=fetch.timeout_s,
        retries=fetch.retries,
        save=fetch.save,
    )
