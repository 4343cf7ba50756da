"""The JSON Schema (draft 2020-12) of written scenarios, by which editors complete and check them while one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from robot.dialog.source.table import (
    ANSWER,
    CASE,
    FLOW,
    HANDLER,
    INTENT,
    OPS,
    PROMPT,
    SUB_FLOW,
    Entry,
    Kind,
    Shape,
    steps,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SCALAR: Final = ["string", "number", "boolean"]
_TEXT: Final[Mapping[str, Any]] = {"type": _SCALAR}
_FLAG: Final[Mapping[str, Any]] = {"enum": [True, False, "yes", "no", "да", "нет"]}
_WHOLE: Final[Mapping[str, Any]] = {"type": "integer"}
_NUMBER: Final[Mapping[str, Any]] = {"type": "number"}


def schema() -> dict[str, Any]:
    """The schema; what only a reader can see (names that exist nowhere) it lets pass."""
    shapes = steps()
    definitions = {
        "text": dict(_TEXT),
        "texts": {"oneOf": [{"type": ["string", "null"]}, {"type": "array", "items": _ref("text")}]},
        "by_name": {"type": ["object", "null"], "additionalProperties": _ref("text")},
        "prompt": {"oneOf": [_ref("text"), _object(PROMPT, PROMPT.entries)]},
        "answer": _object(ANSWER, ANSWER.entries, optional=("id", "then")),
        "case": _case(),
        "intent": {"oneOf": [_object(INTENT, INTENT.entries), {"type": "array", "items": _ref("text")}]},
        "handler": _object(HANDLER, HANDLER.entries, optional=("kind", "intent")),
        "sub-flow": _sub_flow(),
        "step": {"oneOf": [_ref(f"step-{keyword}") for keyword in shapes]},
    }
    definitions |= {f"step-{keyword}": _step(shape) for keyword, shape in shapes.items()}
    whole = _object(FLOW, FLOW.entries, optional=("start",))
    whole["properties"] |= {
        "steps": _named("step", "The steps by name.") | {"minProperties": 1},
        "intents": _named("intent", "What a caller may mean, by name.", nothing=True),
        "handlers": _named("handler", "What is handled anywhere in the dialog, by name.", nothing=True),
        "flows": _named("sub-flow", "Parts of the dialog that several places call, by name.", nothing=True),
    }
    whole["required"].append("steps")
    return {"$schema": DIALECT, "title": "Zvonar scenario", **whole, "$defs": definitions}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _named(of: str, doc: str, *, nothing: bool = False) -> dict[str, Any]:
    kinds = ["object", "null"] if nothing else "object"
    return {"type": kinds, "description": doc, "additionalProperties": _ref(of)}


def _object(shape: Shape, entries: Mapping[str, Entry], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "description": shape.doc,
        "properties": {name: _entry(entry) for name, entry in entries.items()},
        "required": [name for name, entry in entries.items() if entry.required and name not in optional],
        "additionalProperties": False,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    wanted = dict(_wanted(entry))
    if entry.nullable:
        wanted = {"oneOf": [wanted, {"type": "null"}]}
    described = wanted | {"description": entry.doc}
    return described | ({"default": entry.default} if entry.default not in (None, (), [], {}, "") else {})


def _wanted(entry: Entry) -> Mapping[str, Any]:
    match entry.kind:
        case Kind.TEXT | Kind.STEP:
            return _ref("text")
        case Kind.NUMBER:
            return _NUMBER
        case Kind.WHOLE:
            return _WHOLE
        case Kind.FLAG:
            return _FLAG
        case Kind.CHOICE:
            return {"enum": list(entry.choices)}
        case Kind.PROMPT:
            return _ref("prompt")
        case Kind.PHRASES | Kind.LINES:
            return _ref("texts")
        case Kind.STEPS_BY_NAME | Kind.TEXTS_BY_NAME:
            return _ref("by_name")
        case Kind.ANSWERS:
            by_label = {"type": ["object", "null"], "additionalProperties": _ref("answer")}
            return {"oneOf": [by_label, {"type": "array", "items": _ref("answer")}]}
        case Kind.CASES:
            return {"oneOf": [{"type": "array", "items": _ref("case")}, _ref("case"), {"type": "null"}]}


def _step(shape: Shape) -> dict[str, Any]:
    """A step: its keyword with the main field as value, the others beside it."""
    entries = {name: entry for name, entry in shape.entries.items() if name != shape.main}
    if shape.keyword == "set":
        entries = {"then": shape.entries["then"]}
        main: dict[str, Any] = {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": [*_SCALAR, "null"]},
        }
    else:
        main = {"type": "null"} if shape.main is None else _main(shape.entries[shape.main])
    optional = ("then", "answers")
    step = _object(shape, entries, optional=optional)
    step["properties"] = {shape.keyword: {"description": shape.doc} | main} | step["properties"]
    step["required"].insert(0, shape.keyword)
    return step


def _main(entry: Entry) -> dict[str, Any]:
    described = _entry(entry)
    return {"oneOf": [described, {"type": "null"}]} if entry.may_be_left_out else described


def _case() -> dict[str, Any]:
    case = _object(CASE, CASE.entries)
    for op in OPS:
        case["properties"][op] = _FLAG if op in ("empty", "filled") else _ref("text")
    case["oneOf"] = [{"required": [op]} for op in OPS] + [{"not": {"anyOf": [{"required": [op]} for op in OPS]}}]
    return case


def _sub_flow() -> dict[str, Any]:
    sub = _object(SUB_FLOW, SUB_FLOW.entries, optional=("start",))
    sub["properties"]["steps"] = _named("step", "Its steps by name.") | {"minProperties": 1}
    sub["required"].append("steps")
    return sub
