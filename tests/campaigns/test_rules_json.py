"""The rules of a company as they are stored and given over HTTP (SPEC R2.12, R3.7)."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.compliance import Compliance
from campaigns.compliance_presets import preset, presets
from campaigns.outside_calls import LEAVE_ALONE, Effect, OutsideKind
from campaigns.rules_json import (
    check_compliance,
    compliance_from_json,
    compliance_to_json,
    matrix_from_json,
    matrix_to_json,
)
from core.errors import BadInput
from tests.campaigns.phone_histories import all_rules


@settings(deadline=None, max_examples=100)
@given(rules=all_rules)
def test_R3_7_rules_survive_the_way_through_json(rules: Compliance) -> None:
    assert compliance_from_json(json.loads(json.dumps(compliance_to_json(rules))), preset=Compliance()) == rules


@pytest.mark.parametrize("name", list(presets()))
def test_R3_7_a_preset_survives_it_over_any_other(name: str) -> None:
    written = json.loads(json.dumps(compliance_to_json(preset(name))))
    for other in presets().values():
        assert compliance_from_json(written, preset=other) == replace(preset(name), preset=other.preset)


def test_R3_7_every_rule_has_a_name_in_json() -> None:
    assert len(compliance_to_json(Compliance())) == len(fields(Compliance)) - 1  # all but the preset's name


def test_R3_7_what_is_not_said_is_the_presets_and_null_is_no_rule() -> None:
    rules = compliance_from_json({"per_day": None, "gap_s": 3600, "holiday_hours": []}, preset=preset("ru-debt"))
    assert (rules.per_day, rules.per_week, rules.gap) == (None, 2, timedelta(hours=1))
    assert rules.holiday_hours == ()
    assert rules.hours == preset("ru-debt").hours


def test_R3_7_the_label_is_as_short_as_the_rules_want() -> None:
    fits = compliance_from_json({"call_label": " " + "я" * 32 + " "}, preset=preset("ru"))
    check_compliance(fits)
    assert fits.call_label == "я" * 32
    with pytest.raises(BadInput, match="33 characters of at most 32"):
        check_compliance(replace(fits, call_label="я" * 33))


def test_R3_7_rules_without_any_hour_are_refused() -> None:
    never = compliance_from_json({"hours": [[], [], [], [], [], [], []]}, preset=Compliance())
    with pytest.raises(BadInput) as error:
        check_compliance(never)
    assert error.value.field == "compliance.hours"


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        ([], "compliance"),
        ({"per_year": 1}, "compliance.per_year"),
        ({"preset": "us"}, "compliance.preset"),
        ({"per_day": 0}, "compliance.per_day"),
        ({"per_day": 1001}, "compliance.per_day"),
        ({"per_day": True}, "compliance.per_day"),
        ({"per_week": "2"}, "compliance.per_week"),
        ({"gap_s": -1}, "compliance.gap_s"),
        ({"gap_s": 1.5}, "compliance.gap_s"),
        ({"lost_limit": 1.1}, "compliance.lost_limit"),
        ({"lost_limit": float("nan")}, "compliance.lost_limit"),
        ({"lost_limit": True}, "compliance.lost_limit"),
        ({"lost_window_days": None}, "compliance.lost_window_days"),
        ({"zone": "Moscow/Europe"}, "compliance.zone"),
        ({"zone": None}, "compliance.zone"),
        ({"zone": 3}, "compliance.zone"),
        ({"hours": ["9:00-18:00"]}, "compliance.hours"),
        ({"hours": [[], [], "18:00-9:00", [], [], [], []]}, "compliance.hours.2"),
        ({"hours": [["9:00"], [], [], [], [], [], []]}, "compliance.hours.0"),
        ({"holiday_hours": "9:00-12:00, 11:00-13:00"}, "compliance.holiday_hours"),
        ({"holiday_hours": 9}, "compliance.holiday_hours"),
        ({"holidays": ["2027-02-30"]}, "compliance.holidays"),
        ({"holidays": "2027-02-03"}, "compliance.holidays"),
        ({"consent_required": 1}, "compliance.consent_required"),
        ({"call_label": ""}, "compliance.call_label"),
        ({"call_label": "a\nb"}, "compliance.call_label"),
        ({"call_label": "a\x00"}, "compliance.call_label"),
        ({"call_label": 7}, "compliance.call_label"),
        ({"longest_label": 0}, "compliance.longest_label"),
        ({"least_ring_s": 601}, "compliance.least_ring_s"),
    ],
)
def test_R3_7_what_cannot_be_names_its_field(given_: object, field: str) -> None:
    with pytest.raises(BadInput) as error:
        compliance_from_json(given_, preset=Compliance())
    assert error.value.field == field


@given(st.fixed_dictionaries({kind: st.sampled_from(Effect) for kind in OutsideKind}))
def test_R2_12_a_matrix_survives_the_way_through_json(matrix: dict[OutsideKind, Effect]) -> None:
    assert matrix_from_json(json.loads(json.dumps(matrix_to_json(matrix)))) == matrix


def test_R2_12_a_kind_of_call_that_is_left_out_is_left_alone() -> None:
    assert matrix_from_json({}) == LEAVE_ALONE
    assert matrix_from_json({"manual": "last_campaign"})[OutsideKind.INBOUND] is Effect.LEAVE


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        (None, "outside_calls"),
        ({"outbound": "leave"}, "outside_calls.outbound"),
        ({"manual": "close"}, "outside_calls.manual"),
        ({"manual": None}, "outside_calls.manual"),
        ({"manual": ["leave"]}, "outside_calls.manual"),
    ],
)
def test_R2_12_what_cannot_be_names_its_field(given_: object, field: str) -> None:
    with pytest.raises(BadInput) as error:
        matrix_from_json(given_)
    assert error.value.field == field
