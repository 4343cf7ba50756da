"""What differs between two versions of a scenario, as a list of sentences (SPEC R6.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from robot.dialog.flow import Flow
from robot.dialog.source.table import plain_of

_SHOWN: Final = 200


class Changed(StrEnum):
    """What happened to a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: at which `path`, of which `part` ("step 'offer'"), its `field`, and the values as texts.

    `before` is None where the part is new, `after` where it is gone.
    """

    changed: Changed
    path: str
    part: str
    field: str = ""
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        """A sentence for people."""
        if not self.field:
            return f"{self.part}: {self.changed}"
        match self.changed:
            case Changed.ADDED:
                return f"{self.part}: {self.field} is now {self.after}"
            case Changed.REMOVED:
                return f"{self.part}: {self.field} was {self.before}, is left out now"
            case Changed.CHANGED:
                return f"{self.part}: {self.field} was {self.before}, is now {self.after}"


def diff(before: Flow, after: Flow) -> tuple[Change, ...]:
    """Every difference, none where both mean the same; the order of parts with names does not count."""
    old, new = plain_of(before), plain_of(after)
    parts = ("steps", "intents", "flows", "handlers")
    found = list(_fields("scenario", "", _but(old, parts), _but(new, parts)))
    found += _named("step", "steps", old["steps"], new["steps"])
    found += _named("intent", "intents", old["intents"], new["intents"])
    found += _handlers(old["handlers"], new["handlers"])
    for name in _both(old["flows"], new["flows"]):
        was, now = old["flows"].get(name), new["flows"].get(name)
        part, path = f"sub-flow {name!r}", f"flows.{name}"
        if was is None or now is None:
            found.append(Change(Changed.ADDED if was is None else Changed.REMOVED, path, part))
            continue
        found += _fields(part, path, _but(was, ("steps",)), _but(now, ("steps",)))
        found += _named(f"sub-flow {name!r}, step", f"{path}.steps", was["steps"], now["steps"])
    return tuple(found)


def _handlers(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[Change]:
    found = list(_named("handler", "handlers", {one["id"]: one for one in old}, {one["id"]: one for one in new}))
    was, now = [one["id"] for one in old], [one["id"] for one in new]
    if [name for name in was if name in now] != [name for name in now if name in was]:
        found.append(Change(Changed.CHANGED, "handlers", "handlers", "order", ", ".join(was), ", ".join(now)))
    return found


def _named(what: str, path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in _both(old, new):
        part, place = f"{what} {name!r}", f"{path}.{name}"
        if name not in old:
            yield Change(Changed.ADDED, place, part)
        elif name not in new:
            yield Change(Changed.REMOVED, place, part)
        else:
            yield from _fields(part, place, old[name], new[name])


def _fields(part: str, path: str, old: Mapping[str, Any], new: Mapping[str, Any], within: str = "") -> Iterator[Change]:
    for name in _both(old, new):
        was, now = old.get(name), new.get(name)
        place, field = f"{path}.{name}".lstrip("."), f"{within}{name}"
        if was == now:
            continue
        if isinstance(was, list) and isinstance(now, list) and _are_answers(was) and _are_answers(now):
            yield from _answers(part, place, was, now)
        elif isinstance(was, dict) and isinstance(now, dict):
            yield from _fields(part, place, was, now, f"{field}.")
        else:
            changed = Changed.ADDED if was is None else Changed.REMOVED if now is None else Changed.CHANGED
            yield Change(changed, place, part, field, _shown(was), _shown(now))


def _are_answers(given: list[Any]) -> bool:
    return bool(given) and all(isinstance(one, dict) and "id" in one for one in given)


def _answers(part: str, path: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[Change]:
    """The answers of a step by their ids; where ids or order are others, so are the answers."""
    was, now = {one["id"]: one for one in old}, {one["id"]: one for one in new}
    for name in _both(was, now):
        one, other = was.get(name), now.get(name)
        called = f"{part}, answer {(other or one or {}).get('label') or name!r}"
        if one is None or other is None:
            yield Change(Changed.ADDED if one is None else Changed.REMOVED, f"{path}.{name}", called)
        else:
            yield from _fields(called, f"{path}.{name}", one, other)
    if [name for name in was if name in now] != [name for name in now if name in was] or len(was) < len(old):
        yield Change(Changed.CHANGED, path, part, "order of the answers", ", ".join(was), ", ".join(now))


def _both(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [*old, *(name for name in new if name not in old)]


def _but(given: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def _shown(value: object) -> str | None:
    if value is None:
        return None
    said = f"«{value}»" if isinstance(value, str) else msgspec.json.encode(value).decode()
    if isinstance(value, dict) and value.get("text") and not value.get("audio"):
        said = f"«{value['text']}»"
    return said if len(said) <= _SHOWN else said[:_SHOWN] + "…"
