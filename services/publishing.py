"""What a scenario must pass before it calls anybody: looked over, its intents trained, its regression set green (R6.8).

`prepare` is the slow part, pure and without a database: it is run on a thread, between two transactions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import BadInput, Conflict
from robot.dialog.check_hearing import in_hearing
from robot.dialog.finding import Offer, Severity, Speech, World
from robot.dialog.flow import Act, Flow, Language, steps_of
from robot.dialog.source import Finding, Place
from robot.dialog.source.placed import check_source
from robot.dialog.source.regression import Verdict, read_dialogs, run
from robot.dialog.source.understanding import ZONE, hearing_of, trained_for
from robot.dialog.source.writing import write
from robot.word_vectors import vectors_in
from services.sounds import known_sounds
from storage.tables import contact_fields, message_templates, operator_groups


class Surroundings(Protocol):
    """What of this installation a scenario relies on."""

    def speech(self, language: Language) -> Speech:
        """What can be heard and said in the language; reads files the first time."""
        ...

    async def offer(self) -> Offer:
        """The custom actions that there are; asks the action server, if one is set up, and waits a short time."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A scenario as it would be published; `findings` and `verdicts` say whether it may be.

    `trained` is the classifier as it is stored, None for a flow without intents to learn; `training` its report.
    """

    flow: Flow
    source: str
    tests: str | None
    findings: tuple[Finding, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    trained: bytes | None = None
    training: Mapping[str, Any] | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep it from being published, whoever forces it."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def red(self) -> tuple[Verdict, ...]:
        """The dialogs of its set that went otherwise than they should."""
        return tuple(one for one in self.verdicts if not one.green)


async def world_of(tx: AsyncConnection) -> World:
    """What the company's scenarios may refer to."""
    groups = frozenset((await tx.execute(select(operator_groups.c.name))).scalars())
    fields = frozenset((await tx.execute(select(contact_fields.c.name))).scalars())
    templates = frozenset((await tx.execute(select(message_templates.c.name))).scalars())
    return World(groups=groups, sounds=await known_sounds(tx), variables=fields, templates=templates)


async def surrounded(world: World, flow: Flow, here: Surroundings | None) -> World:
    """The same with what the installation has; for its actions it is asked only where the flow runs some."""
    if here is None:
        return world
    acts = any(isinstance(step, Act) for _, _, step in steps_of(flow))
    return replace(world, speech=here.speech, actions=await here.offer() if acts else None)


async def check_heard(flow: Flow, here: Surroundings | None) -> None:
    """Raises `BadInput` for a script with an answer that nobody could give here, for nothing hears its words."""
    if here is None:
        return
    world = World(speech=here.speech)
    found = await asyncio.to_thread(lambda: [one for one in in_hearing(flow, world) if one.severity is Severity.ERROR])
    if found:
        raise BadInput(found[0].code, found[0].message, field="script", hint=found[0].hint)


def prepare(
    flow: Flow,
    *,
    source: str | None,
    tests: str | None,
    world: World,
    now: datetime,
    models: Path | None = None,
    classify: bool = True,
) -> Prepared:
    """Looks the flow over, trains its intents, runs its regression set; `source` is the file whose comments are kept.

    `models` is the folder of fetched models, whose word vectors the intents are learnt by. Without `classify` nothing
    is trained, and the set hears no intents but by phrases and whole examples.
    """
    written = write(flow, before=source)
    read = check_source(written, world)
    findings = list(read.findings)
    dialogs = read_dialogs(tests, flow) if tests and tests.strip() else None
    if dialogs is not None:
        findings += [_of_the_set(one) for one in dialogs.findings]
    trained = None
    if classify and not any(one.severity is Severity.ERROR for one in findings):
        try:
            trained = trained_for(flow, vectors_in(models, flow.language))
        except BadInput as error:
            findings.append(Finding(error.code, Place(1, 1), error.message, error.hint or "", "intents"))
    runnable = dialogs is not None and not any(one.severity is Severity.ERROR for one in findings)
    hear = hearing_of(flow, trained, now=now, zone=ZONE)
    return Prepared(
        flow=flow,
        source=written,
        tests=tests,
        findings=tuple(findings),
        verdicts=run(flow, dialogs.dialogs, hear=hear) if dialogs is not None and runnable else (),
        trained=None if trained is None else trained.to_bytes(),
        training=None if trained is None else msgspec.to_builtins(trained.report),
    )


def refuse(prepared: Prepared, *, force: bool) -> None:
    """Raises `BadInput` for a scenario with errors, and `Conflict` for a red set unless it is forced."""
    errors = prepared.errors
    if errors:
        more = f" There are {len(errors) - 1} more errors." if len(errors) > 1 else ""
        message = f"{errors[0].message}{more}"
        raise BadInput("scenario_errors", message, field=errors[0].path or "draft", hint=errors[0].hint or None)
    if prepared.red and not force:
        names = ", ".join(repr(one.name) for one in prepared.red[:5])
        message = f"{len(prepared.red)} dialogs of the regression set went wrong: {names}. {prepared.red[0].faults[0]}"
        raise Conflict("regression_red", message, hint="Mend the scenario or the set, or publish it by force.")


def _of_the_set(found: Finding) -> Finding:
    return Finding(found.code, found.place, found.message, found.hint, f"tests.{found.path}", found.severity)
