"""Custom actions (rasa-sdk): those of trusted packages run in this process, the others on an action server."""

from __future__ import annotations

import asyncio
import importlib
import threading
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

import httpx
import msgspec
import structlog

from app.action_protocol import asked, taken
from app.outside import read_within
from core.errors import BadInput, NotFound, Unavailable, ZvonarError
from robot.dialog.events import Acted, ActThis

log = structlog.get_logger(__name__)

MOST_IN_A_ROW: Final = 4
"""So many actions may follow each other by `FollowupAction` within one step."""
AT_ONCE: Final = 8
MOST_BYTES: Final = 1 << 20
LIST: Final = "/actions"
"""Where a server of rasa-sdk lists its actions."""
INSTALL: Final = "Install the group: uv pip install --group actions, or pip install rasa-sdk."
_REFUSALS: Final = {400: "action_rejected", 404: "no_such_action", 449: "action_needs_domain"}


class _Listed(msgspec.Struct):
    name: str


class Runner(Protocol):
    """Runs single actions."""

    async def run(self, request: Mapping[str, Any]) -> object:
        """The protocol's answer; `NotFound` where it has no such action, `BadInput` where the action refuses."""
        ...


class Actions:
    """Runs the actions of a call on the first of its runners that has them."""

    def __init__(self, runners: Sequence[Runner]) -> None:
        self._runners = runners

    async def act(self, wanted: ActThis, *, sender: str) -> Acted:
        """Runs the action and those that follow it; `sender` tells the calls apart. What breaks is told as an error."""
        try:
            async with asyncio.timeout(wanted.timeout_s):
                return await self._act(wanted, sender)
        except TimeoutError:
            code = "timeout"
        except ZvonarError as error:
            code = error.code
            log.warning("action.failed", action=wanted.action, code=code, error=error.message, hint=error.hint)
        return Acted(error=code)

    async def _act(self, wanted: ActThis, sender: str) -> Acted:
        slots: dict[str, str | None] = dict(wanted.slots)
        changed: dict[str, str | None] = {}
        replies: tuple[str, ...] = ()
        action = wanted.action
        for _ in range(MOST_IN_A_ROW):
            done = taken(await self._run(asked(action, sender, slots)), slots)
            if done.rejected:
                return Acted(error="action_rejected")
            slots |= done.slots
            changed |= done.slots
            replies += done.replies
            if done.follow is None:
                return Acted(changed, replies)
            action = done.follow
        raise BadInput("actions_in_a_circle", f"More than {MOST_IN_A_ROW} actions follow each other.")

    async def _run(self, request: Mapping[str, Any]) -> object:
        for runner in self._runners:
            try:
                return await runner.run(request)
            except NotFound:
                continue
        hint = "Name its package in ZVONAR_ACTIONS__PACKAGES, or the server in ZVONAR_ACTIONS__SERVER."
        raise NotFound("no_such_action", f"There is no action {request['next_action']!r}.", hint=hint)


class ServerActions:
    """The actions of a server that speaks rasa-sdk's protocol at `url`, as `http://127.0.0.1:5055/webhook`."""

    def __init__(self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._client = client
        self._url = url
        self._headers = dict(headers or {})

    async def run(self, request: Mapping[str, Any]) -> object:
        """Asks the server; its own sentences are logged, never said."""
        asking = self._client.stream("POST", self._url, json=request, headers=self._headers)
        try:
            async with asking as answer:
                body = await read_within(answer, MOST_BYTES)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable("action_server_away", "The action server does not answer.") from error
        if answer.status_code == 404:
            raise NotFound("no_such_action", "The action server has no such action.")
        if answer.status_code in _REFUSALS:
            raise BadInput(_REFUSALS[answer.status_code], "The action server refused the action.")
        if not answer.is_success:
            raise Unavailable("action_failed", f"The action server answered {answer.status_code}.")
        try:
            return httpx.Response(200, content=body).json()
        except ValueError as error:
            raise Unavailable("action_answer", "The action server's answer is no JSON.") from error

    async def names(self) -> frozenset[str]:
        """The actions that the server lists; `Unavailable` where it does not answer, or lists none."""
        url = httpx.URL(self._url).copy_with(path=LIST, query=None)
        try:
            async with self._client.stream("GET", url, headers=self._headers) as answer:
                body = await read_within(answer, MOST_BYTES)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable("action_server_away", "The action server does not answer.") from error
        try:
            return frozenset(one.name for one in msgspec.json.decode(body, type=tuple[_Listed, ...]))
        except msgspec.DecodeError as error:
            raise Unavailable("actions_not_listed", f"The action server lists no actions at {LIST}.") from error


class PackageActions:
    """The actions of Python packages, imported at the first use; each runs in a thread with a loop of its own.

    So an action that blocks keeps no call waiting but its own; one that never ends keeps its thread.
    """

    def __init__(self, packages: Sequence[str]) -> None:
        self._packages = tuple(packages)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="actions")
        self._opening = threading.Lock()
        self._executor: Any = None

    async def run(self, request: Mapping[str, Any]) -> object:
        """Runs the action; what it raises is logged, and is an `Unavailable`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, dict(request))

    async def names(self) -> frozenset[str]:
        """The actions that the packages offer; `Unavailable` where one of them cannot be imported."""
        executor = await asyncio.get_running_loop().run_in_executor(self._threads, self._opened)
        return frozenset(action.name for action in executor.list_actions())

    def close(self) -> None:
        """Waits for nothing: what still runs is left to end by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, request: dict[str, Any]) -> object:
        executor = self._opened()
        refusals = importlib.import_module("rasa_sdk.interfaces")
        name = request["next_action"]
        try:
            result = asyncio.run(executor.run(request))
        except refusals.ActionNotFoundException as error:
            raise NotFound("no_such_action", f"There is no action {name!r}.") from error
        except refusals.ActionExecutionRejection as error:
            raise BadInput("action_rejected", f"The action {name!r} refused.") from error
        except refusals.ActionMissingDomainException as error:
            raise BadInput("action_needs_domain", f"The action {name!r} wants a domain.") from error
        except Exception as error:
            log.error("action.broke", action=name, exc_info=error)
            raise Unavailable("action_failed", f"The action {name!r} broke.") from error
        return None if result is None else result.model_dump()

    def _opened(self) -> Any:  # noqa: ANN401
        with self._opening:
            if self._executor is None:
                self._executor = _executor(self._packages)
            return self._executor


def _executor(packages: Sequence[str]) -> Any:  # noqa: ANN401
    """rasa-sdk's own executor with the packages' actions in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own imports warn
        try:
            executor = importlib.import_module("rasa_sdk.executor").ActionExecutor()
        except ImportError as error:
            raise Unavailable("actions_not_installed", "rasa-sdk is not installed.", hint=INSTALL) from error
        for package in packages:
            try:
                importlib.import_module(package)
                executor.register_package(package)
            except (ImportError, SystemExit) as error:
                hint = (
                    "ZVONAR_ACTIONS__PACKAGES names packages that Python can import; its folder must be on PYTHONPATH."
                )
                message = f"The package of actions {package!r} cannot be imported: {error}."
                raise Unavailable("action_package_missing", message, hint=hint) from error
    return executor
