"""What a flow says and writes: length, hints, variables, sound files, voices."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import BadInput
from robot.dialog.finding import At, Finding, World
from robot.dialog.flow import (
    BUILT_IN,
    Act,
    Answer,
    Ask,
    Branch,
    Callback,
    End,
    Fetch,
    Flow,
    Listen,
    Message,
    Prompt,
    Say,
    Set,
    Step,
    Transfer,
    steps_of,
)
from robot.dialog.texts import KNOWN, check_text
from robot.dialog.values import filled_by, names_in

Said = Iterator[tuple[str, Prompt]]


def in_texts(flow: Flow, world: World) -> Iterator[Finding]:
    """Findings about texts, and about the variables that they and the branches name."""
    known = _known(flow, world)
    for _, name, step in steps_of(flow):
        at = At(step=name)
        for field, prompt in prompts_at(step):
            yield from _in_prompt(prompt, at, field, flow, world, known)
        for field, text in _written_at(step):
            yield from _unknown(names_in(text), at, field, known)
        for field, variable in _named_at(step):
            yield from _unknown({variable.strip().casefold()}, at, field, known)
        if isinstance(step, Say | Ask | Listen) and _is_silent(step.prompt):
            message = "There is neither a text nor a sound file, so nothing is said here."
            yield at.error("no_text", "prompt.text", message, "Write what the robot says.")
    for number, handler in enumerate(flow.handlers):
        for field, spoken in (("reply", handler.reply), ("again", handler.again), ("goodbye", handler.goodbye)):
            if spoken is not None:
                yield from _in_prompt(spoken, At(prefix=f"handlers.{number}"), field, flow, world, known)


def prompts_at(step: Step) -> Said:
    """The prompts of the step by their fields."""
    match step:
        case Ask():
            yield "prompt", step.prompt
            if step.again is not None:
                yield "again", step.again
            yield from _replies(step.answers)
        case Listen():
            yield from ((field, one) for field, one in (("prompt", step.prompt), ("again", step.again)) if one)
        case Say() | Transfer() | End() | Fetch() | Act():
            if step.prompt is not None:
                yield "prompt", step.prompt
        case _:
            return


def _replies(answers: tuple[Answer, ...]) -> Said:
    for number, answer in enumerate(answers):
        if answer.reply is not None:
            yield f"answers.{number}.reply", answer.reply


def _is_silent(prompt: Prompt | None) -> bool:
    return prompt is None or not (prompt.text.strip() or prompt.audio)


def _in_prompt(
    prompt: Prompt, at: At, field: str, flow: Flow, world: World, known: frozenset[str] | None
) -> Iterator[Finding]:
    try:
        check_text(prompt.text, field="text")
    except BadInput as error:
        yield at.error(error.code, f"{field}.text", error.message, error.hint)
    yield from _unknown(names_in(prompt.text), at, f"{field}.text", known)
    if prompt.audio and world.sounds is not None and prompt.audio not in world.sounds:
        message = f"There is no sound file {prompt.audio!r}."
        yield at.error("no_such_sound", f"{field}.audio", message, "Upload it, or write a text instead.")
    if world.speech is None or prompt.audio or not prompt.text.strip():
        return
    speech, voice = world.speech(flow.language), prompt.voice or flow.voice
    if voice not in speech.voices:
        hint = f"Choose the other voice, or bring one. {speech.mend_voices}".rstrip()
        yield at.error("no_voice", f"{field}.voice", f"There is no {voice.value} voice here to say this.", hint)


def _known(flow: Flow, world: World) -> frozenset[str] | None:
    """The variables that there are; None where the contacts' fields are not known."""
    if world.variables is None:
        return None
    custom = {name.casefold() for name in world.variables}
    declared = {name.strip().casefold() for name in flow.variables}
    return frozenset(custom | declared | KNOWN | BUILT_IN | filled_by(flow))


def _unknown(names: frozenset[str] | set[str], at: At, field: str, known: frozenset[str] | None) -> Iterator[Finding]:
    for name in sorted(names):
        if known is not None and name not in known:
            hint = "Declare it with the flow's variables, or write one of these: " + ", ".join(sorted(known)) + "."
            yield at.error("unknown_variable", field, f"There is no variable {name!r}.", hint)


def _written_at(step: Step) -> Iterator[tuple[str, str]]:
    """The step's texts that are not said."""
    match step:
        case Branch(cases=cases):
            yield from ((f"cases.{number}.value", case.value) for number, case in enumerate(cases))
        case Set(value=value):
            yield "value", value
        case Fetch():
            yield "url", step.url
            yield from ((f"headers.{name}", value) for name, value in step.headers.items())
            yield "body", step.body or ""
        case Message():
            yield from (("text", step.text), ("subject", step.subject), ("to", step.to))
        case _:
            return


def _named_at(step: Step) -> Iterator[tuple[str, str]]:
    """The variables that the step reads by name."""
    match step:
        case Branch(cases=cases):
            yield from ((f"cases.{number}.variable", case.variable) for number, case in enumerate(cases))
        case Callback(variable=str(variable)):
            yield "variable", variable
        case _:
            return
