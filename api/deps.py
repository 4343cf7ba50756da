"""What the API is given by the composition root, and how a route reaches it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends
from prometheus_client import CollectorRegistry
from starlette.requests import HTTPConnection

from campaigns.trunk_terms import TrunkTerms
from core.clock import Clock
from robot.microphone import Talks
from services.jobs import JobQueue
from services.publishing import Surroundings
from services.speaking import Speaking
from storage.database import Database
from storage.live import LiveFeed


@dataclass(frozen=True, slots=True)
class Deps:
    """The parts a running API uses.

    `web_dist` is the built interface, None if there is none; `recordings` is the folder below which the paths
    of recordings lie; `wake` tells the dialler that there may be new work; `trunks` names those that campaigns may
    use, `terms` what was agreed on with their carriers; `jobs` takes what is done in the background, whose files lie
    below `folder`; `registry` is what /metrics prints; `talks` lets pages talk with robots, None where this process
    has no ears; `surroundings` tell checks of scenarios what is installed, None where that is not known.
    """

    database: Database
    clock: Clock
    live: LiveFeed
    randomness: random.Random
    web_dist: Path | None
    recordings: Path
    wake: Callable[[], None]
    trunks: Callable[[], Sequence[str]]
    jobs: JobQueue
    folder: Path
    version: str
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    talks: Talks | None = None
    speaking: Speaking | None = None
    surroundings: Surroundings | None = None
    terms: Mapping[str, TrunkTerms] = field(default_factory=dict)


def deps_of(connection: HTTPConnection) -> Deps:
    """Reads what `create_app` was given."""
    deps = connection.app.state.deps
    assert isinstance(deps, Deps)
    return deps


async def _given(connection: HTTPConnection) -> Deps:
    """The same for routes; not a plain function, which would go through a thread at every request."""
    return deps_of(connection)


Given = Annotated[Deps, Depends(_given)]
