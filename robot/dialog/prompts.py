"""What is said: the prompts of a flow with their variables, as the commands that say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from robot.dialog.events import Speak
from robot.dialog.flow import Ask, End, Flow, Language, Prompt, Say, Step, Transfer
from robot.dialog.texts import delivery, pieces_of, say


def speak(
    prompt: Prompt | None,
    variables: Mapping[str, str],
    language: Language,
    *,
    barge_in: bool = False,
    keys_only: bool = False,
) -> Speak | None:
    """The prompt as it is said, stopped by what may stop it; None where there is nothing to say."""
    if prompt is None:
        return None
    text = say(prompt.text, variables, language)
    if not text and not prompt.audio:
        return None
    return Speak(
        text=text,
        audio=prompt.audio or None,
        voice=prompt.voice,
        barge_in=barge_in,
        keys_only=keys_only,
        delivery=delivery(prompt.text, variables, language),
    )


def prompts_of(flow: Flow) -> Iterator[Prompt]:
    """Every prompt of the flow, in the order of its steps."""
    for step in flow.steps.values():
        yield from filter(None, _prompts_of_step(step))


def speeches(flow: Flow, variables: Mapping[str, str]) -> tuple[Speak, ...]:
    """Everything that a call with these variables may say, each once: to be rendered before it is needed."""
    said = (speak(prompt, variables, flow.language) for prompt in prompts_of(flow))
    return tuple(dict.fromkeys(filter(None, said)))


def fixed_speeches(flow: Flow) -> tuple[Speak, ...]:
    """Everything that every call of the flow says alike: to be rendered when it is published."""
    fixed = (prompt for prompt in prompts_of(flow) if all(isinstance(piece, str) for piece in pieces_of(prompt.text)))
    said = (speak(prompt, {}, flow.language) for prompt in fixed)
    return tuple(dict.fromkeys(filter(None, said)))


def _prompts_of_step(step: Step) -> Iterator[Prompt | None]:
    match step:
        case Ask():
            yield step.prompt
            yield step.again
            yield from (answer.reply for answer in step.answers)
        case Say() | Transfer() | End():
            yield step.prompt
        case _:
            return
