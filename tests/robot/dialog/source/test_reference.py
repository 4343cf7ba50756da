"""The reference of written scenarios tells of every field, and its examples are read without a fault."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from robot.dialog.finding import Severity
from robot.dialog.source import read, schema
from robot.dialog.source.placed import check_source
from robot.dialog.source.reference import EXAMPLES, WHOLE, reference, within
from robot.dialog.source.table import steps

DOCUMENT = Path(__file__).parents[4] / "docs" / "scenario-yaml.md"
VALIDATOR = jsonschema_rs.Draft202012Validator(schema())


def test_the_document_is_the_reference_of_today() -> None:
    hint = "python -m robot.dialog.source.reference > docs/scenario-yaml.md"
    assert DOCUMENT.read_text("utf-8") == reference(), hint


def test_every_step_has_an_example_and_every_field_a_line() -> None:
    assert set(EXAMPLES) == set(steps())
    told = reference()
    for keyword, shape in steps().items():
        part = told.partition(f"### {keyword}\n")[2].partition("\n#")[0]
        assert all(f"`{name}`" in part for name in shape.entries), keyword


@pytest.mark.parametrize("keyword", EXAMPLES)
def test_an_example_is_read_and_left_alone_by_an_editor(keyword: str) -> None:
    found = read(within(keyword))
    assert found.flow is not None, found.findings
    assert found.findings == ()
    VALIDATOR.validate(YAML(typ="safe").load(within(keyword)))
    steps_ = found.flow.flows["details"].steps if keyword == "return" else found.flow.steps
    assert str(next(iter(steps_.values())).__struct_config__.tag) == keyword


def test_the_whole_example_can_be_published() -> None:
    found = check_source(WHOLE)
    assert found.flow is not None
    assert [one for one in found.findings if one.severity is Severity.ERROR] == []
    VALIDATOR.validate(YAML(typ="safe").load(WHOLE))
