"""Reads folders of recordings with their `manifest.csv`: pieces to compose calls from, or whole calls with labels."""

from __future__ import annotations

import csv
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from core.audio import SAMPLE_RATE
from core.errors import BadInput
from robot.amd.channel import Audio
from robot.amd.composing import Clip, Role, trimmed

MANIFEST: Final = "manifest.csv"
ROLES: Final = {
    "prompt": Role.PROMPT, "digit word": Role.WORD, "word": Role.WORD, "prompt-voice short word": Role.WORD,
    "beep": Role.BEEP, "background": Role.NOISE, "noise": Role.NOISE, "music on hold": Role.NOISE,
}  # fmt: skip
TONES: Final = frozenset({"sit", "fax-ced", "fax-cng", "busy-ru", "ringback-ru", "ringback-us"})
MACHINES: Final = frozenset({"machine", "voicemail", "announcement", "ivr", "screening", "fax"})
PEOPLE: Final = frozenset({"human", "silence", "uncertain"})
"""Labels of calls that are to go on: silence and doubt count as people."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of a manifest of calls: its line in the file, the recording, and what it is in truth."""

    row: int
    path: Path
    name: str
    label: str
    group: str

    @property
    def is_machine(self) -> bool:
        """Whether the call should end as an answering machine's."""
        return self.label in MACHINES


def read_calls(folder: Path) -> list[Recorded]:
    """The calls of a folder (`path,label`, and where known `source`); `BadInput` names the row that is wrong."""
    calls = []
    for row, fields in _rows(folder, {"path", "label"}):
        label = fields["label"].strip().lower()
        if label not in MACHINES | PEOPLE:
            known = ", ".join(sorted(MACHINES | PEOPLE))
            raise _bad(row, f"the label {fields['label']!r} is not known", f"Known labels: {known}.")
        path = _file(folder, row, fields["path"])
        calls.append(Recorded(row, path, fields["path"], label, (fields.get("source") or fields["path"]).strip()))
    if not calls:
        raise BadInput("amd_manifest", f"{folder / MANIFEST} lists no calls.", field="manifest")
    return calls


def read_clips(folder: Path) -> list[Clip]:
    """The pieces of a folder (`path,class,source`); speakers are told by file names like `7_anna_12.wav`."""
    clips = []
    for row, fields in _rows(folder, {"path", "class", "source"}):
        kind, source = fields["class"].strip(), fields["source"].strip()
        role = Role.TONE if kind in TONES else ROLES.get(kind)
        if role is None:
            raise _bad(row, f"the class {kind!r} is not known", f"Known: {', '.join(sorted([*ROLES, *TONES]))}.")
        heard = read_audio(_file(folder, row, fields["path"]), row).astype(np.float64) / 32768.0
        parts = Path(fields["path"]).stem.split("_")
        voice = parts[1] if kind == "digit word" and len(parts) == 3 else source
        clips.append(Clip(role, source, voice, kind, trimmed(heard) if role in (Role.WORD, Role.PROMPT) else heard))
    for role in (Role.WORD, Role.PROMPT):
        if not any(clip.role is role for clip in clips):
            raise BadInput("amd_manifest", f"{folder / MANIFEST} lists no recording of the class {role.value!r}.")
    return clips


def read_audio(path: Path, row: int) -> Audio:
    """The samples of a WAV file; `BadInput` says what is wrong with a file of another kind."""
    try:
        with wave.open(str(path)) as file:
            kind = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            frames = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise _bad(row, f"{path.name} cannot be read as WAV: {error}", "Give WAV, 8 kHz, mono, 16 bit.") from error
    if kind != (SAMPLE_RATE, 1, 2):
        rate, channels, width = kind
        raise _bad(
            row,
            f"{path.name} is {rate} Hz, {channels} channel(s), {8 * width} bit",
            "Give WAV, 8 kHz, mono, 16 bit: sox FILE -r 8000 -c 1 -b 16 OUT.",
        )
    return np.frombuffer(frames[: len(frames) // 2 * 2], dtype="<i2")


def has_labels(folder: Path) -> bool:
    """Whether the manifest lists whole calls (a column `label`), not pieces."""
    try:
        with (folder / MANIFEST).open(encoding="utf-8-sig", newline="") as file:
            return "label" in next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError):
        return False


def _rows(folder: Path, wanted: set[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    path = folder / MANIFEST
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            if missing := wanted - set(reader.fieldnames or ()):
                raise BadInput(
                    "amd_manifest",
                    f"{path} has no column {', '.join(sorted(missing))}.",
                    field="manifest",
                    hint=f"Its first line must name: {', '.join(sorted(wanted))}.",
                )
            for fields in reader:
                yield reader.line_num, fields
    except OSError as error:
        raise BadInput("amd_manifest", f"{path} cannot be read: {error.strerror}.", field="manifest") from error
    except UnicodeDecodeError as error:
        raise BadInput("amd_manifest", f"{path} is not in UTF-8.", field="manifest") from error


def _file(folder: Path, row: int, name: str) -> Path:
    path = folder / name
    if not name or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        raise _bad(row, f"there is no file {name!r} in {folder}", "Paths are relative to the folder of the manifest.")
    return path


def _bad(row: int, what: str, hint: str) -> BadInput:
    return BadInput("amd_manifest", f"{MANIFEST}, line {row}: {what}.", field="manifest", hint=hint)
