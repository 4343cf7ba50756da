"""The table of what a written scenario may hold: one line for each field, made of the flow's own types.

Reading, writing and the JSON Schema all go by it. A step is written under its keyword, whose value is the field that
matters most (`say: text`, `transfer: group`); the other fields stand beside it under their own names.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Final, Literal

import msgspec

from robot.dialog import flow as model
from robot.dialog.flow import StepId
from robot.dialog.source.words import DOCS


class Kind(StrEnum):
    """What a field's value is."""

    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    CHOICE = "choice"
    PROMPT = "prompt"
    PHRASES = "phrases"
    LINES = "lines"
    STEP = "step"
    STEPS_BY_NAME = "steps_by_name"
    TEXTS_BY_NAME = "texts_by_name"
    ANSWERS = "answers"
    CASES = "cases"


@dataclass(frozen=True, slots=True)
class Entry:
    """One field; `default` is its value where it is left out, `nullable` says that it may be nothing."""

    name: str
    kind: Kind
    doc: str
    required: bool
    default: object = None
    choices: tuple[str, ...] = ()
    nullable: bool = False

    @property
    def follows(self) -> bool:
        """Whether it may be left out to mean the step that follows in the file."""
        return self.required and self.kind is Kind.STEP and self.name == "then"

    @property
    def may_be_left_out(self) -> bool:
        """Whether nothing written stands for its default."""
        return not self.required and not self.nullable


@dataclass(frozen=True, slots=True)
class Shape:
    """A step or another value with fields; `keyword` and `main` are a step's alone."""

    keyword: str
    doc: str
    entries: Mapping[str, Entry]
    main: str | None = None


MAIN: Final[Mapping[str, str | None]] = {
    "say": "prompt",
    "ask": "prompt",
    "listen": "variable",
    "branch": "cases",
    "set": None,
    "fetch": "url",
    "act": "action",
    "transfer": "group",
    "message": "text",
    "callback": "delay_min",
    "tag": "tag",
    "dispose": "disposition",
    "call": "flow",
    "return": None,
    "end": "prompt",
}
"""Under each step's keyword, the field that its value is; `set` takes {variable: value}, `return` nothing."""

_PLAIN: Final[Mapping[object, Kind]] = {
    str: Kind.TEXT,
    float: Kind.NUMBER,
    int: Kind.WHOLE,
    bool: Kind.FLAG,
    model.Prompt: Kind.PROMPT,
    StepId: Kind.STEP,
    dict[str, StepId]: Kind.STEPS_BY_NAME,
    dict[str, str]: Kind.TEXTS_BY_NAME,
    tuple[model.Answer, ...]: Kind.ANSWERS,
    tuple[model.Case, ...]: Kind.CASES,
}
ELSEWHERE: Final = frozenset({"steps", "intents", "handlers", "flows"})
"""Fields of a flow that hold parts with names of their own; read and written by themselves."""


def _entry(shape: str, field: msgspec.structs.FieldInfo) -> Entry:
    wanted, nullable = _without_none(field.type)
    default: object = None
    if not field.required:
        default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    choices: tuple[str, ...] = ()
    if typing.get_origin(wanted) is Literal:
        kind, choices = Kind.CHOICE, tuple(str(one) for one in typing.get_args(wanted))
    elif isinstance(wanted, type) and issubclass(wanted, Enum):
        kind, choices = Kind.CHOICE, tuple(str(one.value) for one in wanted)
    elif wanted == tuple[str, ...]:
        kind = Kind.PHRASES if field.name == "phrases" else Kind.LINES
    else:
        kind = _PLAIN[wanted]
    doc = DOCS[shape][field.name]
    return Entry(field.name, kind, doc, field.required, msgspec.to_builtins(default), choices, nullable)


def _without_none(wanted: Any) -> tuple[Any, bool]:  # noqa: ANN401 - a type as it was written
    if typing.get_origin(wanted) not in (typing.Union, types.UnionType):
        return wanted, False
    parts = [part for part in typing.get_args(wanted) if part is not type(None)]
    return parts[0], len(parts) < len(typing.get_args(wanted))


def _shape(of: type[msgspec.Struct], keyword: str, *, without: frozenset[str], main: str | None = None) -> Shape:
    fields = [field for field in msgspec.structs.fields(of) if field.name not in without]
    return Shape(keyword, DOCS[keyword][""], {one.name: _entry(keyword, one) for one in fields}, main)


@cache
def steps() -> Mapping[str, Shape]:
    """The kinds of steps by their keywords."""
    without = frozenset({"id"})
    kinds = {str(kind.__struct_config__.tag): kind for kind in typing.get_args(model.Step)}
    return {name: _shape(kinds[name], name, without=without, main=main) for name, main in MAIN.items()}


FLOW: Final = _shape(model.Flow, "flow", without=ELSEWHERE)
SUB_FLOW: Final = _shape(model.SubFlow, "sub-flow", without=ELSEWHERE)
INTENT: Final = _shape(model.Intent, "intent", without=frozenset())
HANDLER: Final = _shape(model.Handler, "handler", without=frozenset({"id"}))
ANSWER: Final = _shape(model.Answer, "answer", without=frozenset())
CASE: Final = _shape(model.Case, "case", without=frozenset())
PROMPT: Final = _shape(model.Prompt, "prompt", without=frozenset())
OPS: Final = CASE.entries["op"].choices


def plain_of(flow: model.Flow) -> dict[str, Any]:
    """The flow as JSON holds it: objects and lists alone."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(flow))
    return plain
