"""Single values of a written scenario, as the table wants them: what is not such a value is a finding."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from robot.dialog.finding import Severity
from robot.dialog.source.findings import Finding, Place, meant, suggestion
from robot.dialog.source.table import PROMPT, Entry, Kind, Shape
from robot.dialog.source.tree import QUOTE, Fields, Items, Node, Scalar

YES: Final = frozenset({"true", "yes", "да"})
NO: Final = frozenset({"false", "no", "нет"})
_WHOLE: Final = re.compile(r"[+-]?\d{1,15}", re.ASCII)

BAD: Final = object()
"""Stands for a value that a finding was noted for."""


class Notes:
    """What was found while a scenario is read, and where each of its fields stands."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.places: dict[str, Place] = {}

    def refuse(self, code: str, place: Place, message: str, hint: str = "", *, path: str = "") -> object:
        """Notes a finding; what it is about has no value."""
        self.findings.append(Finding(code, place, message, hint, path, Severity.ERROR))
        return BAD

    # ---- names

    def named(self, node: Node, what: str, path: str) -> dict[str, tuple[Scalar, Node]]:
        """The values by name; one that is not so written, or a name that stands twice, is a finding."""
        self.places[path] = node.place
        if isinstance(node, Scalar) and node.nothing:
            return {}
        if not isinstance(node, Fields):
            self.refuse("wrong_type", node.place, f"{what} are given by name: `name: value`.", path=path)
            return {}
        found: dict[str, tuple[Scalar, Node]] = {}
        for name, value in node.items:
            if name.text in found:
                line = found[name.text][0].place.line
                message = f"{name.text!r} stands here a second time; it is in line {line} already."
                self.refuse("duplicate_key", name.place, message, "Rename or delete one of them.", path=path)
            else:
                found[name.text] = (name, value)
        return found

    def unknown(self, name: Scalar, known: Iterable[str], where: str, path: str, *, main: str | None = None) -> None:
        """Notes a field that there is not; `main` is the one that is written as the keyword's value."""
        hint = f"Write it right after `{where}:`." if name.text == main else suggestion(name.text, known)
        self.refuse("unknown_key", name.place, f"There is no field {name.text!r} in {where!r}.", hint, path=path)

    def fields(
        self,
        given: Mapping[str, tuple[Scalar, Node]],
        shape: Shape,
        place: Place,
        path: str,
        *,
        but: Collection[str] = (),
    ) -> dict[str, object]:
        """The fields of a shape that are given, all but those in `but`, which are read elsewhere.

        Fields that are missing and needed are findings, unless they stand for the step that follows.
        """
        found: dict[str, object] = {}
        known = [name for name in shape.entries if name not in but]
        for name, (key, node) in given.items():
            entry = shape.entries.get(name)
            if entry is not None and name not in but:
                self.places[f"{path}{name}"] = node.place
                found[name] = self.value(entry, node, f"{path}{name}")
            elif name not in but:
                self.unknown(key, known, shape.keyword, f"{path}{name}", main=shape.main)
        for name in known:
            if shape.entries[name].required and name not in found and not shape.entries[name].follows:
                message = f"{shape.keyword!r} needs {name!r}: {shape.entries[name].doc}"
                near = meant(name, [key for key in given if key not in shape.entries])
                self.refuse(
                    "missing_key", place, message, f"{near!r} may be meant as it." if near else "", path=f"{path}{name}"
                )
        return {name: value for name, value in found.items() if value is not BAD}

    # ---- values

    def value(self, entry: Entry, node: Node, path: str) -> object:
        """The value of one field as plain JSON values, or `BAD`."""
        if isinstance(node, Scalar) and node.nothing and entry.nullable:
            return None
        match entry.kind:
            case Kind.TEXT | Kind.STEP:
                return self.text(node, entry.name, path)
            case Kind.PROMPT:
                return self.prompt(node, path)
            case Kind.PHRASES:
                return self.texts(node, entry.name, path, by=",")
            case Kind.LINES:
                return self.texts(node, entry.name, path, by="\n")
            case Kind.STEPS_BY_NAME | Kind.TEXTS_BY_NAME:
                return self.by_name(node, entry.name, path)
            case Kind.FLAG:
                return self.flag(node, entry.name, path)
            case Kind.CHOICE:
                return self.choice(node, entry, path)
            case _:
                return self.number(node, entry, path)

    def text(self, node: Node, name: str, path: str) -> object:
        """A text as it was written."""
        if isinstance(node, Scalar) and not node.nothing:
            return node.text
        if isinstance(node, Scalar):
            return self.refuse("empty", node.place, f"{name!r} has no value.", path=path)
        if isinstance(node, Fields) and node.braces:
            hint = f"A text that begins with {{ is written in quotes. {QUOTE}"
            return self.refuse("wrong_type", node.place, f"{name!r} is no text.", hint, path=path)
        return self.refuse("wrong_type", node.place, f"{name!r} is one text, not several values.", path=path)

    def prompt(self, node: Node, path: str) -> object:
        """What is said: a text, or the fields of a prompt."""
        if isinstance(node, Fields) and any(key.text in PROMPT.entries for key, _ in node.items):
            return self.fields(self.named(node, "A prompt's fields", path), PROMPT, node.place, f"{path}.")
        said = self.text(node, path.rpartition(".")[2], path)
        return said if said is BAD else {"text": said}

    def texts(self, node: Node, name: str, path: str, *, by: str) -> object:
        """Several texts: a list, or one text that holds them apart by `by`."""
        if isinstance(node, Scalar):
            parts = [] if node.nothing else [part.strip() for part in node.text.split(by)]
            return [part for part in parts if part]
        if isinstance(node, Fields):
            return self.refuse("wrong_type", node.place, f"{name!r} is a list of texts.", path=path)
        texts = [self.text(one, name, f"{path}.{number}") for number, one in enumerate(node.items)]
        return BAD if BAD in texts else texts

    def by_name(self, node: Node, name: str, path: str) -> object:
        """Texts by name."""
        given = self.named(node, f"The values of {name!r}", path)
        for key, (_, value) in given.items():
            self.places[f"{path}.{key}"] = value.place
        texts = {key: self.text(value, key, f"{path}.{key}") for key, (_, value) in given.items()}
        return BAD if BAD in texts.values() else texts

    def flag(self, node: Node, name: str, path: str) -> object:
        """True or false."""
        word = node.text.casefold() if isinstance(node, Scalar) else ""
        if word in YES | NO:
            return word in YES
        return self.refuse("wrong_type", node.place, f"{name!r} is true or false.", path=path)

    def choice(self, node: Node, entry: Entry, path: str) -> object:
        """One of the entry's choices."""
        word = node.text if isinstance(node, Scalar) else ""
        if word in entry.choices:
            return word
        hint = suggestion(word, entry.choices, what="One of")
        return self.refuse("no_such_choice", node.place, f"{word!r} is no {entry.name!r}.", hint, path=path)

    def number(self, node: Node, entry: Entry, path: str) -> object:
        """A number; a whole one where the table wants such."""
        text = node.text.strip() if isinstance(node, Scalar) else ""
        if entry.kind is Kind.WHOLE:
            if _WHOLE.fullmatch(text):
                return int(text)
            return self.refuse("wrong_type", node.place, f"{entry.name!r} is a whole number, not {text!r}.", path=path)
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = math.nan
        if math.isfinite(number) and "_" not in text:
            return number
        return self.refuse("wrong_type", node.place, f"{entry.name!r} is a number, not {text!r}.", path=path)


def listed(node: Node) -> tuple[Node, ...]:
    """The values of a list; a single value is a list of one."""
    return node.items if isinstance(node, Items) else (node,)
