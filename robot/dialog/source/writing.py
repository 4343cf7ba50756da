"""A flow as a scenario that people read: short forms where they lose nothing, defaults left out."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from robot.dialog.flow import Flow
from robot.dialog.source.keeping import Unit, keep
from robot.dialog.source.reading import read
from robot.dialog.source.table import ANSWER, CASE, FLOW, HANDLER, INTENT, PROMPT, Entry, Kind, Shape, plain_of, steps

WIDTH: Final = 110
_BREAKS: Final = re.compile("[\x85\u2028\u2029]")
Plain = Mapping[str, Any]
"""Plain JSON values by name."""


def write(flow: Flow, *, before: str | None = None) -> str:
    """The scenario of the flow; what `before` says alike stays as it stands there, comments included.

    Reading it gives the same flow again. A `before` that is no scenario is not looked at.
    """
    plain = plain_of(flow)
    fresh = _flow(plain)
    if before is not None:
        text = _kept(flow, plain, fresh, before)
        if text is not None:
            return text
    return _dumped(fresh)


def _kept(flow: Flow, plain: Plain, fresh: CommentedMap, before: str) -> str | None:
    """The scenario written into `before`; None where that cannot be done without changing what it means."""
    was = read(before)
    if was.flow is None:
        return None
    if was.flow == flow:
        return before
    same = _units(plain_of(was.flow), plain)
    for unchanged in (same, frozenset[Unit]()):
        given = _yaml().load(before)
        keep(given, fresh, same=unchanged)
        text = _dumped(given)
        if read(text).flow == flow:
            return text
    return None


def _units(was: Plain, now: Plain) -> frozenset[Unit]:
    """The parts that mean the same in both: what they are written as need not change."""
    found: list[Unit] = [(name,) for name in FLOW.entries if was[name] == now[name]]
    found += _alike(("intents",), was["intents"], now["intents"])
    handlers = ({one["id"]: one for one in of["handlers"]} for of in (was, now))
    found += _alike(("handlers",), *handlers)
    found += _alike_steps(("steps",), was["steps"], now["steps"])
    for called, sub in now["flows"].items():
        old = was["flows"].get(called)
        if old is not None:
            found += [("flows", called, "start")] if old["start"] == sub["start"] else []
            found += _alike_steps(("flows", called, "steps"), old["steps"], sub["steps"])
    return frozenset(found)


def _alike(at: Unit, was: Plain, now: Plain) -> Iterator[Unit]:
    """What has the same name and value in both, and of the others their fields that have."""
    for name, one in now.items():
        if was.get(name) == one:
            yield (*at, name)
        elif isinstance(one, dict) and isinstance(was.get(name), dict):
            yield from _alike((*at, name), was[name], one)


def _alike_steps(at: Unit, was: Plain, now: Plain) -> Iterator[Unit]:
    for name, one in now.items():
        old = was.get(name)
        if old == one:
            yield (*at, name)
        elif old is not None and old["type"] == one["type"]:
            main = steps()[one["type"]].main
            for field in _alike((*at, name), old, one):
                yield (*at, name, one["type"], *field[len(at) + 2 :]) if field[len(at) + 1] == main else field
            for mine, theirs in zip(old.get("answers", ()), one.get("answers", ()), strict=False):
                if mine == theirs:
                    yield (*at, name, "answers", mine["label"] or mine["id"])


class _Texts(RoundTripRepresenter):
    """Writes line breaks of other systems as escapes, or they would come back as spaces."""

    def quoted(self, text: str) -> ScalarNode:
        """The text, in quotation marks where it needs escapes."""
        if _BREAKS.search(text):
            node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", text, style='"')
        else:
            node = self.represent_str(text)
        return node


_Texts.add_representer(str, _Texts.quoted)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.Representer = _Texts
    yaml.preserve_quotes = True
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(given: object) -> str:
    stream = io.StringIO()
    _yaml().dump(given, stream)
    return stream.getvalue()


# ---- the parts of a flow


def _flow(plain: Plain) -> CommentedMap:
    written = CommentedMap(_fields(plain, FLOW))
    if plain["intents"]:
        written["intents"] = CommentedMap((name, _fields(one, INTENT)) for name, one in plain["intents"].items())
    if plain["handlers"]:
        written["handlers"] = CommentedMap((one["id"], _fields(one, HANDLER)) for one in plain["handlers"])
    written["steps"] = _steps(plain)
    if plain["flows"]:
        written["flows"] = CommentedMap(
            (name, CommentedMap({"start": sub["start"], "steps": _steps(sub)})) for name, sub in plain["flows"].items()
        )
    return written


def _steps(plain: Plain) -> CommentedMap:
    return CommentedMap((name, _step(plain["steps"][name])) for name in _in_order(plain["start"], plain["steps"]))


def _in_order(start: str, given: Mapping[str, Plain]) -> Iterable[str]:
    """The steps in the order in which a caller may come to them, then the others."""
    found: dict[str, None] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found and name in given:
            found[name] = None
            waiting.extend(reversed(list(_targets(given[name]))))
    return [*found, *(name for name in given if name not in found)]


def _targets(step: Plain) -> Iterable[str]:
    for part in (*step.get("answers", ()), *step.get("cases", ())):
        yield part["then"]
    yield from step.get("intents", {}).values()
    yield from (step[name] for name in ("then", "otherwise", "failed") if name in step)


def _step(plain: Plain) -> CommentedMap:
    keyword = plain["type"]
    shape = steps()[keyword]
    if keyword == "set":
        then = {"then": plain["then"]}
        return CommentedMap({"set": CommentedMap({plain["variable"]: plain["value"]}), **then})
    if shape.main is None:
        return CommentedMap({keyword: None})
    main = shape.entries[shape.main]
    left_out = main.may_be_left_out and plain[main.name] == _default(main)
    written = CommentedMap({keyword: None if left_out else _value(main, plain[main.name])})
    written.update(_fields(plain, shape, but=(main.name,)))
    return written


def _fields(plain: Plain, shape: Shape, *, but: tuple[str, ...] = ()) -> CommentedMap:
    """The fields that differ from their defaults, or that have none."""
    written = CommentedMap()
    for name, entry in shape.entries.items():
        if name not in but and (entry.required or plain[name] != _default(entry)):
            written[name] = _value(entry, plain[name])
    return written


def _default(entry: Entry) -> object:
    return list(entry.default) if isinstance(entry.default, tuple) else entry.default


def _value(entry: Entry, given: Any) -> object:  # noqa: ANN401 - plain JSON values
    if given is None:
        return None
    match entry.kind:
        case Kind.PROMPT:
            return _prompt(given)
        case Kind.PHRASES:
            return _phrases(given)
        case Kind.NUMBER:
            return int(given) if float(given).is_integer() else given
        case Kind.ANSWERS:
            return _answers(given)
        case Kind.CASES:
            return [_case(one) for one in given]
        case Kind.STEPS_BY_NAME | Kind.TEXTS_BY_NAME:
            return CommentedMap(given)
        case Kind.LINES:
            return list(given)
        case _:
            return given


def _prompt(plain: Plain) -> object:
    fields = _fields(plain, PROMPT)
    return plain["text"] if set(fields) <= {"text"} else fields


def _phrases(given: list[str]) -> object:
    """One text with commas, where that loses nothing."""
    together = ", ".join(given)
    return together if [part.strip() for part in together.split(",")] == given and all(given) else list(given)


def _answers(given: list[Plain]) -> object:
    """By label; an answer that is not stored stands under its id; in a list where two would stand under one name."""
    names = [one["label"] or one["id"] for one in given]
    if len(set(names)) < len(names):
        return [_answer(one, number, None) for number, one in enumerate(given)]
    return CommentedMap(
        (name, _answer(one, number, name)) for number, (name, one) in enumerate(zip(names, given, strict=True))
    )


def _answer(plain: Plain, number: int, name: str | None) -> CommentedMap:
    by_place = plain["id"] == f"answer{number + 1}"
    written = _fields(plain, ANSWER, but=("id", "label", "then") if by_place else ("label", "then"))
    if plain["label"] != (name or ""):
        written["label"] = plain["label"]
    written["then"] = plain["then"]
    return written


def _case(plain: Plain) -> CommentedMap:
    written = CommentedMap({"variable": plain["variable"]})
    if plain["op"] in ("empty", "filled") and not plain["value"]:
        written[plain["op"]] = True
    elif plain["op"] in ("empty", "filled"):
        written.update(_fields(plain, CASE, but=("variable", "then")))
    else:
        written[plain["op"]] = plain["value"]
    written["then"] = plain["then"]
    return written
