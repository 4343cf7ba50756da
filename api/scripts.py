"""What a robot says, as it is given: three simple scripts that compile to flows.

The forms only shape and describe; what a script may hold is said by `robot.dialog.scripts`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.forms import AS_WRITTEN, Form
from core.errors import BadInput
from robot.dialog.flow import Flow, Language, VoiceSex
from robot.dialog.scripts import Then, flow_of_script, script_from_json, script_to_json

Key = Annotated[str | None, Field(description="A key of the telephone: 0–9, * or #.", examples=["1"])]
Label = Annotated[str, Field(description="A short text for the statistics.", examples=["Доволен"])]
Phrases = Annotated[
    str | None,
    Field(
        description="At most 250 characters; commas separate phrases of letters, digits, spaces and hyphens.",
        examples=["да, конечно, хочу"],
    ),
]
Repeats = Annotated[int, Field(description="How often it is asked again after no or a wrong answer, 0–5.")]


class PromptForm(Form):
    """What is said: a text, or a stored sound file (the text is then what stands in the transcript)."""

    text: str = Field(
        default="",
        description="At most 500 characters, variables not counted. A variable is {name} or {name|instead if missing}.",
        examples=["Здравствуйте, {first_name|уважаемый клиент}!"],
    )
    voice: VoiceSex = Field(default=VoiceSex.FEMALE, description="Which of the language's two voices speaks.")
    audio: str | None = Field(default=None, description="A stored sound file to play instead of the text.")


class _ScriptForm(Form):
    language: Language = Field(default=Language.RU, description="What the robot speaks and hears.")

    def compiled(self, name: str) -> tuple[Flow, dict[str, Any]]:
        """The flow called `name`, and the script as it is stored; `BadInput` names the field below `script`."""
        try:
            script = script_from_json(self.model_dump(mode="json"))
            return flow_of_script(script, name=name), script_to_json(script)
        except BadInput as error:
            field = ".".join(filter(None, ("script", error.field)))
            raise BadInput(error.code, error.message, field=field, hint=error.hint) from error


class ConfirmForm(Form):
    """The key that says the message arrived."""

    key: str = Field(description="A key of the telephone: 0–9, * or #.", examples=["1"])
    label: str = Field(description="A short text for the statistics.", examples=["Подтвердил"])


class NotificationForm(_ScriptForm):
    """Says one message."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "notification",
                    "language": "ru",
                    "message": {"text": "{first_name|Здравствуйте}, ваш заказ готов. Повторить: нажмите 1."},
                    "repeat_key": "1",
                }
            ]
        }
    )

    kind: Literal["notification"]
    message: PromptForm
    repeat_key: Key = None
    confirm: ConfirmForm | None = Field(default=None, description="Waits for this key after the message.")


class SurveyAnswerForm(Form):
    """An answer by key, by phrases, or by both; with neither it gets a key by its place."""

    label: Label
    key: Key = None
    phrases: Phrases = None
    reply: PromptForm | None = Field(default=None, description="What is said after this answer.")


class QuestionForm(Form):
    """One question."""

    title: str = Field(description="Names the question in reports.", examples=["Оценка"])
    prompt: PromptForm
    answers: list[SurveyAnswerForm] = Field(description="1 to 10 answers.")
    repeats: Repeats = 1
    otherwise: Literal["next", "end"] = Field(default="next", description="What follows when there is no answer.")


class SurveyForm(_ScriptForm):
    """Asks questions in their order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "survey",
                    "language": "ru",
                    "greeting": {"text": "Здравствуйте, {first_name|уважаемый клиент}!"},
                    "questions": [
                        {
                            "title": "Оценка",
                            "prompt": {"text": "Вам всё понравилось? Скажите да или нет, или нажмите один или два."},
                            "answers": [
                                {"label": "Доволен", "key": "1", "phrases": "да, понравилось"},
                                {"label": "Недоволен", "key": "2", "phrases": "нет, не понравилось"},
                            ],
                        }
                    ],
                    "closing": {"text": "Спасибо, до свидания!"},
                }
            ]
        }
    )

    kind: Literal["survey"]
    greeting: PromptForm | None = None
    questions: list[QuestionForm]
    closing: PromptForm | None = None


class OfferAnswerForm(Form):
    """An answer to the offer, and what follows it."""

    label: Label
    key: Key = None
    phrases: Phrases = None
    reply: PromptForm | None = Field(default=None, description="What is said after this answer.")
    then: Then = Field(description="What follows the reply.")
    group: str | None = Field(default=None, description="The operator group of a transfer.", examples=["Продажи"])
    delay_min: int | None = Field(default=None, description="Minutes until the callback.", examples=[60])
    step: str | None = Field(
        default=None, description='The name of the further step that follows, or "offer": the offer again.'
    )


class OfferStepForm(Form):
    """A further question or offer, which an answer leads on to."""

    name: str = Field(description="By which answers name it.", examples=["price"])
    title: str = Field(description="Names it in reports.", examples=["Цена"])
    prompt: PromptForm
    answers: list[OfferAnswerForm] = Field(description="1 to 10 answers.")
    repeats: Repeats = 1


class OfferForm(_ScriptForm):
    """Makes an offer and does what the answer asks for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "offer",
                    "language": "ru",
                    "prompt": {"text": "{first_name|Здравствуйте}, для вас скидка двадцать процентов. Соединить?"},
                    "answers": [
                        {
                            "label": "Согласен",
                            "key": "1",
                            "phrases": "да, хочу",
                            "then": "transfer",
                            "group": "Продажи",
                        },
                        {"label": "Позже", "key": "2", "phrases": "позже", "then": "callback", "delay_min": 60},
                        {"label": "Отказ", "key": "3", "phrases": "нет, не хочу", "then": "end"},
                    ],
                    "transfer_failed": {"text": "Все операторы заняты, мы перезвоним."},
                }
            ]
        }
    )

    kind: Literal["offer"]
    prompt: PromptForm
    answers: list[OfferAnswerForm] = Field(description="1 to 10 answers.")
    repeats: Repeats = 1
    no_answer: PromptForm | None = Field(default=None, description="What is said when there was no answer.")
    transfer_failed: PromptForm | None = Field(default=None, description="What is said when no operator came.")
    steps: list[OfferStepForm] = Field(default=[], description="What answers may lead on to.")


Script = Annotated[NotificationForm | SurveyForm | OfferForm, Field(discriminator="kind"), AS_WRITTEN]
