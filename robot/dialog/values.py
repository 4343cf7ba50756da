"""The variables of a dialog: which there are, how they are found, filled in and compared.

Names count without regard to case: a name that the dialog gives is kept in small letters, one of the contact's is
found however it is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, assert_never
from urllib.parse import quote

from robot.dialog.flow import BUILT_IN, Act, Case, Fetch, Flow, Listen, Op, Set, Step, steps_of
from robot.dialog.texts import Slot, fill, pieces_of

SAID: Final = "said"
ANSWER: Final = "answer"
CALLBACK_TIME: Final = "callback_time"


def start_variables(flow: Flow, given: Mapping[str, str]) -> dict[str, str]:
    """What a dialog begins with: the flow's defaults, and above them what is known of the contact and not empty."""
    known = {name.casefold() for name, value in given.items() if value}
    defaults = {name.casefold(): value for name, value in flow.variables.items() if name.casefold() not in known}
    return {**given, **defaults}


def value_of(variables: Mapping[str, str], name: str) -> str:
    """The variable's value; empty where there is none."""
    name = name.strip().casefold()
    value = variables.get(name)
    if value is None:
        value = next((value for other, value in variables.items() if other.casefold() == name), "")
    return value


def with_value(variables: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    """The variables with one of them changed."""
    return {**variables, name.strip().casefold(): value}


def filled_by(flow: Flow) -> frozenset[str]:
    """The names that the dialog itself may fill while it runs, in small letters.

    What an action sets is known to the action alone: it counts where the flow declares it.
    """
    declared = {name.casefold() for name in flow.variables}
    names = {name for _, _, step in steps_of(flow) for name in _filled_by_step(step)}
    acts = any(isinstance(step, Act) for _, _, step in steps_of(flow))
    return frozenset(names | (declared if acts else set()) | BUILT_IN) - {"today"}


def _filled_by_step(step: Step) -> Iterator[str]:
    match step:
        case Listen() | Set():
            yield step.variable.strip().casefold()
        case Fetch():
            yield from (name.strip().casefold() for name in step.save.values())
        case _:
            return


def names_in(text: str) -> frozenset[str]:
    """The variables that a text holds, in small letters."""
    return frozenset(piece.name for piece in pieces_of(text) if isinstance(piece, Slot))


def is_fixed(text: str) -> bool:
    """Whether the text is the same for everybody."""
    return all(isinstance(piece, str) for piece in pieces_of(text))


def fill_url(text: str, variables: Mapping[str, str]) -> str:
    """The address with percent-encoded values, so that a value cannot lead elsewhere."""
    return _fill(text, variables, lambda value: quote(value, safe=""))


def fill_json(text: str, variables: Mapping[str, str]) -> str:
    """The JSON text with values escaped as the content of its strings."""
    return _fill(text, variables, lambda value: json.dumps(value, ensure_ascii=False)[1:-1])


def fill_header(text: str, variables: Mapping[str, str]) -> str:
    """One header's value, on one line."""
    return _fill(text, variables, lambda value: "".join(sign for sign in value if sign.isprintable()))


def _fill(text: str, variables: Mapping[str, str], encode: Callable[[str], str]) -> str:
    parts = (
        piece if isinstance(piece, str) else encode(value_of(variables, piece.name) or (piece.default or "").strip())
        for piece in pieces_of(text)
    )
    return "".join(parts)


def holds(case: Case, variables: Mapping[str, str]) -> bool:
    """Whether the case is true of the variables."""
    value = value_of(variables, case.variable).strip()
    match case.op:
        case Op.EMPTY:
            return not value
        case Op.FILLED:
            return bool(value)
        case Op.CONTAINS:
            return fill(case.value, variables).strip().casefold() in value.casefold()
        case Op.IS | Op.IS_NOT | Op.LESS | Op.AT_MOST | Op.AT_LEAST | Op.MORE:
            return _compares(case.op, value, fill(case.value, variables).strip())
        case _:
            assert_never(case.op)


def _compares(op: Op, value: str, other: str) -> bool:
    """Compares as numbers where both are; an empty value is neither less nor more than anything."""
    mine, theirs = number_of(value), number_of(other)
    if mine is not None and theirs is not None:
        order = (mine > theirs) - (mine < theirs)
    else:
        left, right = value.casefold(), other.casefold()
        order = (left > right) - (left < right)
    if op in (Op.IS, Op.IS_NOT):
        return (order == 0) is (op is Op.IS)
    if not value or not other:
        return False
    return {Op.LESS: order < 0, Op.AT_MOST: order <= 0, Op.AT_LEAST: order >= 0}.get(op, order > 0)


def number_of(text: str) -> Decimal | None:
    """The number that a text is, with spaces between its thousands and a point or comma; None if it is none."""
    plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
    if not plain.isascii() or len(plain) > 40 or "_" in plain:
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
