from __future__ import annotations

import wave
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from telephony_esl.simulator import (
    Answer,
    Behaviour,
    Cast,
    Echo,
    Failure,
    OperatorPhone,
    Person,
    Refusal,
    Then,
    Voicemail,
)
from telephony_esl.simulator.audio import clips

EXAMPLE = """
numbers:
  "+79000001007": {after_ring_s: 2, answers: [{say: "да"}, {press: "1"}]}
  "+79000001014": {busy: true}
  "+79000001021": {voicemail: true}
  "+79000001028": {answers: [{silent: true}]}
  "+79000001035": {answers: [{interrupt_after_s: 1.0, say: "нет"}], hang_up_after_s: 4}
  "+79000001042": {tries: [{busy: true, after_ring_s: 0}, {no_answer: true}, {answers: [{say: да}], greeting: null}]}
  "101": {operator: true, answers_after_s: 1, talks_s: 5}
  "102": [{operator: true, refuses: true}, {echo: true}]
"""


def only(text: str) -> Behaviour:
    return Cast.parse(f'numbers: {{"1": {text}}}').behaviour("1", Random(1))


def test_the_example_reads_as_it_says() -> None:
    cast = Cast.parse(EXAMPLE)
    assert cast.numbers == {
        "+79000001007": (Person((Answer(say="да"), Answer(press="1")), after_ring_s=2),),
        "+79000001014": (Refusal(Failure.BUSY),),
        "+79000001021": (Voicemail(),),
        "+79000001028": (Person((Answer(silent=True),)),),
        "+79000001035": (Person((Answer(say="нет", interrupt_after_s=1),), hang_up_after_s=4),),
        "+79000001042": (
            Refusal(Failure.BUSY, 0),
            Refusal(Failure.NO_ANSWER),
            Person((Answer(say="да"),), greeting=None),
        ),
        "101": (OperatorPhone(answers_after_s=1, talks_s=5),),
        "102": (OperatorPhone(refuses=True), Echo()),
    }


def test_tries_are_taken_call_by_call_and_the_last_one_repeats() -> None:
    cast = Cast.parse(EXAMPLE)
    kinds = [type(cast.behaviour("+79000001042", Random(1), call=call)) for call in range(5)]
    assert kinds == [Refusal, Refusal, Person, Person, Person]


def test_an_empty_file_is_a_cast_of_unlisted_numbers() -> None:
    assert Cast.parse("") == Cast()


def test_the_default_speaks_for_unlisted_numbers() -> None:
    cast = Cast.parse("default: {busy: true}")
    assert cast.behaviour("+79990000000", Random(1)) == Refusal(Failure.BUSY)


def test_unquoted_scalars_are_taken_as_written() -> None:
    assert only("{answers: [{press: 1}]}") == Person((Answer(press="1"),))
    assert Cast.parse("numbers: {+79000000001: {busy: true}}").numbers.keys() == {"+79000000001"}


def test_a_false_flag_is_as_good_as_none() -> None:
    assert only("{busy: false, answers: [{say: да}]}") == Person((Answer(say="да"),))


def test_a_first_deed_may_be_given() -> None:
    assert only('{first: {wait_s: 1, press: "1"}}') == Person(first=Answer(press="1", wait_s=1))


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ('numbers:\n  "1": {bussy: true}', 2, "'bussy' is not known", "Did you mean 'busy'?"),
        ('numbers:\n  "1":\n    answers: [{say: "даа"}]', 3, "no clip says 'даа'", "'да'"),
        ('numbers:\n  "1": {answers: [{say: "нет.wav"}]}', 2, "cannot be read", "WAV"),
        ('numbers:\n\n  "1": {answers: {say: "да"}}', 3, "a list is wanted", "square brackets"),
        ('numbers:\n  "1": {answers: [{press: "x"}]}', 2, "'x' are no keys", "0123456789"),
        ('numbers:\n  "1": {answers: [{press: *}]}', 2, "no YAML", "in quotes"),
        ('numbers:\n  "1": {after_ring_s: soon}', 2, "'soon' is no duration", "from 0 to"),
        ('numbers:\n  "1": {after_ring_s: -1}', 2, "'-1' is no duration", "from 0 to"),
        ('numbers:\n  "1": {after_ring_s: nan}', 2, "'nan' is no duration", "from 0 to"),
        ('numbers:\n  "1": {busy: maybe}', 2, "neither true nor false", "true or false"),
        ('numbers:\n  "1": {busy: true, talks_s: 1}', 2, "'talks_s' is not known", "busy, after_ring_s"),
        ('numbers:\n  "1": {busy: true, voicemail: true}', 2, "both voicemail and busy", "Keep one"),
        ('numbers:\n  "1": {then: sing}', 2, "'sing' is not known", "silent, repeat, hang_up"),
        ('numbers:\n  "1": {tries: []}', 2, "empty", "at least one"),
        ('numbers:\n  "1": {tries: [{busy: true}], greeting: да}', 2, "stands beside", "Move them"),
        ('numbers:\n  "1": {busy: true}\n  "1": {busy: true}', 3, "given twice", "Keep one"),
        ("numbers:\n  ivan: {busy: true}", 2, "'ivan' is no number", "digits"),
        ('numbers:\n  "1": busy', 2, "a mapping is wanted", "busy: true"),
        ("number: {}", 1, "'number' is not known", "Did you mean 'numbers'?"),
        ("- 1", 1, "a mapping is wanted", "name: value"),
    ],
)
def test_errors_name_the_line_and_what_to_mend(text: str, line: int, what: str, hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        Cast.parse(text)
    assert caught.value.field == f"line {line}"
    assert what in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_wav_is_found_beside_the_cast_file(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "own.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(640))
    (tmp_path / "cast.yaml").write_text('numbers: {"1": {answers: [{say: own.wav}]}}', encoding="utf-8")
    cast = Cast.read(tmp_path / "cast.yaml")
    assert cast.numbers["1"] == (Person((Answer(say=str(tmp_path / "own.wav")),)),)


def test_a_wav_of_another_format_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "cd.wav"), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(bytes(400))
    with pytest.raises(BadInput, match="2 channels of 16 bits at 44100 Hz") as caught:
        Cast.parse('numbers: {"1": {greeting: cd.wav}}', folder=tmp_path)
    assert "8000 Hz" in (caught.value.hint or "")


def test_a_missing_cast_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        Cast.read(tmp_path / "none.yaml")


seconds = st.floats(0, 600, allow_nan=False)
texts = st.sampled_from(sorted(clips()))
keys = st.text("0123456789*#ABCD", min_size=1, max_size=8)
answers = st.builds(
    Answer,
    say=st.none() | texts,
    press=st.none() | keys,
    silent=st.booleans(),
    hang_up=st.booleans(),
    interrupt_after_s=st.none() | seconds,
    backchannel=st.none() | texts,
    backchannel_after_s=seconds,
    wait_s=st.none() | seconds,
)
behaviours = st.one_of(
    st.builds(Refusal, st.sampled_from(Failure), seconds),
    st.builds(Voicemail, seconds, texts, st.floats(50, 3900), seconds, seconds, seconds, st.none() | seconds),
    st.builds(OperatorPhone, seconds, seconds, st.booleans(), st.booleans(), texts),
    st.builds(Echo, seconds),
    st.builds(
        Person,
        answers=st.lists(answers, max_size=4).map(tuple),
        after_ring_s=seconds,
        greeting=st.none() | texts,
        hang_up_after_s=st.none() | seconds,
        vanishes_after_s=st.none() | seconds,
        turn_silence_s=seconds,
        patience_s=seconds,
        first=st.none() | answers,
        then=st.sampled_from(Then),
        early_media_s=st.none() | seconds,
    ),
)
tries = st.lists(behaviours, min_size=1, max_size=3).map(tuple)
numbers = st.from_regex(r"\+?[0-9*#]{1,20}", fullmatch=True)
casts = st.builds(Cast, st.dictionaries(numbers, tries, max_size=4), st.just(()) | tries)


@given(casts)
def test_what_is_dumped_reads_back_the_same(cast: Cast) -> None:
    assert Cast.parse(cast.dump()) == cast


@given(st.text(max_size=200))
def test_any_text_is_a_cast_or_bad_input(text: str) -> None:
    try:
        cast = Cast.parse(text)
    except BadInput:
        return
    assert Cast.parse(cast.dump()) == cast
