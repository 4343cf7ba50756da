"""SPEC R6.9: simulated callers run a scenario by text, and the report says what was reached and what was not."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.results import CallResult
from robot.dialog.events import Heard, Listen
from robot.dialog.flow import Flow
from robot.dialog.source.playing import heard_as_said
from robot.rehearsal import rehearse
from robot.rehearsal.personas import CHARACTERS, Persona
from robot.rehearsal.rehearsing import ROUND, Counting, courses, remembering
from tests.robot.dialog.flows import flows
from tests.robot.rehearsal.scenes import OFFER, flow_of, hearing, offer


def test_R6_9_every_step_and_every_persona_has_its_turn() -> None:
    report = rehearse(offer(), dialogs=300, seed=1, hear=hearing(offer()))
    assert (report.dialogs, report.coverage, report.unreached, report.broken) == (300, 1.0, (), 0)
    assert {one.persona for one in report.personas} == {persona.value for persona in Persona}
    assert sum(report.results.values()) == sum(one.dialogs for one in report.personas) == 300
    assert {"completed", "transferred", "callback_requested", "no_input", "hung_up_early"} <= set(report.results)


def test_the_same_seed_gives_the_same_report_and_another_one_another() -> None:
    first, again, other = (rehearse(offer(), dialogs=120, seed=seed, hear=hearing(offer())) for seed in (1, 1, 2))
    assert first == again
    assert first.results != other.results or first.steps != other.steps


@given(flow=flows(), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_R6_9_any_flow_can_be_rehearsed_and_every_dialog_ends(flow: Flow, seed: int) -> None:
    counted = Counting(flow)
    for course in courses(flow, dialogs=len(ROUND), seed=seed, hear=heard_as_said):
        assert isinstance(course.result, CallResult)
        counted.add(course)
    report = counted.report(seed)
    assert 0 <= report.coverage <= 1
    assert json.loads(json.dumps(report.told()))["dialogs"] == len(ROUND)


def test_a_step_that_nobody_can_come_to_is_told_with_the_ways_from_it() -> None:
    lost = OFFER.replace("  bye: {end", "  lost: {say: Сюда никто не придёт., then: bye}\n  bye: {end")
    report = rehearse(flow_of(lost), dialogs=200, seed=1, hear=heard_as_said)
    assert report.unreached == ("lost",)
    assert [(one.step, one.to) for one in report.dead if one.step == "lost"] == [("lost", "bye")]
    assert report.coverage < 1


def test_what_another_answer_swallows_is_told_as_misunderstood() -> None:
    swallowed = OFFER.replace('"дорого, нет денег"', '"дорого, денег мало"').replace('"нет, не хочу"', '"нет, мало"')
    report = rehearse(flow_of(swallowed), dialogs=400, seed=1, hear=heard_as_said)
    assert all(one.heard for one in report.misunderstood if one.taken is not None)

    def deaf(text: str, _listen: Listen) -> Heard:
        return Heard("нет" if text == "хочу" else text)

    wrong = rehearse(flow_of(swallowed), dialogs=400, seed=1, hear=deaf).misunderstood
    assert ("offer", "хочу", "Да", "Нет") in [(one.step, one.said, one.meant, one.taken) for one in wrong]


def test_only_a_mumbler_is_heard_otherwise_than_he_spoke() -> None:
    for course in courses(offer(), dialogs=200, seed=3, hear=heard_as_said):
        same = all(one.said == one.heard for one in course.understandings)
        assert same or course.persona is Persona.MUMBLING


def test_a_sentence_is_asked_of_the_hearing_once_for_each_way_to_listen() -> None:
    asked: list[str] = []

    def hear(text: str, _listen: Listen) -> Heard:
        asked.append(text)
        return Heard(text)

    remembered = remembering(hear)
    for listen in (Listen((), "", 5.0), Listen(("да",), "1", 3.0), Listen((), "", 5.0, intents=("x",))):
        remembered("да", listen)
    assert asked == ["да", "да"]


def test_who_hangs_up_does_so_somewhere() -> None:
    report = rehearse(offer(), dialogs=300, seed=1, hear=heard_as_said)
    left = sum(times for one in report.personas for times in one.hung_up.values())
    assert left == sum(one.hung_up for one in report.steps) > 0
    assert left >= report.results["hung_up_early"]


def test_every_persona_has_a_character() -> None:
    assert set(CHARACTERS) == set(Persona) == set(ROUND)


@pytest.mark.parametrize("dialogs", [1000])
def test_R6_9_by_text_it_is_quick(dialogs: int) -> None:
    """An order of magnitude only: the machine may be busy with other things."""
    flow = offer()
    rehearse(flow, dialogs=100, seed=1, hear=heard_as_said)
    began = time.process_time()
    rehearse(flow, dialogs=dialogs, seed=1, hear=heard_as_said)
    assert dialogs / (time.process_time() - began) > 700
