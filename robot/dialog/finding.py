"""What is found when a flow is looked over, and what is known of the world that it will run in."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import StrEnum

from robot.dialog.flow import Language, StepId, VoiceSex


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
class Speech:
    """What can be heard and said here in one language.

    `hears`: a recogniser is here; `words` are those that it knows, in small letters, None where it spells any word.
    `voices` are the sexes that there is a voice for. `mend_ears` and `mend_voices` are sentences that say by which
    command more comes.
    """

    hears: bool = True
    words: Container[str] | None = None
    voices: Container[VoiceSex] = frozenset(VoiceSex)
    mend_ears: str = ""
    mend_voices: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """The custom actions that somebody offers; `unasked` says why there may be more of them, None if there are not."""

    names: Container[str] = frozenset()
    unasked: str | None = None


@dataclass(frozen=True, slots=True)
class World:
    """What a flow may refer to; what is None is not known here and not looked at.

    `variables` are the contacts' custom fields, `speech` tells what can be heard and said in a language.
    """

    groups: Container[str] | None = None
    sounds: Container[str] | None = None
    variables: frozenset[str] | None = None
    templates: Container[str] | None = None
    actions: Offer | None = None
    speech: Callable[[Language], Speech] | None = None


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
