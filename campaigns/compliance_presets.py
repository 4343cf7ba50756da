"""The ready sets of rules for countries, and their holiday calendars: data files beside this module (SPEC R3.7)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from campaigns.compliance import Compliance
from campaigns.rules_json import compliance_from_json
from core.errors import BadInput

FOLDER: Final = Path(__file__).parent / "presets"
NO_PRESET: Final = "none"


def preset(name: str) -> Compliance:
    """The rules of that name; BadInput where there are none."""
    known = presets()
    if name not in known:
        hint = f"Known: {', '.join(known)}."
        raise BadInput("no_such_preset", f"There are no rules {name!r}.", field="compliance.preset", hint=hint)
    return known[name]


@cache
def presets() -> Mapping[str, Compliance]:
    """All ready sets of rules by name, "none" first."""
    return read_presets(FOLDER)


@cache
def calendars() -> Mapping[str, frozenset[date]]:
    """The holidays of countries, by the country's name in two letters."""
    return read_calendars(FOLDER / "holidays")


def read_presets(folder: Path) -> Mapping[str, Compliance]:
    """Reads NAME.toml, each written like the rules' JSON; `calendar` names a file of `holidays/`."""
    holidays = read_calendars(folder / "holidays")
    found = {path.stem: _read(path, holidays) for path in sorted(folder.glob("*.toml"), key=_none_first)}
    return MappingProxyType(found)


def read_calendars(folder: Path) -> Mapping[str, frozenset[date]]:
    """Reads NAME.toml, each with the list `days`."""
    files = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))}
    return MappingProxyType({name: frozenset(content["days"]) for name, content in files.items()})


def _read(path: Path, holidays: Mapping[str, frozenset[date]]) -> Compliance:
    content = tomllib.loads(path.read_text("utf-8"))
    calendar = content.pop("calendar", None)
    days = frozenset[date]() if calendar is None else holidays[calendar]
    return compliance_from_json(content, preset=Compliance(preset=path.stem, holidays=days))


def _none_first(path: Path) -> tuple[bool, str]:
    return path.stem != NO_PRESET, path.stem
