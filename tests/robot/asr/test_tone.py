"""The CTC recogniser on a tiny network of the right shape, and its arithmetic against plain enumeration."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Unavailable
from robot.asr.ctc import Alphabet, greedy, log_likelihoods
from robot.asr.tone import ToneEars
from robot.dialog.flow import Language
from robot.senses import open_senses
from robot.workers import Workers
from tests.fakes.speech import quiet
from tests.robot.asr.tiny_ctc import STEP, VOCABULARY, write


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory) -> ToneEars:
    return ToneEars(write(tmp_path_factory.mktemp("tone")), Language.RU)


def spoken(text: str, *, steps: int = 2) -> bytes:
    """The text as the tiny network hears it: each letter for some steps, blank around it."""
    blank = VOCABULARY["[PAD]"]
    numbers = [blank, *(n for sign in text for n in (VOCABULARY["|" if sign == " " else sign], blank))]
    peaks = np.repeat([100 * n for n in numbers], STEP * steps)
    return peaks.astype("<i2").tobytes()


def heard(ears: ToneEars, audio: bytes, *phrases: str, cut: int = 512) -> tuple[str, float]:
    recogniser = ears.listen(phrases)
    for at in range(0, len(audio), cut):
        recogniser.accept(audio[at : at + cut])
    said = recogniser.finish()
    return said.text, said.confidence


def test_free_speech_is_written_down_letter_by_letter(ears: ToneEars) -> None:
    text, confidence = heard(ears, spoken("мой дом"))
    assert text == "мой дом"
    assert confidence == pytest.approx(0.79, abs=0.05)


@pytest.mark.parametrize("cut", [2, 320, 512, 4800, 100_000])
def test_the_cut_of_the_audio_changes_nothing(ears: ToneEars, cut: int) -> None:
    assert heard(ears, spoken("перезвоните позже"), cut=cut)[0] == "перезвоните позже"


def test_the_last_letter_comes_out_of_the_networks_state(ears: ToneEars) -> None:
    """The audio fills the pieces to the last step, so that the network has told all but its end."""
    audio = spoken("да", steps=1)
    recogniser = ears.listen(())
    recogniser.accept(audio.rjust(ears.piece_samples * 2, b"\0"))
    assert recogniser.finish().text.endswith("да")


def test_the_text_so_far_grows(ears: ToneEars) -> None:
    recogniser = ears.listen(["да", "нет"])
    texts = [recogniser.accept(spoken("не хочу")[at : at + 2400]) for at in range(0, len(spoken("не хочу")), 2400)]
    assert [len(text) for text in texts] == sorted(len(text) for text in texts)
    assert "не" in texts[-1]


def test_an_expected_answer_is_chosen_over_a_letter_misheard(ears: ToneEars) -> None:
    assert heard(ears, spoken("соглатен", steps=1))[0] == "соглатен"
    assert heard(ears, spoken("соглатен", steps=1), "согласен", "нет")[0] == "согласен"


def test_what_fits_no_expected_answer_stays_what_it_is(ears: ToneEars) -> None:
    assert heard(ears, spoken("криптовалюта"), "да", "нет")[0] == "криптовалюта"


def test_a_refusal_is_never_its_consent(ears: ToneEars) -> None:
    assert heard(ears, spoken("не хочу"), "хочу", "не хочу")[0] == "не хочу"
    assert heard(ears, spoken("не хочу"), "хочу")[0] == "не хочу"


def test_nothing_heard_is_nothing_said(ears: ToneEars) -> None:
    assert ears.listen(()).finish().text == ""
    assert heard(ears, b"") == ("", 0.0)


def test_two_turns_at_once_do_not_mix(ears: ToneEars) -> None:
    one, other = ears.listen(()), ears.listen(())
    one.accept(spoken("да"))
    other.accept(spoken("нет"))
    assert (one.finish().text, other.finish().text) == ("да", "нет")


def test_a_model_that_is_not_whole_is_unavailable_with_its_path(tmp_path: Path) -> None:
    write(tmp_path / "t-one")
    (tmp_path / "t-one" / "model.onnx").unlink()
    with pytest.raises(Unavailable, match="t-one"):
        ToneEars(tmp_path / "t-one", Language.RU)


def test_letters_that_do_not_fit_the_network_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "t-one")
    (folder / "vocab.json").write_text('{"а": 0, "[PAD]": 1}', encoding="utf-8")
    with pytest.raises(Unavailable, match="35 letters, 2 are named"):
        ToneEars(folder, Language.RU)


def test_without_a_list_of_letters_they_are_t_ones_own(tmp_path: Path) -> None:
    folder = write(tmp_path / "t-one")
    (folder / "vocab.json").unlink()
    alphabet = ToneEars(folder, Language.RU).alphabet
    assert (alphabet.blank, alphabet.write("аё я")) == (34, (0, 6, 33, 32))


def test_a_fetched_t_one_is_what_hears(tmp_path: Path) -> None:
    write(tmp_path / "models" / "t-one")
    (tmp_path / "models" / "t-one" / "vocab.json").unlink()
    senses = open_senses(
        Language.RU,
        models=tmp_path / "models",
        cache=tmp_path / "cache",
        sounds=tmp_path / "sounds",
        workers=Workers.inline(),
    )
    assert isinstance(senses.ears, ToneEars)


def test_silence_around_is_quiet_for_the_network(ears: ToneEars) -> None:
    assert ears.listen(()).accept(quiet(100)) == ""


LOGS = st.integers(1, 5).flatmap(
    lambda steps: st.lists(st.lists(st.floats(-6, 0), min_size=3, max_size=3), min_size=steps, max_size=steps)
)


@given(logs=LOGS, text=st.lists(st.integers(0, 1), max_size=3))
def test_the_likelihood_is_the_sum_over_all_ways_to_spell_the_text(logs: list[list[float]], text: list[int]) -> None:
    blank, steps = 2, np.array(logs, dtype=np.float32)
    total = 0.0
    for path in itertools.product(range(3), repeat=len(logs)):
        collapsed = [sign for sign, _ in itertools.groupby(path) if sign != blank]
        if collapsed == text:
            total += float(np.exp(sum(float(steps[at, sign]) for at, sign in enumerate(path))))
    found = log_likelihoods(steps, [tuple(text), (0,)], blank)[0]
    assert np.exp(found) == pytest.approx(total, rel=1e-3, abs=1e-9)


def test_greedy_reading_folds_repeats_and_drops_blanks() -> None:
    alphabet = Alphabet.of({"|": 0, "а": 1, "б": 2, "[PAD]": 3})
    steps = np.log(np.full((7, 4), 0.05, dtype=np.float32))
    for at, sign in enumerate([1, 1, 3, 1, 0, 2, 2]):
        steps[at, sign] = np.log(0.85)
    found = greedy(steps, alphabet)
    assert found.text == "аа б"
    assert found.confidence == pytest.approx(0.85, rel=1e-3)
