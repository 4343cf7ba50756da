"""A scenario's regression set: dialogs with what must come of them, kept as YAML beside it (`name.tests.yaml`).

согласие:
  caller:
    - say: да, хочу
    - press: 1
    - silence
    - hang up
  expect:
    path: [offer, talk]
    answers: {Интерес: Да}
    result: transferred
    said: скидка
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.results import CallResult
from robot.dialog.flow import Flow
from robot.dialog.source.findings import Finding, Place, suggestion
from robot.dialog.source.playing import (
    HangsUp,
    Hearing,
    Played,
    Presses,
    Says,
    Script,
    Silent,
    Turn,
    heard_as_said,
    play,
)
from robot.dialog.source.tree import Fields, Node, Scalar, tree_of
from robot.dialog.source.values import BAD, Notes, listed

MOST_DIALOGS: Final = 1_000
KEYS: Final = frozenset("0123456789*#")
_DIALOG: Final = ("caller", "variables", "fetched", "operator", "expect")
_EXPECT: Final = ("path", "answers", "result", "disposition", "said", "tags")
_TURNS: Final = ("say", "interrupt", "press", "silence", "hang up")


@dataclass(frozen=True, slots=True)
class Expected:
    """What must hold in the end; what is None or empty is not looked at.

    `path` are steps in this order, others may lie between them; `said` are texts within what the robot said.
    """

    path: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    result: str | None = None
    disposition: str | None = None
    said: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialog:
    """One dialog of a set."""

    name: str
    script: Script
    expected: Expected
    place: Place


@dataclass(frozen=True, slots=True)
class Dialogs:
    """A set as it was read; with findings it must not be run."""

    dialogs: tuple[Dialog, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one dialog; it is green without `faults`, sentences that say what was not as expected."""

    name: str
    faults: tuple[str, ...]
    played: Played

    @property
    def green(self) -> bool:
        """Whether all was as expected."""
        return not self.faults


def run(flow: Flow, dialogs: Iterable[Dialog], *, hear: Hearing = heard_as_said) -> tuple[Verdict, ...]:
    """Plays the dialogs in their order."""
    found = []
    for dialog in dialogs:
        played = play(flow, dialog.script, hear=hear)
        found.append(Verdict(dialog.name, tuple(_faults(dialog.expected, played)), played))
    return tuple(found)


def _faults(expected: Expected, played: Played) -> Iterable[str]:
    missing = _not_in_order(expected.path, played.path)
    if missing is not None:
        yield f"The path does not come to {missing!r}, it is: {' → '.join(played.path)}."
    given = {one.question: one.label or one.answer for one in played.answers}
    for question, answer in expected.answers.items():
        if given.get(question) != answer:
            yield f"The answer to {question!r} should be {answer!r}, it is {given.get(question)!r}."
    if expected.result is not None and expected.result != played.result:
        yield f"The result should be {expected.result}, it is {played.result}."
    if expected.disposition is not None and expected.disposition != (played.disposition or ""):
        yield f"The disposition should be {expected.disposition!r}, it is {played.disposition!r}."
    whole = _plain(" ".join(played.prompts))
    for text in expected.said:
        if _plain(text) not in whole:
            yield f"The robot never says {text!r}."
    for tag in expected.tags:
        if tag not in played.tags:
            yield f"The tag {tag!r} was not put."


def _not_in_order(wanted: Sequence[str], path: Sequence[str]) -> str | None:
    """The first of the wanted steps that does not come after those before it."""
    left = iter(path)
    return next((name for name in wanted if name not in left), None)


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").split())


# ---- the file


def read_dialogs(text: str, flow: Flow | None = None) -> Dialogs:
    """Reads a set with all findings at once; steps and questions are looked up in `flow`, where it is given."""
    tree, findings = tree_of(text)
    if tree is None:
        return Dialogs((), tuple(findings))
    reader = _Reader(flow)
    dialogs = reader.dialogs(tree)
    found = tuple(sorted(reader.notes.findings, key=lambda one: one.place))
    return Dialogs(() if found else tuple(dialogs), found)


class _Reader:
    def __init__(self, flow: Flow | None) -> None:
        self.notes = Notes()
        self._steps: set[str] | None = None
        if flow is not None:
            subs = (f"{name}/{one}" for name, sub in flow.flows.items() for one in sub.steps)
            self._steps = {*flow.steps, *subs, *(f"@{handler.id}" for handler in flow.handlers)}

    def dialogs(self, tree: Node) -> list[Dialog]:
        parts = self.notes.named(tree, "Dialogs", "")
        if len(parts) > MOST_DIALOGS:
            self.notes.refuse(
                "too_many", tree.place, f"There are {len(parts)} dialogs; at most {MOST_DIALOGS} are run."
            )
        return [self._dialog(name, key, node) for name, (key, node) in parts.items()]

    def _dialog(self, name: str, key: Scalar, node: Node) -> Dialog:
        given = self._fields(node, "dialog", _DIALOG, name)
        turns = [self._turn(one, name) for one in listed(given["caller"][1])] if "caller" in given else []
        expected = self._expected(given["expect"][1], f"{name}.expect") if "expect" in given else None
        if expected is None:
            hint = "Add `expect:` with `result:`, `path:` or `answers:`."
            self.notes.refuse("missing_key", key.place, f"The dialog {name!r} expects nothing.", hint, path=name)
        script = Script(
            turns=tuple(turn for turn in turns if turn is not None),
            variables=self._texts(given, "variables", name),
            fetched=self._fetched(given, name),
            operator="operator" not in given or self.notes.flag(given["operator"][1], "operator", name) is True,
        )
        return Dialog(name, script, expected or Expected(), key.place)

    def _fields(self, node: Node, what: str, known: Sequence[str], path: str) -> dict[str, tuple[Scalar, Node]]:
        given = self.notes.named(node, f"The fields of a {what}", path)
        for name, (key, _) in given.items():
            if name not in known:
                self.notes.unknown(key, known, what, f"{path}.{name}")
        return {name: one for name, one in given.items() if name in known}

    def _turn(self, node: Node, path: str) -> Turn | None:
        if isinstance(node, Scalar) and node.text in ("silence", "hang up"):
            return Silent() if node.text == "silence" else HangsUp()
        if isinstance(node, Fields) and len(node.items) == 1:
            ((key, value),) = node.items
            text = value.text if isinstance(value, Scalar) and not value.nothing else None
            match key.text:
                case "say" | "interrupt" if text is not None:
                    return Says(text, interrupting=key.text == "interrupt")
                case "press" if text and set(text) <= KEYS:
                    return Presses(text)
                case "silence" | "hang up" if text is None:
                    return Silent() if key.text == "silence" else HangsUp()
                case _:
                    pass
        hint = f"A turn is one of: {', '.join(_TURNS)}; keys are 0–9, * and #. A text with a comma needs quotes."
        self.notes.refuse("bad_turn", node.place, "The caller cannot do this.", hint, path=f"{path}.caller")
        return None

    def _texts(self, given: Mapping[str, tuple[Scalar, Node]], name: str, path: str) -> dict[str, str]:
        texts: Any = self.notes.by_name(given[name][1], name, f"{path}.{name}") if name in given else {}
        return {} if texts is BAD else texts

    def _fetched(self, given: Mapping[str, tuple[Scalar, Node]], path: str) -> dict[str, Mapping[str, str]]:
        if "fetched" not in given:
            return {}
        found: dict[str, Mapping[str, str]] = {}
        for step, one in self.notes.named(given["fetched"][1], "Fetched values", f"{path}.fetched").items():
            self._check_step(step, one[0].place, f"{path}.fetched")
            found[step] = self._texts({step: one}, step, f"{path}.fetched")
        return found

    def _expected(self, node: Node, path: str) -> Expected:
        given = self._fields(node, "expectation", _EXPECT, path)
        steps = self._list(given, "path", path)
        if "path" in given:
            for one in listed(given["path"][1]):
                self._check_step(one.text if isinstance(one, Scalar) else "", one.place, f"{path}.path")
        result = self._text(given, "result", path)
        if result is not None and result not in {str(one) for one in CallResult}:
            hint = suggestion(result, (str(one) for one in CallResult), what="One of")
            self.notes.refuse("no_such_choice", given["result"][1].place, f"{result!r} is no result.", hint, path=path)
        return Expected(
            path=steps,
            answers=self._texts(given, "answers", path),
            result=result,
            disposition=self._text(given, "disposition", path),
            said=self._list(given, "said", path),
            tags=self._list(given, "tags", path),
        )

    def _text(self, given: Mapping[str, tuple[Scalar, Node]], name: str, path: str) -> str | None:
        node = given[name][1] if name in given else None
        if node is None or (name == "disposition" and isinstance(node, Scalar) and node.nothing):
            return None if node is None else ""
        text = self.notes.text(node, name, f"{path}.{name}")
        return text if isinstance(text, str) else None

    def _list(self, given: Mapping[str, tuple[Scalar, Node]], name: str, path: str) -> tuple[str, ...]:
        if name not in given:
            return ()
        texts = [self.notes.text(one, name, f"{path}.{name}") for one in listed(given[name][1])]
        return tuple(text for text in texts if isinstance(text, str))

    def _check_step(self, name: str, place: Place, path: str) -> None:
        if self._steps is not None and name not in self._steps:
            hint = suggestion(name, self._steps, what="The steps are")
            self.notes.refuse("no_such_step", place, f"There is no step {name!r}.", hint, path=path)
