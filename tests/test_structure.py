"""The house's own rules: who may import whom, how long things may be, who may touch the world."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEVEL = {
    "app": 6,
    "api": 5,
    "services": 4,
    "storage": 3,
    "campaigns": 2,
    "robot": 2,
    "telephony_esl": 2,
    "models": 1,
    "core": 0,
}
LONGEST_MODULE, LONGEST_FUNCTION = 500, 50
DECIDERS = (
    "core",
    "robot/dialog",
    "robot/rehearsal",
    "robot/turns.py",
    "robot/amd",
    "campaigns/retry.py",
    "campaigns/schedule.py",
    "campaigns/status.py",
    "campaigns/buckets.py",
    "campaigns/shares.py",
    "campaigns/breaker.py",
    "campaigns/budget.py",
    "campaigns/calling_hours.py",
    "campaigns/campaign.py",
    "campaigns/cause.py",
    "campaigns/causes.py",
    "campaigns/company_rules.py",
    "campaigns/compliance.py",
    "campaigns/compliance_presets.py",
    "campaigns/conditions.py",
    "campaigns/json_values.py",
    "campaigns/local_time.py",
    "campaigns/outside_calls.py",
    "campaigns/pacing.py",
    "campaigns/quotas.py",
    "campaigns/rates.py",
    "campaigns/rules_json.py",
    "campaigns/schedule_json.py",
    "campaigns/settings_json.py",
    "campaigns/operators",
    "campaigns/contacts",
    "telephony_esl/protocol.py",
    "telephony_esl/commands.py",
    "telephony_esl/legs.py",
    "telephony_esl/causes.py",
    "telephony_esl/trunks.py",
    "telephony_esl/simulator/listener.py",
)
WORLD = {
    "asyncio", "socket", "sqlalchemy", "asyncpg", "httpx", "time", "structlog", "logging", "threading", "os",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(path for package in LEVEL for path in (ROOT / package).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", modules(), ids=named)
def test_imports_go_down_only(path: Path) -> None:
    mine = path.relative_to(ROOT).parts[0]
    for name in imported(ast.parse(path.read_text())):
        theirs = name.partition(".")[0]
        if theirs in LEVEL and theirs != mine:
            assert LEVEL[theirs] < LEVEL[mine], f"{named(path)} imports {name}"


def test_core_needs_the_standard_library_alone() -> None:
    import sys

    for path in (ROOT / "core").rglob("*.py"):
        for name in imported(ast.parse(path.read_text())):
            top = name.partition(".")[0]
            assert top in sys.stdlib_module_names or top == "core", f"{named(path)} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=named)
def test_modules_and_functions_stay_short(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_MODULE, f"{named(path)} is too long: does it still do one thing?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{named(path)}:{node.lineno} {node.name} has {length} lines"


def public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes, and the public methods of those classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                inner = ast.Module(body=node.body, type_ignores=[])
                yield from (one for one in public(inner) if not isinstance(one, ast.ClassDef))


@pytest.mark.parametrize("path", modules(), ids=named)
def test_what_is_public_says_in_a_sentence_what_it_is(path: Path) -> None:
    if "migrations" in path.parts:
        return
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree), f"{named(path)} does not say what it is"
    for node in public(tree):
        said = ast.get_docstring(node)
        assert said, f"{named(path)}:{node.lineno} {node.name} does not say what it is"
        assert said.split("\n\n")[0].rstrip().endswith((".", ":", "::", "?")), (
            f"{named(path)}:{node.lineno} {node.name}"
        )


@pytest.mark.parametrize("place", DECIDERS)
def test_what_decides_touches_nothing(place: str) -> None:
    start = ROOT / place
    paths = sorted(start.rglob("*.py")) if start.is_dir() else [start]
    assert paths, f"{place} is gone: mend this list"
    for path in paths:
        for name in imported(ast.parse(path.read_text())):
            assert name.partition(".")[0] not in WORLD, f"{named(path)} decides, but imports {name}"


def test_no_host_of_a_registry_stands_in_a_lock() -> None:
    for path in (*ROOT.glob("requirements*.lock"), ROOT / "web" / "package-lock.json"):
        assert "https://registry" not in path.read_text(), path.name
        assert "https://files" not in path.read_text(), path.name
