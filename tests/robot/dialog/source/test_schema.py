"""The JSON Schema that editors check scenarios by accepts what is read and refuses what is not (SPEC R6.8)."""

from __future__ import annotations

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from robot.dialog.source import read, schema
from robot.dialog.source.table import ANSWER, CASE, FLOW, HANDLER, INTENT, PROMPT, steps
from tests.robot.dialog.source.test_writing import DESIGNED

VALIDATOR = jsonschema_rs.Draft202012Validator(schema())


def valid(text: str) -> bool:
    """Whether an editor would leave the scenario alone."""
    return VALIDATOR.is_valid(YAML(typ="safe").load(text))


def with_step(step: str) -> str:
    return f"name: x\nsteps:\n  a: {step}\n  b: {{end: }}\n"


GOOD = [
    "{say: Да}",
    "{say: 5, then: b}",
    "{say: {text: Да, voice: male}, barge_in: true}",
    "{ask: Да?, otherwise: b, answers: {Да: {key: 1, phrases: да}}}",
    "{ask: Да?, otherwise: b, answers: [{label: Да, phrases: [да]}], wait_s: 2.5}",
    "{listen: x, otherwise: b, kind: number, least: 1}",
    "{branch: [{variable: x, is: 1, then: b}, {variable: x, empty: true, then: b}], otherwise: b}",
    "{branch: {variable: x, op: is, value: 1, then: b}, otherwise: b}",
    "{set: {x: 1}}",
    "{fetch: 'https://x', failed: b, save: {/a: x}, method: POST}",
    "{message: Привет, channel: email, subject: x}",
    "{message: , template: Адрес}",
    "{callback: 60}",
    "{callback: , variable: when}",
    "{tag: vip}",
    "{end: , result: completed}",
]
BAD = [
    "{sya: Да}",
    "{say: Да, bargein: true}",
    "{say: Да, end: Нет}",
    "{say: [Да]}",
    "{say: Да, barge_in: maybe}",
    "{ask: Да?}",
    "{ask: Да?, otherwise: b, repeats: много}",
    "{listen: x, otherwise: b, kind: texts}",
    "{branch: [{variable: x, is: 1, more: 2, then: b}], otherwise: b}",
    "{set: {x: 1, y: 2}}",
    "{fetch: 'https://x', failed: b, method: FETCH}",
    "{transfer: Продажи}",
    "{return: x}",
    "{end: , result: fine}",
]


@pytest.mark.parametrize("step", GOOD)
def test_what_is_read_is_valid(step: str) -> None:
    assert read(with_step(step)).findings == ()
    assert valid(with_step(step))


@pytest.mark.parametrize("step", BAD)
def test_what_is_not_read_is_not_valid(step: str) -> None:
    assert read(with_step(step)).findings
    assert not valid(with_step(step))


def test_a_whole_scenario_is_valid() -> None:
    assert valid(DESIGNED)
    assert not valid("steps: {a: {end: }}")
    assert not valid("name: x")
    assert not valid("name: x\nlang: ru\nsteps: {a: {end: }}")


def test_the_schema_is_one_by_its_own_dialect() -> None:
    jsonschema_rs.meta.validate(schema())


def test_every_field_is_explained() -> None:
    shapes = [*steps().values(), FLOW, INTENT, HANDLER, ANSWER, CASE, PROMPT]
    assert all(shape.doc.endswith(".") or shape.doc.endswith(":") for shape in shapes)
    for shape in shapes:
        assert all(len(entry.doc) > 5 for entry in shape.entries.values())
