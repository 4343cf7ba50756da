"""A full name taken apart, as Russian and as other lists write it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts.names import full_name, parts_of


@pytest.mark.parametrize(
    ("full", "last", "first", "middle"),
    [
        ("Иванов Пётр Сергеевич", "Иванов", "Пётр", "Сергеевич"),
        ("Пётр Сергеевич Иванов", "Иванов", "Пётр", "Сергеевич"),
        ("Иванова Анна", "Иванова", "Анна", ""),
        ("Анна Петровна", "", "Анна", "Петровна"),
        ("Анна", "", "Анна", ""),
        ("Алиев Вугар Рашид оглы", "Алиев", "Вугар", "Рашид оглы"),
        ("  Ёлкина   Ольга  Ильинична ", "Ёлкина", "Ольга", "Ильинична"),
        ("John Smith", "Smith", "John", ""),
        ("John Fitzgerald Kennedy", "Kennedy", "John", "Fitzgerald"),
        ("", "", "", ""),
    ],
)
def test_R9_1_a_full_name_is_taken_apart(full: str, last: str, first: str, middle: str) -> None:
    parts = parts_of(full)
    assert (parts.get("last_name", ""), parts.get("first_name", ""), parts.get("middle_name", "")) == (
        last,
        first,
        middle,
    )


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_R9_1_no_word_of_a_name_is_lost(full: str) -> None:
    words = [word for part in parts_of(full).values() for word in part.split()]
    assert sorted(words) == sorted(full.split())


def test_a_name_is_shown_without_what_is_missing() -> None:
    assert full_name("Иванов", "", "Петрович") == "Иванов Петрович"
    assert full_name("", "", "") == ""
