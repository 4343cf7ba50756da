"""What is said: the prompts of a flow with their variables, as the commands that say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from robot.dialog.events import Speak
from robot.dialog.flow import (
    Act,
    Ask,
    End,
    Fetch,
    Flow,
    Language,
    Listen,
    Prompt,
    Say,
    Step,
    Transfer,
    VoiceSex,
    steps_of,
)
from robot.dialog.texts import delivery, say
from robot.dialog.values import filled_by, is_fixed, names_in, start_variables


def speak(
    prompt: Prompt | None,
    variables: Mapping[str, str],
    language: Language,
    *,
    barge_in: bool = False,
    keys_only: bool = False,
    voice: VoiceSex = VoiceSex.FEMALE,
) -> Speak | None:
    """The prompt as it is said, stopped by what may stop it; None where there is nothing to say.

    `voice` speaks a prompt that has none of its own.
    """
    if prompt is None:
        return None
    text = say(prompt.text, variables, language)
    if not text and not prompt.audio:
        return None
    return Speak(
        text=text,
        audio=prompt.audio or None,
        voice=prompt.voice or voice,
        barge_in=barge_in,
        keys_only=keys_only,
        delivery=delivery(prompt.text, variables, language),
    )


def prompts_of(flow: Flow) -> Iterator[Prompt]:
    """Every prompt of the flow, in the order of its steps, those of sub-flows and handlers last."""
    for _, _, step in steps_of(flow):
        yield from filter(None, _prompts_of_step(step))
    for handler in flow.handlers:
        yield from filter(None, (handler.reply, handler.again, handler.goodbye))


def speeches(flow: Flow, variables: Mapping[str, str]) -> tuple[Speak, ...]:
    """Everything that a call with these variables may say, each once: to be rendered before it is needed.

    A prompt with a variable that the dialog itself fills is left out: nobody knows yet how it will be said.
    """
    filled = filled_by(flow)
    known = start_variables(flow, variables)
    ahead = (prompt for prompt in prompts_of(flow) if filled.isdisjoint(names_in(prompt.text)))
    said = (speak(prompt, known, flow.language, voice=flow.voice) for prompt in ahead)
    return tuple(dict.fromkeys(filter(None, said)))


def fixed_speeches(flow: Flow) -> tuple[Speak, ...]:
    """Everything that every call of the flow says alike: to be rendered when it is published."""
    fixed = (prompt for prompt in prompts_of(flow) if is_fixed(prompt.text))
    said = (speak(prompt, {}, flow.language, voice=flow.voice) for prompt in fixed)
    return tuple(dict.fromkeys(filter(None, said)))


def _prompts_of_step(step: Step) -> Iterator[Prompt | None]:
    match step:
        case Ask():
            yield step.prompt
            yield step.again
            yield from (answer.reply for answer in step.answers)
        case Listen():
            yield step.prompt
            yield step.again
        case Say() | Transfer() | End() | Fetch() | Act():
            yield step.prompt
        case _:
            return
