"""How a dialog goes on: the state and what is to be done after each event (SPEC R6.1–R6.3, R6.6, R6.7).

Theory. A dialog stands at one step and waits for one thing, its phase: `NEW` for the line, `SPEAKING` for the end
of a prompt, `LISTENING` for a turn, `TRANSFERRING` for an operator, `WAITING` for a call over HTTP or an action. An
event that the phase does not wait for changes nothing, so that what comes too late or too often (a second quick key,
words into a prompt that does not allow it) does no harm. Entering a step either waits or leads on to the next step.

A handler's detour (`detours`) interrupts the step at which its words were heard, a `Call` the flow in which it
stands; both lie as frames on one stack, at most `MAX_FRAMES` deep, and come back to it.

A dialog ends whatever the caller does: each turn at a step counts towards its `repeats`, each detour towards its
handler's limit; more than `MAX_WITHOUT_EVENT` steps without waiting, `MAX_PATH` in a call, or a stack that is too
deep, end it as a system error, and `MAX_UNANSWERED` turns in a row that answer nothing as `no_input`.

What a call ends with:

* at an `End`, also when the caller hangs up during its last words: that step's result; where it is `completed`,
  a promised callback makes it `callback_requested`, a transfer that failed `transfer_failed`, and silence all
  along in a call that put a question `no_input`; who forbade further calls has `completed` it;
* when the caller hangs up before: `hung_up_early`, unless nothing but last words was left to hear. That is so
  while the reply to an answer is said which leads to an `End`, at a message (a `Say`, or an `Ask` that is a
  control) which leads to an `End` and was heard to `HEARD_ENOUGH` of its length, this time or before, and while
  a handler takes its leave; a callback that was promised stays so: `callback_requested`;
* `transferred` after a talk with an operator; `transfer_failed` when the caller gives up waiting for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from msgspec.structs import replace

from robot.dialog.answering import MAX_CUT_SHORT, heard, interrupted, no_input, pressed
from robot.dialog.ending import Next
from robot.dialog.entering import MAX_PATH, MAX_UNANSWERED, MAX_WITHOUT_EVENT, enter
from robot.dialog.events import (
    Acted,
    CallerGone,
    DialogEvent,
    DialogState,
    Fetched,
    Heard,
    Interrupted,
    Listen,
    NoInput,
    Phase,
    Pressed,
    PromptEnded,
    Started,
    TransferEnded,
)
from robot.dialog.flow import Flow
from robot.dialog.leaving import HEARD_ENOUGH, caller_gone
from robot.dialog.plan import Plan, plan_of
from robot.dialog.values import start_variables
from robot.dialog.waiting import acted, fetched, prompt_ended, transfer_ended

__all__ = [
    "HEARD_ENOUGH",
    "MAX_CUT_SHORT",
    "MAX_PATH",
    "MAX_UNANSWERED",
    "MAX_WITHOUT_EVENT",
    "Next",
    "begin",
    "interruption",
    "step",
]


def begin(variables: Mapping[str, str]) -> DialogState:
    """A dialog that waits for `Started`; `variables` are what its texts are filled with."""
    return DialogState(variables=dict(variables))


def step(flow: Flow, state: DialogState, event: DialogEvent) -> Next:
    """The state after the event and what is to be done now; never raises for a flow whose links hold.

    Of several commands the last is the one that the dialog waits for; those before are errands.
    """
    if state.phase is Phase.ENDED:
        return state, ()
    plan = plan_of(flow)
    match event:
        case PromptEnded():
            return prompt_ended(plan, state)
        case Heard():
            return heard(plan, state, event)
        case Pressed():
            return pressed(plan, state, event)
        case NoInput():
            return no_input(plan, state)
        case Interrupted():
            return interrupted(plan, state)
        case Started():
            return _started(plan, state)
        case CallerGone():
            return caller_gone(plan, state, event)
        case TransferEnded():
            return transfer_ended(plan, state, event)
        case Fetched():
            return fetched(plan, state, event)
        case Acted():
            return acted(plan, state, event)
        case _:
            assert_never(event)


def interruption(flow: Flow, state: DialogState) -> Listen | None:
    """What a turn would be heard by that stops the prompt being said now; None where none can."""
    _, commands = interrupted(plan_of(flow), state)
    return next((command for command in commands if isinstance(command, Listen)), None)


def _started(plan: Plan, state: DialogState) -> Next:
    if state.phase is not Phase.NEW:
        return state, ()
    state = replace(state, variables=start_variables(plan.flow, state.variables))
    return enter(plan, state, plan.flow.start)
