"""What a flow wants done outside of the talk: transfers, calls over HTTP, actions, messages, callbacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from robot.dialog.check_answers import in_numbers
from robot.dialog.finding import At, Finding, World
from robot.dialog.flow import Act, Callback, Channel, Dispose, Fetch, Flow, Message, Step, Tag, Transfer, steps_of

TIMEOUT: Final = (0.1, 60.0)
MAX_DELAY_MIN: Final = 60 * 24 * 30
_URL: Final = re.compile(r"https?://[^\s/?#{}]+(?:[/?#]\S*)?", re.IGNORECASE)
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_POINTER: Final = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


def in_errands(flow: Flow, world: World) -> Iterator[Finding]:
    """Findings about what the steps want done."""
    for _, name, step in steps_of(flow):
        yield from _in_step(step, At(step=name), world)


def _in_step(step: Step, at: At, world: World) -> Iterator[Finding]:
    match step:
        case Transfer():
            yield from _in_transfer(step, at, world)
        case Fetch():
            yield from _in_fetch(step, at)
        case Act():
            yield from in_numbers(at, {"timeout_s": step.timeout_s}, {"timeout_s": TIMEOUT})
            yield from _in_act(step, at, world)
        case Message():
            yield from _in_message(step, at, world)
        case Callback(delay_min=None, variable=None):
            message = "It is not said when the call is due."
            yield at.error("no_time", "delay_min", message, "Give a delay, or the variable that holds the time.")
        case Callback(delay_min=int(delay_min)):
            yield from in_numbers(at, {"delay_min": delay_min}, {"delay_min": (1, MAX_DELAY_MIN)})
        case Tag(tag=text) | Dispose(disposition=text) if not text.strip():
            field = "tag" if isinstance(step, Tag) else "disposition"
            yield at.error("no_text", field, "There is nothing here.", "Name it, or take the step out.")
        case _:
            return


def _in_transfer(step: Transfer, at: At, world: World) -> Iterator[Finding]:
    yield from in_numbers(at, {"wait_s": step.wait_s}, {"wait_s": (1, 3600)})
    if not step.group.strip():
        yield at.error("no_group", "group", "A transfer needs an operator group.", "Name one.")
    elif world.groups is not None and step.group not in world.groups:
        message = f"There is no operator group {step.group!r}."
        yield at.error("no_such_group", "group", message, "Make the group first, or name another.")


def _in_fetch(step: Fetch, at: At) -> Iterator[Finding]:
    given = {"timeout_s": step.timeout_s, "retries": step.retries}
    yield from in_numbers(at, given, {"timeout_s": TIMEOUT, "retries": (0, 5)})
    if not _URL.fullmatch(step.url):
        message = "This is no address: it begins with http:// or https:// and a host that is no variable."
        yield at.error("bad_url", "url", message, "For instance https://crm.example.com/orders/{phone}.")
    for name in step.headers:
        if not _HEADER.fullmatch(name):
            yield at.error("bad_header", f"headers.{name}", f"{name!r} cannot be the name of a header.")
    for pointer in step.save:
        if not _POINTER.fullmatch(pointer):
            message = f"{pointer!r} is no JSON pointer."
            yield at.error("bad_pointer", f"save.{pointer}", message, "For instance /order/sum or /items/0/name.")
    if step.method == "GET" and step.body is not None:
        yield at.warning("body_unsent", "body", "A GET sends no body.", "Take POST, or leave the body out.")


def _in_act(step: Act, at: At, world: World) -> Iterator[Finding]:
    offer = world.actions
    if offer is None or step.action in offer.names:
        return
    if offer.unasked is not None:
        message = f"Whether there is an action {step.action!r} is not known: {offer.unasked}"
        yield at.warning("action_unknown", "action", message, "Without it the step goes on by `failed`.")
        return
    hint = "Name its package or its server in the settings (ZVONAR_ACTIONS__PACKAGES, ZVONAR_ACTIONS__SERVER)."
    yield at.error("no_such_action", "action", f"Nobody offers an action {step.action!r}.", hint)


def _in_message(step: Message, at: At, world: World) -> Iterator[Finding]:
    if step.template is None and not step.text.strip() and step.channel is not Channel.WEBHOOK:
        yield at.error("no_text", "text", "There is neither a text nor a template.", "Write what is sent.")
    if step.template is not None and world.templates is not None and step.template not in world.templates:
        message = f"There is no template {step.template!r}."
        yield at.error("no_such_template", "template", message, "Make it first, or write a text.")
    if step.channel is Channel.WEBHOOK and not _URL.fullmatch(step.to):
        message = "A webhook needs the address that it is sent to."
        yield at.error("bad_url", "to", message, "It begins with http:// or https://.")
