"""What follows a turn of the caller: words, a key, or silence, at a step or within a detour."""

from __future__ import annotations

import dataclasses
from typing import Final

from msgspec.structs import replace

from core.results import CallResult
from robot.dialog import detours
from robot.dialog.choosing import Chosen, choose, handler_for
from robot.dialog.ending import Next, finish
from robot.dialog.entering import MAX_UNANSWERED, enter, go_on, listen, put, restored, resume
from robot.dialog.events import DialogState, GivenAnswer, Heard, How, Phase, Pressed
from robot.dialog.flow import Ask, Handler, HandlerKind, Listen, ListenFor
from robot.dialog.heard_values import MAX_FIGURES, typed_value, value_in
from robot.dialog.plan import WAIT_FOR_KEY_S, Plan, Spot
from robot.dialog.values import ANSWER, SAID, with_value

MAX_CUT_SHORT: Final = 2
"""How often a prompt is begun again without counting that was cut short before it was heard out once."""


def interrupted(plan: Plan, state: DialogState) -> Next:
    """The prompt was stopped: hears the turn that has begun, where the prompt allowed it."""
    if state.phase is not Phase.SPEAKING or state.going_to is not None or state.last:
        return state, ()
    if state.detour is not None:
        detour = plan.detours[state.detour]
        if detour.handler.kind is HandlerKind.LATER:
            return listen(state, detour.listen)
        back = detours.stopped(plan, state)
        return (state, ()) if back is None else listen(back, plan.here(back).listen)
    spot = plan.here(state)
    return listen(state, spot.listen) if spot.barge_in else (state, ())


def heard(plan: Plan, state: DialogState, event: Heard) -> Next:
    """A turn of words; nobody listened where it came into a prompt."""
    text = event.text.strip()
    if text and state.phase is not Phase.NEW and not state.heard_anything:
        state = replace(state, heard_anything=True)
    if state.phase is not Phase.LISTENING:
        return state, ()
    state = replace(state, variables=with_value(state.variables, SAID, text))
    return _turn(plan, state, event)


def _turn(plan: Plan, state: DialogState, event: Heard) -> Next:
    if state.detour is not None:
        return _turn_in_detour(plan, state, event)
    spot = plan.here(state)
    found: Chosen | Handler | str | None
    match spot.step:
        case Ask():
            found = choose(plan, state, spot, event)
            if isinstance(found, Chosen):
                return _answer(plan, state, spot, found)
        case Listen():
            found = _value_or_handler(plan, state, spot.step, event)
            if isinstance(found, str):
                return _keep(plan, state, spot, found, event)
        case _:
            found = handler_for(plan, state, event)
    if isinstance(found, Handler):
        return detours.start(plan, state, found, event)
    return _turn_over(plan, state, spot)


def _value_or_handler(plan: Plan, state: DialogState, step: Listen, event: Heard) -> str | Handler | None:
    """What the step keeps of the words; what is a handler's own phrase or example as a whole is none of it."""
    if step.kind is ListenFor.TEXT:
        return handler_for(plan, state, event, whole=True) or value_in(step, event)
    value = value_in(step, event)
    if value is None:
        return handler_for(plan, state, event)
    if step.kind is ListenFor.DATE_TIME:
        return value
    return handler_for(plan, state, dataclasses.replace(event, intents=()), whole=True) or value


def _turn_in_detour(plan: Plan, state: DialogState, event: Heard) -> Next:
    """Words while a handler hears the caller: for the time of another call, or before the wait is over."""
    handler = plan.detours[state.detour or ""].handler
    if handler.kind is HandlerKind.LATER:
        found = handler_for(plan, state, event, whole=event.value is not None)
        return detours.hear_when(plan, state, event) if found is None else detours.start(plan, state, found, event)
    if not event.text.strip():
        return detours.wait_on(plan, state)
    back = restored(state)
    spot = plan.here(back)
    understood = back.detour is not None or _means_something(plan, back, spot, event)
    return _turn(plan, back, event) if understood else resume(plan, state)


def _means_something(plan: Plan, state: DialogState, spot: Spot, event: Heard) -> bool:
    match spot.step:
        case Ask():
            return choose(plan, state, spot, event) is not None
        case Listen(kind=kind) if kind is not ListenFor.TEXT:
            return _value_or_handler(plan, state, spot.step, event) is not None
        case _:
            return handler_for(plan, state, event) is not None


def pressed(plan: Plan, state: DialogState, event: Pressed) -> Next:
    """A key: it answers the question at hand, stops its prompt too, and that of a detour from it."""
    if state.phase is not Phase.NEW and not state.heard_anything:
        state = replace(state, heard_anything=True)
    if state.phase is Phase.SPEAKING:
        if state.going_to is not None or state.last:
            return state, ()
        if state.detour is not None:
            back = detours.stopped(plan, state)
            return (state, ()) if back is None else _key(plan, back, event.key)
        return _key(plan, state, event.key) if plan.here(state).barge_in else (state, ())
    if state.phase is not Phase.LISTENING:
        return state, ()
    if state.detour is None:
        return _key(plan, state, event.key)
    if plan.detours[state.detour].handler.kind is HandlerKind.LATER:
        return detours.hear_when(plan, state, None)
    back = restored(state)
    return _key(plan, back, event.key) if back.detour is None else resume(plan, state)


def _key(plan: Plan, state: DialogState, key: str) -> Next:
    spot = plan.here(state)
    match spot.step:
        case Ask(answers=answers):
            for answer in answers:
                if answer.key == key:
                    return _answer(plan, state, spot, Chosen(answer, How.KEY, key, 1.0))
        case Listen() if spot.listen is not None and spot.listen.keys:
            return _typed(plan, state, spot, key)
        case _:
            pass
    return _turn_over(plan, state, spot, by_key=True)


def _typed(plan: Plan, state: DialogState, spot: Spot, key: str) -> Next:
    """One more key of a number; # or a pause ends it."""
    state = replace(state, typed=state.typed + key)
    if key == "#" or len(state.typed) >= MAX_FIGURES:
        return _typing_over(plan, state, spot)
    return listen(state, None if spot.listen is None else dataclasses.replace(spot.listen, wait_s=WAIT_FOR_KEY_S))


def _typing_over(plan: Plan, state: DialogState, spot: Spot) -> Next:
    """The number is typed: keeps it, or asks again where it is none."""
    typed, state = state.typed, replace(state, typed="")
    value = typed_value(spot.step, typed) if isinstance(spot.step, Listen) else None
    if value is None:
        return _turn_over(plan, state, spot, by_key=True)
    return _keep(plan, state, spot, value, Heard(typed.rstrip("#")), how=How.KEY)


def no_input(plan: Plan, state: DialogState) -> Next:
    """The caller stayed silent as long as was waited."""
    if state.phase is not Phase.LISTENING:
        return state, ()
    if state.detour is None and state.typed:
        return _typing_over(plan, state, plan.here(state))
    if state.detour is None:
        return _turn_over(plan, state, plan.here(state))
    if plan.detours[state.detour].handler.kind is HandlerKind.LATER:
        return detours.hear_when(plan, state, None)
    return resume(plan, state)


def _turn_over(plan: Plan, state: DialogState, spot: Spot, *, by_key: bool = False) -> Next:
    """The turn is over without an answer: asks again as often as the step says, then goes on otherwise.

    A prompt that words or a noise cut short before it was heard out once ("алло" into a question) is begun again
    without counting, and so is a control's message that a wrong key cut short.
    """
    step = spot.step
    if not isinstance(step, Ask | Listen):
        return go_on(plan, state, spot)
    state = replace(state, unanswered=state.unanswered + 1)
    if state.unanswered >= MAX_UNANSWERED:
        return finish(state, CallResult.NO_INPUT)
    control = isinstance(step, Ask) and step.question is None
    unheard = spot.name not in state.heard_out and (control or not by_key)
    if unheard and state.cut_short < MAX_CUT_SHORT:
        return put(plan, replace(state, cut_short=state.cut_short + 1), spot, spot.prompt)
    if state.tries >= step.repeats:
        return enter(plan, state, spot.to(step.otherwise))
    return put(plan, replace(state, tries=state.tries + 1), spot, spot.again)


def _answer(plan: Plan, state: DialogState, spot: Spot, chosen: Chosen) -> Next:
    answer = chosen.answer
    state = replace(state, unanswered=0)
    label = spot.intents.get(answer.id, answer.label)
    question = spot.step.question if isinstance(spot.step, Ask) else None
    if question is not None and label:
        name = spot.intents.get(answer.id, answer.id)
        given = GivenAnswer(spot.name, question, name, label, chosen.how, chosen.said, chosen.confidence)
        variables = with_value(state.variables, ANSWER, label)
        state = replace(state, answers=(*state.answers, given), variables=variables)
    line = spot.replies.get(answer.id)
    reply = None if line is None else line.said(state.variables)
    if reply is None:
        return enter(plan, state, spot.to(answer.then))
    return replace(state, phase=Phase.SPEAKING, going_to=spot.to(answer.then)), (reply,)


def _keep(plan: Plan, state: DialogState, spot: Spot, value: str, event: Heard, how: How = How.SPEECH) -> Next:
    """Stores what a `Listen` was after, as an answer too where it has a question.

    Free words have no label: statistics count answers by it.
    """
    step = spot.step
    if not isinstance(step, Listen):
        raise AssertionError(f"{spot.name} keeps nothing")
    state = replace(state, variables=with_value(state.variables, step.variable, value), unanswered=0)
    if step.question is not None:
        label = "" if step.kind is ListenFor.TEXT else value
        given = GivenAnswer(spot.name, step.question, "", label, how, event.text, event.confidence)
        state = replace(state, answers=(*state.answers, given), variables=with_value(state.variables, ANSWER, value))
    return enter(plan, state, spot.to(step.then))
