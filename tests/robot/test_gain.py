"""Soft callers are brought to the level that a recogniser knows; everybody else is left alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio import Pcm
from models.manifest import SHIPPED
from robot.amd.sound import level_db
from robot.asr.silero import Silero
from robot.asr.vosk_ears import VoskEars
from robot.dialog.flow import Language
from robot.gain import BEGINNING, CHUNK, MOST_DB, SOFT_DB, UNCHANGED, USUAL_DB, SoftEars, amplified, gain_for
from robot.listener import Listener
from robot.pauses import Attend, attention
from robot.ports import Recognised
from robot.turns import TurnEnded
from telephony_esl.simulator.audio import line_noise, sound

WORDS = ("три", "пять", "нет", "да, конечно", "мне надо подумать")


def tone(level: float, chunks: int = 4) -> Pcm:
    wave = np.sin(np.arange(chunks * CHUNK) * 2 * np.pi / 16) * np.sqrt(2) * 32768 * 10 ** (level / 20)
    return bytes(np.rint(wave).astype("<i2").tobytes())


@given(level=st.floats(USUAL_DB - SOFT_DB + 0.1, -4))
def test_who_is_loud_enough_is_left_alone(level: float) -> None:
    pcm = tone(level)
    assert gain_for(pcm) == UNCHANGED
    assert amplified(pcm, UNCHANGED) is pcm


@given(level=st.floats(USUAL_DB - MOST_DB, USUAL_DB - SOFT_DB - 0.1))
def test_a_soft_turn_comes_to_the_usual_level(level: float) -> None:
    pcm = tone(level)
    assert level_db(amplified(pcm, gain_for(pcm))) == pytest.approx(USUAL_DB, abs=0.2)


def test_a_silent_line_is_not_made_louder_without_limit() -> None:
    assert gain_for(bytes(2 * CHUNK)) <= 10 ** (MOST_DB / 20) + 1e-9
    assert gain_for(b"") == UNCHANGED


def test_what_is_too_loud_is_cut_and_does_not_wrap() -> None:
    assert (
        amplified(np.array([20_000, -20_000], dtype="<i2").tobytes(), 4.0)
        == np.array([32_767, -32_768], dtype="<i2").tobytes()
    )


def heard(word: str, factor: float) -> str:
    ears = VoskEars(SHIPPED / "vosk-standin-ru-mini", Language.RU, cleaned=True, narrow=True)
    listener = Listener(Silero(SHIPPED / "silero-vad" / "silero_vad.onnx").open(), SoftEars(ears), greeting=False)
    noise = b"".join(line_noise(1))[:12_000]
    voice = np.rint(np.frombuffer(b"".join(sound(word)), dtype="<i2") * factor).astype("<i2").tobytes()
    wanted = attention(1, Attend.ANSWER, phrases=["один", "два", "три", "четыре", "пять", "да конечно", "нет", *WORDS])
    events = listener.hear(noise + voice + noise * 2, wanted)
    return next(event.said.text for event in events if isinstance(event, TurnEnded))


@pytest.mark.parametrize("word", WORDS)
def test_R6_5_words_are_understood_20_db_softer_as_at_their_usual_level(word: str) -> None:
    assert heard(word, 0.1) == heard(word, 1.0) == word.replace(",", "")


class Kept:
    """Ears that keep what they hear."""

    def __init__(self) -> None:
        self.heard: list[Pcm] = []

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> Kept:
        return self

    def accept(self, pcm: Pcm) -> str:
        self.heard.append(pcm)
        return "так"

    def finish(self) -> Recognised:
        return Recognised("так", 1.0)


@given(sizes=st.lists(st.integers(1, 9000), max_size=8), level=st.sampled_from([-12.0, -40.0]))
def test_however_a_turn_is_cut_the_recogniser_hears_it_whole_and_with_one_gain(sizes: list[int], level: float) -> None:
    kept = Kept()
    turn = SoftEars(kept).listen(())
    pcm = tone(level, 40)
    pieces, at = [], 0
    for size in sizes:
        pieces.append(pcm[2 * at : 2 * (at + size)])
        at += size
    for piece in pieces:
        turn.accept(piece)
    assert turn.finish().text == "так"
    given_ = b"".join(pieces)
    beginning = given_[: sum(map(len, _until(pieces, 2 * BEGINNING)))]
    assert b"".join(kept.heard) == amplified(given_, gain_for(beginning))


def _until(pieces: list[Pcm], size: int) -> list[Pcm]:
    """The first pieces that are so long together."""
    for count in range(1, len(pieces) + 1):
        if sum(map(len, pieces[:count])) >= size:
            return pieces[:count]
    return pieces
