"""Writing a changed scenario into the file that a designer wrote, so that what did not change stays as it stands."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from ruamel.yaml.comments import CommentedMap

Unit = tuple[str, ...]
"""A part of a file by the names that lead to it."""


def keep(given: CommentedMap, fresh: CommentedMap, *, same: Set[Unit], at: Unit = ()) -> None:
    """Changes `given` until it means `fresh`; the parts in `same` are not touched, comments stay with their lines."""
    for name in [name for name in given if str(name) not in fresh and (*at, str(name)) not in same]:
        del given[name]
    written = {str(name): name for name in given}
    for name, value in fresh.items():
        here = (*at, name)
        if here in same and name in written:
            continue
        if name not in written:
            if here not in same:
                given[name] = value
        elif isinstance(given[written[name]], CommentedMap) and isinstance(value, CommentedMap):
            keep(given[written[name]], value, same=same, at=here)
        elif given[written[name]] != value:
            given[written[name]] = value
    _in_order(given, list(fresh))


def _in_order(given: CommentedMap, names: list[str]) -> None:
    """Gives the names that both have the order of `names`, if they stand in another."""
    wanted: list[Any] = [name for name in names if name in given]
    if [name for name in given if name in wanted] != wanted:
        for name in wanted:
            given.move_to_end(name)
