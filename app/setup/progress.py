"""What the newcomer sees while things are set up: one line a stage, with its time, on standard error."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Stages:
    """Numbers the stages of a set-up; on a terminal the running one is animated, elsewhere each is two plain lines."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._live = sys.stderr.isatty()

    @contextmanager
    def stage(self, title: str, *, watch: Path | None = None) -> Iterator[None]:
        """Shows `title` while the block runs; the size of the folder `watch` is shown as it grows."""
        self._done += 1
        label = f"[{self._done}/{self._total}] {title}"
        began = time.monotonic()
        stop = threading.Event()
        shown = threading.Thread(target=self._animate, args=(label, began, stop, watch), daemon=True)
        if self._live:
            shown.start()
        else:
            print(label + " …", file=sys.stderr, flush=True)
        try:
            yield
        except BaseException:
            self._close(stop, shown, f"{label}: not done after {time.monotonic() - began:.1f} s")
            raise
        self._close(stop, shown, f"{label}: {time.monotonic() - began:.1f} s")

    def _close(self, stop: threading.Event, shown: threading.Thread, line: str) -> None:
        stop.set()
        if self._live:
            shown.join()
            sys.stderr.write("\r\x1b[K")
        print(line, file=sys.stderr, flush=True)

    @staticmethod
    def _animate(label: str, began: float, stop: threading.Event, watch: Path | None) -> None:
        turn = 0
        while not stop.wait(0.2):
            turn += 1
            size = f", {_megabytes(watch)} MB" if watch is not None and turn % 5 == 0 else ""
            wheel = _SPINNER[turn % len(_SPINNER)]
            sys.stderr.write(f"\r\x1b[K{wheel} {label} … {time.monotonic() - began:.0f} s{size}")
            sys.stderr.flush()


def _megabytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total // 1_000_000
