"""SPEC R6.8: what is wrong with a designer's file is said at once, with line, column and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.results import CallResult
from robot.dialog.finding import World
from robot.dialog.flow import (
    Ask,
    Branch,
    Case,
    End,
    Fetch,
    Handler,
    HandlerKind,
    Intent,
    Listen,
    ListenFor,
    Message,
    Op,
    Prompt,
    Say,
    Set,
    StepId,
    Transfer,
    VoiceSex,
)
from robot.dialog.source import Finding, read, write
from robot.dialog.source.findings import meant
from robot.dialog.source.placed import check_source
from robot.dialog.source.tree import MAX_CHARACTERS, MAX_DEPTH


def steps(text: str) -> str:
    """A scenario with these steps."""
    lines = "".join(f"  {line}\n" for line in text.strip("\n").splitlines())
    return f"name: Опрос\nsteps:\n{lines}  end:\n    end:\n"


def step(text: str, name: str = "a") -> object:
    """The step of this name in a scenario with these steps."""
    found = read(steps(text))
    assert found.flow is not None, found.findings
    return found.flow.steps[StepId(name)]


def findings(text: str) -> list[tuple[str, int, int]]:
    """What is wrong, by code, line and column."""
    return [(one.code, one.place.line, one.place.column) for one in read(text).findings]


def one(text: str) -> Finding:
    """The only thing that is wrong."""
    (found,) = read(text).findings
    return found


# ---- what can be written


def test_a_text_stands_right_behind_its_keyword_and_then_is_the_next_step() -> None:
    say = step("a:\n  say: Здравствуйте!")
    assert say == Say(id=StepId("a"), prompt=Prompt(text="Здравствуйте!"), then=StepId("end"))


def test_a_prompt_may_have_fields_of_its_own() -> None:
    said = step("a:\n  say: {text: Да, audio: 1/x.wav, voice: male}")
    assert said == Say(
        id=StepId("a"), prompt=Prompt(text="Да", audio="1/x.wav", voice=VoiceSex.MALE), then=StepId("end")
    )


def test_answers_are_given_by_their_labels_with_phrases_in_one_text_or_in_a_list() -> None:
    ask = step(
        """
a:
  ask: Удобно?
  question: Удобство
  answers:
    Да: {key: 1, phrases: "да, удобно"}
    Нет: {key: 2, phrases: [нет, не очень], then: bye}
    repeat: {key: "*", label: "", then: a, id: again}
  otherwise: end
bye:
  end: До свидания
"""
    )
    assert isinstance(ask, Ask)
    assert [(a.id, a.label, a.key, a.phrases, a.then) for a in ask.answers] == [
        ("answer1", "Да", "1", ("да", "удобно"), "bye"),
        ("answer2", "Нет", "2", ("нет", "не очень"), "bye"),
        ("again", "", "*", (), "a"),
    ]


def test_cases_compare_by_their_operator_as_a_field() -> None:
    branch = step(
        """
a:
  branch:
    - {variable: город, is: Москва, then: end}
    - {variable: sum, at_least: 100, then: end}
    - {variable: note, empty: true, then: end}
    - {variable: note, empty: no, then: end}
    - {variable: x, op: contains, value: "{note}", then: end}
  otherwise: end
"""
    )
    assert isinstance(branch, Branch)
    assert [(case.op, case.value) for case in branch.cases] == [
        (Op.IS, "Москва"),
        (Op.AT_LEAST, "100"),
        (Op.EMPTY, ""),
        (Op.FILLED, ""),
        (Op.CONTAINS, "{note}"),
    ]
    assert all(isinstance(case, Case) for case in branch.cases)


def test_the_other_steps_are_written_under_their_keywords() -> None:
    assert step("a:\n  set: {сумма: 100}") == Set(id=StepId("a"), variable="сумма", value="100", then=StepId("end"))
    assert step("a:\n  transfer: Продажи\n  otherwise: end") == Transfer(
        id=StepId("a"), group="Продажи", otherwise=StepId("end")
    )
    fetched = step("a:\n  fetch: https://x.ru/{phone}\n  save: {/sum: сумма}\n  failed: end\n  timeout_s: 2,5")
    assert isinstance(fetched, Fetch)
    assert (fetched.url, fetched.save, fetched.timeout_s) == ("https://x.ru/{phone}", {"/sum": "сумма"}, 2.5)
    heard = step("a:\n  listen: причина\n  kind: date_time\n  prompt: Когда?\n  otherwise: end")
    assert isinstance(heard, Listen)
    assert (heard.kind, heard.prompt) == (ListenFor.DATE_TIME, Prompt(text="Когда?"))
    assert step("a:\n  end: Всё\n  result: no_input") == End(
        id=StepId("a"), prompt=Prompt(text="Всё"), result=CallResult.NO_INPUT
    )


def test_a_message_by_a_template_alone_needs_no_text() -> None:
    written = steps("a:\n  message:\n  template: Адрес\n  then: end")
    sent = step("a:\n  message:\n  template: Адрес")
    assert isinstance(sent, Message)
    assert (sent.text, sent.template) == ("", "Адрес")
    flow = read(written).flow
    assert flow is not None
    assert "message:\n" in write(flow)
    assert read(write(flow)).flow == flow
    assert one(steps("a:\n  listen:\n  otherwise: end")).code == "empty"


def test_intents_and_handlers_have_short_forms_too() -> None:
    text = """
intents:
  price: [дорого, сколько стоит]
  who:
    library: who
    examples: |
      кто это
      откуда вы
handlers:
  who:
    reply: Это клиника.
  price: {limit: 1}
"""
    flow = read(text + steps("a:\n  say: Да")).flow
    assert flow is not None
    assert flow.intents == {
        "price": Intent(examples=("дорого", "сколько стоит")),
        "who": Intent(examples=("кто это", "откуда вы"), library="who"),
    }
    who, price = flow.handlers
    assert who == Handler(id="who", kind=HandlerKind.WHO, intent="who", reply=Prompt(text="Это клиника."))
    assert (price.kind, price.intent, price.limit) == (HandlerKind.OBJECTION, "price", 1)


@pytest.mark.parametrize("written", ["1", "01", "1.0", "2026-01-01", "да", "no", "true", '"~"', "0x1F", "1_000"])
def test_a_text_is_what_was_written_whatever_it_looks_like(written: str) -> None:
    said = step(f"a:\n  say: {written}")
    assert isinstance(said, Say)
    assert said.prompt.text == written.strip('"')


# ---- what is wrong


def test_everything_that_is_wrong_is_found_at_once() -> None:
    text = """\
name: X
lang: ru
steps:
  a:
    sya: Привет
  b:
    say: Раз
    bargein: true
    barge_in: perhaps
    then: cc
  b:
    end:
  c:
    ask: Вопрос
    answers:
      Да: {key: 1, thenn: b}
    repeats: много
  d:
    listen: x
    kind: texts
    then: a
    otherwise: a
"""
    assert findings(text) == [
        ("unknown_key", 2, 1),
        ("no_kind", 4, 3),
        ("unknown_key", 8, 5),
        ("wrong_type", 9, 15),
        ("no_such_step", 10, 11),
        ("duplicate_key", 11, 3),
        ("missing_key", 13, 3),
        ("unknown_key", 16, 20),
        ("wrong_type", 17, 14),
        ("no_such_choice", 20, 11),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (steps("a:\n  sya: x"), "Did you mean 'say'?"),
        (steps("a:\n  say: x\n  than: end"), "Did you mean 'then'?"),
        (steps("a:\n  say: x\n  then: edn"), "Did you mean 'end'?"),
        (steps("a:\n  say: x\n  prompt: y"), "Write it right after `say:`."),
        (steps("a:\n  say: {first_name}"), "quotes"),
        (steps("a:\n  say: {first_name}, добрый день"), "quotes"),
        (steps("a:\n  say: Итак: начнём"), "quotes"),
        (steps("a:\n  say: 'Итак"), "Close it."),
        (steps("a:\n  ask: x\n  answers: {Да: {key: *}}"), "quotes"),
        (steps("a:\n  say: x\n  barge_in: maybe"), "true or false"),
        (steps("a:\n  set: {a: 1, b: 2}"), "another step"),
        (steps("a:\n  transfer: x"), "needs 'otherwise'"),
        (steps("a:\n  say: x\n  end: y"), "Make a step of each."),
        (steps("a:\n  call: pay"), "sub-flow"),
        (steps("a:\n  ask: x\n  intents: {price: end}\n  otherwise: end"), "intent"),
        ("name: x\nsteps:\n  a:\n    say: x\n", "Add `then:`"),
        ("steps: {a: {end: }}", "needs 'name'"),
        ("name: x", "has no steps"),
        ("", "at least `name` and `steps`"),
        ("- a\n", "begins with `name:`"),
    ],
)
def test_a_sentence_says_what_to_do(text: str, said: str) -> None:
    found = one(text)
    assert said in f"{found.message} {found.hint}"


def test_each_line_that_begins_with_a_tab_is_named() -> None:
    assert findings("name: x\n\tsteps: 1\n  \ta: 2\n") == [("tab", 2, 1), ("tab", 3, 3)]


def test_a_tab_within_a_text_is_no_matter() -> None:
    said = step('a:\n  say: "раз\tдва"')
    assert isinstance(said, Say)
    assert said.prompt.text == "раз\tдва"


def test_anchors_references_and_tags_are_refused_where_they_stand() -> None:
    text = "name: &n X\nsteps:\n  a: {end: *n}\n  b: {end: !!python/object/apply:os.system [x]}\n"
    assert findings(text) == [("anchor", 1, 7), ("anchor", 3, 12), ("tag", 4, 12)]


def test_a_billion_laughs_is_refused_at_once() -> None:
    lines = ["a0: &a0 [lol, lol]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert {one.code for one in read("\n".join(lines)).findings} == {"anchor"}


def test_what_is_too_deep_or_too_long_is_refused() -> None:
    assert [one.code for one in read("[" * 10_000).findings] == ["too_deep"]
    assert read("name: " + "[" * (MAX_DEPTH - 1)).findings[0].code == "bad_yaml"
    assert one("x" * (MAX_CHARACTERS + 1)).code == "too_long"


@given(st.text(max_size=200) | st.text(alphabet=":-{}[]&*!|>'\"\n\t #?,%@`abc~", max_size=80))
def test_reading_never_raises_and_names_a_place_within_the_text(text: str) -> None:
    found = read(text)
    assert found.flow is None
    assert found.findings
    assert all(1 <= one.place.line <= len(text.splitlines()) + 2 for one in found.findings)


@given(st.text(alphabet="abcsteyn: \n-{}'\"", max_size=60))
def test_rubbish_among_the_steps_never_raises(text: str) -> None:
    read(steps(text or "a"))


def test_a_link_goes_within_its_own_sub_flow_alone() -> None:
    text = "flows:\n  pay:\n    steps:\n      ask: {say: x, then: end}\n      back: {return: }\n"
    found = one(text + steps("a:\n  call: pay"))
    assert (found.code, found.place.line) == ("no_such_step", 4)
    assert found.path == "flows.pay.steps.ask.then"


def test_what_the_flow_is_found_faulty_for_stands_at_its_line() -> None:
    text = steps(
        "a:\n  say: Здравствуйте, {kind}!\nlost:\n  say: Никогда\n  then: end\nb:\n  transfer: Никто\n  otherwise: end"
    )
    world = World(groups=frozenset({"Продажи"}), variables=frozenset())
    found = {one.code: (one.place.line, one.path) for one in check_source(text, world).findings}
    assert found["unknown_variable"] == (4, "steps.a.prompt.text")
    assert found["no_such_group"][0] == 9


def test_names_that_are_near_are_suggested_and_others_are_not() -> None:
    assert meant("greting", ["greeting", "end"]) == "greeting"
    assert meant("Приветсвие", ["приветствие"]) == "приветствие"
    assert meant("x", ["greeting"]) is None


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("name: x\r\nsteps:\r\n  a:\r\n    end: Всё\r\n".encode("utf-8-sig"))
    flow = read(file.read_text("utf-8-sig")).flow
    assert flow is not None
    assert flow.steps[StepId("a")] == End(id=StepId("a"), prompt=Prompt(text="Всё"))
