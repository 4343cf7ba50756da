"""SPEC R6.9: dialogs kept with a scenario, played against it whenever it is published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.results import CallResult
from robot.dialog.flow import Flow
from robot.dialog.source import read
from robot.dialog.source.playing import HangsUp, Presses, Says, Script, Silent, Turn, play
from robot.dialog.source.regression import read_dialogs, run
from tests.robot.dialog.flows import flows

OFFER = """
name: Скидка
steps:
  hello:
    say: "{first_name|Здравствуйте}, добрый день!"
  price:
    fetch: https://shop.ru/price
    save: {/sum: sum}
    failed: offer
  offer:
    ask: "Скидка {sum|100} рублей. Соединить?"
    question: Интерес
    answers:
      Да: {key: 1, phrases: "да, хочу", then: talk}
      Нет: {key: 2, phrases: "нет, не хочу", then: mark}
    otherwise: bye
  mark: {tag: отказ, then: bye}
  talk:
    transfer: Продажи
    otherwise: bye
  bye:
    end: До свидания
    disposition: Отказ
"""

TESTS = """
согласие:
  caller: [say: "да, хочу"]
  expect: {path: [hello, offer, talk], result: transferred, answers: {Интерес: Да}, said: сто рублей}
"""


def offer() -> Flow:
    found = read(OFFER)
    assert found.flow is not None, found.findings
    return found.flow


def verdicts(text: str) -> list[tuple[str, ...]]:
    found = read_dialogs(text, offer())
    assert found.findings == ()
    return [one.faults for one in run(offer(), found.dialogs)]


# ---- a scripted caller


def test_turns_are_taken_in_their_order() -> None:
    refused = play(offer(), Script(turns=(Silent(), Presses("2"))))
    assert (refused.result, refused.disposition, refused.tags) == (CallResult.COMPLETED, "Отказ", ["отказ"])
    agreed = play(offer(), Script(turns=(Presses("1"), Silent())))
    assert (agreed.result, agreed.left) == (CallResult.TRANSFERRED, (Silent(),))


def test_prompts_are_told_as_they_are_spoken() -> None:
    played = play(offer(), Script(variables={"first_name": "Анна"}))
    assert played.prompts[:2] == ("Анна, добрый день!", "Скидка сто рублей. Соединить?")


def test_what_is_fetched_is_in_the_script_and_fails_without() -> None:
    script = Script(fetched={"price": {"sum": "250"}})
    assert "Скидка двести пятьдесят рублей. Соединить?" in play(offer(), script).prompts


def test_no_operator_comes_where_the_script_says_so() -> None:
    played = play(offer(), Script(turns=(Says("да"),), operator=False))
    assert (played.result, played.path[-1]) == (CallResult.TRANSFER_FAILED, "bye")


def test_a_caller_without_a_script_is_silent_to_the_end() -> None:
    assert play(offer(), Script()).result is CallResult.NO_INPUT


def test_the_caller_hangs_up_where_the_script_says_so() -> None:
    played = play(offer(), Script(turns=(HangsUp(),)))
    assert (played.result, played.path) == (CallResult.HUNG_UP_EARLY, ("hello",))


def test_the_caller_speaks_into_a_prompt_that_lets_him() -> None:
    played = play(offer(), Script(turns=(Says("да, хочу", interrupting=True),)))
    assert played.result is CallResult.TRANSFERRED


TURNS: st.SearchStrategy[Turn] = st.one_of(
    st.builds(Says, st.text(max_size=10) | st.sampled_from(["да", "нет", "дорого"]), interrupting=st.booleans()),
    st.builds(Presses, st.text("0123456789*#", min_size=1, max_size=3)),
    st.just(Silent()),
    st.just(HangsUp()),
)


@given(flows(), st.lists(TURNS, max_size=8), st.booleans())
def test_any_flow_comes_to_its_end_with_any_scripted_caller(flow: Flow, turns: list[Turn], operator: bool) -> None:
    played = play(flow, Script(turns=tuple(turns), operator=operator))
    assert played.path
    assert isinstance(played.result, CallResult)


# ---- a set


def test_a_dialog_that_goes_as_expected_is_green() -> None:
    assert verdicts(TESTS) == [()]


def test_what_goes_otherwise_is_told_in_sentences() -> None:
    ((path, answer, result, disposition, said, tag),) = verdicts(
        """
отказ:
  caller: [press: 2]
  expect:
    path: [hello, talk]
    answers: {Интерес: Да}
    result: transferred
    disposition: Согласие
    said: [двести рублей, добрый день]
    tags: vip
"""
    )
    assert path.startswith("The path does not come to 'talk', it is: hello → price")
    assert answer == "The answer to 'Интерес' should be 'Да', it is 'Нет'."
    assert result == "The result should be transferred, it is completed."
    assert disposition == "The disposition should be 'Согласие', it is 'Отказ'."
    assert said == "The robot never says 'двести рублей'."
    assert tag == "The tag 'vip' was not put."


def test_all_kinds_of_turns_can_be_written() -> None:
    found = read_dialogs(
        """
a:
  variables: {first_name: Анна}
  fetched: {price: {sum: 5}}
  operator: false
  caller:
    - silence
    - press: 12
    - say: да
    - interrupt: нет
    - hang up
  expect: {result: hung_up_early}
""",
        offer(),
    )
    (dialog,) = found.dialogs
    assert dialog.script.turns == (Silent(), Presses("12"), Says("да"), Says("нет", interrupting=True), HangsUp())
    assert (dialog.script.variables, dialog.script.fetched, dialog.script.operator) == (
        {"first_name": "Анна"},
        {"price": {"sum": "5"}},
        False,
    )


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a:\n  caller: [shout: да]\n  expect: {result: completed}", "bad_turn", 2),
        ("a:\n  caller: [press: 1a]\n  expect: {result: completed}", "bad_turn", 2),
        ("a:\n  caller: [say: да]", "missing_key", 1),
        ("a:\n  expect:\n    result: fine", "no_such_choice", 3),
        ("a:\n  expect:\n    path: [hello, ofer]", "no_such_step", 3),
        ("a:\n  expect: {result: completed}\na:\n  expect: {result: completed}", "duplicate_key", 3),
        ("a:\n  expects: {result: completed}\n  expect: {result: completed}", "unknown_key", 2),
        ("a: [", "bad_yaml", 1),
    ],
)
def test_what_is_wrong_with_a_set_is_found_at_its_line(text: str, code: str, line: int) -> None:
    (found,) = read_dialogs(text, offer()).findings
    assert (found.code, found.place.line) == (code, line)
    assert read_dialogs(text, offer()).dialogs == ()
