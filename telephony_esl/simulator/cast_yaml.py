"""A cast as YAML text, both ways, with errors that name the line and say what to mend.

The text is read as a tree of nodes that know their lines; scalars are taken as written, so that an unquoted `1` or `no`
is still the key 1 or the word "no".
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import yaml  # type: ignore[import-untyped]

from core.errors import BadInput
from telephony_esl.simulator.audio import clips, sound
from telephony_esl.simulator.behaviour import (
    Answer,
    Behaviour,
    Echo,
    Failure,
    OperatorPhone,
    Person,
    Refusal,
    Then,
    Voicemail,
)

NUMBER: Final = re.compile(r"\+?[0-9*#]{1,20}", re.ASCII)
KEYS: Final = re.compile(r"[0-9*#A-D]{1,32}", re.ASCII)
LONGEST_S: Final = 86_400.0
SOUND_FIELDS: Final = {"say", "greeting", "backchannel"}
KINDS: Final = ("voicemail", "operator", "echo", *(failure.value for failure in Failure))

Made = TypeVar("Made", Answer, Person, Voicemail, OperatorPhone, Echo)
Numbers = dict[str, tuple[Behaviour, ...]]
Plain = dict[str, Any]


def parse(text: str, *, folder: Path | None) -> tuple[Numbers, tuple[Behaviour, ...]]:
    """The listed numbers and the default of a cast file."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        _refuse(
            line,
            f"this is no YAML ({getattr(error, 'problem', None) or error})",
            'Check brackets and indentation; put "*", "#" and texts in quotes.',
        )
    if root is None:
        return {}, ()
    return _Reader(folder).cast(root)


def dump(numbers: Mapping[str, tuple[Behaviour, ...]], default: tuple[Behaviour, ...]) -> str:
    """The text that `parse` reads back."""
    plain: Plain = {"numbers": {number: _plain_tries(tries) for number, tries in numbers.items()}}
    if default:
        plain["default"] = _plain_tries(default)
    text: str = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120)
    return text


def _refuse(line: int, what: str, hint: str) -> NoReturn:
    raise BadInput("bad_cast", f"Line {line} of the cast: {what}.", field=f"line {line}", hint=hint)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


class _Reader:
    """Turns nodes into behaviours; `folder` is where relative WAV paths begin."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def cast(self, root: yaml.Node) -> tuple[Numbers, tuple[Behaviour, ...]]:
        """The whole file."""
        numbers: Numbers = {}
        default: tuple[Behaviour, ...] = ()
        for name, node in self._pairs(root, ("numbers", "default")):
            if name == "default":
                default = self._tries(node)
                continue
            for number, behaviours in self._pairs(node, None):
                if not NUMBER.fullmatch(number):
                    _refuse(_line(behaviours), f"{number!r} is no number", "Write digits with an optional + before.")
                numbers[number] = self._tries(behaviours)
        return numbers, default

    def _tries(self, node: yaml.Node) -> tuple[Behaviour, ...]:
        if isinstance(node, yaml.MappingNode):
            pairs = dict(self._pairs(node, None))
            if "tries" not in pairs:
                return (self._behaviour(node),)
            if len(pairs) > 1:
                _refuse(_line(node), '"tries" stands beside other words', "Move them into the list of tries.")
            node = pairs["tries"]
        elif not isinstance(node, yaml.SequenceNode):
            return (self._behaviour(node),)
        found = tuple(self._behaviour(item) for item in self._items(node))
        if not found:
            _refuse(_line(node), "the list of tries is empty", "Give at least one behaviour.")
        return found

    def _behaviour(self, node: yaml.Node) -> Behaviour:
        pairs = dict(self._pairs(node, None))
        kinds = [name for name in KINDS if name in pairs and self._flag(pairs[name])]
        if len(kinds) > 1:
            _refuse(_line(node), f"one call cannot be both {kinds[0]} and {kinds[1]}", "Keep one of them.")
        match kinds:
            case ["voicemail"]:
                return self._make(Voicemail, node, {"voicemail"})
            case ["operator"]:
                return self._make(OperatorPhone, node, {"operator"})
            case ["echo"]:
                return self._make(Echo, node, {"echo"})
            case [failure]:
                self._known(node, (failure, "after_ring_s"))
                after = pairs.get("after_ring_s")
                return Refusal(Failure(failure)) if after is None else Refusal(Failure(failure), self._seconds(after))
            case _:
                return self._make(Person, node, {*KINDS})

    def _make(self, kind: type[Made], node: yaml.Node, besides: set[str]) -> Made:
        """Reads the fields of one dataclass; `besides` are words that are no fields of it."""
        known: dict[str, Field[Any]] = {each.name: each for each in fields(kind)}
        given: Plain = {}
        for name, value in self._pairs(node, (*known, *besides)):
            if name not in besides:
                given[name] = self._field(known[name], value)
        return kind(**given)

    def _field(self, spec: Field[Any], node: yaml.Node) -> object:
        optional = "None" in str(spec.type)
        if optional and isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"):
            return None
        if spec.name == "first":
            return self._make(Answer, node, set())
        if spec.name == "answers":
            return tuple(self._make(Answer, item, set()) for item in self._items(node))
        readers: dict[str, Callable[[yaml.Node], object]] = {
            "then": self._then,
            "press": self._keys,
            "beep_hz": self._hz,
        }
        if spec.name in readers:
            return readers[spec.name](node)
        if spec.name in SOUND_FIELDS:
            return self._sound(node)
        return self._flag(node) if spec.type == "bool" else self._seconds(node)

    def _pairs(self, node: yaml.Node, known: tuple[str, ...] | None) -> Iterator[tuple[str, yaml.Node]]:
        """The entries of a mapping, each key once and, where `known` is given, out of these."""
        if not isinstance(node, yaml.MappingNode):
            _refuse(_line(node), "a mapping is wanted here", 'Write "name: value" pairs, as in {busy: true}.')
        seen: set[str] = set()
        for key, value in node.value:
            name = self._scalar(key)
            if name in seen:
                _refuse(_line(key), f"{name!r} is given twice", "Keep one of them.")
            seen.add(name)
            if known is not None and name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(known)}."
                _refuse(_line(key), f"{name!r} is not known here", hint)
            yield name, value

    def _known(self, node: yaml.Node, known: tuple[str, ...]) -> None:
        for _ in self._pairs(node, known):
            pass

    @staticmethod
    def _items(node: yaml.Node) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            _refuse(_line(node), "a list is wanted here", "Write it in square brackets, as in [{press: 1}].")
        return list(node.value)

    @staticmethod
    def _scalar(node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null"):
            _refuse(_line(node), "a single value is wanted here", 'Write one word or number; put "#" in quotes.')
        return str(node.value)

    def _flag(self, node: yaml.Node) -> bool:
        text = self._scalar(node).lower()
        if text not in ("true", "false"):
            _refuse(_line(node), f"{text!r} is neither true nor false", "Write true or false.")
        return text == "true"

    def _number(self, node: yaml.Node, low: float, high: float, what: str) -> float:
        text = self._scalar(node)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            _refuse(_line(node), f"{text!r} is no {what}", f"Write a number from {low:g} to {high:g}.")
        return value

    def _seconds(self, node: yaml.Node) -> float:
        return self._number(node, 0.0, LONGEST_S, "duration in seconds")

    def _hz(self, node: yaml.Node) -> float:
        return self._number(node, 50.0, 3900.0, "frequency in hertz")

    def _keys(self, node: yaml.Node) -> str:
        text = self._scalar(node)
        if not KEYS.fullmatch(text):
            _refuse(_line(node), f"{text!r} are no keys", 'Write keys out of 0123456789*#ABCD in quotes, as in "1#".')
        return text

    def _then(self, node: yaml.Node) -> Then:
        return _one_of(Then, self._scalar(node), _line(node))

    def _sound(self, node: yaml.Node) -> str:
        say = self._scalar(node)
        if say in clips():
            return say
        if not say.lower().endswith(".wav"):
            near = get_close_matches(say, clips(), 1)
            hint = f"Did you mean {near[0]!r}?" if near else "The texts stand in simulator/sounds/manifest.csv."
            _refuse(_line(node), f"no clip says {say!r}", hint)
        path = say if self._folder is None else str((self._folder / say).absolute())
        try:
            sound(path)
        except BadInput as error:
            _refuse(_line(node), error.message.rstrip("."), error.hint or "")
        return path


Word = TypeVar("Word", bound=StrEnum)


def _one_of(kind: type[Word], text: str, line: int) -> Word:
    try:
        return kind(text)
    except ValueError:
        _refuse(line, f"{text!r} is not known here", f"Write one of: {', '.join(kind)}.")


def _plain_tries(tries: tuple[Behaviour, ...]) -> Plain:
    return _plain(tries[0]) if len(tries) == 1 else {"tries": [_plain(each) for each in tries]}


def _plain(behaviour: Behaviour) -> Plain:
    match behaviour:
        case Refusal(failure, after_ring_s):
            return {failure.value: True, "after_ring_s": after_ring_s}
        case Voicemail():
            return {"voicemail": True, **_differing(behaviour)}
        case OperatorPhone():
            return {"operator": True, **_differing(behaviour)}
        case Echo():
            return {"echo": True, **_differing(behaviour)}
        case Person():
            return _differing(behaviour)


def _differing(made: Answer | Person | Voicemail | OperatorPhone | Echo) -> Plain:
    """The fields that are not at their defaults."""
    plain: Plain = {}
    for spec in fields(made):
        value = getattr(made, spec.name)
        if spec.default is not MISSING and value == spec.default:
            continue
        if isinstance(value, Answer):
            value = _differing(value)
        elif isinstance(value, tuple):
            value = [_differing(answer) for answer in value]
        plain[spec.name] = value.value if isinstance(value, StrEnum) else value
    return plain
