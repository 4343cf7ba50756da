"""SPEC R6.8: a scenario is exported as YAML and imported again without loss; a designer's comments are kept."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from robot.dialog.flow import Answer, Ask, End, Flow, Prompt, Say, Step, StepId, flow_from_json, flow_to_json
from robot.dialog.source import diff, read, schema, write
from tests.robot.dialog.flows import flows

TEXT_FIELDS = frozenset(
    {"text", "label", "question", "disposition", "variable", "value", "url", "action", "group", "tag", "template", "to",
     "subject", "body", "audio", "name", "key", "library"}
)  # fmt: skip
LISTS = frozenset({"phrases", "examples"})
BY_NAME = frozenset({"variables", "headers", "save"})
ODD = [
    "", "~", "null", "true", "да", "no", "1", "0x1F", "1e3", "-", "- a", "a: b", "a #b", "#", "*", "&a", "!t", "'", '"',
    "{x}", "[", "]", "|", ">", "%", "@", "`", "a\nb", "\n", " a ", "\ta", "a\t", "? a", "...", "---", "=", "<<", "\x85",
    "\u2028", "\ufeff", "2026-01-01", "а, б", "а,", ",", ".inf", "\\", "\x07", "a" * 300 + " b" * 100,
]  # fmt: skip
VALIDATOR = jsonschema_rs.Draft202012Validator(schema())
texts = st.one_of(st.sampled_from(ODD), st.text(max_size=12))


@st.composite
def odd_flows(draw: st.DrawFn) -> Flow:
    """A random flow whose texts and names are whatever can be written."""
    plain = msgspec.json.decode(msgspec.json.encode(draw(flows())))
    names = list(plain["steps"])
    new = draw(
        st.lists(texts.filter(lambda one: "/" not in one), min_size=len(names), max_size=len(names), unique=True)
    )
    renamed = dict(zip(names, new, strict=True))

    def changed(value: Any, field: str, *, outside: bool) -> Any:  # noqa: ANN401 - plain JSON values
        if isinstance(value, dict):
            if field in BY_NAME:
                return {draw(texts): draw(texts) for _ in value}
            if field == "steps" and outside:
                return {renamed[name]: changed(one, "", outside=True) for name, one in value.items()}
            if field == "intents" and value and all(isinstance(one, str) for one in value.values()):
                return {name: renamed[one] if outside else one for name, one in value.items()}
            return {name: changed(one, name, outside=outside and name != "flows") for name, one in value.items()}
        if isinstance(value, list):
            return [draw(texts) if field in LISTS else changed(one, "", outside=outside) for one in value]
        if field in ("then", "otherwise", "failed", "start", "escalation", "id") and outside and value in renamed:
            return renamed[value]
        return draw(texts) if field in TEXT_FIELDS and isinstance(value, str) else value

    return flow_from_json(changed(plain, "", outside=True))


@given(flows())
def test_R6_8_what_is_exported_is_imported_as_the_same_flow(flow: Flow) -> None:
    assert read(write(flow)).flow == flow


@given(odd_flows())
def test_R6_8_no_text_and_no_name_is_lost_whatever_it_looks_like(flow: Flow) -> None:
    text = write(flow)
    found = read(text)
    assert found.findings == ()
    assert found.flow == flow


@given(flows(), flows())
def test_writing_into_another_file_means_the_new_flow(flow: Flow, other: Flow) -> None:
    assert read(write(flow, before=write(other))).flow == flow


@given(flows(), st.data())
def test_writing_a_flow_with_one_step_changed_means_the_new_flow(flow: Flow, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(flow.steps)))
    new = msgspec.structs.replace(flow, steps={**flow.steps, name: End(id=name, prompt=Prompt(text="Всё"))})
    assert read(write(new, before=write(flow))).flow == new


@given(flows())
def test_what_is_written_holds_to_the_schema(flow: Flow) -> None:
    loaded = YAML(typ="safe").load(write(flow))
    VALIDATOR.validate(loaded)


@given(flows(), flows())
def test_two_flows_differ_where_and_only_where_they_mean_something_else(one: Flow, other: Flow) -> None:
    assert diff(one, one) == ()
    same = msgspec.json.decode(msgspec.json.encode(one)) == msgspec.json.decode(msgspec.json.encode(other))
    assert (diff(one, other) == ()) == same


DESIGNED = """\
# Опрос о доставке, согласован 3 ноября
name: Доставка
language: ru   # говорим по-русски
variables:
  courier: Пётр   # подставляется, если не загружен

steps:
  # знакомство
  hello:
    say: "Здравствуйте, {first_name|уважаемый клиент}!"

  rate:   # главный вопрос
    ask: Всё ли вам понравилось?
    question: Оценка
    answers:
      Да: {key: 1, phrases: "да, понравилось"}   # дальше по порядку
      Нет:
        key: 2
        phrases: [нет, не понравилось]
        then: sorry
    otherwise: bye
  bye:
    end: Спасибо, до свидания!
  sorry:
    end: Простите нас.
    disposition: Жалоба
"""


def designed() -> Flow:
    found = read(DESIGNED)
    assert found.flow is not None, found.findings
    return found.flow


def test_a_flow_that_did_not_change_leaves_the_file_as_it_is() -> None:
    assert write(designed(), before=DESIGNED) == DESIGNED
    stored = flow_from_json(msgspec.json.decode(msgspec.json.encode(designed())))
    assert write(stored, before=DESIGNED) == DESIGNED


def test_a_change_touches_its_own_line_and_no_comment() -> None:
    flow = designed()
    ending = msgspec.structs.replace(flow.steps[StepId("sorry")], disposition="Претензия")
    text = write(msgspec.structs.replace(flow, steps={**flow.steps, StepId("sorry"): ending}), before=DESIGNED)
    before, after = DESIGNED.splitlines(), text.splitlines()
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a.split() != b.split()]
    assert changed == [("    disposition: Жалоба", "    disposition: Претензия")]


def test_a_new_step_is_added_and_the_short_forms_stay() -> None:
    flow = designed()
    end = End(id=StepId("late"), prompt=Prompt(text="Перезвоним."))
    ask = flow.steps[StepId("rate")]
    assert isinstance(ask, Ask)
    steps = {**flow.steps, end.id: end, ask.id: msgspec.structs.replace(ask, otherwise=end.id)}
    new = msgspec.structs.replace(flow, steps=steps)
    text = write(new, before=DESIGNED)
    assert read(text).flow == new
    for comment in (
        "# Опрос о доставке",
        "# говорим по-русски",
        "# знакомство",
        "# главный вопрос",
        "# дальше по порядку",
    ):
        assert comment in text
    assert "otherwise: late" in text
    assert "[нет, не понравилось]" in text


def test_a_step_taken_out_does_not_change_where_the_others_lead() -> None:
    flow = designed()
    rate = flow.steps[StepId("rate")]
    assert isinstance(rate, Ask)
    answers = tuple(msgspec.structs.replace(one, then=StepId("sorry")) for one in rate.answers)
    rate = msgspec.structs.replace(rate, answers=answers, otherwise=StepId("sorry"))
    steps = {name: one for name, one in flow.steps.items() if name != "bye"} | {rate.id: rate}
    new = msgspec.structs.replace(flow, steps=steps)
    assert read(write(new, before=DESIGNED)).flow == new


@pytest.mark.parametrize("before", ["", "a: [", "name: &x 1", "- 1", "name: чужой\nsteps: {a: {end: }}"])
def test_a_file_that_is_no_scenario_is_not_in_the_way(before: str) -> None:
    flow = designed()
    assert read(write(flow, before=before)).flow == flow


def test_a_control_answer_without_a_label_stands_under_its_id() -> None:
    hear, end = StepId("hear"), StepId("end")
    answers = (Answer(id="repeat", key="1", then=hear), Answer(id="answer2", label="Да", then=end))
    ask = Ask(id=hear, prompt=Prompt(text="Ещё раз?"), answers=answers, otherwise=end)
    flow = Flow(name="x", start=hear, steps={hear: ask, end: End(id=end)})
    text = write(flow)
    assert "repeat:" in text
    assert "Да:" in text
    assert read(text).flow == flow


def test_steps_are_written_in_the_order_in_which_callers_come_to_them() -> None:
    one, two, three = StepId("one"), StepId("two"), StepId("three")
    steps: dict[StepId, Step] = {
        three: End(id=three),
        one: Say(id=one, prompt=Prompt(text="1"), then=two),
        two: Say(id=two, prompt=Prompt(text="2"), then=three),
    }
    text = write(Flow(name="x", start=one, steps=steps))
    assert text.index("one:") < text.index("two:") < text.index("three:")
    assert flow_to_json(Flow(name="x", start=one, steps=steps)) == flow_to_json(read(text).flow)  # type: ignore[arg-type]
