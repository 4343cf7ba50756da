"""The ways through a flow: steps that nothing leads to or that lead nowhere, and circles that no caller can leave.

A sub-flow is looked at by itself; where it is called it counts as one step that is passed or not, so that a way in by
one call and out by another is never taken for a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from robot.dialog.finding import At, Finding
from robot.dialog.flow import Ask, Call, End, Flow, Listen, Return, Step, StepId, Transfer, inside, links_of

MAX_DEPTH: Final = 8
"""How deep sub-flows may call each other."""

Ways = Mapping[StepId, Sequence[StepId]]
Links = Callable[[Step], list[StepId]]
Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True)
class _Part:
    """The flow itself (`name` None) or one of its sub-flows."""

    name: str | None
    start: StepId
    steps: Mapping[StepId, Step]

    def at(self, step: StepId) -> At:
        return At(step=inside(self.name, step))


def in_ways(flow: Flow) -> Iterator[Finding]:
    """Findings about how the steps are joined."""
    parts = (_Part(None, flow.start, flow.steps), *(_Part(name, s.start, s.steps) for name, s in flow.flows.items()))
    deep = list(_recursion(flow))
    yield from deep
    yield from _unreachable(flow, parts)
    for step in parts[0].steps.values():
        if isinstance(step, Return):
            hint = "Use an end, or put the step into a sub-flow."
            yield parts[0].at(step.id).error("return_outside", "", "There is no sub-flow here to return from.", hint)
    if deep:
        return
    yield from _dead_ends(parts)
    yield from _circles(parts)


def _calls(steps: Mapping[StepId, Step]) -> list[str]:
    return [step.flow for step in steps.values() if isinstance(step, Call)]


def _recursion(flow: Flow) -> Iterator[Finding]:
    """Sub-flows that call themselves by whatever way, and calls that lie too deep."""
    calls = {name: _calls(sub.steps) for name, sub in flow.flows.items()}
    for name in flow.flows:
        if name in _reached(calls, calls[name]):
            hint = "Go back to its first step by a link instead."
            yield At(prefix=f"flows.{name}").error("recursive_flow", "", f"The sub-flow {name!r} calls itself.", hint)
            return
    depth = max((_depth(calls, name) for name in flow.flows), default=0)
    if depth > MAX_DEPTH:
        message = f"Sub-flows call each other {depth} deep; at most {MAX_DEPTH} are allowed."
        yield At(prefix="flows").error("flows_too_deep", "", message, "Join some of them.")


def _depth(calls: Mapping[str, Sequence[str]], name: str) -> int:
    return 1 + max((_depth(calls, called) for called in set(calls[name])), default=0)


def _reached(ways: Mapping[Name, Sequence[Name]], begin: Sequence[Name]) -> set[Name]:
    """Everything that is come to from the beginnings, these included."""
    reached, todo = set(begin), list(begin)
    while todo:
        for name in ways.get(todo.pop(), ()):
            if name not in reached:
                reached.add(name)
                todo.append(name)
    return reached


def _unreachable(flow: Flow, parts: Sequence[_Part]) -> Iterator[Finding]:
    """Steps that no caller comes to, and sub-flows that nothing calls."""
    main, *subs = parts
    ends = [target for handler in flow.handlers for target in (handler.then, handler.escalation) if target is not None]
    reached: dict[str | None, set[StepId]] = {None: _reached(_links(main), [main.start, *ends])}
    by_name = {sub.name: sub for sub in subs}
    todo: list[str] = [handler.flow for handler in flow.handlers if handler.flow is not None]
    todo += _calls({name: main.steps[name] for name in reached[None]})
    while todo:
        name = todo.pop()
        if name not in reached:
            sub = by_name[name]
            reached[name] = _reached(_links(sub), [sub.start])
            todo += _calls({step: sub.steps[step] for step in reached[name]})
    for part in parts:
        if part.name is not None and part.name not in reached:
            message = f"Nothing calls the sub-flow {part.name!r}."
            yield At(prefix=f"flows.{part.name}").warning("unused_flow", "", message, "Call it, or take it out.")
            continue
        for step in part.steps:
            if step not in reached[part.name]:
                hint = "Let an answer or a step lead here, or take it out."
                yield part.at(step).warning("unreachable_step", "", "No step leads here.", hint)


def _links(part: _Part) -> dict[StepId, list[StepId]]:
    return {name: _all(step) for name, step in part.steps.items()}


def _dead_ends(parts: Sequence[_Part]) -> Iterator[Finding]:
    """Steps from which neither an end nor, within a sub-flow, a return is ever come to."""
    passed = _passed(parts, _all)
    ending = _ending(parts, passed)
    for part in parts:
        ways = _ways(part, _all, passed)
        backwards: dict[StepId, list[StepId]] = {name: [] for name in part.steps}
        for name, targets in ways.items():
            for target in targets:
                backwards[target].append(name)
        good = _reached(backwards, [name for name, step in part.steps.items() if _is_way_out(step, part, ending)])
        for name in part.steps:
            if name not in good:
                hint = f"Let one of its ways lead to an end{'' if part.name is None else ' or a return'}."
                yield part.at(name).error("dead_end", "", "Once the dialog is here it never comes to an end.", hint)


def _is_way_out(step: Step, part: _Part, ending: set[str]) -> bool:
    if isinstance(step, Return):
        return part.name is not None
    return isinstance(step, End | Transfer) or (isinstance(step, Call) and step.flow in ending)


def _passed(parts: Sequence[_Part], links: Links) -> set[str]:
    """The sub-flows that may be left by a return, along these links."""
    passed = set[str]()
    while True:
        found = {
            part.name
            for part in parts
            if part.name is not None
            and any(isinstance(part.steps[name], Return) for name in _reached(_ways(part, links, passed), [part.start]))
        }
        if found == passed:
            return passed
        passed = found


def _ending(parts: Sequence[_Part], passed: set[str]) -> set[str]:
    """The sub-flows in which the call may end."""
    ending = set[str]()
    while True:
        found = {
            part.name
            for part in parts
            if part.name is not None
            for name in _reached(_ways(part, _all, passed), [part.start])
            if not isinstance(part.steps[name], Return) and _is_way_out(part.steps[name], part, ending)
        }
        if found == ending:
            return ending
        ending = found


def _circles(parts: Sequence[_Part]) -> Iterator[Finding]:
    """Steps that lead round in a circle without waiting for the caller, or with one who says nothing."""
    for part in parts:
        forced = _rings(_ways(part, _unasked, _passed(parts, _unasked)))
        for ring in forced:
            hint = "Put a question into it, or count with a variable and branch out."
            message = f"The dialog goes round without asking the caller anything: {_written(ring)}."
            yield part.at(ring[0]).error("loop_without_turn", "", message, hint)
        for ring in _rings(_ways(part, _silent, _passed(parts, _silent))):
            if not any(set(ring) & set(other) for other in forced):
                hint = "Let `otherwise` of one of them lead out."
                message = f"With a caller who says nothing the dialog goes round for ever: {_written(ring)}."
                yield part.at(ring[0]).warning("silent_loop", "otherwise", message, hint)


def _written(ring: Sequence[StepId]) -> str:
    return " → ".join((*ring, ring[0])) if len(ring) <= 6 else f"{' → '.join(ring[:6])} → …"


def _rings(ways: Ways) -> list[list[StepId]]:
    """The steps that come back to themselves, those together that come to each other, in the flow's order."""
    reach = {name: _reached(ways, list(targets)) for name, targets in ways.items()}
    rings: list[list[StepId]] = []
    seen = set[StepId]()
    for name in ways:
        if name in seen or name not in reach[name]:
            continue
        ring = [other for other in ways if other in reach[name] and name in reach[other]]
        seen.update(ring)
        rings.append(ring)
    return rings


def _ways(part: _Part, links: Links, passed: set[str]) -> dict[StepId, list[StepId]]:
    """Where each step leads along these links; past a call only where its sub-flow may return."""
    return {
        name: [] if isinstance(step, Call) and step.flow not in passed else links(step)
        for name, step in part.steps.items()
    }


def _all(step: Step) -> list[StepId]:
    return [target for _, target in links_of(step)]


def _unasked(step: Step) -> list[StepId]:
    """Where the step leads without a turn of the caller."""
    return [] if isinstance(step, Ask | Listen) else _all(step)


def _silent(step: Step) -> list[StepId]:
    """Where the step leads with a caller who says nothing."""
    return [step.otherwise] if isinstance(step, Ask | Listen) else _all(step)
