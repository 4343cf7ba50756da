"""SPEC R6.5: pauses and rates within texts are obeyed, never spoken, and told with their place where they are wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from robot.dialog.flow import Language, Prompt
from robot.dialog.hints import Piece, take_apart
from robot.dialog.prompts import speak
from robot.dialog.texts import check_text, delivery, literal_length, say

RU = Language.RU


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Привет", [Piece("Привет")]),
        ("а[pause 500ms]б", [Piece("а", pause_ms=500), Piece("б")]),
        ("а [ PAUSE 1.5s ] б", [Piece("а ", pause_ms=1500), Piece(" б")]),
        ("а[пауза 0,3 с]", [Piece("а", pause_ms=300)]),
        ("[pause]а", [Piece("", pause_ms=400), Piece("а")]),
        ("а[pause 50ms][pause 10s]", [Piece("а", pause_ms=50), Piece("", pause_ms=10_000)]),
        ("а[slow]б[/slow]в", [Piece("а"), Piece("б", 0.8), Piece("в")]),
        ("[быстро]б[/быстро]", [Piece("б", 1.2)]),
        ("[rate 70%]б[pause 1s]в[/rate]г", [Piece("б", 0.7, 1000), Piece("в", 0.7), Piece("г")]),
        ("[темп 200 %]б[/ темп]", [Piece("б", 2.0)]),
    ],
)
def test_R6_5_hints_take_a_text_apart(text: str, pieces: list[Piece]) -> None:
    assert take_apart(text) == (tuple(pieces), None)
    check_text(text, field="t")


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("abc [slw]x", 5, "[slw] is no hint"),
        ("a[pause 10ms]", 2, "from 50 ms to 10 s"),
        ("a[pause 11s]", 2, "from 50 ms to 10 s"),
        ("a[pause 500]", 2, "is no hint"),
        ("[rate 40%]a[/rate]", 1, "from 50 % to 200 %"),
        ("[rate 201%]a[/rate]", 1, "from 50 % to 200 %"),
        ("a [slow]b", 3, "[/slow] is missing"),
        ("a[/slow]", 2, "[/slow] closes nothing"),
        ("[slow]a[/fast]", 8, "[/fast] closes nothing"),
        ("[slow]a[fast]b[/fast][/slow]", 8, "begins before [slow] is closed"),
        ("a]b", 2, "']' stands alone"),
        ("a[pause", 2, "'[' stands alone"),
        ("a[[pause 1s]]", 2, "'[' stands alone"),
        ("{first_name|[x]}", 13, "[x] is no hint"),
        ("[]", 1, "is no hint"),
    ],
)
def test_R6_5_a_wrong_hint_is_refused_with_its_place(text: str, position: int, word: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_text(text, field="greeting.text")
    assert (refused.value.code, refused.value.field) == ("bad_hint", "greeting.text")
    assert refused.value.message.startswith(f"Character {position}: ")
    assert word in refused.value.message
    assert "[pause 500ms]" in str(refused.value.hint)


def test_R6_5_hints_do_not_count_for_the_length() -> None:
    text = "[slow]" + "а" * 499 + "[/slow][pause 500ms]" + "{first_name}" + "б"
    assert literal_length(text) == 500
    check_text(text, field="t")
    with pytest.raises(BadInput, match="501 characters"):
        check_text(text + "в", field="t")


def test_R6_5_a_text_of_hints_alone_says_nothing() -> None:
    with pytest.raises(BadInput, match="nothing to say"):
        check_text("[pause 1s]", field="t")
    assert speak(Prompt(text="[pause 1s]{note}"), {}, RU) is None


def test_R6_5_values_are_put_in_and_figures_spoken_in_each_piece() -> None:
    text = "К оплате [slow]{Сумма} руб.[/slow][pause 300ms] до {Дата}"
    values = {"Сумма": "7100", "Дата": "02.12.2026"}
    assert delivery(text, values, RU) == (
        Piece("К оплате"),
        Piece("семь тысяч сто рублей.", 0.8),
        Piece("", 1.0, 300),
        Piece("до второго декабря две тысячи двадцать шестого года"),
    )
    assert say(text, values, RU).startswith("К оплате семь тысяч сто рублей. до второго декабря")


@pytest.mark.parametrize("value", ["[pause 10s]", "[slow]", "[/slow]", "]", "[x"])
def test_R6_5_a_value_is_never_obeyed_as_a_hint(value: str) -> None:
    said = delivery("А[pause 50ms]{note}!", {"note": value}, RU)
    assert said == (Piece("А", 1.0, 50), Piece(f"{value}!"))


def test_R6_5_a_missing_value_leaves_its_pause_and_no_hole() -> None:
    assert say("Здравствуйте, {first_name}[pause 300ms]! Это банк", {}, RU) == "Здравствуйте! Это банк"
    assert delivery("Здравствуйте, {first_name}[pause 300ms]! Это", {}, RU)[0] == Piece("Здравствуйте", 1.0, 300)


def test_R6_5_the_same_text_without_hints_needs_no_pieces() -> None:
    speech = speak(Prompt(text="Добрый день"), {}, RU)
    assert speech is not None
    assert (speech.text, speech.delivery) == ("Добрый день", ())


@given(st.text(alphabet="[]/ pauselowrt%0158ms{}|аб.,", max_size=60))
def test_R6_5_any_stored_text_can_be_said_without_a_hint_being_spoken(text: str) -> None:
    pieces, fault = take_apart(text)
    for piece in pieces:
        assert 0.5 <= piece.rate <= 2.0
        assert piece.pause_ms == 0 or 50 <= piece.pause_ms <= 10_000
        assert "[" not in piece.text
        assert "]" not in piece.text
    if fault is not None:
        assert 1 <= fault.position <= len(text)
    say(text, {}, RU)


@given(st.lists(st.tuples(st.text("абв ", min_size=1, max_size=5), st.integers(50, 10_000)), min_size=1, max_size=6))
def test_R6_5_what_is_written_with_pauses_is_read_back(parts: list[tuple[str, int]]) -> None:
    text = "".join(f"{words}[pause {pause_ms}ms]" for words, pause_ms in parts)
    assert take_apart(text).pieces == tuple(Piece(words, 1.0, pause_ms) for words, pause_ms in parts)
