"""What a flow handles anywhere: whether each handler can be called, says something and leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from robot.dialog.check_answers import in_numbers
from robot.dialog.detours import ENDS_CALL
from robot.dialog.finding import At, Finding, World
from robot.dialog.flow import Flow, Handler, HandlerKind, Prompt, Return
from robot.dialog.phrases import overlap

NUMBERS: Final = {"limit": (1.0, 10.0), "wait_s": (1.0, 120.0), "delay_min": (1.0, 60 * 24 * 30.0)}
_NAMES_ITSELF: Final = frozenset({HandlerKind.REPEAT, HandlerKind.WAIT, HandlerKind.OPERATOR})
"""Kinds that do something without a reply."""


def in_handlers(flow: Flow, world: World) -> Iterator[Finding]:
    """Findings about the handlers."""
    for number, handler in enumerate(flow.handlers):
        at = At(prefix=f"handlers.{number}")
        yield from in_numbers(at, {field: getattr(handler, field) for field in NUMBERS}, NUMBERS)
        yield from _in_replies(handler, at)
        yield from _in_ways(flow, handler, at, world)
        yield from _in_words(flow, number, at)


def _speaks(prompt: Prompt | None) -> bool:
    return prompt is not None and bool(prompt.text.strip() or prompt.audio)


def _in_replies(handler: Handler, at: At) -> Iterator[Finding]:
    speaks = _speaks(handler.reply) or _speaks(handler.goodbye)
    if handler.kind is HandlerKind.LATER and not _speaks(handler.reply):
        message = "Nothing asks the caller when to call."
        yield at.error("empty_handler", "reply", message, "Ask for the time in the reply.")
    elif handler.kind in ENDS_CALL and not speaks and handler.then is None:
        message = "The call would end without a word."
        yield at.warning("silent_goodbye", "goodbye", message, "Say good-bye in the reply.")
    elif handler.kind not in _NAMES_ITSELF | ENDS_CALL and not speaks and handler.flow is None and handler.then is None:
        message = "This handler has neither a reply nor a way out: the question would just be put again."
        yield at.error("empty_handler", "reply", message, "Write a reply, or name the step that it leads to.")
    if handler.goodbye is not None and (handler.kind not in ENDS_CALL or handler.then is not None):
        yield at.warning("unsaid", "goodbye", "The good-bye is never said, for this handler does not end the call.")


def _in_ways(flow: Flow, handler: Handler, at: At, world: World) -> Iterator[Finding]:
    if handler.escalation is None and handler.kind is HandlerKind.OBJECTION:
        message = f"After {handler.limit} times the words count as no answer."
        yield at.warning("no_escalation", "escalation", message, "Name the step that then follows.")
    if handler.kind is HandlerKind.OPERATOR:
        if not handler.group:
            yield at.error("no_group", "group", "A transfer needs an operator group.", "Name one.")
        elif world.groups is not None and handler.group not in world.groups:
            message = f"There is no operator group {handler.group!r}."
            yield at.error("no_such_group", "group", message, "Make the group first, or name another.")
    if handler.flow is None:
        return
    if handler.kind in (HandlerKind.LATER, HandlerKind.WAIT):
        message = f"A handler of the kind {handler.kind.value!r} runs no sub-flow."
        yield at.error("flow_not_run", "flow", message, "Take it out, or let `then` lead on.")
    elif not any(isinstance(step, Return) for step in flow.flows[handler.flow].steps.values()):
        message = f"The sub-flow {handler.flow!r} never returns to the interrupted step."
        yield at.warning("never_returns", "flow", message, "Put a return at its end, if it shall.")


def _in_words(flow: Flow, number: int, at: At) -> Iterator[Finding]:
    handler = flow.handlers[number]
    mine = flow.intents[handler.intent]
    for other in flow.handlers[:number]:
        if other.intent == handler.intent:
            message = f"The handler {other.id!r} already has the intent {handler.intent!r}."
            yield at.error("intent_taken", "intent", message, "Join them, or give this one another intent.")
        elif (twice := overlap(mine.phrases, flow.intents[other.intent].phrases)) is not None:
            message = f"{twice!r} calls the handler {other.id!r} too: nobody could tell which was meant."
            yield at.error("phrases_overlap", "intent", message, "Leave the phrase with one of the intents.")
