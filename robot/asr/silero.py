"""Speech or not: Silero VAD at 8 kHz by onnxruntime alone.

A chunk is 256 samples (32 ms); the network also wants the 32 samples before it and carries a state of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from core.audio import SAMPLE_RATE, Pcm
from core.errors import Unavailable

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
        return SileroVad(self._session)


class SileroVad:
    """One call's detector."""

    chunk_samples = CHUNK_SAMPLES

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self._state = np.zeros((2, 1, 128), dtype=np.float32)
        self._input: npt.NDArray[np.float32] = np.zeros((1, CONTEXT_SAMPLES + CHUNK_SAMPLES), dtype=np.float32)

    def probability(self, chunk: Pcm) -> float:
        """Takes the next 256 samples; `ValueError` if there are not exactly so many."""
        if len(chunk) != CHUNK_SAMPLES * 2:
            raise ValueError(f"a chunk is {CHUNK_SAMPLES} samples, not {len(chunk) / 2:g}")
        self._input[0, :CONTEXT_SAMPLES] = self._input[0, -CONTEXT_SAMPLES:]
        self._input[0, CONTEXT_SAMPLES:] = np.frombuffer(chunk, dtype="<i2")
        self._input[0, CONTEXT_SAMPLES:] /= 32768.0
        output, self._state = self._session.run(None, {"input": self._input, "state": self._state, "sr": _RATE})
        return float(output[0, 0])
