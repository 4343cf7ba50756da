"""SPEC R9.3: values of custom fields, checked and written in one way."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts import tags
from campaigns.contacts.cells import harmless, meant
from campaigns.contacts.custom_fields import REASONS, BadValue, FieldKind, FieldRule, checked
from campaigns.contacts.reasons import RUSSIAN
from campaigns.contacts.tags import BadTag

PLANS = FieldRule(FieldKind.LIST, ("Мини", "Макси плюс"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7100", "7100"), ("7 100,50", "7100.50"),
        ("-5", "-5"), ("+5", "5"), ("1 234 567.8", "1234567.8"), ("0,0", "0"),
        ("−3", "-3"), ("много", "bad_number"), ("1,2,3", "bad_number"), ("1e5", "bad_number"), ("7 1", "bad_number"),
        ("٣", "bad_number"), ("9" * 31, "bad_number"), ("", ""),
    ],
)  # fmt: skip
def test_R9_3_a_number_is_kept_with_a_point(value: str, expected: str) -> None:
    found = checked(FieldRule(FieldKind.NUMBER), value)
    assert (found.reason_code if isinstance(found, BadValue) else found) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("31.12.2026", "31.12.2026"), ("2026-12-31", "31.12.2026"),
        ("1/2/26", "01.02.2026"), ("1-2-2026", "01.02.2026"),
        ("2026-12-31 00:00:00", "31.12.2026"), ("31.02.2026", "bad_date"), ("завтра", "bad_date"),
        ("2026-13-01", "bad_date"), ("00.01.2026", "bad_date"), ("01.01.0000", "bad_date"), ("", ""),
    ],
)  # fmt: skip
def test_R9_3_a_date_is_kept_as_people_write_it(value: str, expected: str) -> None:
    found = checked(FieldRule(FieldKind.DATE), value)
    assert (found.reason_code if isinstance(found, BadValue) else found) == expected


@given(st.dates())
def test_R9_3_every_date_survives_in_both_ways_of_writing(day: date) -> None:
    kept = f"{day.day:02}.{day.month:02}.{day.year:04}"
    rule = FieldRule(FieldKind.DATE)
    assert checked(rule, kept) == checked(rule, day.isoformat()) == kept


@pytest.mark.parametrize(("value", "expected"), [("мини", "Мини"), (" МАКСИ ПЛЮС ", "Макси плюс"), ("", "")])
def test_R9_3_a_value_of_a_list_is_kept_as_the_option_is_written(value: str, expected: str) -> None:
    assert checked(PLANS, value) == expected
    assert checked(PLANS, "Миди") == BadValue("not_in_list")


@given(st.sampled_from(FieldKind), st.text())
def test_R9_3_any_value_is_kept_stays_the_same_or_has_a_reason(kind: FieldKind, value: str) -> None:
    rule = FieldRule(kind, ("а", "б"))
    kept = checked(rule, value)
    if isinstance(kept, BadValue):
        assert kept.reason == REASONS[kept.reason_code]
        assert kept.reason_code in RUSSIAN
    else:
        assert checked(rule, kept) == kept


@given(st.text())
def test_R9_4_what_is_made_harmless_means_the_same_when_it_is_read(cell: str) -> None:
    safe = harmless(cell)
    assert meant(safe) == cell or cell != safe or meant(cell) != cell
    if safe != cell:
        assert meant(safe) == cell
    assert safe[:1] not in {"=", "@", "\t", "\r"}


@pytest.mark.parametrize(
    ("cell", "safe"),
    [("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-x", "'-x"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), ("'=1", "''=1"),
     ("+79001112233", "+79001112233"), ("-5", "-5"), ("-5,5", "-5,5"), ("Анна", "Анна"), ("", ""), ("-1+1", "'-1+1")],
)  # fmt: skip
def test_R9_4_a_formula_is_made_text_and_a_number_stays_one(cell: str, safe: str) -> None:
    assert harmless(cell) == safe
    assert meant(safe) == cell


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("VIP, Омск; VIP\nновый  тег", ("VIP", "Омск", "новый тег")), (" , ;", ()), ("x" * 51, None), ("а\x01", None)],
)
def test_R9_3_tags_are_read_each_once(cell: str, expected: tuple[str, ...] | None) -> None:
    read = tags.read(cell)
    assert (None if isinstance(read, BadTag) else read) == expected


def test_R9_3_a_contact_has_so_many_tags_at_most() -> None:
    assert isinstance(tags.tidied(f"тег {number}" for number in range(51)), BadTag)
