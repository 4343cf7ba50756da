"""SPEC R9.1, R4.2: telephone numbers as people write them, and what they tell of the time zone."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import timezone

from campaigns.contacts.phones import REASONS, BadPhone, phones_in, zone_of
from core.phones import Phone

russian = st.integers(9_000_000_000, 9_999_999_999).map(str)
filler = st.sampled_from(["", " ", "-", "\u00a0", " - ", "."])


def written(*numbers: str) -> list[str]:
    """The numbers as found in a cell, a bad one as its code."""
    cell = ", ".join(numbers)
    return [one.e164 if isinstance(one, Phone) else one.reason_code for one in phones_in(cell)]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("89001112233", ["+79001112233"]),
        ("+7 (900) 111-22-33", ["+79001112233"]),
        ("7 900 111 22 33", ["+79001112233"]),
        ("9001112233", ["+79001112233"]),
        ("8–900–111–22–33", ["+79001112233"]),
        ("8(495)123-45-67", ["+74951234567"]),
        ("4951234567", ["+74951234567"]),
        ("+375 29 123-45-67", ["+375291234567"]),
        ("+1 (415) 555-26-71", ["+14155552671"]),
        ("8 10 375 29 1234567", ["+375291234567"]),
        ("тел. 8 900 111-22-33 (мама)", ["+79001112233"]),
        ('="89001112233"', ["+79001112233"]),
        ("89001112233.0", ["+79001112233"]),
        ("89001112233; 8 (900) 111 22 44 / +79001112255", ["+79001112233", "+79001112244", "+79001112255"]),
        ("89001112233\n89001112244", ["+79001112233", "+79001112244"]),
        ("89001112233 89001112244", ["+79001112233", "+79001112244"]),
        ("89001112233 или 84951234567", ["+79001112233", "+74951234567"]),
        ("", []),
        (" - ", []),
        ("нет", ["phone_not_a_number"]),
        ("восемь-девятьсот", ["phone_not_a_number"]),
        ("12345", ["phone_too_short"]),
        ("1", ["phone_too_short"]),
        ("+7 900 000 10", ["phone_too_short"]),
        ("8900111223344556677", ["phone_too_long"]),
        ("9" * 60, ["phone_too_long"]),
        ("+999 123 456 789", ["phone_no_such_country"]),
        ("0000000000", ["phone_no_such_range"]),
        ("7,9E+10", ["phone_scientific"]),
        ("7.90011E+10", ["phone_scientific"]),
        ("8 495 123-45-67 доб. 12", ["phone_extension"]),
        ("8 809 123 45 67", ["phone_premium"]),
        ("89001112233, нет", ["+79001112233", "phone_not_a_number"]),
    ],
)
def test_R9_1_a_cell_gives_its_numbers(cell: str, expected: list[str]) -> None:
    assert written(cell) == expected


@given(russian, st.sampled_from(["+7", "8", "7", "", "+7 ", "8 "]), filler, filler)
@settings(deadline=None, max_examples=80)
def test_R9_1_a_russian_mobile_is_found_however_it_is_written(digits: str, prefix: str, one: str, two: str) -> None:
    cell = f"{prefix}{digits[:3]}{one}{digits[3:6]}{two}{digits[6:]}"
    assert written(cell) == [f"+7{digits}"]


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_R9_1_any_text_gives_numbers_or_known_reasons_and_never_breaks(cell: str) -> None:
    for one in phones_in(cell):
        assert isinstance(one, Phone) or one.reason_code in REASONS


@given(st.lists(russian, min_size=1, max_size=8, unique=True), st.sampled_from([", ", ";", "/", "|", "\n", " и "]))
@settings(deadline=None, max_examples=50)
def test_R9_1_several_numbers_keep_their_order(numbers: list[str], separator: str) -> None:
    found = phones_in(separator.join("8" + number for number in numbers))
    assert [one.e164 for one in found if isinstance(one, Phone)] == [f"+7{number}" for number in numbers]


@pytest.mark.parametrize("code", [f"{first}{rest:02}" for first in "348" for rest in range(100)])
def test_R9_1_numbers_of_a_russian_code_are_read_alike(code: str) -> None:
    for tail in ("0000000", "1234567", "2000000", "5900109", "9999999"):
        parsed = phonenumbers.parse(f"+7{code}{tail}")
        fixed = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.FIXED_LINE
        zones = timezone.time_zones_for_number(parsed)
        zone = zones[0] if fixed and len(zones) == 1 and zones[0] != timezone.UNKNOWN_TIMEZONE else None
        for cell in (f"8{code}{tail}", f"+7 ({code}) {tail[:3]}-{tail[3:5]}-{tail[5:]}"):
            (found,) = phones_in(cell)
            if fixed:
                assert found == Phone(f"+7{code}{tail}")
        assert zone_of(Phone(f"+7{code}{tail}")) == zone


def test_R9_1_a_reason_is_a_sentence() -> None:
    for code in REASONS:
        assert BadPhone("x", code).reason.endswith(".")


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+74951234567", "Europe/Moscow"),
        ("+73832123456", "Asia/Novosibirsk"),
        ("+74212123456", "Asia/Vladivostok"),
        ("+79001112233", None),
        ("+79991112233", None),
        ("+78001234567", None),
        ("+77011234567", None),
    ],
)
def test_R4_2_only_a_landline_tells_a_zone(number: str, zone: str | None) -> None:
    assert zone_of(Phone(number)) == zone
