"""Whether a flow can be published: everything that is wrong or doubtful about it, each with what to do.

A flow without an error runs to its end with any caller, says only what can be said, and asks only for what can be
heard. `step` runs any flow whose links hold; what is found here would make a call that no designer wants.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import BadInput
from robot.dialog.check_answers import in_answers
from robot.dialog.check_errands import in_errands
from robot.dialog.check_handlers import in_handlers
from robot.dialog.check_hearing import in_hearing
from robot.dialog.check_texts import in_texts
from robot.dialog.check_ways import in_ways
from robot.dialog.finding import Finding, Offer, Severity, Speech, World
from robot.dialog.flow import Flow, StepId, check_links, steps_of

__all__ = ["Finding", "Offer", "Severity", "Speech", "World", "check"]


def check(flow: Flow, world: World | None = None) -> tuple[Finding, ...]:
    """All findings, the errors first, then in the order of the flow.

    A flow whose links do not hold has that one finding: nothing more can be said of it.
    """
    try:
        check_links(flow)
    except BadInput as error:
        return (Finding(error.code, error.message, field=error.field, hint=error.hint),)
    order: dict[StepId | None, int] = {name: number for number, (_, name, _) in enumerate(steps_of(flow))}
    found = dict.fromkeys(_findings(flow, world or World()))
    return tuple(sorted(found, key=lambda one: (one.severity is not Severity.ERROR, order.get(one.step, len(order)))))


def _findings(flow: Flow, world: World) -> Iterator[Finding]:
    yield from in_ways(flow)
    yield from in_texts(flow, world)
    yield from in_answers(flow)
    yield from in_hearing(flow, world)
    yield from in_handlers(flow, world)
    yield from in_errands(flow, world)
