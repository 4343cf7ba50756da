"""Steps at which nothing is waited for: what they change, what they want done, and where they lead."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from msgspec.structs import replace

from robot.dialog.ending import Errands
from robot.dialog.events import CallBackAt, DialogState, Frame, PutTag, SendMessage
from robot.dialog.flow import Branch, Call, Callback, Dispose, Language, Message, Return, Set, StepId, Tag, inside
from robot.dialog.plan import Plan, Spot
from robot.dialog.texts import fill, written_instant
from robot.dialog.values import CALLBACK_TIME, holds, value_of, with_value

MAX_FRAMES: Final = 16
"""How deep sub-flows and detours may lie within each other."""


class Passed(NamedTuple):
    """A step was passed: the state after it, where it leads, what is to be done on the way."""

    state: DialogState
    to: StepId
    errands: Errands = ()


def pass_by(plan: Plan, state: DialogState, spot: Spot) -> Passed | None:
    """Passes the step; None where it is one that waits, ends the call, or leads nowhere."""
    match spot.step:
        case Branch(cases=cases, otherwise=otherwise):
            chosen = next((case.then for case in cases if holds(case, state.variables)), otherwise)
            return Passed(state, spot.to(chosen))
        case Set(variable=variable, value=value, then=then):
            given = with_value(state.variables, variable, fill(value, state.variables))
            return Passed(replace(state, variables=given), spot.to(then))
        case Message(then=then) as message:
            sent = _message(message, state, plan.flow.language)
            return Passed(replace(state, messages=(*state.messages, spot.name)), spot.to(then), (sent,))
        case Callback(then=then) as callback:
            at = instant(value_of(state.variables, callback.variable or ""))
            promised, errands = promise(plan, state, at, callback.delay_min)
            return Passed(promised, spot.to(then), errands)
        case Tag(tag=tag, then=then):
            tags = state.tags if tag in state.tags else (*state.tags, tag)
            return Passed(replace(state, tags=tags), spot.to(then), (PutTag(tag),) if tags is not state.tags else ())
        case Dispose(disposition=disposition, then=then):
            return Passed(replace(state, disposition=disposition), spot.to(then))
        case Call(flow=flow) if len(state.frames) < MAX_FRAMES:
            deeper = replace(state, frames=(*state.frames, Frame(at=spot.name)))
            return Passed(deeper, inside(flow, plan.flow.flows[flow].start))
        case Return() if state.frames and state.frames[-1].by is None:
            caller = plan.spots[state.frames[-1].at]
            back = replace(state, frames=state.frames[:-1])
            return Passed(back, caller.to(caller.step.then)) if isinstance(caller.step, Call) else None
        case _:
            return None


def promise(plan: Plan, state: DialogState, at: datetime | None, delay_min: int | None) -> tuple[DialogState, Errands]:
    """Promises a call at the instant, else after the delay; nothing where neither is given or calls are forbidden."""
    iso, delay_min = (at.isoformat(), None) if at is not None else (None, delay_min)
    new = (iso, delay_min) not in ((None, None), (state.callback_at, state.callback_delay_min))
    if state.forbidden or not new:
        return state, ()
    variables = state.variables
    if at is not None:
        variables = with_value(variables, CALLBACK_TIME, written_instant(at, plan.flow.language))
    promised = replace(state, callback_at=iso, callback_delay_min=delay_min, variables=variables)
    return promised, (CallBackAt(iso, delay_min),)


def instant(value: str | None) -> datetime | None:
    """The instant that an ISO 8601 text with an offset names; None if it names none."""
    try:
        at = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _message(step: Message, state: DialogState, language: Language) -> SendMessage:
    return SendMessage(
        step=step.id,
        channel=step.channel,
        to=fill(step.to, state.variables),
        subject=fill(step.subject, state.variables, language),
        text=fill(step.text, state.variables, language),
        template=step.template,
        variables=state.variables,
    )
