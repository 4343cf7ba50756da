"""YAML as a tree of texts with their places: no tags, no anchors, every value as it was written.

A designer's file names no types, so none are guessed: `key: 1`, `date: 2026-01-01` and `say: да` are texts until the
table says what is wanted. What a file could hurt by (anchors that multiply, tags that build objects, endless
nesting) is refused before anything is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from robot.dialog.source.findings import Finding, Place

MAX_CHARACTERS: Final = 1_000_000
MAX_DEPTH: Final = 50

QUOTE: Final = 'Put the whole text in "quotes".'
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BRACE: Final = re.compile(r":\s+[{\[][^\]}]*[\]}]\s*[^\s#]")
"""A value that goes on behind its closing brace: a text that should have been quoted."""
_TAB: Final = re.compile(r"^( *)\t", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as it was written; `plain` says that no quotation marks stand around it."""

    text: str
    place: Place
    plain: bool = False

    @property
    def nothing(self) -> bool:
        """Whether nothing is given here: no value, `~` or `null`."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Fields:
    """Values by name, in their order; `braces` says that it is written {so}."""

    items: tuple[tuple[Scalar, Node], ...]
    place: Place
    braces: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """Values in a row."""

    items: tuple[Node, ...]
    place: Place


Node = Scalar | Fields | Items


def tree_of(text: str) -> tuple[Node | None, list[Finding]]:
    """The file as a tree, or None where it cannot be read, and what is wrong with it as YAML."""
    if len(text) > MAX_CHARACTERS:
        message = f"The file has {len(text)} characters; at most {MAX_CHARACTERS} are read."
        return None, [Finding("too_long", Place(1, 1), message)]
    builder = _Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
            if builder.too_deep:
                return None, builder.findings
    except YAMLError as error:
        tabs = list(_tabs(text))
        return None, builder.findings + (tabs or [_syntax(error, text)])
    return (builder.root if not builder.findings else None), builder.findings


class _Builder:
    """Makes the tree of the events, without recursion."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.too_deep = False
        self._documents = 0
        self._open: list[tuple[Event, list[Node]]] = []

    def take(self, event: Event) -> None:
        """Takes the next event."""
        place = _place(event)
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents == 2:
                    self._refuse("documents", place, "A second document begins here.", "Give each a file of its own.")
            case AliasEvent():
                hint = (
                    "Write the text out once more, or put the steps into a sub-flow (`flows:`); a key * needs quotes."
                )
                self._refuse("anchor", place, "References (*name) are not read.", hint)
                self._put(Scalar("", place))
            case ScalarEvent():
                self._check_marks(event, place)
                self._put(Scalar(event.value, place, plain=event.style is None))
            case MappingStartEvent() | SequenceStartEvent():
                self._check_marks(event, place)
                self._begin(event, place)
            case MappingEndEvent() | SequenceEndEvent():
                self._end()
            case _:
                pass

    def _begin(self, event: Event, place: Place) -> None:
        if len(self._open) >= MAX_DEPTH:
            self.too_deep = True
            self._refuse("too_deep", place, f"Values lie more than {MAX_DEPTH} levels deep within each other.")
        self._open.append((event, []))

    def _end(self) -> None:
        event, nodes = self._open.pop()
        place = _place(event)
        if isinstance(event, SequenceStartEvent):
            self._put(Items(tuple(nodes), place))
            return
        items: list[tuple[Scalar, Node]] = []
        for name, value in zip(nodes[::2], nodes[1::2], strict=True):
            if isinstance(name, Scalar):
                items.append((name, value))
            else:
                self._refuse("bad_name", name.place, "A name is missing before this.", QUOTE)
        self._put(Fields(tuple(items), place, braces=isinstance(event, MappingStartEvent) and bool(event.flow_style)))

    def _put(self, node: Node) -> None:
        if self._open:
            self._open[-1][1].append(node)
        elif self.root is None:
            self.root = node

    def _check_marks(self, event: Event, place: Place) -> None:
        if getattr(event, "anchor", None) is not None:
            hint = "Leave it out; a text that begins with & needs quotes."
            self._refuse("anchor", place, "Anchors (&name) are not read.", hint)
        if getattr(event, "tag", None) is not None:
            hint = "Leave it out; a text that begins with ! needs quotes."
            self._refuse("tag", place, "Tags (!name) are not read.", hint)

    def _refuse(self, code: str, place: Place, message: str, hint: str = "") -> None:
        self.findings.append(Finding(code, place, message, hint))


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _tabs(text: str) -> Iterator[Finding]:
    for found in _TAB.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        message = "The line begins with a tab."
        yield Finding("tab", Place(line, len(found[1]) + 1), message, "Indent with spaces: two for each level.")


SAYINGS: Final = (
    ("mapping values are not allowed", "A colon with a space after it stands within a text.", QUOTE),
    ("found unexpected end of stream", "A quotation mark opens here and is never closed.", "Close it."),
    ("found duplicate anchor", "Anchors (&name) are not read.", "Leave it out."),
    (
        "found unknown escape character",
        '\\ in "quotes" begins a special character that is none.',
        "Write \\\\ for a \\.",
    ),
    ("expected alphabetic or numeric character", "A text begins with * or &.", QUOTE),
    (
        "could not find expected ':'",
        "The line is neither `name: value` nor a part of a text.",
        "Add the colon, or quotes.",
    ),
    ("cannot start any token", "A text begins with a character that means something in YAML.", QUOTE),
    (
        "expected ',' or",
        "Text follows a closing brace or comes before one.",
        f"A text that begins with {{ or [: {QUOTE}",
    ),
    ("expected <block end>", "The line is indented otherwise than those above it.", "Line it up with its neighbours."),
    ("expected the node content", "A value is missing or begins with a character that means something in YAML.", QUOTE),
)
"""What the parser says, what it means to a designer, and what to do."""


def _syntax(error: YAMLError, text: str) -> Finding:
    if isinstance(error, ReaderError):
        before = text[: error.position]
        place = Place(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        return Finding("unprintable", place, "A character stands here that cannot be read.", "Delete it.")
    if not isinstance(error, MarkedYAMLError):
        return Finding("bad_yaml", Place(1, 1), f"This is no YAML: {error}.")
    problem = " ".join(filter(None, (error.problem, error.context)))
    mark = error.problem_mark or error.context_mark
    if "end of stream" in problem and error.context_mark is not None:
        mark = error.context_mark
    place = Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)
    if _BRACE.search(text.split("\n")[place.line - 1]):
        return Finding("bad_yaml", place, "A text begins with { or [.", QUOTE)
    for part, message, hint in SAYINGS:
        if part in problem:
            return Finding("bad_yaml", place, message, hint)
    return Finding("bad_yaml", place, f"This is no YAML: {problem}.")
