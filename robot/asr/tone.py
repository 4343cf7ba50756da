"""Hearing words by a streaming CTC network such as T-one: Russian telephone speech at 8 kHz, by onnxruntime alone.

The network takes pieces of audio (`signal`, 300 ms) with a `state` and gives the log-probability of each letter for
each 30 ms (`logprobs`) with the `state_next`. It was trained with silence around the speech, so a turn begins and ends
with one piece of it. Where answers are expected, each of them (and what competes with it) is scored by the probability
that CTC gives it; else the likeliest letters are the text. Letters are those of T-one, or named by a `vocab.json`
beside the network, where `|` parts words and `[PAD]` is CTC's blank.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from core.audio import Pcm
from core.errors import Unavailable
from robot.asr.competitors import COMPETITORS, negations_of
from robot.asr.ctc import BLANK, SPACE, Alphabet, greedy, log_likelihoods
from robot.asr.readings import Reading, Weighed, conclude, weigh
from robot.asr.words import spelt
from robot.dialog.flow import Language
from robot.dialog.phrases import words_of
from robot.ports import Recognised

CTC_LETTERS: Final = "vocab.json"
T_ONE: Final = {letter: number for number, letter in enumerate((*"абвгдеёжзийклмнопрстуфхцчшщъыьэюя", SPACE, BLANK))}
"""T-one's own letters by their number, for a folder without `vocab.json`."""
READINGS: Final = 8
FREE: Final = 4.0
"""By so much (log-likelihood) free speech must be likelier than the best phrase to be believed instead of it."""

Logs = npt.NDArray[np.float32]


class ToneEars:
    """The `Ears` of one language over one network: `path` holds its `model.onnx`, and `vocab.json` if not T-one's."""

    def __init__(self, path: Path, language: Language) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            inputs = {each.name: each for each in self._session.get_inputs()}
            self.piece_samples = int(inputs["signal"].shape[1])
            self._wide = int(inputs["state"].shape[1])
            self._signal = np.int16 if "int16" in inputs["signal"].type else np.int32
            self._kind = np.float16 if "float16" in inputs["state"].type else np.float32
            self.alphabet = _alphabet(path / CTC_LETTERS, self._session.get_outputs()[0].shape[-1])
        except Exception as error:
            raise Unavailable(
                "recogniser_unusable",
                f"The recogniser {path} cannot be loaded: {error!r}.",
                hint="Fetch the model again, or take its folder away to use another one.",
            ) from error
        self._language = language
        self._lines = lru_cache(maxsize=1000)(self._make_lines)

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> ToneRecogniser:
        """A recogniser of the phrases and of what competes with them; of any speech where none are given or `free`."""
        return ToneRecogniser(self, () if free else tuple(phrases))

    def start(self) -> npt.NDArray[np.float16 | np.float32]:
        """The state before any audio."""
        return np.zeros((1, self._wide), dtype=self._kind)

    def run(
        self, piece: npt.NDArray[np.int16], state: npt.NDArray[np.float16 | np.float32]
    ) -> tuple[Logs, npt.NDArray[np.float16 | np.float32]]:
        """The log-probabilities (time, letter) of one piece, and the next state."""
        signal = piece.astype(self._signal).reshape(1, self.piece_samples, 1)
        logs, state = self._session.run(["logprobs", "state_next"], {"signal": signal, "state": state})
        return logs[0].astype(np.float32), state

    def lines(self, phrases: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
        """What can be heard where `phrases` are expected, with its letters; a phrase with others is left out."""
        return self._lines(phrases)

    def _make_lines(self, phrases: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
        every = (*phrases, *COMPETITORS[self._language], *negations_of(phrases, self._language))
        texts = dict.fromkeys(" ".join(spelt(phrase, self._language)) for phrase in every)
        written = {text: self.alphabet.write(text) for text in texts if text}
        return {text: letters for text, letters in written.items() if letters is not None}


class ToneRecogniser:
    """One turn: whole pieces are computed as they fill up, the rest at the end."""

    def __init__(self, ears: ToneEars, phrases: tuple[str, ...]) -> None:
        self._ears = ears
        self._phrases = phrases
        self._state = ears.start()
        self._logs: list[Logs] = []
        self._waiting = bytearray(bytes(ears.piece_samples * 2))
        self._heard = False

    def accept(self, pcm: Pcm) -> str:
        """Takes the next audio; the text so far may still change."""
        self._waiting += pcm
        self._heard = self._heard or bool(pcm)
        size = self._ears.piece_samples * 2
        while len(self._waiting) >= size:
            piece = np.frombuffer(bytes(self._waiting[:size]), dtype="<i2")
            del self._waiting[:size]
            logs, self._state = self._ears.run(piece, self._state)
            self._logs.append(logs)
        if not self._logs:
            return ""
        letters = greedy(np.concatenate(self._logs), self._ears.alphabet)
        return letters.text

    def finish(self) -> Recognised:
        """The text of the turn; empty, with the confidence it had, where it is too doubtful (`readings`)."""
        if not self._heard:
            return Recognised("", 0.0)
        size = self._ears.piece_samples * 2
        self.accept(bytes(-len(self._waiting) % size + size))
        logs = np.concatenate(self._logs)
        free = greedy(logs, self._ears.alphabet)
        if not self._phrases:
            return conclude([Weighed(free.text, free.confidence)] if free.text else [], frozenset(), hears_all=True)
        expected = frozenset(words_of(phrase) for phrase in self._phrases) - {()}
        return conclude([self._expected(logs, free.text, free.score)], expected, hears_all=True)

    def _expected(self, logs: Logs, free: str, free_score: float) -> Weighed:
        """The phrases against each other and against free speech, which wins where none fits."""
        lines = self._ears.lines(self._phrases)
        scores = log_likelihoods(logs, list(lines.values()), self._ears.alphabet.blank)
        readings = [Reading(text, float(score)) for text, score in zip(lines, scores, strict=True)]
        readings.append(Reading(free, free_score - FREE))
        if free in lines:
            readings.pop()
        readings.sort(key=lambda reading: -reading.score)
        return weigh(readings[:READINGS])


def _alphabet(file: Path, width: object) -> Alphabet:
    """The letters of the network, of which it must give as many as it has (`width`, where the network says it)."""
    vocabulary = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else T_ONE
    if isinstance(width, int) and width != len(vocabulary):
        raise ValueError(f"the network gives {width} letters, {len(vocabulary)} are named")
    return Alphabet.of(vocabulary)
