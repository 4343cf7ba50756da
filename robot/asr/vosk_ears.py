"""Hearing words by Vosk: one model for all calls, a grammar for each turn where answers are expected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import structlog
import vosk

from core.audio import SAMPLE_RATE, Pcm
from core.errors import Unavailable
from robot.asr.competitors import COMPETITORS
from robot.asr.words import spelt
from robot.dialog.flow import Language
from robot.ports import Recognised

log = structlog.get_logger(__name__)

UNKNOWN_WORD: Final = "[unk]"
LEAST_CONFIDENCE: Final = 0.5
"""Below this mean word confidence a text is dropped: with the shipped model every right answer was above 0.6."""


class VoskEars:
    """The `Ears` of one language over one loaded model."""

    def __init__(self, path: Path, language: Language) -> None:
        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(str(path))
        except Exception as error:
            raise Unavailable(
                "recogniser_unusable",
                f"The recogniser {path} cannot be loaded: {error}.",
                hint="Fetch the model again, or take its folder away to use the one that ships.",
            ) from error
        self._language = language
        self._vocabulary = _vocabulary(path)
        self._grammar = lru_cache(maxsize=1000)(self._make_grammar)

    def listen(self, phrases: Sequence[str]) -> VoskRecogniser:
        """A recogniser of the phrases and of what competes with them; of any speech where none are given."""
        if not phrases:
            return VoskRecogniser(vosk.KaldiRecognizer(self._model, SAMPLE_RATE))
        return VoskRecogniser(vosk.KaldiRecognizer(self._model, SAMPLE_RATE, self._grammar(tuple(phrases))))

    def unknown_words(self, phrases: Sequence[str]) -> tuple[str, ...]:
        """The words of `phrases` that this model cannot hear, in order, each once."""
        if self._vocabulary is None:
            return ()
        return tuple(
            dict.fromkeys(w for phrase in phrases for w in spelt(phrase, self._language) if self._known(w) is None)
        )

    def _known(self, word: str) -> str | None:
        """The word as the model spells it, with or without `ё`; None if it has no such word."""
        if self._vocabulary is None:
            return word
        return self._vocabulary.get(word) or self._vocabulary.get(word.replace("ё", "е"))

    def _make_grammar(self, phrases: tuple[str, ...]) -> str:
        """The grammar as Vosk takes it; a phrase with a word that the model lacks cannot be heard and is left out."""
        if missing := self.unknown_words(phrases):
            log.warning("ears.unknown_words", words=missing)
        lines: dict[str, None] = {}
        for phrase in (*phrases, *COMPETITORS[self._language]):
            words = [self._known(word) for word in spelt(phrase, self._language)]
            if words and None not in words:
                lines[" ".join(str(word) for word in words)] = None
        if self._vocabulary is None or UNKNOWN_WORD in self._vocabulary:
            lines[UNKNOWN_WORD] = None
        return json.dumps(list(lines), ensure_ascii=False)


class VoskRecogniser:
    """One turn; Vosk's own cuts within the turn are put together again."""

    def __init__(self, recognizer: vosk.KaldiRecognizer) -> None:
        self._recognizer = recognizer
        self._recognizer.SetWords(True)
        self._words: list[dict[str, Any]] = []

    def accept(self, pcm: Pcm) -> str:
        """Takes the next audio; the text so far may still change."""
        if self._recognizer.AcceptWaveform(pcm):
            self._words += json.loads(self._recognizer.Result()).get("result", ())
            return _text(self._words)
        partial = json.loads(self._recognizer.PartialResult()).get("partial", "")
        return f"{_text(self._words)} {_without_unknown(partial)}".strip()

    def finish(self) -> Recognised:
        """The text of the turn; empty, with the confidence it had, where that is below `LEAST_CONFIDENCE`.

        What is doubted is dropped altogether: as a further reading it could still become somebody's answer.
        """
        words = self._words + json.loads(self._recognizer.FinalResult()).get("result", [])
        if not words:
            return Recognised("", 0.0)
        confidence = sum(word["conf"] for word in words) / len(words)
        return Recognised(_text(words) if confidence >= LEAST_CONFIDENCE else "", confidence)


def _text(words: Sequence[dict[str, Any]]) -> str:
    return _without_unknown(" ".join(word["word"] for word in words))


def _without_unknown(text: str) -> str:
    return " ".join(word for word in text.split() if word != UNKNOWN_WORD)


def _vocabulary(path: Path) -> dict[str, str] | None:
    """The model's words by themselves and by their spelling without `ё`; None if the model does not list them."""
    listed = path / "graph" / "words.txt"
    if not listed.is_file():
        return None
    with listed.open(encoding="utf-8") as lines:
        listed_words = [line.split(" ", 1)[0].strip() for line in lines]
    return {word.replace("ё", "е"): word for word in listed_words} | {word: word for word in listed_words}
