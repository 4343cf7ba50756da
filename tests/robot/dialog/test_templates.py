"""SPEC R6.1–R6.3, R6.8: the three simple kinds compile to the flows that one would draw by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.results import CallResult
from robot.dialog.checking import Severity, World, check
from robot.dialog.events import Pressed, PromptEnded, Speak, Started
from robot.dialog.flow import (
    Answer,
    Ask,
    Callback,
    End,
    Flow,
    Prompt,
    Say,
    Step,
    StepId,
    Transfer,
    flow_from_json,
    flow_to_json,
)
from robot.dialog.scripts import flow_of_script, script_from_json
from robot.dialog.step import begin, step

END = StepId("end")
TEXTS = st.sampled_from(["Текст", "Здравствуйте, {first_name|клиент}!", "К оплате 5 руб."])
PROMPTS = TEXTS.map(lambda text: {"text": text})
PHRASES = ["да, хочу", "нет, не хочу", "позже", "", "сколько стоит"]


@st.composite
def answers(draw: st.DrawFn, *, offer: bool, steps: list[str]) -> list[dict[str, Any]]:
    """Answers by their keys, and by phrases of their own."""
    count = draw(st.integers(1, 5))
    made: list[dict[str, Any]] = []
    for number in range(count):
        one: dict[str, Any] = {"label": f"Ответ {number}", "key": str(number + 1)}
        one["phrases"] = PHRASES[number]
        one["reply"] = draw(st.none() | PROMPTS)
        if offer:
            one["then"] = draw(st.sampled_from(["transfer", "end", "callback", *(["step"] if steps else [])]))
            more: dict[str, dict[str, Any]] = {"transfer": {"group": "Продажи"}, "callback": {"delay_min": 30}}
            one |= more.get(one["then"], {})
            if one["then"] == "step":
                one["step"] = draw(st.sampled_from(steps))
        made.append(one)
    return made


def prompt(given: dict[str, Any] | None) -> Prompt | None:
    return None if given is None else Prompt(text=given["text"])


def drawn(given: dict[str, Any], number: int, then: StepId) -> Answer:
    phrases = tuple(phrase.strip() for phrase in given["phrases"].split(",") if phrase.strip())
    return Answer(
        id=f"answer{number + 1}",
        label=given["label"],
        key=given["key"],
        phrases=phrases,
        reply=prompt(given["reply"]),
        then=then,
    )


def flow_of(steps: list[Step]) -> Flow:
    return Flow(name="Проба", start=steps[0].id, steps={one.id: one for one in steps})


def holds(script: dict[str, Any], by_hand: list[Step]) -> None:
    """The script compiles to the flow, which is an ordinary one: stored, opened again, and without an error."""
    flow = flow_of_script(script_from_json(script), name="Проба")
    assert flow == flow_of(by_hand)
    assert flow_from_json(flow_to_json(flow)) == flow
    found = check(flow, World(groups={"Продажи"}, variables=frozenset()))
    assert not [one for one in found if one.severity is Severity.ERROR]


@given(message=PROMPTS, repeat=st.booleans(), confirm=st.booleans())
def test_R6_1_a_notification_is_the_flow_drawn_by_hand(message: dict[str, Any], repeat: bool, confirm: bool) -> None:
    script: dict[str, Any] = {"kind": "notification", "message": message}
    ways: list[Answer] = []
    if confirm:
        script["confirm"] = {"key": "2", "label": "Принял"}
        ways.append(Answer(id="confirm", label="Принял", key="2", then=END))
    if repeat:
        script["repeat_key"] = "1"
        ways.append(Answer(id="repeat", key="1", then=StepId("message")))
    said = Prompt(text=message["text"])
    first: Step = Say(id=StepId("message"), prompt=said, then=END)
    if ways:
        question = "Подтверждение" if confirm else None
        first = Ask(
            id=StepId("message"),
            prompt=said,
            answers=tuple(ways),
            otherwise=END,
            question=question,
            repeats=int(confirm),
        )
    holds(script, [first, End(id=END)])


@given(data=st.data(), greeting=st.none() | PROMPTS, closing=st.none() | PROMPTS, count=st.integers(1, 4))
def test_R6_2_a_survey_is_the_flow_drawn_by_hand(
    data: st.DataObject, greeting: dict[str, Any] | None, closing: dict[str, Any] | None, count: int
) -> None:
    questions: list[dict[str, Any]] = [
        {
            "title": f"Вопрос {number}",
            "prompt": data.draw(PROMPTS),
            "answers": data.draw(answers(offer=False, steps=[])),
            "repeats": data.draw(st.integers(0, 5)),
            "otherwise": data.draw(st.sampled_from(["next", "end"])),
        }
        for number in range(count)
    ]
    by_hand: list[Step] = []
    if greeting is not None:
        by_hand.append(Say(id=StepId("greeting"), prompt=Prompt(text=greeting["text"]), then=StepId("question1")))
    for number, one in enumerate(questions):
        following = StepId(f"question{number + 2}") if number + 1 < count else END
        by_hand.append(
            Ask(
                id=StepId(f"question{number + 1}"),
                prompt=Prompt(text=one["prompt"]["text"]),
                answers=tuple(drawn(answer, n, following) for n, answer in enumerate(one["answers"])),
                otherwise=following if one["otherwise"] == "next" else END,
                question=one["title"],
                repeats=one["repeats"],
            )
        )
    script = {"kind": "survey", "greeting": greeting, "questions": questions, "closing": closing}
    holds(script, [*by_hand, End(id=END, prompt=prompt(closing))])


@given(data=st.data(), failed=st.none() | PROMPTS, missed=st.none() | PROMPTS, count=st.integers(0, 2))
def test_R6_3_an_offer_is_the_flow_drawn_by_hand(
    data: st.DataObject, failed: dict[str, Any] | None, missed: dict[str, Any] | None, count: int
) -> None:
    names = {"offer": StepId("offer"), **{f"шаг {n}": StepId(f"step{n + 1}") for n in range(count)}}
    rounds: list[dict[str, Any]] = [
        {
            "name": name,
            "title": "Ответ на предложение" if name == "offer" else name.title(),
            "prompt": data.draw(PROMPTS),
            "answers": data.draw(answers(offer=True, steps=list(names) if count else [])),
            "repeats": data.draw(st.integers(0, 5)),
        }
        for name in names
    ]
    by_hand: list[Step] = []
    for number, one in enumerate(rounds):
        prefix = f"step{number}_" if number else ""
        ways: list[Answer] = []
        after: list[Step] = []
        for n, answer in enumerate(one["answers"]):
            name, otherwise = StepId(f"{prefix}{answer['then']}{n + 1}"), StepId("transfer_failed")
            match answer["then"]:
                case "transfer":
                    after.append(Transfer(id=name, group="Продажи", otherwise=otherwise))
                case "callback":
                    after.append(Callback(id=name, delay_min=30, then=END))
                case "step":
                    name = names[answer["step"]]
                case _:
                    name = END
            ways.append(drawn(answer, n, name))
        ask = Ask(
            id=names[one["name"]],
            prompt=Prompt(text=one["prompt"]["text"]),
            answers=tuple(ways),
            otherwise=StepId("no_answer"),
            question=one["title"],
            repeats=one["repeats"],
        )
        by_hand += [ask, *after]
    by_hand += [End(id=END), End(id=StepId("no_answer"), prompt=prompt(missed))]
    if any(isinstance(one, Transfer) for one in by_hand):
        by_hand.append(End(id=StepId("transfer_failed"), prompt=prompt(failed), result=CallResult.TRANSFER_FAILED))
    first, *more = rounds
    script = {"kind": "offer", **{key: first[key] for key in ("prompt", "answers", "repeats")}}
    holds({**script, "steps": more, "transfer_failed": failed, "no_answer": missed}, by_hand)


OFFER: dict[str, Any] = {
    "kind": "offer",
    "prompt": {"text": "Скидка. Интересно?"},
    "answers": [{"label": "Да", "then": "step", "step": "цена"}, {"label": "Нет", "then": "end"}],
    "steps": [
        {
            "name": "цена",
            "title": "Цена",
            "prompt": {"text": "Тысяча рублей. Берёте?"},
            "answers": [{"label": "Беру", "then": "end"}, {"label": "Ещё раз", "then": "step", "step": "offer"}],
        }
    ],
}


def test_R6_3_an_answer_to_an_offer_may_lead_on_to_another_step_and_back() -> None:
    flow = flow_of_script(script_from_json(OFFER), name="Проба")
    state, said = begin({}), []
    for event in (Started(), PromptEnded(), Pressed("1"), PromptEnded(), Pressed("2"), PromptEnded(), Pressed("2")):
        state, commands = step(flow, state, event)
        said += [command.text for command in commands if isinstance(command, Speak)]
    assert said == ["Скидка. Интересно?", "Тысяча рублей. Берёте?", "Скидка. Интересно?"]
    assert [answer.label for answer in state.answers] == ["Да", "Ещё раз", "Нет"]
    assert state.result is CallResult.COMPLETED


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"answers": [{"label": "Да", "then": "step", "step": "скидка"}]}, "answers.0.step", "no_such_step"),
        ({"answers": [{"label": "Да", "then": "step"}]}, "answers.0.step", "no_such_step"),
        ({"steps": [{**OFFER["steps"][0], "name": "offer"}]}, "steps.0.name", "step_taken"),
        ({"steps": [{**OFFER["steps"][0], "title": "ответ на предложение"}]}, "steps.0.title", "title_taken"),
        ({"steps": [{**OFFER["steps"][0], "answers": []}]}, "steps.0.answers", "no_answers"),
        ({"steps": [{**OFFER["steps"][0], "prompt": {"text": ""}}]}, "steps.0.prompt.text", "no_text"),
    ],
)
def test_R6_3_what_a_further_step_may_not_be_is_named_by_its_field(
    change: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(BadInput) as refused:
        flow_of_script(script_from_json({**OFFER, **change}), name="Проба")
    assert (refused.value.field, refused.value.code) == (field, code)
