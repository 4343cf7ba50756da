"""Which ways through a flow were gone: the links of its steps and handlers, by the paths of the dialogs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from robot.dialog.flow import Ask, Call, Flow, Handler, Return, inside, links_of, steps_of
from robot.dialog.plan import plan_of


@dataclass(frozen=True, slots=True)
class Way:
    """One link: from a step or a handler (`@id`), by which of its fields, to which step."""

    step: str
    field: str
    to: str
    label: str = ""


def pairs_of(flow: Flow, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The links that a path goes along, as pairs of where from and where to.

    Past a sub-flow the pair begins at the step that called it, past a handler's detour at the step it interrupted.
    """
    handlers = {f"@{one.id}": one for one in flow.handlers}
    kinds = {str(name): spot.step for name, spot in plan_of(flow).spots.items()}
    stack: list[str] = []
    here: str | None = None
    for name in path:
        if name in handlers:
            if here not in handlers:
                stack.append(here or "")
            here = name
            continue
        if here in handlers and name == handlers[here].then:
            stack.clear()
        back = isinstance(kinds.get(here or ""), Return) or (
            here in handlers and not _leads(flow, handlers[here], name)
        )
        if back:
            here = stack.pop() if stack else None
        if here is not None:
            yield here, name
        if here is not None and isinstance(kinds.get(here), Call):
            stack.append(here)
        here = name


def _leads(flow: Flow, handler: Handler, name: str) -> bool:
    start = None if handler.flow is None else inside(handler.flow, flow.flows[handler.flow].start)
    return name in (handler.then, start)


def dead_ways(
    flow: Flow,
    paths: Mapping[tuple[str, ...], int],
    answers: Mapping[tuple[str, str], int],
    escalated: Mapping[str, int],
) -> Iterator[Way]:
    """The links that no dialog went along; `answers` counts the answers stored by step and id."""
    gone = Counter[tuple[str, str]]()
    for path, count in paths.items():
        for pair in pairs_of(flow, path):
            gone[pair] += count
    reached = {name for path in paths for name in path}
    for sub, name, step in steps_of(flow):
        given = Counter[str]()
        if isinstance(step, Ask):
            for answer in step.answers:
                given[inside(sub, answer.then)] += answers.get((name, answer.id), 0)
            for intent, target in step.intents.items():
                given[inside(sub, target)] += answers.get((name, intent), 0)
        for field, target in links_of(step):
            to = inside(sub, target)
            if not _is_gone(step, field, str(name), gone[str(name), str(to)], answers, given[to]):
                yield Way(str(name), field, str(to), _label(step, field))
    for handler in flow.handlers:
        if f"@{handler.id}" not in reached:
            yield Way(f"@{handler.id}", "intent", handler.intent)
        elif handler.then is not None and not gone[f"@{handler.id}", str(handler.then)]:
            yield Way(f"@{handler.id}", "then", str(handler.then))
        if handler.escalation is not None and not escalated.get(handler.id):
            yield Way(f"@{handler.id}", "escalation", str(handler.escalation))


def _is_gone(
    step: object, field: str, name: str, times: int, answers: Mapping[tuple[str, str], int], given: int
) -> bool:
    """Whether the link was gone; what was stored tells answers apart that lead to the same step."""
    if not isinstance(step, Ask) or step.question is None:
        return times > 0
    part, _, rest = field.partition(".")
    if part == "answers":
        answer = step.answers[int(rest.partition(".")[0])]
        return answers.get((name, answer.id), 0) > 0 if answer.label else times > 0
    if part == "intents":
        return answers.get((name, rest), 0) > 0
    return times > given


def _label(step: object, field: str) -> str:
    if isinstance(step, Ask) and field.startswith("answers."):
        answer = step.answers[int(field.split(".")[1])]
        return answer.label or answer.id
    return field.partition(".")[2] if field.startswith("intents.") else ""
