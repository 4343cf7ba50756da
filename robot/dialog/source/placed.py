"""What is found in a flow, at its place in the file that the flow was read from."""

from __future__ import annotations

from robot.dialog.checking import check
from robot.dialog.finding import Finding as Found
from robot.dialog.finding import World
from robot.dialog.flow import Flow, inside
from robot.dialog.source.findings import Finding
from robot.dialog.source.reading import Read, read


def check_source(text: str, world: World | None = None) -> Read:
    """The scenario with all that is wrong or doubtful, as text and as flow; `flow` is None where it cannot be read."""
    given = read(text)
    if given.flow is None:
        return given
    found = [placed(given, given.flow, one) for one in check(given.flow, world)]
    return Read(given.flow, tuple(sorted(found, key=lambda one: (one.severity, one.place))), given.places)


def placed(given: Read, flow: Flow, found: Found) -> Finding:
    """The finding with its place."""
    path = path_of(flow, found)
    return Finding(found.code, given.place_of(path), found.message, found.hint or "", path, found.severity)


def path_of(flow: Flow, found: Found) -> str:
    """The finding's field by its path in the whole flow."""
    if found.step is None:
        return found.field or ""
    where = f"steps.{found.step}"
    for name, sub in flow.flows.items():
        for step in sub.steps:
            if inside(name, step) == found.step and found.step not in flow.steps:
                where = f"flows.{name}.steps.{step}"
    return f"{where}.{found.field}" if found.field else where
