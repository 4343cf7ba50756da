"""What is found when a flow is looked over, and what is known of the world that it will run in."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

from robot.dialog.flow import StepId, VoiceSex


class Severity(StrEnum):
    """Whether a flow with this finding can be published."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or doubtful: at which step (its name in the whole flow), in which field.

    Without a step the field is one of the flow (`handlers.0.reply.text`), else one of the step (`answers.2.phrases`).
    The message says what is so, the hint what to do.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    step: StepId | None = None
    field: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class World:
    """What a flow may refer to; what is None is not known here and not looked at.

    `variables` are the contacts' custom fields, `vocabulary` the words that the recogniser can hear, in small letters.
    """

    groups: Container[str] | None = None
    sounds: Container[str] | None = None
    vocabulary: Container[str] | None = None
    variables: frozenset[str] | None = None
    templates: Container[str] | None = None
    actions: Container[str] | None = None
    voices: Container[VoiceSex] | None = None


@dataclass(frozen=True, slots=True)
class At:
    """A place in a flow, from which fields are named."""

    step: StepId | None = None
    prefix: str = ""

    def error(self, code: str, field: str, message: str, hint: str | None = None) -> Finding:
        """A finding here that keeps the flow from being published."""
        return Finding(code, message, Severity.ERROR, self.step, self.field(field), hint)

    def warning(self, code: str, field: str, message: str, hint: str | None = None) -> Finding:
        """A finding here that may be meant so."""
        return Finding(code, message, Severity.WARNING, self.step, self.field(field), hint)

    def field(self, name: str) -> str | None:
        """The field's path."""
        return ".".join(filter(None, (self.prefix, name))) or None
