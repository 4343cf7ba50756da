"""Errors that people can act on.

What happens on a telephone (busy, silence, hang-up) is a value, never an exception; what breaks is one of
these. Each carries a stable machine-readable code, a sentence that says what is wrong and, where there is
one, a hint that says what to do::

    ZvonarError
    ├── BadInput     the asker's fault: a field holds what it must not hold
    ├── NotFound     the thing asked for does not exist, or is not the asker's to see
    │   └── Gone     it did exist, and will not come back
    ├── Forbidden    the asker lacks a permission
    ├── Conflict     the thing is in a state that does not allow this
    └── Unavailable  something outside failed: the switch, the database, a model file
"""

from __future__ import annotations


class ZvonarError(Exception):
    """The root of every error raised on purpose; `code` is stable, `message` is for people."""

    status = 500

    def __init__(self, code: str, message: str, *, field: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.hint = hint


class BadInput(ZvonarError):
    """A value that was given cannot be used; `field` names it."""

    status = 422


class NotFound(ZvonarError):
    """The named thing does not exist for this asker."""

    status = 404


class Gone(NotFound):
    """The thing was there once and is lost or deleted for good."""

    status = 410


class Forbidden(ZvonarError):
    """The asker may not do this."""

    status = 403


class Conflict(ZvonarError):
    """The thing is in a state that does not allow the change."""

    status = 409


class Unavailable(ZvonarError):
    """Something outside the process does not answer or refuses."""

    status = 503
