"""Speech or not: Silero VAD at 8 kHz by onnxruntime alone.

A chunk is 256 samples (32 ms); the network also wants the 32 samples before it and carries a state of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from core.audio import SAMPLE_RATE, Pcm
from core.errors import Unavailable
from robot.ports import Vad

CHUNK_SAMPLES: Final = 256
CONTEXT_SAMPLES: Final = 32
_RATE: Final = np.array(SAMPLE_RATE, dtype=np.int64)


class Silero:
    """The loaded network, shared by all calls; `open` gives the `Vad` of one call."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise Unavailable(
                "vad_unusable",
                f"The voice activity model {path} cannot be loaded: {error}.",
                hint="Restore the file from the project.",
            ) from error

    def open(self) -> SileroVad:
        """A detector with a fresh state."""
        return SileroVad(self)

    def probabilities(self, vads: Sequence[Vad], chunks: Sequence[Pcm]) -> list[float]:
        """The next probability of each of the detectors, by one inference; they must be this network's and distinct."""
        calls = [vad for vad in vads if isinstance(vad, SileroVad)]
        if any(len(chunk) != CHUNK_SAMPLES * 2 for chunk in chunks) or len(calls) != len(chunks):
            raise ValueError(f"a chunk is {CHUNK_SAMPLES} samples, one for each detector")
        count = len(chunks)
        audio = np.empty((count, CONTEXT_SAMPLES + CHUNK_SAMPLES), dtype=np.float32)
        audio[:, CONTEXT_SAMPLES:] = np.frombuffer(b"".join(chunks), dtype="<i2").reshape(count, CHUNK_SAMPLES)
        audio[:, CONTEXT_SAMPLES:] *= 1 / 32768.0
        for row, call in enumerate(calls):
            audio[row, :CONTEXT_SAMPLES] = call.context
        state = calls[0].state if count == 1 else np.concatenate([call.state for call in calls], axis=1)
        output, state = self._session.run(None, {"input": audio, "state": state, "sr": _RATE})
        for row, call in enumerate(calls):
            call.context = audio[row, -CONTEXT_SAMPLES:]
            call.state = state[:, row : row + 1]
        found: list[float] = output[:, 0].tolist()
        return found


class SileroVad:
    """One call's detector: what the network must remember of the call."""

    chunk_samples = CHUNK_SAMPLES

    def __init__(self, network: Silero) -> None:
        self._network = network
        self.state: npt.NDArray[np.float32] = np.zeros((2, 1, 128), dtype=np.float32)
        self.context: npt.NDArray[np.float32] = np.zeros(CONTEXT_SAMPLES, dtype=np.float32)

    def probability(self, chunk: Pcm) -> float:
        """Takes the next 256 samples; `ValueError` if there are not exactly so many."""
        return self._network.probabilities([self], [chunk])[0]
