"""`./zvonar amd`: the figures of a folder of calls as one JSON object, clear words on a bad manifest, a training."""

from __future__ import annotations

import csv
import json
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from app.amd_cli import amd_cli
from app.settings import Settings
from core.errors import BadInput
from robot.amd.channel import Audio
from tests.robot.amd.calls import clips, hiss, manifest, sine, spoken, still, write

KEYS = [
    "n", "accuracy", "human_as_machine", "machine_as_human", "uncertain", "decision_p50_s", "decision_p95_s",
    "cpu_ms_per_call", "confusion",
]  # fmt: skip
Zvonar = Callable[..., Result]


@pytest.fixture
def zvonar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Zvonar:
    monkeypatch.chdir(tmp_path)
    cli = amd_cli(lambda: Settings(var=tmp_path / "var"))
    return lambda *words: CliRunner().invoke(cli, list(words))


def voice(seconds: float) -> Audio:
    return np.round(spoken(seconds) * 20_000).astype(np.int16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "calls"
    write(place / "a.wav", np.concatenate([still(300), sine(2100, 2000), still(2000)]))
    write(place / "b.wav", hiss(6000))
    write(place / "c.wav", np.concatenate([still(400), sine(1000, 600), still(3000)]))
    return manifest(place, [("a.wav", "fax"), ("b.wav", "human"), ("c.wav", "voicemail")])


def test_evaluate_prints_the_figures_and_writes_the_verdicts(zvonar: Zvonar, folder: Path, tmp_path: Path) -> None:
    result = zvonar("evaluate", str(folder), "--json")
    assert result.exit_code == 0
    figures = json.loads(result.stdout)
    assert list(figures) == KEYS
    assert figures.pop("cpu_ms_per_call") > 0
    assert figures == {
        "n": 3,
        "accuracy": 1.0,
        "human_as_machine": 0.0,
        "machine_as_human": 0.0,
        "uncertain": 0.3333,
        "decision_p50_s": 0.8,
        "decision_p95_s": 2.413,
        "confusion": {
            "fax": {"human": 0, "machine": 1, "uncertain": 0},
            "human": {"human": 0, "machine": 0, "uncertain": 1},
            "voicemail": {"human": 0, "machine": 1, "uncertain": 0},
        },
    }
    with (tmp_path / "verdicts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["path"], row["label"], row["verdict"], row["right"]) for row in rows] == [
        ("a.wav", "fax", "machine", "1"),
        ("b.wav", "human", "uncertain", "1"),
        ("c.wav", "voicemail", "machine", "1"),
    ]


def test_evaluate_can_judge_by_the_cadence_rule(zvonar: Zvonar, folder: Path) -> None:
    figures = json.loads(zvonar("evaluate", str(folder), "--cadence", "--json").stdout)
    assert (figures["n"], figures["confusion"]["voicemail"]["machine"]) == (3, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,class\na.wav,human\n", "no column label"),
        ("path,label\n", "lists no calls"),
        ("path,label\na.wav,human\nb.wav,martian\n", "line 3: the label 'martian' is not known"),
        ("path,label\nnone.wav,human\n", "line 2: there is no file 'none.wav'"),
        ("path,label\n../outside.wav,human\n", "line 2: there is no file '../outside.wav'"),
        ("path,label\ntext.wav,human\n", "line 2: text.wav cannot be read as WAV"),
        ("path,label\na.wav,human\nwide.wav,human\n", "line 3: wide.wav is 16000 Hz, 1 channel(s), 16 bit"),
        ("path,label\nempty.wav,human\n", "line 2: empty.wav is empty"),
    ],
)
def test_a_bad_manifest_is_told_with_its_line(zvonar: Zvonar, tmp_path: Path, text: str, said: str) -> None:
    place = tmp_path / "calls"
    write(place / "a.wav", hiss(3000))
    write(place / "wide.wav", hiss(3000), rate=16_000)
    write(place / "empty.wav", hiss(3000)[:10])
    write(tmp_path / "outside.wav", hiss(3000))
    (place / "text.wav").write_text("no sound")
    (place / "manifest.csv").write_text(text, encoding="utf-8")
    result = zvonar("evaluate", str(place), "--json")
    assert isinstance(result.exception, BadInput)
    assert said in result.exception.message


def test_a_folder_without_a_manifest_is_told(zvonar: Zvonar, tmp_path: Path) -> None:
    result = zvonar("evaluate", str(tmp_path))
    assert isinstance(result.exception, BadInput)
    assert "manifest.csv cannot be read" in result.exception.message


def pieces(folder: Path) -> Path:
    """The clips of the tests as a folder of recordings."""
    rows = []
    for number, clip in enumerate(clips()):
        name = f"{number}_{clip.voice}_0.wav"
        write(folder / name, np.round(clip.wave / np.abs(clip.wave).max() * 20_000).astype(np.int16))
        rows.append((name, clip.kind, clip.source))
    return manifest(folder, rows, "path,class,source")


def test_train_writes_the_same_detector_for_the_same_seed_and_a_report(zvonar: Zvonar, tmp_path: Path) -> None:
    folder = pieces(tmp_path / "pieces")
    for out in ("one", "two"):
        result = zvonar("train", str(folder), "--seed", "4", "--people", "20", "--out", out)
        assert result.exit_code == 0, result.exception
    assert (tmp_path / "one" / "detector.json").read_bytes() == (tmp_path / "two" / "detector.json").read_bytes()
    report = json.loads((tmp_path / "one" / "report.json").read_text())
    assert set(report["timings"]) == {"training", "other"}
    for part in ("by_bias", "by_cadence_rule", "threshold_curve", "decision_times", "calibration"):
        assert part in report["timings"]["other"]
    page = (tmp_path / "one" / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "cadence rule" in page


def test_train_on_labelled_calls_needs_more_than_one_source(zvonar: Zvonar, tmp_path: Path) -> None:
    place = tmp_path / "calls"
    write(place / "a.wav", hiss(3000))
    manifest(place, [("a.wav", "human", "one"), ("a.wav", "voicemail", "two")], "path,label,source")
    result = zvonar("train", str(place))
    assert isinstance(result.exception, BadInput)
    assert "fewer than 3 sources" in result.exception.message


def test_train_takes_labelled_calls_of_a_company(zvonar: Zvonar, tmp_path: Path) -> None:
    place, rows = tmp_path / "calls", []
    for number in range(24):
        for label, seconds in (("human", 0.4), ("voicemail", 4.0)):
            name = f"{label}{number}.wav"
            pause = 300 + 40 * number
            call = np.concatenate([still(pause), voice(seconds), still(6000 - pause)])[:48_000]
            write(place / name, (call + hiss(6000, 10, number)).astype(np.int16))
            rows.append((name, label, f"caller{number % 6}"))
    manifest(place, rows, "path,label,source")
    result = zvonar("train", str(place), "--out", "mine")
    assert result.exit_code == 0, result.exception
    figures = json.loads(zvonar("evaluate", str(place), "--model", "mine/detector.json", "--json").stdout)
    assert figures["n"] == 48
    assert figures["accuracy"] > 0.6
    assert json.loads((tmp_path / "mine" / "report.json").read_text())["sources"] == [f"caller{n}" for n in range(6)]


@pytest.mark.shared
def test_the_shipped_detector_on_pretended_russian_callers(zvonar: Zvonar, shared: Path, tmp_path: Path) -> None:
    source, place = shared / "audio" / "ru-callers", tmp_path / "ru"
    rows = []
    with (source / "manifest.csv").open(encoding="utf-8") as file:
        for clip in csv.DictReader(file):
            if clip["kind"] in ("greeting", "yes", "voicemail"):
                with wave.open(str(source / clip["path"])) as sound:
                    audio = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
                call = np.concatenate([still(500), audio, still(3000)])
                write(place / clip["path"], (call + hiss(len(call) / 8 + 1, 20)[: len(call)]).astype(np.int16))
                rows.append((clip["path"], "voicemail" if clip["kind"] == "voicemail" else "human"))
    figures = json.loads(zvonar("evaluate", str(manifest(place, rows)), "--json").stdout)
    assert figures["human_as_machine"] == 0.0
    assert figures["machine_as_human"] <= 0.25
