"""The three simple kinds of robot campaigns as they are written, and the flows they compile to (SPEC R6.1–R6.3).

A script is what a form holds; a flow is what a call runs. `flow_of_script` refuses what cannot work, naming the
field by its path in the script's JSON (`questions.0.answers.2.phrases`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, Literal, assert_never

import msgspec

from core.errors import BadInput
from core.results import CallResult
from robot.dialog.flow import Answer, Ask, Callback, End, Flow, Language, Prompt, Say, Step, StepId, Transfer
from robot.dialog.phrases import check_phrases, overlap
from robot.dialog.texts import check_text

KEYS: Final = "1234567890"
ALL_KEYS: Final = KEYS + "*#"
MAX_ANSWERS: Final = 10
MAX_QUESTIONS: Final = 100
MAX_REPEATS: Final = 5
MAX_STEPS: Final = 50
MAX_LABEL: Final = 200
MAX_DELAY_MIN: Final = 60 * 24 * 30

OFFER: Final = "offer"
_END: Final = StepId("end")
_CONFIRMATION: Final = {Language.RU: "Подтверждение", Language.EN: "Confirmation"}
_OFFER: Final = {Language.RU: "Ответ на предложение", Language.EN: "Answer to the offer"}


class Confirm(msgspec.Struct, frozen=True, kw_only=True):
    """The key by which the caller says that the message arrived, and its name in statistics."""

    key: str
    label: str


class Notification(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="notification"):
    """Says one message; `repeat_key` says it again, `confirm` is waited for."""

    message: Prompt
    language: Language = Language.RU
    repeat_key: str | None = None
    confirm: Confirm | None = None


class SurveyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a question: a key, phrases separated by commas, or both; with neither it gets a key by its place."""

    label: str
    key: str | None = None
    phrases: str | None = None
    reply: Prompt | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question; asked again up to `repeats` times, then the survey goes on with the `next` one or ends."""

    title: str
    prompt: Prompt
    answers: tuple[SurveyAnswer, ...]
    repeats: int = 1
    otherwise: Literal["next", "end"] = "next"


class Survey(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="survey"):
    """Asks questions in their order."""

    questions: tuple[Question, ...]
    language: Language = Language.RU
    greeting: Prompt | None = None
    closing: Prompt | None = None


class Then(StrEnum):
    """What follows an answer to an offer."""

    TRANSFER = "transfer"
    END = "end"
    CALLBACK = "callback"
    STEP = "step"


class OfferAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to an offer; a transfer needs its `group`, a callback its `delay_min`, another step its name.

    `step` is the name of one of the offer's further steps, or "offer" for the offer itself.
    """

    label: str
    then: Then
    key: str | None = None
    phrases: str | None = None
    reply: Prompt | None = None
    group: str | None = None
    delay_min: int | None = None
    step: str | None = None


class OfferStep(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer may lead on to: a further question or offer; `title` names it in statistics."""

    name: str
    title: str
    prompt: Prompt
    answers: tuple[OfferAnswer, ...]
    repeats: int = 1


class Offer(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="offer"):
    """Makes an offer and does what the answer asks for; answers may lead on to further `steps`."""

    prompt: Prompt
    answers: tuple[OfferAnswer, ...]
    language: Language = Language.RU
    repeats: int = 1
    no_answer: Prompt | None = None
    transfer_failed: Prompt | None = None
    steps: tuple[OfferStep, ...] = ()


Script = Notification | Survey | Offer


def script_to_json(script: Script) -> dict[str, Any]:
    """The script as plain JSON values, as it is stored and shown."""
    plain: dict[str, Any] = msgspec.to_builtins(script)
    return plain


def script_from_json(value: object) -> Script:
    """The script of JSON values; `BadInput` names the field that has a wrong shape."""
    try:
        script: Script = msgspec.convert(value, Script)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        field = place.rstrip("`").replace("[", ".").replace("]", "").strip(".") or None
        raise BadInput("bad_script", f"{what}.", field=field) from error
    return script


def flow_of_script(script: Script, *, name: str) -> Flow:
    """The flow that the script means; `BadInput` names the field that cannot be used."""
    match script:
        case Notification():
            steps = _notification(script)
        case Survey():
            steps = _survey(script)
        case Offer():
            steps = _offer(script)
        case _:
            assert_never(script)
    return Flow(name=name, start=steps[0].id, steps={step.id: step for step in steps}, language=script.language)


def _notification(script: Notification) -> list[Step]:
    message = StepId("message")
    _check_prompt(script.message, "message")
    answers: list[Answer] = []
    question = None
    if script.confirm is not None:
        _check_key(script.confirm.key, "confirm.key")
        _check_label(script.confirm.label, "confirm.label")
        question = _CONFIRMATION[script.language]
        answers.append(Answer(id="confirm", label=script.confirm.label, key=script.confirm.key, then=_END))
    if script.repeat_key:
        _check_key(script.repeat_key, "repeat_key")
        if script.confirm is not None and script.confirm.key == script.repeat_key:
            raise BadInput("key_taken", f"The key {script.repeat_key} already confirms.", field="repeat_key")
        answers.append(Answer(id="repeat", key=script.repeat_key, then=message))
    if not answers:
        return [Say(id=message, prompt=script.message, then=_END), End(id=_END)]
    repeats = 0 if script.confirm is None else 1
    ask = Ask(
        id=message, prompt=script.message, answers=tuple(answers), otherwise=_END, question=question, repeats=repeats
    )
    return [ask, End(id=_END)]


def _survey(script: Survey) -> list[Step]:
    if not 1 <= len(script.questions) <= MAX_QUESTIONS:
        raise BadInput("no_questions", f"A survey has 1 to {MAX_QUESTIONS} questions.", field="questions")
    _check_titles([question.title for question in script.questions])
    steps: list[Step] = []
    if script.greeting is not None:
        _check_prompt(script.greeting, "greeting")
        steps.append(Say(id=StepId("greeting"), prompt=script.greeting, then=_question_id(0)))
    for number, question in enumerate(script.questions):
        following = _question_id(number + 1) if number + 1 < len(script.questions) else _END
        steps.append(_question(question, _question_id(number), following, f"questions.{number}"))
    _check_optional(script.closing, "closing")
    return [*steps, End(id=_END, prompt=script.closing)]


def _question_id(number: int) -> StepId:
    return StepId(f"question{number + 1}")


def _question(question: Question, name: StepId, following: StepId, field: str) -> Ask:
    _check_prompt(question.prompt, f"{field}.prompt")
    _check_repeats(question.repeats, f"{field}.repeats")
    given = _given(question.answers, f"{field}.answers")
    answers = tuple(
        Answer(id=f"answer{n + 1}", label=one.label.strip(), then=following, key=key, phrases=phrases, reply=one.reply)
        for n, (one, (key, phrases)) in enumerate(zip(question.answers, given, strict=True))
    )
    return Ask(
        id=name,
        prompt=question.prompt,
        answers=answers,
        otherwise=following if question.otherwise == "next" else _END,
        question=question.title.strip(),
        repeats=question.repeats,
    )


def _offer(script: Offer) -> list[Step]:
    _check_optional(script.no_answer, "no_answer")
    _check_optional(script.transfer_failed, "transfer_failed")
    names = _step_names(script)
    title = _OFFER[script.language]
    first = OfferStep(name=OFFER, title=title, prompt=script.prompt, answers=script.answers, repeats=script.repeats)
    after = _offer_step(first, names, place="", prefix="")
    for number, one in enumerate(script.steps):
        after += _offer_step(one, names, place=f"steps.{number}.", prefix=f"{names[one.name]}_")
    ends: list[Step] = [End(id=_END), End(id=StepId("no_answer"), prompt=script.no_answer)]
    if any(isinstance(step, Transfer) for step in after):
        failed = StepId("transfer_failed")
        ends.append(End(id=failed, prompt=script.transfer_failed, result=CallResult.TRANSFER_FAILED))
    return [*after, *ends]


def _step_names(script: Offer) -> dict[str, StepId]:
    """The steps of the offer by the names that its answers give them."""
    if len(script.steps) > MAX_STEPS:
        raise BadInput("too_many_steps", f"An offer has at most {MAX_STEPS} further steps.", field="steps")
    names = {OFFER: StepId(OFFER)}
    titles = [_OFFER[script.language].casefold()]
    for number, one in enumerate(script.steps):
        _check_label(one.name, f"steps.{number}.name")
        _check_label(one.title, f"steps.{number}.title")
        if one.name in names:
            raise BadInput("step_taken", f"Another step is called {one.name!r}.", field=f"steps.{number}.name")
        if one.title.strip().casefold() in titles:
            raise BadInput("title_taken", "Another step has the same title.", field=f"steps.{number}.title")
        names[one.name] = StepId(f"step{number + 1}")
        titles.append(one.title.strip().casefold())
    return names


def _offer_step(one: OfferStep, names: Mapping[str, StepId], *, place: str, prefix: str) -> list[Step]:
    """The question of the step, and what follows its answers."""
    _check_prompt(one.prompt, f"{place}prompt")
    _check_repeats(one.repeats, f"{place}repeats")
    answers: list[Answer] = []
    after: list[Step] = []
    given = _given(one.answers, f"{place}answers")
    for number, (answer, (key, phrases)) in enumerate(zip(one.answers, given, strict=True)):
        field = f"{place}answers.{number}"
        then = _action(answer, f"{prefix}{answer.then.value}{number + 1}", names, field)
        if isinstance(then, Transfer | Callback):
            after.append(then)
            then = then.id
        answers.append(
            Answer(
                id=f"answer{number + 1}",
                label=answer.label.strip(),
                then=then,
                key=key,
                phrases=phrases,
                reply=answer.reply,
            )
        )
    ask = Ask(
        id=names[one.name],
        prompt=one.prompt,
        answers=tuple(answers),
        otherwise=StepId("no_answer"),
        question=one.title.strip(),
        repeats=one.repeats,
    )
    return [ask, *after]


def _action(answer: OfferAnswer, name: str, names: Mapping[str, StepId], field: str) -> Transfer | Callback | StepId:
    """What follows the answer's reply: a step called `name`, or the name of one that is there already."""
    match answer.then:
        case Then.TRANSFER:
            if not (answer.group or "").strip():
                raise BadInput("no_group", "A transfer needs an operator group.", field=f"{field}.group")
            group = str(answer.group).strip()
            return Transfer(id=StepId(name), group=group, otherwise=StepId("transfer_failed"))
        case Then.CALLBACK:
            if answer.delay_min is None or not 1 <= answer.delay_min <= MAX_DELAY_MIN:
                message = f"A callback needs a delay of 1 to {MAX_DELAY_MIN} minutes."
                raise BadInput("bad_delay", message, field=f"{field}.delay_min")
            return Callback(id=StepId(name), delay_min=answer.delay_min, then=_END)
        case Then.STEP:
            if answer.step is None or answer.step not in names:
                message = "It is not said which step follows." if not answer.step else f"No step is {answer.step!r}."
                raise BadInput("no_such_step", message, field=f"{field}.step", hint=f"One of: {', '.join(names)}.")
            return names[answer.step]
        case Then.END:
            return _END
        case _:
            assert_never(answer.then)


def _given(answers: Sequence[SurveyAnswer | OfferAnswer], field: str) -> list[tuple[str | None, tuple[str, ...]]]:
    """The key and the phrases of each answer, checked; an answer without either has got a key by its place."""
    if not 1 <= len(answers) <= MAX_ANSWERS:
        message = f"There are {len(answers)} answers; 1 to {MAX_ANSWERS} are allowed."
        raise BadInput("too_many_answers" if answers else "no_answers", message, field=field)
    phrases: list[tuple[str, ...]] = []
    for number, answer in enumerate(answers):
        place = f"{field}.{number}"
        _check_label(answer.label, f"{place}.label")
        _check_optional(answer.reply, f"{place}.reply")
        written = answer.phrases or ""
        mine = check_phrases(written, field=f"{place}.phrases") if written.strip() else ()
        for other, theirs in enumerate(phrases):
            if (twice := overlap(mine, theirs)) is not None:
                message = f"{twice!r} already is a phrase of answer {other + 1}."
                raise BadInput("phrases_overlap", message, field=f"{place}.phrases")
        phrases.append(mine)
    _check_different([answer.label for answer in answers], field)
    keys = _keys([answer.key or None for answer in answers], [bool(mine) for mine in phrases], field)
    return list(zip(keys, phrases, strict=True))


def _keys(given: Sequence[str | None], spoken: Sequence[bool], field: str) -> list[str | None]:
    """The keys, with one by its place (or else the lowest free one) for each answer without key and phrases."""
    for number, key in enumerate(given):
        if key is not None:
            _check_key(key, f"{field}.{number}.key")
            if key in given[:number]:
                message = f"The key {key} already is that of answer {given.index(key) + 1}."
                raise BadInput("key_taken", message, field=f"{field}.{number}.key")
    keys = list(given)
    for number, key in enumerate(keys):
        if key is None and not spoken[number]:
            keys[number] = next(free for free in (KEYS[number], *KEYS) if free not in keys)
    return keys


def _check_key(key: str, field: str) -> None:
    if len(key) != 1 or key not in ALL_KEYS:
        raise BadInput("bad_key", f"{key!r} is no key of a telephone.", field=field, hint=f"One of {ALL_KEYS}.")


def _check_label(label: str, field: str) -> None:
    if not label.strip():
        raise BadInput("no_label", "A short text for the statistics is needed here.", field=field)
    if len(label) > MAX_LABEL:
        raise BadInput("label_too_long", f"At most {MAX_LABEL} characters are allowed here.", field=field)


def _check_different(labels: Sequence[str], field: str) -> None:
    plain = [label.strip().casefold() for label in labels]
    for number, label in enumerate(plain):
        if label in plain[:number]:
            message = f"Answer {plain.index(label) + 1} has the same text: the statistics could not tell them apart."
            raise BadInput("label_taken", message, field=f"{field}.{number}.label")


def _check_titles(titles: Sequence[str]) -> None:
    plain = [title.strip().casefold() for title in titles]
    for number, title in enumerate(titles):
        _check_label(title, f"questions.{number}.title")
        if plain[number] in plain[:number]:
            message = f"Question {plain.index(plain[number]) + 1} has the same title."
            raise BadInput("title_taken", message, field=f"questions.{number}.title")


def _check_repeats(repeats: int, field: str) -> None:
    if not 0 <= repeats <= MAX_REPEATS:
        raise BadInput("bad_repeats", f"A question is asked again 0 to {MAX_REPEATS} times.", field=field)


def _check_optional(prompt: Prompt | None, field: str) -> None:
    if prompt is not None:
        _check_prompt(prompt, field)


def _check_prompt(prompt: Prompt, field: str) -> None:
    """A prompt is a text or a stored sound file; with a file the text is only what is written in the transcript."""
    if not prompt.text.strip() and not prompt.audio:
        raise BadInput("no_text", "There is neither a text nor a sound file.", field=f"{field}.text")
    check_text(prompt.text, field=f"{field}.text")
