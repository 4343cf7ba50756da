"""The robot's own voice that comes back over the line, and callers who speak over it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from models.manifest import SHIPPED
from robot.asr.silero import Silero
from robot.asr.vosk_ears import VoskEars
from robot.dialog.flow import Language, VoiceSex
from robot.echo import PLAYED_DB, SETTLE_CHUNKS, Bound
from robot.listener import Listener
from robot.pauses import Attend, attention
from robot.tts.espeak import EspeakVoice
from robot.turns import SpeechStarted, StillSpeaking, TurnEnded, TurnEvent
from telephony_esl.simulator.audio import line_noise, sound

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


def test_R6_7_a_soft_caller_on_a_quiet_line_is_heard_at_once(silero: Silero, prompt: Wave) -> None:
    """26 dB below the robot, which an echo could be too, had the line not been silent while the robot spoke."""
    voice = spoken("не хочу", VoiceSex.MALE) * 0.05
    voice = voice[int(np.flatnonzero(np.abs(voice) > 40)[0]) :]
    caller = np.random.default_rng(1).normal(0, 8, len(prompt))
    at = 20_000
    caller[at : at + len(voice)] += voice
    started = [event.at for event in events(silero, None, caller, prompt) if isinstance(event, SpeechStarted)]
    assert started
    assert abs(started[0] - at) <= 800


@pytest.mark.parametrize("interrupts_s", [0.8, 1.2])
@pytest.mark.parametrize("phase_ms", range(0, 384, 64))
def test_R6_7_a_soft_caller_is_heard_at_once_wherever_in_a_prompt_the_first_word_falls(
    silero: Silero, prompt: Wave, phase_ms: int, interrupts_s: float
) -> None:
    """A clip 20 dB softer that begins with a soft sound, after a second of the robot that nobody interrupted."""
    noise = np.frombuffer(b"".join(line_noise(1)), dtype="<i2").astype(np.float64)
    voice = np.frombuffer(b"".join(sound("перезвоните через полчаса")), dtype="<i2") * 0.1
    first = prompt[: 4000 + 8000 + 1600 + phase_ms * 8]
    played = np.concatenate((first, np.zeros(8000), prompt))
    caller = np.resize(noise, len(played))
    at = len(first) + 8000 + 4000 + round(interrupts_s * 8000)
    caller[at : at + len(voice)] = voice
    onset = at + int(np.flatnonzero(np.abs(voice) >= 20)[0])
    started = [event.at for event in events(silero, None, caller, played) if isinstance(event, SpeechStarted)]
    assert started
    assert onset - 256 <= started[0] <= onset + 400


def test_an_echo_is_never_taken_for_a_soft_caller_by_what_is_known_of_the_line(silero: Silero, prompt: Wave) -> None:
    twice = np.concatenate((prompt, prompt))
    assert events(silero, None, echo(twice, delay_ms=160, loss_db=26), twice) == []


def test_what_the_caller_says_in_a_windows_last_moment_does_not_bound_the_echo() -> None:
    """The voice detector notices a soft beginning some chunks late: only then is the window known to be spoilt."""
    bound = Bound()
    for _ in range(3):
        for _ in range(SETTLE_CHUNKS):
            bound.hear(-60.0)
        bound.close(-14.0)
    for level in (-60.0,) * SETTLE_CHUNKS + (-40.0,):
        bound.hear(level)
    bound.close(-14.0)
    for _ in range(SETTLE_CHUNKS - 1):
        bound.hear(-40.0)
    bound.spoil()
    assert bound.gain_db == -46.0


def test_windows_in_which_the_robot_is_quiet_tell_nothing_of_the_echo() -> None:
    bound = Bound()
    for _ in range(4):
        for _ in range(SETTLE_CHUNKS):
            bound.hear(-60.0)
        bound.close(PLAYED_DB - 1)
    assert bound.gain_db is None
