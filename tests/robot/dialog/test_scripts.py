"""SPEC R6.1–R6.3: the three simple kinds, what they refuse and what they compile to."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from api.problems import problem_of
from api.scripts import NotificationForm, OfferForm, Script, SurveyForm
from core.errors import BadInput
from core.results import CallResult
from robot.dialog.flow import Ask, Callback, End, Flow, Say, Transfer, check_links, flow_from_json, flow_to_json
from robot.dialog.prompts import fixed_speeches, speeches
from robot.dialog.scripts import flow_of_script, script_from_json, script_to_json

NOTIFICATION: dict[str, Any] = {
    "kind": "notification",
    "language": "ru",
    "message": {"text": "{first_name|Здравствуйте}, заказ готов.", "voice": "male"},
}
SURVEY: dict[str, Any] = {
    "kind": "survey",
    "greeting": {"text": "Здравствуйте, {first_name}!"},
    "questions": [
        {
            "title": "Оценка",
            "prompt": {"text": "Как вам?"},
            "answers": [
                {"label": "Хорошо", "phrases": "хорошо, отлично", "reply": {"text": "Рады"}},
                {"label": "Плохо", "key": "2"},
                {"label": "Никак"},
            ],
            "repeats": 2,
            "otherwise": "end",
        },
        {"title": "Ещё", "prompt": {"text": "Ещё?"}, "answers": [{"label": "Да"}, {"label": "Нет"}]},
    ],
    "closing": {"text": "До свидания"},
}
OFFER: dict[str, Any] = {
    "kind": "offer",
    "prompt": {"text": "Скидка. Соединить?"},
    "answers": [
        {"label": "Да", "key": "1", "phrases": "да", "then": "transfer", "group": "Продажи"},
        {"label": "Позже", "key": "2", "phrases": "позже", "then": "callback", "delay_min": 30},
        {"label": "Нет", "key": "3", "phrases": "нет, не хочу", "then": "end", "reply": {"text": "Жаль"}},
    ],
    "transfer_failed": {"text": "Все заняты"},
    "no_answer": {"text": "Не расслышал"},
}


def compiled(value: dict[str, Any]) -> Flow:
    flow = flow_of_script(script_from_json(value), name="Проба")
    check_links(flow)
    assert flow_from_json(json.loads(json.dumps(flow_to_json(flow)))) == flow
    return flow


def changed(value: dict[str, Any], path: str, new: object) -> dict[str, Any]:
    made = copy.deepcopy(value)
    *before, last = path.split(".")
    here: Any = made
    for part in before:
        here = here[int(part)] if isinstance(here, list) else here[part]
    here[int(last) if isinstance(here, list) else last] = new
    return made


def test_R6_1_a_plain_notification_says_its_message_and_ends() -> None:
    flow = compiled(NOTIFICATION)
    message = flow.steps[flow.start]
    assert isinstance(message, Say)
    assert message.prompt.text == NOTIFICATION["message"]["text"]
    assert isinstance(flow.steps[message.then], End)


def test_R6_1_a_notification_may_be_repeated_and_confirmed_by_keys() -> None:
    flow = compiled({**NOTIFICATION, "repeat_key": "1", "confirm": {"key": "2", "label": "Принял"}})
    message = flow.steps[flow.start]
    assert isinstance(message, Ask)
    confirm, repeat = message.answers
    assert (confirm.key, confirm.label, flow.steps[confirm.then].id) == ("2", "Принял", "end")
    assert (repeat.key, repeat.label, repeat.then) == ("1", "", message.id)
    assert message.question == "Подтверждение"


def test_R6_2_a_survey_asks_its_questions_in_order() -> None:
    flow = compiled(SURVEY)
    assert list(flow.steps) == ["greeting", "question1", "question2", "end"]
    first, second = flow.steps["question1"], flow.steps["question2"]  # type: ignore[index]
    assert isinstance(first, Ask)
    assert isinstance(second, Ask)
    assert {answer.then for answer in first.answers} == {"question2"}
    assert (first.otherwise, first.repeats, first.question) == ("end", 2, "Оценка")
    assert (second.otherwise, second.repeats) == ("end", 1)


def test_R6_2_keys_are_numbered_by_themselves_from_one() -> None:
    flow = compiled(SURVEY)
    first, second = flow.steps["question1"], flow.steps["question2"]  # type: ignore[index]
    assert isinstance(first, Ask)
    assert isinstance(second, Ask)
    assert [answer.key for answer in first.answers] == [None, "2", "3"]
    assert [answer.key for answer in second.answers] == ["1", "2"]
    ten = [{"label": f"Ответ {n}"} for n in range(10)]
    flow = compiled(changed(SURVEY, "questions.1.answers", ten))
    second = flow.steps["question2"]  # type: ignore[index]
    assert isinstance(second, Ask)
    assert "".join(answer.key or "-" for answer in second.answers) == "1234567890"


def test_R6_3_an_offer_leads_on_by_the_answer() -> None:
    flow = compiled(OFFER)
    offer = flow.steps[flow.start]
    assert isinstance(offer, Ask)
    assert [answer.id for answer in offer.answers] == ["answer1", "answer2", "answer3"]
    transfer, callback, end = (flow.steps[answer.then] for answer in offer.answers)
    assert isinstance(transfer, Transfer)
    assert transfer.group == "Продажи"
    failed = flow.steps[transfer.otherwise]
    assert isinstance(failed, End)
    assert failed.result is CallResult.TRANSFER_FAILED
    assert isinstance(callback, Callback)
    assert callback.delay_min == 30
    assert isinstance(end, End)
    otherwise = flow.steps[offer.otherwise]
    assert isinstance(otherwise, End)
    assert otherwise.prompt is not None


REFUSED = [
    (NOTIFICATION, "message.text", "", "message.text", "no_text"),
    (NOTIFICATION, "message.text", "а" * 501, "message.text", "text_too_long"),
    (NOTIFICATION, "message.text", "{first_name", "message.text", "bad_braces"),
    (NOTIFICATION, "repeat_key", "12", "repeat_key", "bad_key"),
    (NOTIFICATION, "repeat_key", "а", "repeat_key", "bad_key"),
    (NOTIFICATION, "confirm", {"key": "1", "label": " "}, "confirm.label", "no_label"),
    (NOTIFICATION, "message.voice", "robot", "message.voice", "bad_script"),
    (NOTIFICATION, "language", "fr", "language", "bad_script"),
    (SURVEY, "questions", [], "questions", "no_questions"),
    (SURVEY, "questions.0.title", "", "questions.0.title", "no_label"),
    (SURVEY, "questions.1.title", "оценка ", "questions.1.title", "title_taken"),
    (SURVEY, "questions.0.repeats", 6, "questions.0.repeats", "bad_repeats"),
    (SURVEY, "questions.0.repeats", -1, "questions.0.repeats", "bad_repeats"),
    (SURVEY, "questions.0.otherwise", "stop", "questions.0.otherwise", "bad_script"),
    (SURVEY, "questions.0.answers", [], "questions.0.answers", "no_answers"),
    (SURVEY, "questions.0.answers", [{"label": str(n)} for n in range(11)], "questions.0.answers", "too_many_answers"),
    (SURVEY, "questions.0.answers.0.phrases", "да;нет", "questions.0.answers.0.phrases", "bad_phrase"),
    (SURVEY, "questions.0.answers.0.phrases", "а" * 251, "questions.0.answers.0.phrases", "phrases_too_long"),
    (SURVEY, "questions.0.answers.2.phrases", "плохо, Отлично", "questions.0.answers.2.phrases", "phrases_overlap"),
    (SURVEY, "questions.0.answers.2.key", "2", "questions.0.answers.2.key", "key_taken"),
    (SURVEY, "questions.0.answers.2.label", "плохо", "questions.0.answers.2.label", "label_taken"),
    (SURVEY, "questions.0.answers.2.label", "я" * 201, "questions.0.answers.2.label", "label_too_long"),
    (SURVEY, "questions.0.answers.0.reply", {"text": ""}, "questions.0.answers.0.reply.text", "no_text"),
    (SURVEY, "closing", {"text": "}"}, "closing.text", "bad_braces"),
    (SURVEY, "greeting", {"text": " "}, "greeting.text", "no_text"),
    (OFFER, "answers.0.group", None, "answers.0.group", "no_group"),
    (OFFER, "answers.0.group", " ", "answers.0.group", "no_group"),
    (OFFER, "answers.1.delay_min", None, "answers.1.delay_min", "bad_delay"),
    (OFFER, "answers.1.delay_min", 0, "answers.1.delay_min", "bad_delay"),
    (OFFER, "answers.1.then", "fly", "answers.1.then", "bad_script"),
    (OFFER, "transfer_failed", {"text": "{"}, "transfer_failed.text", "bad_braces"),
]


@pytest.mark.parametrize(("value", "path", "new", "field", "code"), REFUSED)
def test_R6_3_a_script_that_cannot_work_is_refused_by_field(
    value: dict[str, Any], path: str, new: object, field: str, code: str
) -> None:
    with pytest.raises(BadInput) as refused:
        compiled(changed(value, path, new))
    assert (refused.value.field, refused.value.code) == (field, code)


def test_R6_1_the_two_keys_of_a_notification_differ() -> None:
    with pytest.raises(BadInput) as refused:
        compiled({**NOTIFICATION, "repeat_key": "1", "confirm": {"key": "1", "label": "Принял"}})
    assert refused.value.field == "repeat_key"


def test_a_text_for_statistics_may_have_200_characters() -> None:
    compiled(changed(SURVEY, "questions.0.answers.2.label", "я" * 200))


def test_a_refusal_says_which_other_one_it_clashes_with() -> None:
    for path, new in (("answers.2.label", "плохо"), ("answers.2.key", "2"), ("answers.2.phrases", "хорошо")):
        with pytest.raises(BadInput) as refused:
            compiled(changed(SURVEY, f"questions.0.{path}", new))
        assert re.search(r"answer (\d)", refused.value.message.lower())[1] == ("1" if "phrases" in path else "2")  # type: ignore[index]
    with pytest.raises(BadInput, match="Question 1 has"):
        compiled(changed(SURVEY, "questions.1.title", "Оценка"))


def test_a_sound_file_may_stand_for_the_text() -> None:
    compiled(changed(NOTIFICATION, "message", {"audio": "promo.wav"}))


@pytest.mark.parametrize("value", [NOTIFICATION, SURVEY, OFFER])
def test_a_script_survives_being_stored(value: dict[str, Any]) -> None:
    script = script_from_json(value)
    assert script_from_json(json.loads(json.dumps(script_to_json(script)))) == script


@pytest.mark.parametrize("value", [None, 5, {}, {"kind": "opera"}, {"kind": "survey", "questions": 1}])
def test_what_is_no_script_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        script_from_json(value)


NAMES = st.sampled_from(["kind", "message", "text", "questions", "answers", "start", "steps"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON, read=st.sampled_from([script_from_json, flow_from_json]))
def test_any_json_is_read_or_refused(value: object, read: Callable[[object], object]) -> None:
    with contextlib.suppress(BadInput):
        read(value)


def test_a_flow_that_leads_nowhere_is_refused() -> None:
    plain = flow_to_json(compiled(SURVEY))
    plain["steps"]["question1"]["answers"][1]["then"] = "attic"
    with pytest.raises(BadInput) as refused:
        flow_from_json(plain)
    assert refused.value.field == "steps.question1.answers.1.then"
    with pytest.raises(BadInput):
        flow_from_json({**flow_to_json(compiled(SURVEY)), "start": "attic"})
    moved = flow_to_json(compiled(SURVEY))
    moved["steps"]["other"] = moved["steps"].pop("end")
    with pytest.raises(BadInput):
        flow_from_json(moved)


def test_all_that_a_call_may_say_is_known_before() -> None:
    flow = compiled(SURVEY)
    said = [one.text for one in speeches(flow, {"first_name": "Анна"})]
    assert said == ["Здравствуйте, Анна!", "Как вам?", "Рады", "Ещё?", "До свидания"]
    assert [one.text for one in fixed_speeches(flow)] == ["Как вам?", "Рады", "Ещё?", "До свидания"]


class Given(BaseModel):
    script: Script


def examples() -> list[dict[str, Any]]:
    return [form.model_json_schema()["examples"][0] for form in (NotificationForm, SurveyForm, OfferForm)]


def voiced(value: Any) -> Any:  # noqa: ANN401  # as JSON gives it
    """The script with the voice that a form chooses where none is given."""
    if isinstance(value, list):
        return [voiced(one) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {name: voiced(one) for name, one in value.items()}
    return {"voice": "female", **inner} if "text" in inner else inner


@pytest.mark.parametrize("value", [NOTIFICATION, SURVEY, OFFER, *examples()])
def test_a_form_compiles_as_its_script_does(value: dict[str, Any]) -> None:
    flow, stored = Given(script=value).script.compiled("Проба")  # type: ignore[arg-type]
    assert flow == compiled(voiced(value))
    assert script_from_json(stored) == script_from_json(voiced(value))


def test_a_refused_script_is_named_from_the_request_down() -> None:
    form = Given(script=changed(SURVEY, "questions.0.answers.2.phrases", "отлично")).script  # type: ignore[arg-type]
    with pytest.raises(BadInput) as refused:
        form.compiled("Проба")
    assert problem_of(refused.value).field == "script.questions.0.answers.2.phrases"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (changed(SURVEY, "questions.0.answers.2.label", 5), "script.questions.0.answers.2.label"),
        (changed(SURVEY, "questions.0.otherwise", "stop"), "script.questions.0.otherwise"),
        (changed(OFFER, "answers.1.delay_min", "soon"), "script.answers.1.delay_min"),
        ({"kind": "notification"}, "script.message"),
        ({"kind": "opera"}, "script"),
    ],
)
def test_a_form_of_a_wrong_shape_names_the_field_as_it_was_written(value: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Given(script=value)  # type: ignore[arg-type]
    errors = [{**error, "loc": ("body", *error["loc"])} for error in refused.value.errors()]
    assert problem_of(RequestValidationError(errors)).field == field


def test_the_schema_says_which_kind_is_which() -> None:
    schema = Given.model_json_schema()
    assert set(schema["properties"]["script"]["discriminator"]["mapping"]) == {"notification", "survey", "offer"}
