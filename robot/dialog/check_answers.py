"""What a flow expects to hear: answers, phrases, keys, and the intents that it knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from core.errors import BadInput
from robot.dialog import library
from robot.dialog.finding import At, Finding
from robot.dialog.flow import Answer, Ask, Flow, Listen, steps_of
from robot.dialog.phrases import MAX_FIELD, check_phrases, overlap
from robot.dialog.words import words_of

MAX_ANSWERS: Final = 10
KEYS: Final = "1234567890*#"
NUMBERS: Final = {"repeats": (0, 10), "wait_s": (0.5, 60), "longest_s": (1, 120)}


def in_answers(flow: Flow) -> Iterator[Finding]:
    """Findings about what is expected at the steps, and about the intents."""
    for _, name, step in steps_of(flow):
        at = At(step=name)
        if isinstance(step, Ask | Listen):
            yield from in_numbers(at, {field: getattr(step, field) for field in NUMBERS}, NUMBERS)
        if isinstance(step, Ask):
            yield from _in_ask(step, at, flow)
        if isinstance(step, Listen) and step.least is not None and step.most is not None and step.least > step.most:
            yield at.error("bad_number", "least", "No number lies between these bounds.", "Exchange least and most.")
    yield from _in_intents(flow)


def in_numbers(at: At, given: Mapping[str, float], bounds: Mapping[str, tuple[float, float]]) -> Iterator[Finding]:
    """A finding for each number that lies outside its bounds."""
    for field, (least, most) in bounds.items():
        if not least <= given[field] <= most:
            message = f"{given[field]:g} is not allowed here."
            yield at.error("bad_number", field, message, f"From {least:g} to {most:g}.")


def _in_ask(step: Ask, at: At, flow: Flow) -> Iterator[Finding]:
    if len(step.answers) > MAX_ANSWERS:
        message = f"There are {len(step.answers)} answers; at most {MAX_ANSWERS} are allowed."
        yield at.error("too_many_answers", "answers", message, "Spread them over two questions.")
    if not step.answers and not step.intents:
        yield at.warning("no_answers", "answers", "No answer is expected here.", "Add one, or make it a say.")
    heard: list[tuple[str, tuple[str, ...]]] = []
    for number, answer in enumerate(step.answers):
        place = f"answers.{number}"
        yield from _in_answer(step.answers[:number], answer, at, place)
        yield from in_phrases(answer.phrases, at, f"{place}.phrases")
        if not answer.phrases and answer.key is None:
            yield at.error("no_way_to_answer", place, "This answer has neither a key nor a phrase.", "Give it one.")
        yield from _overlapping(answer.phrases, heard, at, f"{place}.phrases")
        heard.append((f"answer {number + 1}", answer.phrases))
    for intent in step.intents:
        yield from _overlapping(flow.intents[intent].phrases, heard, at, f"intents.{intent}")
        heard.append((f"the intent {intent!r}", flow.intents[intent].phrases))
    yield from _hidden(step, at, flow)


def _in_answer(before: Sequence[Answer], answer: Answer, at: At, place: str) -> Iterator[Finding]:
    if any(answer.id == other.id for other in before):
        message = f"Another answer already is called {answer.id!r}."
        yield at.error("answer_taken", f"{place}.id", message, "Give it a name of its own.")
    if answer.label and any(answer.label.casefold() == other.label.casefold() for other in before):
        message = "Another answer has the same text: the statistics could not tell them apart."
        yield at.error("label_taken", f"{place}.label", message, "Name them differently.")
    if answer.key is not None and (len(answer.key) != 1 or answer.key not in KEYS):
        message = f"{answer.key!r} is no key of a telephone."
        yield at.error("bad_key", f"{place}.key", message, f"One of {KEYS}.")
    elif answer.key is not None and any(answer.key == other.key for other in before):
        yield at.error("key_taken", f"{place}.key", f"The key {answer.key} already is that of another answer.", None)


def in_phrases(phrases: Sequence[str], at: At, field: str) -> Iterator[Finding]:
    """Findings about the phrases of one field: its length, and each phrase."""
    length = len(", ".join(phrases))
    if length > MAX_FIELD:
        message = f"The phrases have {length} characters together; at most {MAX_FIELD} are allowed."
        yield at.error("phrases_too_long", field, message, "Take out those that others hold already.")
    for phrase in phrases:
        try:
            check_phrases(phrase[:MAX_FIELD], field=field)
        except BadInput as error:
            yield at.error(error.code, field, error.message, error.hint)


def _overlapping(
    phrases: Sequence[str], heard: Sequence[tuple[str, tuple[str, ...]]], at: At, field: str
) -> Iterator[Finding]:
    for whose, theirs in heard:
        if (twice := overlap(phrases, theirs)) is not None:
            message = f"{twice!r} already is a phrase of {whose}: nobody could tell which was meant."
            yield at.error("phrases_overlap", field, message, "Leave it with one of them.")


def _hidden(step: Ask, at: At, flow: Flow) -> Iterator[Finding]:
    """Phrases of the step that a handler has too: here the answer is taken."""
    for handler in flow.handlers:
        intent = flow.intents[handler.intent]
        for number, answer in enumerate(step.answers):
            if (twice := overlap(answer.phrases, intent.phrases)) is not None:
                message = f"{twice!r} is a phrase of the handler {handler.id!r} too; here it is taken for this answer."
                hint = "Leave it so if that is meant, else take it out."
                yield at.warning("phrase_hides_handler", f"answers.{number}.phrases", message, hint)


def _in_intents(flow: Flow) -> Iterator[Finding]:
    used = {handler.intent for handler in flow.handlers}
    used |= {intent for _, _, step in steps_of(flow) if isinstance(step, Ask) for intent in step.intents}
    examples: dict[tuple[str, ...], str] = {}
    for name, intent in flow.intents.items():
        at = At(prefix=f"intents.{name}")
        if not (intent.examples or intent.phrases or intent.library):
            hint = "Give it phrases or examples, or a ready intent of the library."
            yield at.error("empty_intent", "", f"Nothing says what {name!r} means.", hint)
        if intent.library is not None and intent.library not in library.names():
            hint = f"Ready intents: {', '.join(library.names())}."
            yield at.error("no_such_intent", "library", f"The library has no intent {intent.library!r}.", hint)
        if name not in used:
            yield at.warning("unused_intent", "", f"Nothing asks for {name!r}.", "Use it, or take it out.")
        yield from in_phrases(intent.phrases, at, "phrases")
        for example in intent.examples:
            other = examples.setdefault(words_of(example), name)
            if other != name:
                message = f"{example!r} is an example of {other!r} too."
                yield at.error("examples_overlap", "examples", message, "Leave it with one of them.")
