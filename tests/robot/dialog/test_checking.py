"""SPEC R6.8: what is found when a flow is looked over, each finding at its step and field, with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from robot.dialog.checking import Finding, Offer, Severity, Speech, World, check
from robot.dialog.flow import (
    Act,
    Answer,
    Ask,
    Branch,
    Call,
    Callback,
    Case,
    Channel,
    End,
    Fetch,
    Flow,
    Handler,
    HandlerKind,
    Intent,
    Language,
    Listen,
    ListenFor,
    Message,
    Prompt,
    Return,
    Say,
    Set,
    Step,
    StepId,
    SubFlow,
    Tag,
    Transfer,
    VoiceSex,
)

END = End(id=StepId("end"))
Z = StepId("end")


def say(name: str, then: str = "end", text: str = "Текст") -> Say:
    return Say(id=StepId(name), prompt=Prompt(text=text), then=StepId(then))


def ask(name: str = "ask", *answers: Answer, then: str = "end", otherwise: str = "end", **more: Any) -> Ask:  # noqa: ANN401
    default = Answer(id="yes", label="Да", key="1", phrases=("да",), then=StepId(then))
    more.setdefault("prompt", Prompt(text="Вопрос?"))
    return Ask(id=StepId(name), answers=answers or (default,), otherwise=StepId(otherwise), **more)


def by_id(steps: Iterable[Step]) -> dict[StepId, Step]:
    return {one.id: one for one in steps}


def flow_of(*steps: Step, **more: Any) -> Flow:  # noqa: ANN401
    all_steps = steps if any(one.id == "end" for one in steps) else (*steps, END)
    return Flow(name="t", start=steps[0].id, steps=by_id(all_steps), **more)


def sub_flow(*steps: Step) -> SubFlow:
    return SubFlow(start=steps[0].id, steps=by_id(steps))


def found(flow: Flow, world: World | None = None) -> dict[str, Finding]:
    """The first finding of each code; every one says where and what to do."""
    findings = check(flow, world)
    for one in findings:
        assert one.message.endswith("."), one
        assert one.step or one.field, one
    return {one.code: one for one in reversed(findings)}


GOOD = flow_of(say("hello", "ask"), ask())
WORLD = World(
    groups={"Продажи"},
    sounds={"hello.wav"},
    variables=frozenset({"Сумма"}),
    templates={"напоминание"},
    actions=Offer({"price"}),
    speech=lambda _: Speech(words={"да", "нет", "один", "хочу"}, voices={VoiceSex.FEMALE}),
)
DEAF = World(speech=lambda _: Speech(hears=False, mend_ears="./zvonar models fetch x brings x."))


def test_a_good_flow_has_no_finding() -> None:
    assert check(GOOD, WORLD) == ()


def test_a_flow_whose_links_do_not_hold_says_that_alone() -> None:
    assert found(flow_of(say("hello", "nowhere"))).keys() == {"no_such_step"}
    assert found(flow_of(Call(id=StepId("a"), flow="none", then=Z))).keys() == {"no_such_flow"}
    assert found(flow_of(ask(intents={"none": Z}))).keys() == {"no_such_intent"}


def case(then: str) -> Case:
    return Case(variable="note", then=StepId(then), value="5")


LOOP = (say("a", "b"), say("b", "a"))
STEPS: list[tuple[str, Flow, str, str | None]] = [
    ("dead_end", flow_of(*LOOP), "a", None),
    ("loop_without_turn", flow_of(*LOOP), "a", None),
    ("unreachable_step", flow_of(say("a"), say("lost")), "lost", None),
    ("return_outside", flow_of(ask(otherwise="back"), Return(id=StepId("back"))), "back", None),
    ("loop_without_turn", flow_of(Branch(id=StepId("a"), cases=(case("end"),), otherwise=StepId("a"))), "a", None),
    (
        "loop_without_turn",
        flow_of(Fetch(id=StepId("a"), url="https://x.example", then=Z, failed=StepId("a"))),
        "a",
        None,
    ),
    ("silent_loop", flow_of(ask("a", otherwise="b"), ask("b", otherwise="a")), "a", "otherwise"),
    ("no_text", flow_of(say("a", text="")), "a", "prompt.text"),
    ("text_too_long", flow_of(say("a", text="я" * 501)), "a", "prompt.text"),
    ("bad_braces", flow_of(say("a", text="{first name")), "a", "prompt.text"),
    ("bad_hint", flow_of(say("a", text="[pause 99s] да")), "a", "prompt.text"),
    ("unknown_variable", flow_of(say("a", text="{сума}")), "a", "prompt.text"),
    ("unknown_variable", flow_of(Set(id=StepId("a"), variable="x", value="{сума}", then=Z)), "a", "value"),
    (
        "unknown_variable",
        flow_of(Branch(id=StepId("a"), cases=(msgspec.structs.replace(case("end"), variable="сума"),), otherwise=Z)),
        "a",
        "cases.0.variable",
    ),
    ("unknown_variable", flow_of(Callback(id=StepId("a"), variable="сума", then=Z)), "a", "variable"),
    ("no_such_sound", flow_of(Say(id=StepId("a"), prompt=Prompt(audio="x.wav"), then=Z)), "a", "prompt.audio"),
    (
        "no_voice",
        flow_of(Say(id=StepId("a"), prompt=Prompt(text="Да", voice=VoiceSex.MALE), then=Z)),
        "a",
        "prompt.voice",
    ),
    (
        "too_many_answers",
        flow_of(ask("a", *(Answer(id=str(n), label=str(n), phrases=("да " * n,), then=Z) for n in range(1, 12)))),
        "a",
        "answers",
    ),
    ("no_answers", flow_of(msgspec.structs.replace(ask("a"), answers=())), "a", "answers"),
    ("no_way_to_answer", flow_of(ask("a", Answer(id="x", label="Да", then=Z))), "a", "answers.0"),
    ("bad_key", flow_of(ask("a", Answer(id="x", label="Да", key="12", then=Z))), "a", "answers.0.key"),
    (
        "phrases_too_long",
        flow_of(ask("a", Answer(id="x", label="Да", phrases=tuple("да" * n for n in range(1, 20)), then=Z))),
        "a",
        "answers.0.phrases",
    ),
    ("bad_phrase", flow_of(ask("a", Answer(id="x", label="Да", phrases=("да!",), then=Z))), "a", "answers.0.phrases"),
    (
        "unsayable_phrase",
        flow_of(ask("a", Answer(id="x", label="Да", phrases=("абракадабра",), then=Z))),
        "a",
        "answers.0.phrases",
    ),
    ("bad_number", flow_of(ask("a", repeats=99)), "a", "repeats"),
    ("bad_number", flow_of(ask("a", wait_s=0.0)), "a", "wait_s"),
    ("bad_number", flow_of(Transfer(id=StepId("a"), group="Продажи", otherwise=Z, wait_s=0)), "a", "wait_s"),
    (
        "bad_number",
        flow_of(Listen(id=StepId("a"), prompt=Prompt(text="?"), variable="x", then=Z, otherwise=Z, least=5, most=1)),
        "a",
        "least",
    ),
    ("no_group", flow_of(Transfer(id=StepId("a"), group=" ", otherwise=Z)), "a", "group"),
    ("no_such_group", flow_of(Transfer(id=StepId("a"), group="Склад", otherwise=Z)), "a", "group"),
    ("no_such_action", flow_of(Act(id=StepId("a"), action="x", then=Z, failed=Z)), "a", "action"),
    ("no_such_template", flow_of(Message(id=StepId("a"), template="x", then=Z)), "a", "template"),
    ("no_text", flow_of(Message(id=StepId("a"), then=Z)), "a", "text"),
    ("bad_url", flow_of(Message(id=StepId("a"), channel=Channel.WEBHOOK, then=Z)), "a", "to"),
    ("bad_url", flow_of(Fetch(id=StepId("a"), url="{note}/x", then=Z, failed=Z)), "a", "url"),
    ("bad_url", flow_of(Fetch(id=StepId("a"), url="https://{note}/x", then=Z, failed=Z)), "a", "url"),
    (
        "bad_pointer",
        flow_of(Fetch(id=StepId("a"), url="https://x.example", save={"sum": "x"}, then=Z, failed=Z)),
        "a",
        "save.sum",
    ),
    (
        "bad_header",
        flow_of(Fetch(id=StepId("a"), url="https://x.example", headers={"a b": "x"}, then=Z, failed=Z)),
        "a",
        "headers.a b",
    ),
    ("body_unsent", flow_of(Fetch(id=StepId("a"), url="https://x.example", body="{}", then=Z, failed=Z)), "a", "body"),
    ("no_time", flow_of(Callback(id=StepId("a"), then=Z)), "a", "delay_min"),
    ("bad_number", flow_of(Callback(id=StepId("a"), delay_min=0, then=Z)), "a", "delay_min"),
    ("no_text", flow_of(Tag(id=StepId("a"), tag="", then=Z)), "a", "tag"),
]


@pytest.mark.parametrize(("code", "flow", "step", "field"), STEPS, ids=[f"{n}-{one[0]}" for n, one in enumerate(STEPS)])
def test_R6_8_what_is_wrong_at_a_step_is_found_there(code: str, flow: Flow, step: str, field: str | None) -> None:
    finding = found(flow, WORLD)[code]
    assert (finding.step, finding.field) == (step, field)


TAKEN = Answer(id="no", label="Нет", key="2", phrases=("нет", "ни за что"), then=Z)


@pytest.mark.parametrize(
    ("other", "code", "field"),
    [
        (Answer(id="no", label="Иное", key="3", then=Z), "answer_taken", "answers.1.id"),
        (Answer(id="x", label="нет", key="3", then=Z), "label_taken", "answers.1.label"),
        (Answer(id="x", label="Иное", key="2", then=Z), "key_taken", "answers.1.key"),
        (Answer(id="x", label="Иное", phrases=("Нет",), then=Z), "phrases_overlap", "answers.1.phrases"),
    ],
)
def test_R6_8_answers_that_could_not_be_told_apart_are_found(other: Answer, code: str, field: str) -> None:
    assert found(flow_of(ask("a", TAKEN, other)))[code].field == field


@pytest.mark.parametrize(
    ("key", "phrases", "severity"),
    [(None, ("абвгд",), "error"), ("1", ("абвгд",), "warning"), (None, ("да", "абвгд"), "warning")],
)
def test_R6_8_a_phrase_that_cannot_be_heard_is_an_error_where_nothing_else_gives_the_answer(
    key: str | None, phrases: tuple[str, ...], severity: str
) -> None:
    answer = Answer(id="x", label="Да", key=key, phrases=phrases, then=Z)
    finding = found(flow_of(ask("a", answer)), WORLD)["unsayable_phrase"]
    assert finding.severity == severity
    assert "'абвгд'" in finding.message


def by_code(flow: Flow, world: World, code: str) -> list[tuple[str | None, str | None, Severity]]:
    return [(one.step, one.field, one.severity) for one in check(flow, world) if one.code == code]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (None, [("a", "answers.0.phrases", Severity.ERROR), (None, "language", Severity.WARNING)]),
        ("1", [(None, "language", Severity.WARNING)]),
    ],
)
def test_R6_8_without_a_recogniser_an_answer_needs_a_key(key: str | None, expected: list[object]) -> None:
    flow = flow_of(ask("a", Answer(id="x", label="Да", key=key, phrases=("да", "хочу"), then=Z)))
    assert by_code(flow, DEAF, "no_recogniser") == expected
    assert "models fetch x" in (found(flow, DEAF)["no_recogniser"].hint or "")


def test_R6_8_without_a_recogniser_words_that_are_kept_are_a_warning_and_typed_ones_none() -> None:
    def heard(kind: ListenFor) -> Flow:
        return flow_of(Listen(id=StepId("a"), prompt=Prompt(text="?"), variable="x", kind=kind, then=Z, otherwise=Z))

    assert by_code(heard(ListenFor.TEXT), DEAF, "no_recogniser") == [("a", "kind", Severity.WARNING)]
    assert by_code(heard(ListenFor.NUMBER), DEAF, "no_recogniser") == []
    only_keys = flow_of(ask("a", Answer(id="x", label="Да", key="1", then=Z)))
    assert by_code(only_keys, DEAF, "no_recogniser") == []
    handlers = by_code(handled(OBJECTION), DEAF, "no_recogniser")
    assert (None, "language", Severity.WARNING) in handlers


def test_R6_8_a_recogniser_that_spells_any_word_hears_every_phrase() -> None:
    flow = flow_of(ask("a", Answer(id="x", label="Да", phrases=("абвгд",), then=Z)))
    assert check(flow, World(speech=lambda _: Speech())) == ()


def test_R6_8_the_world_is_asked_about_the_language_of_the_flow() -> None:
    asked: list[Language] = []

    def speech(language: Language) -> Speech:
        asked.append(language)
        return Speech()

    check(flow_of(ask("a"), language=Language.EN), World(speech=speech))
    assert set(asked) == {Language.EN}


def test_R6_8_an_action_that_perhaps_somebody_offers_is_a_warning() -> None:
    flow = flow_of(Act(id=StepId("a"), action="x", then=Z, failed=Z))
    away = Offer({"price"}, unasked="The action server does not answer.")
    finding = found(flow, World(actions=away))["action_unknown"]
    assert (finding.severity, finding.field) == (Severity.WARNING, "action")
    assert "does not answer" in finding.message
    assert found(flow, World(actions=Offer({"x"}, unasked="It is away."))) == {}
    assert found(flow, World(actions=Offer()))["no_such_action"].severity is Severity.ERROR


def test_what_is_not_known_of_the_world_is_not_looked_at() -> None:
    flow = flow_of(
        Say(id=StepId("a"), prompt=Prompt(text="{что-то}", audio="x.wav"), then=StepId("b")),
        Transfer(id=StepId("b"), group="Склад", otherwise=StepId("c")),
        Act(id=StepId("c"), action="x", then=Z, failed=Z),
    )
    assert check(flow) == ()


def test_variables_are_known_from_the_flow_its_steps_and_the_contacts() -> None:
    keeps = Listen(id=StepId("a"), prompt=Prompt(text="?"), variable="Город", then=StepId("b"), otherwise=Z)
    text = "{город} {сумма} {скидка} {first_name} {said} {callback_time} {today} {answer}"
    assert check(flow_of(keeps, say("b", text=text), variables={"Скидка": "5"}), WORLD) == ()


def test_R6_8_a_sub_flow_is_passed_by_each_of_its_calls_and_makes_no_circle() -> None:
    twice = (Call(id=StepId("a"), flow="pay", then=StepId("b")), Call(id=StepId("b"), flow="pay", then=Z))
    pay = sub_flow(say("say", "back"), Return(id=StepId("back")))
    assert check(flow_of(*twice, flows={"pay": pay})) == ()


def test_R6_8_a_call_whose_sub_flow_never_returns_nor_ends_is_a_dead_end() -> None:
    stuck = sub_flow(ask("q", then="q", otherwise="q"))
    findings = check(flow_of(Call(id=StepId("a"), flow="stuck", then=Z), flows={"stuck": stuck}))
    assert {one.step for one in findings if one.code == "dead_end"} == {"a", "stuck/q"}
    ending = sub_flow(say("q", "bye"), End(id=StepId("bye")))
    assert check(flow_of(Call(id=StepId("a"), flow="ends", then=Z), flows={"ends": ending})) == ()


def test_R6_8_a_circle_through_a_call_is_found_unless_the_sub_flow_asks() -> None:
    round_ = Call(id=StepId("a"), flow="sub", then=StepId("a"))
    quiet = sub_flow(say("s", "r"), Return(id=StepId("r")))
    asking = sub_flow(ask("s", then="r", otherwise="bye"), Return(id=StepId("r")), End(id=StepId("bye")))
    assert found(flow_of(round_, flows={"sub": quiet}))["loop_without_turn"].step == "a"
    assert "loop_without_turn" not in found(flow_of(round_, flows={"sub": asking}))


def test_R6_8_sub_flows_that_call_themselves_or_lie_too_deep_are_found() -> None:
    def calling(flow: str) -> SubFlow:
        return sub_flow(Call(id=StepId("c"), flow=flow, then=StepId("r")), Return(id=StepId("r")))

    start = Call(id=StepId("a"), flow="f0", then=Z)
    around = {"f0": calling("f1"), "f1": calling("f0")}
    assert "recursive_flow" in found(flow_of(start, flows=around))
    deep = {f"f{n}": calling(f"f{n + 1}") for n in range(9)} | {"f9": sub_flow(Return(id=StepId("r")))}
    assert "flows_too_deep" in found(flow_of(start, flows=deep))
    assert "unused_flow" in found(flow_of(say("a"), flows={"f9": deep["f9"]}))


def handled(handler: Handler, *others: Handler, **intents: Intent) -> Flow:
    known = {"i": Intent(phrases=("дорого",)), **intents}
    return flow_of(say("hello", "ask"), ask(), handlers=(handler, *others), intents=known)


OBJECTION = Handler(id="h", kind=HandlerKind.OBJECTION, intent="i", reply=Prompt(text="Зато"), escalation=StepId("end"))


def changed(**fields: Any) -> Handler:  # noqa: ANN401
    return msgspec.structs.replace(OBJECTION, **fields)


@pytest.mark.parametrize(
    ("handler", "code", "field"),
    [
        (changed(reply=None), "empty_handler", "reply"),
        (changed(kind=HandlerKind.LATER, reply=None), "empty_handler", "reply"),
        (changed(kind=HandlerKind.DO_NOT_CALL, reply=None), "silent_goodbye", "goodbye"),
        (changed(kind=HandlerKind.OPERATOR), "no_group", "group"),
        (changed(kind=HandlerKind.OPERATOR, group="Склад"), "no_such_group", "group"),
        (changed(limit=0), "bad_number", "limit"),
        (changed(wait_s=1000.0), "bad_number", "wait_s"),
        (changed(escalation=None), "no_escalation", "escalation"),
        (changed(goodbye=Prompt(text="Пока")), "unsaid", "goodbye"),
        (changed(reply=Prompt(text="{сума}")), "unknown_variable", "reply.text"),
        (changed(again=Prompt(audio="x.wav")), "no_such_sound", "again.audio"),
    ],
)
def test_R6_8_what_is_wrong_with_a_handler_is_found(handler: Handler, code: str, field: str) -> None:
    finding = found(handled(handler), World(groups={"Продажи"}, sounds=(), variables=frozenset()))[code]
    assert finding.field == f"handlers.0.{field}"


def test_a_good_handler_has_no_finding() -> None:
    assert check(handled(OBJECTION)) == ()
    assert check(handled(changed(kind=HandlerKind.REPEAT, reply=None))) == ()
    assert check(handled(changed(kind=HandlerKind.OPERATOR, group="Продажи"), i=Intent(library="operator"))) == ()


@pytest.mark.parametrize(
    ("intents", "code", "field"),
    [
        ({"i": Intent()}, "empty_intent", "intents.i"),
        ({"i": Intent(library="nothing")}, "no_such_intent", "intents.i.library"),
        ({"j": Intent(phrases=("x",))}, "unused_intent", "intents.j"),
        ({"i": Intent(phrases=("да!",))}, "bad_phrase", "intents.i.phrases"),
        (
            {"i": Intent(examples=("это дорого",)), "j": Intent(examples=("Это дорого.",))},
            *("examples_overlap", "intents.j.examples"),
        ),
    ],
)
def test_R6_8_what_is_wrong_with_an_intent_is_found(intents: dict[str, Intent], code: str, field: str) -> None:
    assert found(handled(OBJECTION, **intents))[code].field == field


def test_R6_8_handlers_that_could_not_be_told_apart_are_found() -> None:
    other = changed(id="g")
    assert found(handled(OBJECTION, other))["intent_taken"].field == "handlers.1.intent"
    alike = {"j": Intent(phrases=("мне", "Дорого"))}
    assert (
        found(handled(OBJECTION, changed(id="g", intent="j"), **alike))["phrases_overlap"].field == "handlers.1.intent"
    )
    same = found(handled(OBJECTION, i=Intent(phrases=("да",))))["phrase_hides_handler"]
    assert (same.step, same.field, same.severity) == ("ask", "answers.0.phrases", Severity.WARNING)


def test_R6_8_an_intent_of_a_step_may_not_share_a_phrase_with_an_answer() -> None:
    flow = flow_of(ask("a", intents={"i": Z}), intents={"i": Intent(phrases=("да",))})
    assert found(flow)["phrases_overlap"].field == "intents.i"


def test_errors_come_first_and_then_the_order_of_the_flow() -> None:
    flow = flow_of(say("a", "b", ""), say("b", "end", ""), say("lost"))
    assert [(one.code, one.step) for one in check(flow)] == [
        *(("no_text", "a"), ("no_text", "b"), ("unreachable_step", "lost")),
    ]


def test_an_english_flow_is_looked_over_by_english_spelling() -> None:
    answer = Answer(id="x", label="Two", phrases=("2",), then=Z)
    flow = flow_of(ask("a", answer), language=Language.EN)
    assert "unsayable_phrase" not in found(flow, World(speech=lambda _: Speech(words={"two"})))
    assert "unsayable_phrase" in found(flow, World(speech=lambda _: Speech(words={"two hundred"})))
