"""How a dialog ends, and with what result (the table stands in `robot.dialog.step`)."""

from __future__ import annotations

from msgspec.structs import replace

from core.results import CallResult
from robot.dialog.events import Command, DialogState, Finish, Phase
from robot.dialog.flow import End, Handler

Next = tuple[DialogState, tuple[Command, ...]]
Errands = tuple[Command, ...]
"""Commands that are carried out on the way; the one that is waited for comes after them."""


def finish(state: DialogState, result: CallResult, *, disposition: str | None = None, errands: Errands = ()) -> Next:
    """The dialog is over with exactly this result."""
    disposition = disposition or state.disposition
    ended = replace(
        state,
        phase=Phase.ENDED,
        going_to=None,
        detour=None,
        frames=(),
        typed="",
        result=result,
        disposition=disposition,
    )
    return ended, (*errands, Finish(result, disposition))


def end(state: DialogState, here: End, errands: Errands = ()) -> Next:
    """Ends as the step says; where that is `completed`, what happened before may make it another result."""
    result = _by_what_happened(state) if here.result is CallResult.COMPLETED else here.result
    return finish(state, result, disposition=here.disposition, errands=errands)


def end_by(state: DialogState, handler: Handler, errands: Errands = ()) -> Next:
    """Ends because the caller wished so."""
    return finish(state, _by_what_happened(state), disposition=handler.disposition, errands=errands)


def _by_what_happened(state: DialogState) -> CallResult:
    if state.forbidden:
        return CallResult.COMPLETED
    if is_promised(state):
        return CallResult.CALLBACK_REQUESTED
    if state.transfer_failed:
        return CallResult.TRANSFER_FAILED
    if state.asked and not state.heard_anything:
        return CallResult.NO_INPUT
    return CallResult.COMPLETED


def is_promised(state: DialogState) -> bool:
    """Whether another call was promised."""
    return state.callback_at is not None or state.callback_delay_min is not None
