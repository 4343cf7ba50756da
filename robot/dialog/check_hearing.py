"""Whether what a flow asks for can be heard: by a recogniser of its language, in words that this one knows.

Where no recogniser is here, keys alone answer: an answer without a key is an error, for nobody can give it; any other
wish for words is a warning, for the dialog goes on without them. Where one is here, a phrase with a word that it does
not know is never heard: an error if nothing else gives the answer, a warning otherwise.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Final

from robot.asr.words import spelt
from robot.dialog.finding import At, Finding, Speech, World
from robot.dialog.flow import Answer, Ask, Flow, Language, Listen, ListenFor, Step, steps_of

_TYPED: Final = frozenset({ListenFor.NUMBER, ListenFor.PHONE})
_NAMES: Final = {Language.RU: "Russian", Language.EN: "English"}


def needs_words(step: Step) -> bool:
    """Whether the step has an answer that words alone can give."""
    return isinstance(step, Ask) and any(_by_words_alone(answer) for answer in step.answers)


def in_hearing(flow: Flow, world: World) -> Iterator[Finding]:
    """Findings about the words that the flow waits for; none where nothing is known of a recogniser."""
    if world.speech is None:
        return
    speech = world.speech(flow.language)
    if not speech.hears:
        yield from _deaf(flow, speech)
    elif speech.words is not None:
        yield from _unsayable(flow, speech.words, speech.mend_ears)


def _by_words_alone(answer: Answer) -> bool:
    return bool(answer.phrases) and answer.key is None


def _deaf(flow: Flow, speech: Speech) -> Iterator[Finding]:
    language, lost = _NAMES[flow.language], 0
    for _, name, step in steps_of(flow):
        at = At(step=name)
        if isinstance(step, Listen) and step.kind not in _TYPED:
            message = f"Nothing here hears {language}: what the caller says is not kept, and `otherwise` follows."
            yield at.warning("no_recogniser", "kind", message, speech.mend_ears)
        if not isinstance(step, Ask):
            continue
        lost += bool(step.intents) or any(answer.phrases for answer in step.answers)
        for number, answer in enumerate(step.answers):
            if _by_words_alone(answer):
                message = f"Words alone give this answer, and nothing here hears {language}."
                hint = f"Give it a key. Or: {speech.mend_ears}"
                yield at.error("no_recogniser", f"answers.{number}.phrases", message, hint)
    if lost or flow.handlers:
        message = f"Nothing here hears {language}: keys work, words are not understood."
        yield At().warning("no_recogniser", "language", message, speech.mend_ears)


def _unsayable(flow: Flow, known: Container[str], mend: str) -> Iterator[Finding]:
    for _, name, step in steps_of(flow):
        for number, answer in enumerate(step.answers if isinstance(step, Ask) else ()):
            at, field = At(step=name), f"answers.{number}.phrases"
            only = answer.key is None
            yield from _in_phrases(answer.phrases, flow.language, known, at, field, only=only, mend=mend)
    for known_as, intent in flow.intents.items():
        at, only = At(prefix=f"intents.{known_as}"), not (intent.examples or intent.library)
        yield from _in_phrases(intent.phrases, flow.language, known, at, "phrases", only=only, mend=mend)


def _in_phrases(
    phrases: Sequence[str],
    language: Language,
    known: Container[str],
    at: At,
    field: str,
    *,
    only: bool,
    mend: str,
) -> Iterator[Finding]:
    """Phrases that hold unknown words; errors where no other phrase is left and these are the `only` way."""
    unknown = {phrase: words for phrase in phrases if (words := _unknown(phrase, language, known))}
    kind = at.error if only and len(unknown) == len(phrases) else at.warning
    for phrase, words in unknown.items():
        message = f"{phrase!r} cannot be heard: the recogniser does not know {', '.join(map(repr, words))}."
        hint = "Write it in other words, or give the answer a key."
        yield kind("unsayable_phrase", field, message, f"{hint} {mend}".rstrip())


def _unknown(phrase: str, language: Language, known: Container[str]) -> list[str]:
    return [word for word in spelt(phrase, language) if word not in known and word.replace("ё", "е") not in known]
