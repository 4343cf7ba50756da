"""The robot's own voice that comes back over the line, and callers who speak over it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from models.manifest import SHIPPED
from robot.asr.silero import Silero
from robot.asr.vosk_ears import VoskEars
from robot.dialog.flow import Language, VoiceSex
from robot.listener import Listener
from robot.pauses import Attend, attention
from robot.tts.espeak import EspeakVoice
from robot.turns import SpeechStarted, StillSpeaking, TurnEnded, TurnEvent

Wave = npt.NDArray[np.float64]
TEXT = "Здравствуйте! Только сегодня скидка тридцать процентов на доставку. Вам интересно?"
WANTED = attention(1, Attend.INTERRUPTION, phrases=["да", "нет", "хочу", "не хочу"])


def spoken(text: str, sex: VoiceSex) -> Wave:
    return np.frombuffer(EspeakVoice().say(text, language=Language.RU, sex=sex), dtype="<i2").astype(np.float64)


@pytest.fixture(scope="module")
def prompt() -> Wave:
    return np.concatenate([np.zeros(4000), spoken(TEXT, VoiceSex.FEMALE), np.zeros(8000)])


@pytest.fixture(scope="module")
def ears() -> VoskEars:
    return VoskEars(SHIPPED / "vosk-standin-ru-mini", Language.RU)


@pytest.fixture(scope="module")
def silero() -> Silero:
    return Silero(SHIPPED / "silero-vad" / "silero_vad.onnx")


def echo(prompt: Wave, *, delay_ms: int, loss_db: float) -> Wave:
    late = np.concatenate([np.zeros(delay_ms * 8), prompt])[: len(prompt)]
    noise: Wave = np.random.default_rng(1).normal(0, 8, len(prompt))
    returned: Wave = late * 10 ** (-loss_db / 20) + noise
    return returned


def events(silero: Silero, ears: VoskEars | None, caller: Wave, played: Wave) -> list[TurnEvent]:
    listener = Listener(silero.open(), ears, greeting=False)
    heard, said = (np.clip(wave, -32768, 32767).astype("<i2").tobytes() for wave in (caller, played))
    found: list[TurnEvent] = []
    for at in range(0, len(heard) - 319, 320):
        for event in listener.hear(heard[at : at + 320], WANTED, played=said[at : at + 320]):
            assert isinstance(event, TurnEvent)
            found.append(event)
    return found


@pytest.mark.parametrize("loss_db", [20, 30])
@pytest.mark.parametrize("delay_ms", [40, 120, 200])
def test_R6_7_the_robots_own_echo_does_not_hold_its_prompt(
    silero: Silero, ears: VoskEars, prompt: Wave, delay_ms: int, loss_db: float
) -> None:
    assert events(silero, ears, echo(prompt, delay_ms=delay_ms, loss_db=loss_db), prompt) == []


def test_the_same_sound_while_the_robot_is_silent_is_a_caller(silero: Silero, ears: VoskEars, prompt: Wave) -> None:
    found = events(silero, ears, echo(prompt, delay_ms=40, loss_db=20), np.zeros(len(prompt)))
    assert any(isinstance(event, SpeechStarted) for event in found)


def test_R6_7_a_caller_who_speaks_over_the_echo_is_heard_at_once(silero: Silero, ears: VoskEars, prompt: Wave) -> None:
    caller = echo(prompt, delay_ms=80, loss_db=30)
    voice = spoken("не хочу", VoiceSex.MALE) * 0.5
    voice = voice[int(np.flatnonzero(np.abs(voice) > 300)[0]) :]
    at = 20_000
    caller[at : at + len(voice)] += voice
    started = [event.at for event in events(silero, ears, caller, prompt) if isinstance(event, SpeechStarted)]
    assert started
    assert abs(started[0] - at) <= 800


def test_R6_7_coughs_do_not_stop_a_prompt(silero: Silero, ears: VoskEars, prompt: Wave) -> None:
    """Two bursts of noise that die away, a quarter second apart, again and again."""
    random, caller = np.random.default_rng(3), np.zeros(len(prompt))
    for at in (9000, 11_000, 24_000, 26_000):
        burst = random.normal(0, 6000, 1600) * np.exp(-np.arange(1600) / 400)
        caller[at : at + 1600] += burst
    found = events(silero, ears, caller, prompt)
    assert not any(isinstance(event, StillSpeaking) for event in found)
    assert not any(isinstance(event, TurnEnded) and event.said.text for event in found)
