"""The interface says in Russian what the service refuses by code (its own sentences are English)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from campaigns.contacts.phones import REASONS
from tests.conftest import ROOT

RUSSIAN = ROOT / "web" / "src" / "i18n" / "ru.ts"
SOURCES = (
    "api",
    "services",
    "robot/dialog",
    "robot/tts/sounds.py",
    "campaigns/contacts",
    "campaigns/schedule.py",
    "campaigns/settings_json.py",
    "campaigns/variants.py",
)
REFUSALS = {"BadInput", "Conflict", "NotFound", "Gone", "Forbidden", "Unavailable"}
UNSEEN = {
    "bad_login", "bad_password", "login_taken", "no_such_login", "several_campaigns",  # the command line's
    "cross_site", "bad_mapping", "bad_script", "bad_flow", "not_a_period", "not_a_time", "not_a_list", "not_a_week",
    "not_an_object", "not_a_text", "not_a_date", "not_a_whole_number", "unknown_setting", "no_such_result",
    "no_such_day",  # the interface cannot send these
    "bad_frame", "bad_message", "bad_version", "no_start", "started", "too_fast", "too_many_variables",  # nor these
    "no_recording", "no_such_scenario", "no_such_step", "step_id",  # no page asks for these
}  # fmt: skip


def codes() -> Iterator[str]:
    """The code of every refusal in the sources."""
    for place in SOURCES:
        start = ROOT / place
        for path in sorted(start.rglob("*.py")) if start.is_dir() else [start]:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
                    yield from _literals(node.args[0])


def _literals(code: ast.expr) -> Iterator[str]:
    """A code is written out, or chosen from two that are."""
    if isinstance(code, ast.IfExp):
        yield from (*_literals(code.body), *_literals(code.orelse))
    elif isinstance(code, ast.Constant) and isinstance(code.value, str):
        yield code.value


def words(name: str) -> set[str]:
    """The keys of one part of the Russian dictionary."""
    part = re.search(rf"^  {name}: \{{\n(.*?)^  \}}", RUSSIAN.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert part is not None
    return set(re.findall(r"^    (\w+):", part[1], re.MULTILINE))


def test_every_refusal_that_a_page_can_meet_has_its_russian_sentence() -> None:
    found = set(codes())
    assert len(found) > 30
    assert found - UNSEEN - words("problems") == set()


def test_R9_1_every_reason_to_leave_a_row_out_has_its_russian_words() -> None:
    others = {"too_many_cells", "too_long", "bad_zone", "bad_priority", "bad_tag", "bad_consent"}
    assert {*REASONS, *others} - words("reasons") == set()
