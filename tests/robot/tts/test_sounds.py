"""Uploaded sound files: what can be used becomes levelled telephone audio, what cannot is refused with its reason."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from robot.prompts import read_sound
from robot.tts import sounds
from robot.tts.level import PEAK_DB, TARGET_RMS_DB, speech_rms_db, true_peak_db
from robot.tts.sounds import keep_sound, telephone_sound, wav_of

Wave = npt.NDArray[np.float64]


def tone(hz: float, *, seconds: float = 1.0, rate: int = 44100, level: float = 0.05, channels: int = 1) -> Wave:
    one = level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(one[:, None], channels, axis=1)


def file_of(wave: Wave, rate: int, kind: str, subtype: str | None = None) -> bytes:
    """A sound file; written in blocks, for the OGG encoder takes no long one at once."""
    content = io.BytesIO()
    with soundfile.SoundFile(content, "w", rate, wave.shape[1], subtype, format=kind) as file:
        for begin in range(0, len(wave), rate):
            file.write(wave[begin : begin + rate])
    return content.getvalue()


def wave_of(pcm: bytes) -> Wave:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768


def refused(content: bytes) -> BadInput:
    with pytest.raises(BadInput) as caught:
        telephone_sound(content)
    assert caught.value.field == "file"
    return caught.value


KINDS = [
    *(("WAV", subtype) for subtype in ("PCM_16", "PCM_24", "PCM_U8", "FLOAT", "ULAW")),
    *(("FLAC", None), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)),
]


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
@pytest.mark.parametrize(("rate", "channels"), [(48000, 2), (16000, 1), (8000, 1)])
def test_every_format_becomes_one_levelled_channel_at_8_khz(
    kind: str, subtype: str | None, rate: int, channels: int
) -> None:
    content = file_of(tone(440, rate=rate, channels=channels), rate, kind, subtype)
    wave = wave_of(telephone_sound(content))
    assert len(wave) == pytest.approx(8000, abs=900 if kind == "MP3" else 8)  # an MP3 file is padded to its frames
    loud = wave[1000:-1000]
    assert np.abs(np.fft.rfft(loud * np.hanning(len(loud)))).argmax() * 8000 / len(loud) == pytest.approx(440, abs=3)
    assert speech_rms_db(wave) == pytest.approx(TARGET_RMS_DB, abs=0.5)


def test_what_the_telephone_cannot_carry_is_filtered_not_folded_back() -> None:
    wave = wave_of(telephone_sound(file_of(tone(440, rate=48000) + tone(5000, rate=48000), 48000, "WAV")))
    loud = wave[1000:-1000] * np.hanning(len(wave) - 2000)
    spectrum = np.abs(np.fft.rfft(loud))
    bins = np.fft.rfftfreq(len(loud), 1 / 8000)
    folded = spectrum[(bins > 2900) & (bins < 3100)].max()
    assert 20 * np.log10(folded / spectrum.max()) < -80


def test_both_channels_are_heard() -> None:
    wave = tone(440, channels=2)
    wave[:, 1] = tone(1000)[:, 0]
    out = wave_of(telephone_sound(file_of(wave, 44100, "WAV")))
    spectrum = np.abs(np.fft.rfft(out[:8000]))
    assert spectrum[440] == pytest.approx(spectrum[1000], rel=0.1)


def test_the_designers_pauses_stay() -> None:
    silence = np.zeros((44100, 1))
    wave = wave_of(telephone_sound(file_of(np.concatenate((silence, tone(440), silence)), 44100, "WAV")))
    assert len(wave) == pytest.approx(24000, abs=8)
    assert np.abs(wave[:7900]).max() < 0.01
    assert speech_rms_db(wave) == pytest.approx(TARGET_RMS_DB, abs=0.5)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all", b"ID3" + bytes(100), b"OggS" + bytes(100)])
def test_what_is_no_sound_is_refused(content: bytes) -> None:
    assert refused(content).code == "sound_unreadable"


def test_other_kinds_of_sound_files_are_refused() -> None:
    assert refused(file_of(tone(440), 44100, "AIFF")).code == "sound_format"
    assert refused(file_of(tone(440, rate=44100, channels=9), 44100, "WAV")).code == "sound_format"
    assert refused(file_of(tone(440, rate=2000, seconds=3), 2000, "WAV")).code == "sound_format"


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_refused(level: float) -> None:
    assert refused(file_of(tone(440, level=level), 44100, "WAV")).code == "sound_silent"


def test_a_sound_of_no_length_is_refused() -> None:
    assert refused(file_of(np.zeros((0, 1)), 8000, "WAV")).code == "sound_too_short"
    assert refused(file_of(tone(440, rate=8000, seconds=0.05), 8000, "WAV")).code == "sound_too_short"


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
def test_five_minutes_are_taken_and_more_are_not(kind: str) -> None:
    longest = tone(440, rate=8000, seconds=sounds.MOST_S - 1)
    assert len(telephone_sound(file_of(longest, 8000, kind))) // 16000 == pytest.approx(sounds.MOST_S - 1, abs=1)
    longer = tone(440, rate=8000, seconds=sounds.MOST_S + 1)
    assert refused(file_of(longer, 8000, kind)).code == "sound_too_long"


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_a_file_that_ends_early_is_taken_or_refused_but_never_breaks(kind: str, share: float) -> None:
    whole = file_of(tone(440), 44100, kind)
    with suppress(BadInput):
        assert telephone_sound(whole[: round(len(whole) * share)])


@given(kind=st.sampled_from(["WAV", "FLAC", "OGG", "MP3"]), seed=st.integers(0, 10**6))
def test_a_damaged_file_is_taken_or_refused_but_never_breaks(kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    damaged = np.frombuffer(file_of(tone(440, seconds=0.3, rate=16000), 16000, kind), dtype=np.uint8).copy()
    places = random.integers(0, len(damaged), 20)
    damaged[places] = random.integers(0, 256, 20)
    with suppress(BadInput):
        assert telephone_sound(damaged.tobytes())


def test_samples_that_are_no_numbers_are_refused() -> None:
    wave = tone(440)
    wave[500] = np.nan
    assert refused(file_of(wave, 44100, "WAV", "FLOAT")).code == "sound_unreadable"


def test_a_file_too_big_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "MOST_BYTES", 1000)
    assert refused(bytes(1001)).code == "sound_too_big"


@given(level=st.floats(0.004, 1.0), clip=st.booleans(), seed=st.integers(0, 1000))
def test_any_sound_comes_out_at_one_level_below_the_true_peak(level: float, clip: bool, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, level, (8000, 1))
    wave = wave_of(telephone_sound(file_of(np.clip(noise, -1, 1) if clip else noise, 8000, "WAV", "FLOAT")))
    assert speech_rms_db(wave) == pytest.approx(TARGET_RMS_DB, abs=1.0)
    assert true_peak_db(wave) <= PEAK_DB


def test_a_sound_is_stored_once_under_the_name_of_its_contents(tmp_path: Path) -> None:
    first, second = bytes([1, 2]) * 4000, bytes([3, 4]) * 4000
    names = [keep_sound(tmp_path / "7", pcm) for pcm in (first, second, first)]
    assert names[0] == names[2] != names[1]
    assert sorted(path.name for path in (tmp_path / "7").iterdir()) == sorted(set(names))
    assert read_sound(tmp_path, f"7/{names[0]}") == first
    assert read_sound(tmp_path, f"7/{names[1]}") == second


def test_a_stored_sound_that_was_damaged_is_stored_again(tmp_path: Path) -> None:
    pcm = bytes([1, 2]) * 4000
    name = keep_sound(tmp_path, pcm)
    (tmp_path / name).write_bytes(b"rubbish")
    keep_sound(tmp_path, pcm)
    assert (tmp_path / name).read_bytes() == wav_of(pcm)
