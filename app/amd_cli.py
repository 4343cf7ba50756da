"""`./zvonar amd evaluate|train`: measures the detector of answering machines, and trains one from recordings."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.amd_report import page
from app.settings import Settings
from core.audio import SAMPLE_RATE
from core.errors import BadInput, Unavailable
from models.manifest import ModelKind, find
from robot.amd.cadence import Greeted
from robot.amd.dataset import speech_in
from robot.amd.detector import CadenceDetector, judge
from robot.amd.measures import Row, accuracy, human_as_machine, machine_as_human, summary
from robot.amd.model import Bias, Trained, load
from robot.amd.recordings import Recorded, read_audio, read_calls
from robot.amd.tones import CHUNK, measure
from robot.asr.silero import Silero

DETECTOR = "detector.json"
VERDICTS = "verdicts.csv"
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A folder with manifest.csv and the WAV files it lists.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Model = Annotated[Path | None, typer.Option(help="A detector that `amd train` wrote; the one that ships else.")]
Verdicts = Annotated[Path | None, typer.Option(help="Where the CSV of verdicts goes (verdicts.csv here).")]
BiasOption = Annotated[Bias, typer.Option(help="Which error is worse.")]
Seed = Annotated[int, typer.Option(help="The same seed and recordings give the same detector.")]
People = Annotated[int, typer.Option(min=20, help="Calls of people to compose for each part of the sources.")]
Out = Annotated[Path, typer.Option(help="Where detector.json, report.json and report.html go.")]
Rule = Annotated[bool, typer.Option("--cadence", help="Judge by the cadence rule instead, to compare.")]


def amd_cli(settings: Callable[[], Settings]) -> typer.Typer:
    """The commands; `settings` is read when one of them runs."""
    cli = typer.Typer(
        help="Look after the detector of answering machines.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @cli.command("evaluate")
    def evaluate_(
        folder: Folder,
        *,
        as_json: AsJson = False,
        model: Model = None,
        bias: BiasOption = Bias.PEOPLE_FIRST,
        cadence: Rule = False,
        verdicts: Verdicts = None,
    ) -> None:
        """Judge labelled calls (manifest.csv: path,label) and count the errors."""
        calls = read_calls(folder)
        trained = None if cadence else (load(model) if model is not None else shipped(settings()))
        rows, cpu_ms = evaluate(calls, trained, bias, vad(settings()))
        path = verdicts or Path(VERDICTS)
        write_verdicts(path, rows)
        if as_json:
            print(json.dumps(summary(rows, cpu_ms), ensure_ascii=False))
            return
        print(f"{len(rows)} calls, right {accuracy(rows)}, people taken for machines {human_as_machine(rows)},")
        print(f"machines missed {machine_as_human(rows)}, {cpu_ms:.0f} ms of one core a call. Each verdict: {path}")

    @cli.command("train")
    def train_(
        folder: Folder, *, seed: Seed = 1, people: People = 600, out: Out = Path("amd"), as_json: AsJson = False
    ) -> None:
        """Train a detector from recordings: pieces to compose calls from, or labelled calls."""
        from app.amd_training import train_from

        found = train_from(folder, vad(settings()), seed=seed, people=people)
        write_training(out, found.trained, found.report)
        if as_json:
            print(json.dumps(found.report, ensure_ascii=False))
        else:
            print(f"Trained on {found.trained.calls} calls. Detector and report are in {out}.")

    return cli


def shipped(settings: Settings) -> Trained:
    """The detector that serves here; `Unavailable` if there is none."""
    found = find(ModelKind.MACHINES, None, [settings.var / "models"])
    if found is None:
        raise Unavailable("no_amd", "There is no detector of answering machines.", hint="Restore models/ or train one.")
    return load(found[1] / DETECTOR)


def vad(settings: Settings) -> Silero:
    """The voice activity model."""
    found = find(ModelKind.VAD, None, [settings.var / "models"])
    if found is None:
        raise Unavailable("no_vad", "The voice activity model is missing.", hint="Restore models/silero-vad.")
    return Silero(found[1] / "silero_vad.onnx")


def evaluate(calls: Sequence[Recorded], trained: Trained | None, bias: Bias, vad: Silero) -> tuple[list[Row], float]:
    """The verdicts, and milliseconds of processor time per call; by the cadence rule where `trained` is None."""
    rows, began = [], time.process_time()
    for call in calls:
        audio = read_audio(call.path, call.row)
        if len(audio) < CHUNK:
            raise BadInput("amd_manifest", f"manifest.csv, line {call.row}: {call.name} is empty.", field="manifest")
        speech = speech_in([audio], vad)[0]
        if trained is not None:
            greeted = judge(trained, speech, measure(audio), bias=bias)
        else:
            greeted = _by_cadence(audio.tobytes(), speech)
        rows.append(
            Row(call.name, call.label, call.is_machine, greeted.verdict, greeted.score, greeted.at / SAMPLE_RATE)
        )  # fmt: skip
    return rows, (time.process_time() - began) * 1000 / len(calls)


def _by_cadence(pcm: bytes, speech: Sequence[float]) -> Greeted:
    detector = CadenceDetector()
    for number, probability in enumerate(speech):
        chunk = pcm[number * CHUNK * 2 : (number + 1) * CHUNK * 2]
        if (greeted := detector.take_heard(chunk, number, probability)) is not None:
            return greeted
    return detector.finish()


def write_verdicts(path: Path, rows: Sequence[Row]) -> None:
    """One line for each call."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "label", "verdict", "probability", "decision_s", "right"])
            for row in rows:
                writer.writerow(
                    [row.name, row.label, row.verdict.value, f"{row.score:.4f}", f"{row.at_s:.3f}", int(row.is_right)]
                )
    except OSError as error:
        raise BadInput("not_writable", f"{path} cannot be written: {error.strerror}.", field="verdicts") from error


def write_training(out: Path, trained: Trained, report: dict[str, object]) -> None:
    """The detector and its report, for machines and for people."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / DETECTOR).write_bytes(trained.to_bytes())
        (out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (out / "report.html").write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise BadInput("not_writable", f"{out} cannot be written: {error.strerror}.", field="out") from error
