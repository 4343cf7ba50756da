"""Ready intents: what callers say to be told again, to be called later, to object (SPEC R6.6), and neutral speech.

The texts are data files beside this module, a folder for each language. A flow names an intent (`Intent.library`) and
may add examples of its own; the neutral sentences teach a classifier what is none of the intents.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec
import yaml  # type: ignore[import-untyped]

from core.errors import BadInput
from robot.dialog.flow import HandlerKind, Language


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A ready intent in one language: its title, the handler that it is meant for, examples and suggested replies."""

    name: str
    title: str
    kind: HandlerKind
    replies: tuple[str, ...]
    examples: tuple[str, ...]


def names() -> tuple[str, ...]:
    """The ready intents, those that control the dialog first; every language has them all."""
    return tuple(_all(Language.RU))


def ready(name: str, language: Language) -> Ready:
    """The ready intent of that name; `BadInput` lists the names if there is none."""
    found = _all(language).get(name)
    if found is None:
        hint = f"There are: {', '.join(names())}."
        raise BadInput("no_such_intent", f"The library has no intent {name!r}.", field="library", hint=hint)
    return found


def intent(name: str, language: Language) -> tuple[str, ...]:
    """The examples of a ready intent; `BadInput` lists the names if there is none."""
    return ready(name, language).examples


@cache
def neutral(language: Language) -> tuple[str, ...]:
    """Sentences of callers that are none of the ready intents."""
    return _lines((_folder(language) / "neutral.txt").read_text("utf-8"))


class _Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    kind: HandlerKind
    replies: tuple[str, ...]
    examples: str


@cache
def _all(language: Language) -> dict[str, Ready]:
    entries: dict[str, _Written] = {}
    for part in ("controls", "objections"):
        text = (_folder(language) / f"{part}.yaml").read_text("utf-8")
        entries |= msgspec.convert(yaml.load(text, yaml.CSafeLoader), dict[str, _Written])
    return {
        name: Ready(
            name=name,
            title=written.title,
            kind=written.kind,
            replies=written.replies,
            examples=_lines(written.examples),
        )
        for name, written in entries.items()
    }


def _folder(language: Language) -> Traversable:
    return files(__package__) / language.value


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
