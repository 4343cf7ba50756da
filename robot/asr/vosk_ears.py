"""Hearing words by Vosk: one model for all calls, a grammar for each turn where answers are expected."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import structlog
import vosk

from core.audio import SAMPLE_RATE, Pcm
from core.errors import Unavailable
from robot.asr.cleaning import Cleaner
from robot.asr.competitors import COMPETITORS, negations_of
from robot.asr.readings import Reading, Weighed, conclude, weigh
from robot.asr.words import spelt
from robot.dialog.flow import Language
from robot.dialog.lexicon import Words
from robot.dialog.phrases import words_of
from robot.ports import Recognised

log = structlog.get_logger(__name__)

UNKNOWN_WORD: Final = "[unk]"
READINGS: Final = 8
"""How many readings of each stretch are compared."""
MOST_IDLE: Final = 64
"""So many recognisers wait for their next turn, those of the grammars used last."""


class VoskEars:
    """The `Ears` of one language over one loaded model; `cleaned`: it hears better without noise (`cleaning`).

    `narrow`: its free speech is poor, so that it keeps to the phrases wherever some are expected.
    """

    def __init__(self, path: Path, language: Language, *, cleaned: bool = False, narrow: bool = False) -> None:
        vosk.SetLogLevel(-1)
        try:
            model = vosk.Model(str(path))
        except Exception as error:
            raise Unavailable(
                "recogniser_unusable",
                f"The recogniser {path} cannot be loaded: {error}.",
                hint="Fetch the model again, or take its folder away to use the one that ships.",
            ) from error
        self._language = language
        self._cleaned = cleaned
        self._narrow = narrow
        self._vocabulary = _vocabulary(path)
        self._hears_all = self._vocabulary is None or UNKNOWN_WORD in self._vocabulary
        self._grammar = lru_cache(maxsize=1000)(self._make_grammar)
        self._pool = _Pool(model)

    def listen(self, phrases: Sequence[str], *, free: bool = False) -> VoskRecogniser:
        """A recogniser of the phrases and of what competes with them; of any speech where none are given.

        With `free` of any speech too, unless the model is a narrow one.
        """
        if free and not self._narrow:
            phrases = ()
        grammar, lines = self._grammar(tuple(phrases)) if phrases else ("", frozenset())
        expected = frozenset(words_of(phrase) for phrase in phrases) - {()}
        cleaner = Cleaner() if self._cleaned else None
        return VoskRecogniser(self._pool, grammar, expected, lines, hears_all=self._hears_all, cleaner=cleaner)

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

    def _make_grammar(self, phrases: tuple[str, ...]) -> tuple[str, frozenset[Words]]:
        """The grammar as Vosk takes it, and the words of its lines.

        A phrase with a word that the model lacks cannot be heard and is left out.
        """
        if missing := self.unknown_words(phrases):
            log.warning("ears.unknown_words", words=missing)
        lines: dict[str, None] = {}
        for phrase in (*phrases, *COMPETITORS[self._language], *negations_of(phrases, self._language)):
            words = [self._known(word) for word in spelt(phrase, self._language)]
            if words and None not in words:
                lines[" ".join(str(word) for word in words)] = None
        whole = frozenset(words_of(line) for line in lines)
        if self._hears_all:
            lines[UNKNOWN_WORD] = None
        return json.dumps(list(lines), ensure_ascii=False), whole


class _Pool:
    """Vosk's recognisers between their turns, by grammar; a bounded number, shared by all threads.

    Only one that has ended its turn comes back: Vosk then begins anew, without what it had adapted to.
    """

    def __init__(self, model: vosk.Model) -> None:
        self._model = model
        self._idle: OrderedDict[str, list[vosk.KaldiRecognizer]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def take(self, grammar: str) -> vosk.KaldiRecognizer:
        """One for the grammar (empty: any speech), made where none is idle."""
        with self._lock:
            if idle := self._idle.get(grammar):
                self._count -= 1
                return idle.pop()
        recognizer = (
            vosk.KaldiRecognizer(self._model, SAMPLE_RATE, grammar)
            if grammar
            else vosk.KaldiRecognizer(self._model, SAMPLE_RATE)
        )
        recognizer.SetMaxAlternatives(READINGS)
        return recognizer

    def give_back(self, grammar: str, recognizer: vosk.KaldiRecognizer) -> None:
        """Takes back one that has ended its turn; drops those whose grammar was not used for longest."""
        with self._lock:
            self._idle.setdefault(grammar, []).append(recognizer)
            self._idle.move_to_end(grammar)
            self._count += 1
            while self._count > MOST_IDLE:
                oldest = next(iter(self._idle))
                if self._idle[oldest]:
                    self._idle[oldest].pop()
                    self._count -= 1
                if not self._idle[oldest]:
                    del self._idle[oldest]


class VoskRecogniser:
    """One turn; Vosk's own cuts within the turn are put together again."""

    def __init__(
        self,
        pool: _Pool,
        grammar: str,
        expected: frozenset[Words],
        lines: frozenset[Words],
        *,
        hears_all: bool,
        cleaner: Cleaner | None = None,
    ) -> None:
        self._pool = pool
        self._grammar = grammar
        self._expected = expected
        self._lines = lines
        self._hears_all = hears_all
        self._cleaner = cleaner
        self._recognizer = pool.take(grammar)
        self._stretches: list[Weighed] = []

    def accept(self, pcm: Pcm) -> str:
        """Takes the next audio; the text so far may still change."""
        if self._cleaner is not None:
            pcm = self._cleaner.clean(pcm)
        if self._recognizer.AcceptWaveform(pcm):
            self._stretches.append(self._weighed(self._recognizer.Result()))
            return self._text()
        partial = json.loads(self._recognizer.PartialResult()).get("partial", "")
        return f"{self._text()} {_without_unknown(partial)}".strip()

    def finish(self) -> Recognised:
        """The text of the turn; empty, with the confidence it had, where it is too doubtful (`readings`)."""
        if self._cleaner is not None and self._recognizer.AcceptWaveform(self._cleaner.rest()):
            self._stretches.append(self._weighed(self._recognizer.Result()))
        stretches = [*self._stretches, self._weighed(self._recognizer.FinalResult())]
        self._pool.give_back(self._grammar, self._recognizer)
        return conclude(stretches, self._expected, hears_all=self._hears_all)

    def _weighed(self, result: str) -> Weighed:
        alternatives = json.loads(result).get("alternatives", ())
        readings = [Reading(_without_unknown(each["text"]), each["confidence"]) for each in alternatives]
        return weigh(readings, self._lines)

    def _text(self) -> str:
        return " ".join(stretch.text for stretch in self._stretches if stretch.text)


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
