"""How a dialog goes on: the state and what is to be done after each event (SPEC R6.1–R6.3, R6.7).

Theory. A dialog stands at one step and waits for one thing, its phase: `NEW` for the line, `SPEAKING` for the end
of a prompt, `LISTENING` for a turn, `TRANSFERRING` for an operator. An event that the phase does not wait for
changes nothing, so that what comes too late or too often (a second quick key, words into a prompt that does not
allow it) does no harm. Entering a step either waits or leads on to the next step; more than `MAX_WITHOUT_EVENT`
steps without waiting, or `MAX_PATH` in a call, end the dialog as a system error.

What a call ends with:

* at an `End`, also when the caller hangs up during its last words: that step's result; where it is `completed`,
  a promised callback makes it `callback_requested`, a transfer that failed `transfer_failed`, and silence all
  along in a call that put a question `no_input`;
* when the caller hangs up before: `hung_up_early`, unless nothing but last words was left to hear. That is so
  while the reply to an answer is said which leads to an `End`, and at a message (a `Say`, or an `Ask` that is a
  control) which leads to an `End` and was heard to `HEARD_ENOUGH` of its length, this time or before; a callback
  that was promised stays so: `callback_requested`;
* `transferred` after a talk with an operator; `transfer_failed` when the caller gives up waiting for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from msgspec.structs import replace

from core.results import CallResult
from robot.dialog.events import (
    CallerGone,
    Command,
    DialogEvent,
    DialogState,
    Finish,
    GivenAnswer,
    Heard,
    How,
    Interrupted,
    Listen,
    NoInput,
    Phase,
    Pressed,
    PromptEnded,
    Speak,
    Started,
    TransferEnded,
    TransferTo,
)
from robot.dialog.flow import Answer, Ask, Callback, End, Flow, Prompt, Say, Step, StepId, Transfer
from robot.dialog.phrases import match
from robot.dialog.prompts import speak

MAX_WITHOUT_EVENT: Final = 250
MAX_PATH: Final = 1000
HEARD_ENOUGH: Final = 0.8
MAX_CUT_SHORT: Final = 2
"""How often a prompt is begun again without counting that was cut short before it was heard out once."""
WAIT_AFTER_BARGE_IN_S: Final = 1.0
"""How long a turn that cut a `Say` short may stay silent before the flow goes on."""

Next = tuple[DialogState, tuple[Command, ...]]


def begin(variables: Mapping[str, str]) -> DialogState:
    """A dialog that waits for `Started`; `variables` are what its texts are filled with."""
    return DialogState(variables=dict(variables))


def step(flow: Flow, state: DialogState, event: DialogEvent) -> Next:
    """The state after the event and what is to be done now; never raises for a flow whose links hold."""
    if state.phase is Phase.ENDED:
        return state, ()
    match event:
        case Started():
            return enter(flow, state, flow.start) if state.phase is Phase.NEW else (state, ())
        case CallerGone():
            return _caller_gone(flow, state, event)
        case PromptEnded():
            return _prompt_ended(flow, state)
        case Interrupted():
            return _interrupted(flow, state)
        case Heard():
            return _heard(flow, state, event)
        case Pressed():
            return _pressed(flow, state, event)
        case NoInput():
            return _turn_over(flow, state) if state.phase is Phase.LISTENING else (state, ())
        case TransferEnded():
            return _transfer_ended(flow, state, event)
        case _:
            assert_never(event)


def enter(flow: Flow, state: DialogState, at: StepId) -> Next:
    """Goes on at a step, and from there until something is to be waited for."""
    for _ in range(MAX_WITHOUT_EVENT):
        if len(state.path) >= MAX_PATH:
            break
        here = flow.steps[at]
        state = replace(state, at=at, path=(*state.path, at), tries=0, cut_short=0, going_to=None)
        waiting = _begin_step(flow, state, here)
        if waiting is not None:
            return waiting
        match here:
            case Callback():
                state = replace(state, callback_delay_min=here.delay_min)
                at = here.then
            case Say():
                at = here.then
            case _:
                raise AssertionError(f"{here.id} neither waits nor leads on")
    return _finish(state, CallResult.SYSTEM_ERROR)


def _begin_step(flow: Flow, state: DialogState, here: Step) -> Next | None:
    """Says the step's prompt or, where there is nothing to say, does what follows it; None if nothing waits here."""
    if isinstance(here, Ask) and here.question is not None:
        state = replace(state, asked=True)
    spoken = None if isinstance(here, Callback) else _own_speech(flow, state, here, here.prompt)
    if spoken is not None:
        return replace(state, phase=Phase.SPEAKING), (spoken,)
    return None if isinstance(here, Say | Callback) else _after_prompt(flow, state, here)


def _after_prompt(flow: Flow, state: DialogState, here: Step) -> Next:
    match here:
        case Say() | Callback():
            return enter(flow, state, here.then)
        case Ask():
            return replace(state, phase=Phase.LISTENING), (_listen(here),)
        case Transfer():
            return replace(state, phase=Phase.TRANSFERRING), (TransferTo(here.group, here.wait_s),)
        case End():
            return _end(state, here)
        case _:
            assert_never(here)


def _prompt_ended(flow: Flow, state: DialogState) -> Next:
    if state.phase is not Phase.SPEAKING:
        return state, ()
    if state.going_to is not None:
        return enter(flow, state, state.going_to)
    here = _here(flow, state)
    if here.id not in state.heard_out:
        state = replace(state, heard_out=(*state.heard_out, here.id))
    return _after_prompt(flow, state, here)


def _interrupted(flow: Flow, state: DialogState) -> Next:
    here = _spoken_step(flow, state)
    if here is None or not _barge_in(here):
        return state, ()
    listen = _listen(here) if isinstance(here, Ask) else Listen(phrases=(), keys="", wait_s=WAIT_AFTER_BARGE_IN_S)
    return replace(state, phase=Phase.LISTENING), (listen,)


def _heard(flow: Flow, state: DialogState, event: Heard) -> Next:
    if event.text.strip() and state.phase is not Phase.NEW and not state.heard_anything:
        state = replace(state, heard_anything=True)
    if state.phase is not Phase.LISTENING:
        return state, ()
    here = _here(flow, state)
    if isinstance(here, Ask) and (said := match(here.answers, (event.text, *event.alternatives))) is not None:
        return _answer(flow, state, here, said.answer, How.PHRASE, said.reading, event.confidence)
    return _turn_over(flow, state)


def _pressed(flow: Flow, state: DialogState, event: Pressed) -> Next:
    if state.phase is not Phase.NEW and not state.heard_anything:
        state = replace(state, heard_anything=True)
    here = _here(flow, state) if state.phase is Phase.LISTENING else _spoken_step(flow, state)
    if here is None or (state.phase is Phase.SPEAKING and not _barge_in(here)):
        return state, ()
    if isinstance(here, Ask):
        for answer in here.answers:
            if answer.key == event.key:
                return _answer(flow, state, here, answer, How.KEY, event.key, 1.0)
    return _turn_over(flow, state, by_key=True)


def _turn_over(flow: Flow, state: DialogState, *, by_key: bool = False) -> Next:
    """The turn is over without an answer: asks again as often as the step says, then goes on otherwise.

    A prompt that words or a noise cut short before it was heard out once ("алло" into a question) is begun again
    without counting, and so is a control's message that a wrong key cut short.
    """
    here = _here(flow, state)
    if not isinstance(here, Ask):
        return _after_prompt(flow, state, here)
    unheard = here.id not in state.heard_out and (here.question is None or not by_key)
    if unheard and state.cut_short < MAX_CUT_SHORT:
        return _ask_again(flow, replace(state, cut_short=state.cut_short + 1), here, here.prompt)
    if state.tries >= here.repeats:
        return enter(flow, state, here.otherwise)
    return _ask_again(flow, replace(state, tries=state.tries + 1), here, here.again or here.prompt)


def _ask_again(flow: Flow, state: DialogState, here: Ask, prompt: Prompt) -> Next:
    spoken = _own_speech(flow, state, here, prompt)
    if spoken is None:
        return replace(state, phase=Phase.LISTENING), (_listen(here),)
    return replace(state, phase=Phase.SPEAKING), (spoken,)


def _answer(flow: Flow, state: DialogState, here: Ask, answer: Answer, how: How, said: str, confidence: float) -> Next:
    if here.question is not None and answer.label:
        given = GivenAnswer(here.id, here.question, answer.id, answer.label, how, said, confidence)
        state = replace(state, answers=(*state.answers, given))
    reply = speak(answer.reply, state.variables, flow.language)
    if reply is None:
        return enter(flow, state, answer.then)
    return replace(state, phase=Phase.SPEAKING, going_to=answer.then), (reply,)


def _transfer_ended(flow: Flow, state: DialogState, event: TransferEnded) -> Next:
    here = _here(flow, state) if state.phase is Phase.TRANSFERRING else None
    if not isinstance(here, Transfer):
        return state, ()
    if event.connected:
        return _finish(state, CallResult.TRANSFERRED)
    return enter(flow, replace(state, transfer_failed=True), here.otherwise)


def _caller_gone(flow: Flow, state: DialogState, event: CallerGone) -> Next:
    if state.phase is Phase.TRANSFERRING:
        return _finish(state, CallResult.TRANSFER_FAILED)
    if state.phase is Phase.NEW:
        return _finish(state, CallResult.HUNG_UP_EARLY)
    promised = state.callback_delay_min
    ahead = _ahead(_here(flow, state), state, event)
    for _ in range(MAX_WITHOUT_EVENT):
        match flow.steps[ahead] if ahead is not None else None:
            case End() as end:
                return _end(state, end)
            case Callback(delay_min=delay_min, then=then):
                state, ahead = replace(state, callback_delay_min=delay_min), then
            case _:
                break
    early = CallResult.HUNG_UP_EARLY if promised is None else CallResult.CALLBACK_REQUESTED
    return _finish(replace(state, callback_delay_min=promised), early)


def _ahead(here: Step, state: DialogState, event: CallerGone) -> StepId | None:
    """Where the flow would have gone on without another word of the caller; None if he owed or was owed one."""
    if state.going_to is not None:
        return state.going_to
    played = event.heard if state.phase is Phase.SPEAKING and event.heard is not None else 0.0
    heard = here.id in state.heard_out or played >= HEARD_ENOUGH
    match here:
        case End():
            return here.id
        case Say() if heard:
            return here.then
        case Ask(question=None) if heard:
            return here.otherwise
        case _:
            return None


def _end(state: DialogState, here: End) -> Next:
    result = here.result
    if result is CallResult.COMPLETED:
        if state.callback_delay_min is not None:
            result = CallResult.CALLBACK_REQUESTED
        elif state.transfer_failed:
            result = CallResult.TRANSFER_FAILED
        elif state.asked and not state.heard_anything:
            result = CallResult.NO_INPUT
    return _finish(state, result, here.disposition)


def _finish(state: DialogState, result: CallResult, disposition: str | None = None) -> Next:
    ended = replace(state, phase=Phase.ENDED, going_to=None, result=result, disposition=disposition)
    return ended, (Finish(result, disposition),)


def _here(flow: Flow, state: DialogState) -> Step:
    if state.at is None:
        raise AssertionError(f"a dialog that is {state.phase} stands at a step")
    return flow.steps[state.at]


def _spoken_step(flow: Flow, state: DialogState) -> Step | None:
    """The step whose own prompt is being said; None where it is a reply, or nothing."""
    return _here(flow, state) if state.phase is Phase.SPEAKING and state.going_to is None else None


def _barge_in(here: Step) -> bool:
    return isinstance(here, Say | Ask) and here.barge_in


def _keys_only(here: Step) -> bool:
    """Whether the prompt may be stopped, but not by words, for the step expects none."""
    return isinstance(here, Ask) and here.barge_in and not any(answer.phrases for answer in here.answers)


def _listen(here: Ask) -> Listen:
    phrases = tuple(phrase for answer in here.answers for phrase in answer.phrases)
    keys = "".join(answer.key for answer in here.answers if answer.key)
    return Listen(phrases=phrases, keys=keys, wait_s=here.wait_s)


def _own_speech(flow: Flow, state: DialogState, here: Step, prompt: Prompt | None) -> Speak | None:
    """The step's prompt, stopped by whatever the step lets stop it."""
    return speak(prompt, state.variables, flow.language, barge_in=_barge_in(here), keys_only=_keys_only(here))
