"""Which links a path went along: past sub-flows and detours, and by which answer."""

from __future__ import annotations

import pytest

from robot.rehearsal.ways import dead_ways, pairs_of
from tests.robot.rehearsal.scenes import offer


@pytest.mark.parametrize(
    ("path", "pairs"),
    [
        (("where", "offer", "bye"), [("where", "offer"), ("offer", "bye")]),
        (("offer", "@дорого", "rate"), [("offer", "rate")]),
        (("offer", "@повтор", "@дорого", "bye"), [("offer", "bye")]),
        (
            ("kind", "sorry", "sad/say", "sad/back", "talk"),
            [("kind", "sorry"), ("sorry", "sad/say"), ("sad/say", "sad/back"), ("sorry", "talk")],
        ),
    ],
)
def test_pairs(path: tuple[str, ...], pairs: list[tuple[str, str]]) -> None:
    found = [pair for pair in pairs_of(offer(), path) if not pair[0].startswith("@")]
    assert found == pairs


def test_answers_that_lead_to_the_same_step_are_told_apart_by_what_was_stored() -> None:
    paths: dict[tuple[str, ...], int] = {("where", "offer", "bye"): 3}
    said_no = {(one.step, one.field) for one in dead_ways(offer(), paths, {("offer", "answer2"): 3}, {})}
    silent = {(one.step, one.field) for one in dead_ways(offer(), paths, {}, {})}
    assert ("offer", "otherwise") in said_no
    assert ("offer", "answers.1.then") not in said_no
    assert ("offer", "otherwise") not in silent
    assert ("offer", "answers.1.then") in silent


def test_handlers_that_nobody_called_and_limits_that_nobody_passed_are_dead_ways_too() -> None:
    found = {(one.step, one.field) for one in dead_ways(offer(), {("where", "offer", "@дорого", "bye"): 1}, {}, {})}
    assert {("@later", "intent"), ("@повтор", "intent"), ("@дорого", "escalation")} <= found
    assert ("@дорого", "intent") not in found
    passed = dead_ways(offer(), {}, {}, {"дорого": 1})
    assert ("@дорого", "escalation") not in {(one.step, one.field) for one in passed}
