"""Logs: one event a line, as words on a terminal and as JSON elsewhere; never a phone in full, never a transcript."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress

import structlog

from core.phones import Phone, mask


def start_logs(level: str = "INFO", *, quiet: bool = False) -> None:
    """Sends the logs of ours and of the libraries to standard error; `quiet` keeps warnings and worse."""
    threshold = logging.WARNING if quiet else logging.getLevelNamesMapping()[level]
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask_phones,
            structlog.processors.format_exc_info if not terminal else _nothing,
            # plain: a rich traceback prints the variables of its frames, passwords and phones among them
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
            if terminal
            else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _Lines(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(threshold, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )


class _Lines(structlog.PrintLogger):
    """Prints lines; one that cannot be written (a full disk, a closed pipe) is lost, and breaks no call."""

    def msg(self, message: str) -> None:
        """Prints a line."""
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


def _mask_phones(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    for key, value in event.items():
        if isinstance(value, Phone):
            event[key] = str(value)
        elif key in ("phone", "destination", "number") and isinstance(value, str):
            event[key] = mask(value)
    return event


def _nothing(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    return event
