"""A written scenario as a flow, with everything that is wrong with it at once (SPEC R6.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from core.errors import BadInput
from robot.dialog.flow import Flow, HandlerKind, flow_from_json
from robot.dialog.source.findings import Finding, Place, suggestion
from robot.dialog.source.table import ANSWER, CASE, FLOW, HANDLER, INTENT, OPS, SUB_FLOW, Shape, steps
from robot.dialog.source.tree import Fields, Items, Node, Scalar, tree_of
from robot.dialog.source.values import BAD, NO, YES, Notes, listed

PARTS: Final = ("steps", "intents", "handlers", "flows")
_KINDS: Final = frozenset(str(kind) for kind in HandlerKind)
_WITHOUT_VALUE: Final = ("empty", "filled")


@dataclass(frozen=True, slots=True)
class Read:
    """The flow of a file, None where there are findings, and where each of its fields stands by its path."""

    flow: Flow | None
    findings: tuple[Finding, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)

    def place_of(self, path: str) -> Place:
        """Where the field stands, or else the nearest thing around it."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, Place(1, 1))


@dataclass(frozen=True, slots=True)
class _Link:
    """A name that must be that of a step, a sub-flow or an intent."""

    what: str
    name: str
    place: Place
    path: str
    scope: str = ""


def read(text: str) -> Read:
    """Reads a scenario; never raises, whatever the text is."""
    tree, findings = tree_of(text)
    if tree is None:
        if not findings:
            findings = [
                Finding("empty", Place(1, 1), "The file is empty.", "A scenario has at least `name` and `steps`.")
            ]
        return Read(None, tuple(findings))
    reader = _Reader()
    plain = reader.flow(tree)
    found = tuple(sorted(reader.notes.findings, key=lambda one: one.place))
    if plain is None or found:
        return Read(None, found, reader.notes.places)
    try:
        return Read(flow_from_json(plain), (), reader.notes.places)
    except BadInput as error:
        read = Read(None, (), reader.notes.places)
        place = read.place_of(error.field or "")
        wrong = Finding(error.code, place, error.message, error.hint or "", error.field or "")
        return Read(None, (wrong,), reader.notes.places)


class _Reader:
    """Goes through the tree once; links are looked at when all names are known."""

    def __init__(self) -> None:
        self.notes = Notes()
        self._links: list[_Link] = []
        self._names: dict[str, set[str]] = {"sub-flow": set(), "intent": set()}

    def flow(self, tree: Node) -> dict[str, object] | None:
        """The whole flow as plain JSON values."""
        if not isinstance(tree, Fields):
            hint = "It begins with `name:` and `steps:`."
            self.notes.refuse("wrong_type", tree.place, "This is no scenario, but a list or a text.", hint)
            return None
        given = self.notes.named(tree, "A scenario's fields", "")
        known = {name: one for name, one in given.items() if name not in PARTS}
        for name, (key, _) in known.items():
            if name not in FLOW.entries:
                self.notes.unknown(key, (*FLOW.entries, *PARTS), "scenario", name)
        known = {name: one for name, one in known.items() if name in FLOW.entries or name == "start"}
        whole = self.notes.fields(known, _without(FLOW, "start"), tree.place, "", but=("start",))
        whole["intents"] = self._intents(given)
        whole["flows"] = self._flows(given)
        whole |= self._steps(given, tree.place, "", "")
        whole["handlers"] = self._handlers(given)
        self._check_links()
        return whole

    # ---- parts by name

    def _part(self, given: Mapping[str, tuple[Scalar, Node]], name: str, path: str) -> dict[str, tuple[Scalar, Node]]:
        return self.notes.named(given[name][1], f"{name.capitalize()}", path) if name in given else {}

    def _intents(self, given: Mapping[str, tuple[Scalar, Node]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, (key, node) in self._part(given, "intents", "intents").items():
            self._names["intent"].add(name)
            path = f"intents.{name}"
            self.notes.places[path] = key.place
            if isinstance(node, Items):
                node = Fields(((Scalar("examples", node.place), node),), node.place)
            found[name] = self.notes.fields(
                self.notes.named(node, "An intent's fields", path), INTENT, key.place, f"{path}."
            )
        return found

    def _handlers(self, given: Mapping[str, tuple[Scalar, Node]]) -> list[object]:
        found: list[object] = []
        for number, (name, (key, node)) in enumerate(self._part(given, "handlers", "handlers").items()):
            path = f"handlers.{number}"
            fields = self.notes.named(node, "A handler's fields", path)
            self.notes.places[path] = key.place
            fields.setdefault("kind", (key, Scalar(name if name in _KINDS else "objection", key.place)))
            fields.setdefault("intent", (key, Scalar(name, key.place)))
            one = self.notes.fields(fields, HANDLER, key.place, f"{path}.")
            self._link("intent", one.get("intent"), f"{path}.intent")
            self._link("sub-flow", one.get("flow"), f"{path}.flow")
            self._link("step", one.get("then"), f"{path}.then")
            self._link("step", one.get("escalation"), f"{path}.escalation")
            found.append(one | {"id": name})
        return found

    def _flows(self, given: Mapping[str, tuple[Scalar, Node]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, (key, node) in self._part(given, "flows", "flows").items():
            self._names["sub-flow"].add(name)
            path = f"flows.{name}."
            fields = self.notes.named(node, "A sub-flow's fields", path[:-1])
            self.notes.places[path[:-1]] = key.place
            for one, (called, _) in fields.items():
                if one not in ("start", "steps"):
                    self.notes.unknown(called, ("start", "steps"), "sub-flow", f"{path}{one}")
            found[name] = self._steps(fields, key.place, path, name)
        return found

    # ---- steps

    def _steps(
        self, given: Mapping[str, tuple[Scalar, Node]], place: Place, path: str, scope: str
    ) -> dict[str, object]:
        """`steps` and `start` of the flow or of a sub-flow, whose own name is `scope`."""
        what = "sub-flow" if scope else "scenario"
        parts = self._part(given, "steps", f"{path}steps")
        if not parts:
            hint = "A step is written as `name:` with `say:`, `ask:` or another keyword below it."
            self.notes.refuse("no_steps", place, f"The {what} has no steps.", hint, path=f"{path}steps")
        names = list(parts)
        self._names[f"step {scope}"] = set(names)
        found: dict[str, object] = {}
        for number, (name, (key, node)) in enumerate(parts.items()):
            following = names[number + 1] if number + 1 < len(names) else None
            found[name] = self._step(name, key, node, f"{path}steps.{name}", scope, following)
        start: object = names[0] if names else ""
        if "start" in given:
            self.notes.places[f"{path}start"] = given["start"][1].place
            start = self.notes.value(SUB_FLOW.entries["start"], given["start"][1], f"{path}start")
            self._link("step", start, f"{path}start", scope)
        return {"steps": found, "start": start}

    def _step(
        self, name: str, key: Scalar, node: Node, path: str, scope: str, following: str | None
    ) -> dict[str, object]:
        given = self.notes.named(node, f"The fields of the step {name!r}", path)
        self.notes.places[path] = key.place
        keyword = self._keyword(name, key, given, path)
        if keyword is None:
            return {}
        shape = steps()[keyword]
        fields = dict(given)
        place, main = fields.pop(keyword)
        extra: dict[str, object] = {}
        if keyword == "set":
            extra = self._assignment(main, path)
            shape = _without(shape, "variable", "value")
        elif shape.main is not None:
            fields = {shape.main: (place, main), **{k: one for k, one in fields.items() if k != shape.main}}
            self._refuse_main_twice(given, keyword, shape, path)
            if isinstance(main, Scalar) and main.nothing and shape.entries[shape.main].may_be_left_out:
                self.notes.places[f"{path}.{shape.main}"] = main.place
                del fields[shape.main]
        elif not (isinstance(main, Scalar) and main.nothing):
            self.notes.refuse("wrong_type", main.place, f"`{keyword}:` takes no value.", path=path)
        lists: tuple[str, ...] = ("answers",) if keyword == "ask" else ("cases",) if keyword == "branch" else ()
        if "answers" in lists and "answers" in fields:
            extra["answers"] = self._answers(fields.pop("answers")[1], f"{path}.answers", scope, following)
        if "cases" in lists:
            extra["cases"] = self._cases(fields.pop("cases")[1], f"{path}.cases", scope)
        if keyword == "ask":
            extra.setdefault("answers", [])
        one = self.notes.fields(fields, _without(shape, *lists), key.place, f"{path}.") | extra
        self._follow(one, shape, name, key, path, following)
        self._link_step(one, keyword, path, scope)
        return one | {"id": name, "type": keyword}

    def _keyword(self, name: str, key: Scalar, given: Mapping[str, object], path: str) -> str | None:
        """The keyword that says what kind of step it is."""
        words = [word for word in given if word in steps()]
        if len(words) == 1:
            return words[0]
        if len(words) > 1:
            message = f"The step {name!r} is several at once: {', '.join(words)}."
            self.notes.refuse("several_kinds", key.place, message, "Make a step of each.", path=path)
            return None
        near = next((suggestion(word, steps()) for word in given), suggestion("", steps()))
        message = f"The step {name!r} does not say what it does."
        self.notes.refuse("no_kind", key.place, message, near, path=path)
        return None

    def _refuse_main_twice(
        self, given: Mapping[str, tuple[Scalar, Node]], keyword: str, shape: Shape, path: str
    ) -> None:
        if shape.main is not None and shape.main in given and shape.main != keyword:
            self.notes.unknown(given[shape.main][0], (), keyword, f"{path}.{shape.main}", main=shape.main)

    def _assignment(self, node: Node, path: str) -> dict[str, object]:
        given = self.notes.named(node, "What `set` gives a value", path)
        if len(given) != 1:
            hint = "Write `set: {variable: value}`; for another variable make another step."
            self.notes.refuse("wrong_type", node.place, "`set` gives one variable its value.", hint, path=path)
            return {}
        ((name, (key, value)),) = given.items()
        self.notes.places |= {f"{path}.variable": key.place, f"{path}.value": value.place}
        if isinstance(value, Scalar) and value.nothing:
            return {"variable": name, "value": ""}
        text = self.notes.text(value, name, f"{path}.value")
        return {} if text is BAD else {"variable": name, "value": text}

    def _follow(
        self, one: dict[str, object], shape: Shape, name: str, key: Scalar, path: str, following: str | None
    ) -> None:
        """Lets a step without `then` lead to the one that follows it in the file."""
        if "then" not in shape.entries or "then" in one or f"{path}.then" in self.notes.places:
            return
        if following is None:
            message = f"The last step {name!r} does not say what follows it."
            hint = "Add `then:`, or an `end:` after it."
            self.notes.refuse("missing_key", key.place, message, hint, path=f"{path}.then")
        else:
            one["then"] = following

    # ---- answers and cases

    def _answers(self, node: Node, path: str, scope: str, following: str | None) -> list[object]:
        """The answers: by their labels, or in a list with `label` in each."""
        self.notes.places[path] = node.place
        parts: list[tuple[Scalar | None, Node]]
        if isinstance(node, Items):
            parts = [(None, one) for one in node.items]
        else:
            parts = list(self.notes.named(node, "Answers", path).values())
        return [
            self._answer(label, one, f"{path}.{number}", number, scope, following)
            for number, (label, one) in enumerate(parts)
        ]

    def _answer(
        self, label: Scalar | None, node: Node, path: str, number: int, scope: str, following: str | None
    ) -> dict[str, object]:
        given = self.notes.named(node, "An answer's fields", path)
        place = label.place if label is not None else node.place
        self.notes.places[path] = place
        standing: dict[str, object] = {"id": f"answer{number + 1}", **({"label": label.text} if label else {})}
        one = standing | self.notes.fields(given, ANSWER, place, f"{path}.", but=() if "id" in given else ("id",))
        if "then" not in one and f"{path}.then" not in self.notes.places:
            if following is None:
                message = "This answer does not say what follows it."
                self.notes.refuse("missing_key", place, message, "Add `then:`.", path=f"{path}.then")
            else:
                one["then"] = following
        self._link("step", one.get("then"), f"{path}.then", scope)
        return one

    def _cases(self, node: Node, path: str, scope: str) -> list[object]:
        self.notes.places[path] = node.place
        if isinstance(node, Scalar) and node.nothing:
            return []
        return [self._case(one, f"{path}.{number}", scope) for number, one in enumerate(listed(node))]

    def _case(self, node: Node, path: str, scope: str) -> dict[str, object]:
        given = self.notes.named(node, "A case's fields", path)
        ops = [name for name in given if name in OPS]
        fields = {name: one for name, one in given.items() if name not in OPS}
        place = node.place
        shape = CASE
        extra: dict[str, object] = {}
        if len(ops) + ("op" in given) > 1:
            self.notes.refuse("several_ops", place, "A case compares in one way.", "Make a case of each.", path=path)
        elif ops:
            if "value" in given:
                message = "The value stands behind the comparison already."
                self.notes.refuse("unknown_key", given["value"][0].place, message, path=path)
            self.notes.places[f"{path}.value"] = given[ops[0]][1].place
            extra = self._comparison(ops[0], given[ops[0]][1], path)
            fields = {name: one for name, one in fields.items() if name not in ("op", "value")}
            shape = _without(CASE, "op", "value")
        if "then" not in fields:
            hint = "Add `then:`."
            self.notes.refuse(
                "missing_key", place, "This case does not say what follows it.", hint, path=f"{path}.then"
            )
        one = self.notes.fields(fields, shape, place, f"{path}.") | extra
        self._link("step", one.get("then"), f"{path}.then", scope)
        return one

    def _comparison(self, op: str, node: Node, path: str) -> dict[str, object]:
        """`is: value`, or `empty: true` and its opposite."""
        if op in _WITHOUT_VALUE:
            said = isinstance(node, Scalar) and node.text.casefold()
            if said in YES | NO:
                return {"op": op if said in YES else _WITHOUT_VALUE[op == "empty"]}
            self.notes.refuse("wrong_type", node.place, f"{op!r} is true or false.", path=path)
            return {}
        value = self.notes.text(node, op, f"{path}.value")
        return {} if value is BAD else {"op": op, "value": value}

    # ---- links

    def _link_step(self, one: Mapping[str, object], keyword: str, path: str, scope: str) -> None:
        for name in ("then", "otherwise", "failed"):
            self._link("step", one.get(name), f"{path}.{name}", scope)
        if keyword == "call":
            self._link("sub-flow", one.get("flow"), f"{path}.flow")
        intents: Any = one.get("intents") if keyword == "ask" else None
        for intent, target in (intents or {}).items():
            self._link("intent", intent, f"{path}.intents.{intent}")
            self._link("step", target, f"{path}.intents.{intent}", scope)

    def _link(self, what: str, name: object, path: str, scope: str = "") -> None:
        if isinstance(name, str):
            self._links.append(_Link(what, name, self.notes.places.get(path, Place(1, 1)), path, scope))

    def _check_links(self) -> None:
        for link in self._links:
            known = self._names.get(f"step {link.scope}" if link.what == "step" else link.what, set())
            if link.name not in known:
                code = {"step": "no_such_step", "sub-flow": "no_such_flow"}.get(link.what, "no_such_intent")
                message = f"There is no {link.what} {link.name!r}" + (f" in {link.scope!r}." if link.scope else ".")
                hint = suggestion(link.name, known, what=f"The {link.what}s are")
                self.notes.refuse(code, link.place, message, hint, path=link.path)


def _without(shape: Shape, *names: str) -> Shape:
    entries = {name: entry for name, entry in shape.entries.items() if name not in names}
    return Shape(shape.keyword, shape.doc, entries, shape.main)
