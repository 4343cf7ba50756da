"""A scenario's calls over HTTP: asked within their time, tried again where that does no harm, values taken out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Final

import httpx
import structlog

from app.outside import read_within
from core.errors import BadInput, Unavailable, ZvonarError
from core.json_pointer import NOTHING, as_text, found
from robot.dialog.events import Fetched, FetchThis

log = structlog.get_logger(__name__)

FIRST_PAUSE_S: Final = 0.1
LONGEST_VALUE: Final = 2000
"""So many characters of a value are kept."""
OWN_HEADERS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""What a scenario may not set."""
REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})
"""Methods that do no harm when they come twice; the others are repeated only where nothing was done."""
BUSY: Final = frozenset({429, 503})


class _Again(Unavailable):
    """It may go better at once; `untouched` where the other side surely did nothing."""

    def __init__(self, code: str, message: str, *, untouched: bool = False) -> None:
        super().__init__(code, message)
        self.untouched = untouched


class Fetcher:
    """Makes scenarios' calls over HTTP by one client."""

    def __init__(self, client: httpx.AsyncClient, *, most_bytes: int) -> None:
        self._client = client
        self._most_bytes = most_bytes

    async def fetch(self, call: FetchThis) -> Fetched:
        """The wanted values of the answer, or the code of what went wrong at the last try."""
        pause_s = FIRST_PAUSE_S
        for left in range(call.retries, -1, -1):
            try:
                return await self._once(call)
            except _Again as error:
                log.warning("fetch.failed", step=call.step, code=error.code, left=left)
                if not left or not (error.untouched or call.method in REPEATABLE):
                    return Fetched(error=error.code)
            except ZvonarError as error:
                log.warning("fetch.failed", step=call.step, code=error.code)
                return Fetched(error=error.code)
            await asyncio.sleep(pause_s)
            pause_s *= 2
        raise AssertionError("the last try returns")

    async def _once(self, call: FetchThis) -> Fetched:
        try:
            async with asyncio.timeout(call.timeout_s):
                return await self._asked(call)
        except TimeoutError as error:
            raise _Again("timeout", "No answer within the time.") from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _Again("unreachable", "No connection.", untouched=True) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise BadInput("bad_request", "The call cannot be written as HTTP.", field="url") from error
        except httpx.HTTPError as error:
            raise _Again("broken_off", "The connection broke off.") from error

    async def _asked(self, call: FetchThis) -> Fetched:
        url = httpx.URL(call.url)
        if url.scheme not in ("http", "https") or not url.host:
            raise BadInput("bad_request", "The address must begin with http:// or https://.", field="url")
        content = None if call.body is None or call.method == "GET" else call.body.encode("utf-8", "replace")
        async with self._client.stream(call.method, url, headers=_headers(call), content=content) as answer:
            _check_status(answer)
            if not call.save:
                return Fetched()
            return Fetched(_values(await read_within(answer, self._most_bytes), call.save))


def _headers(call: FetchThis) -> list[tuple[bytes, bytes]]:
    """What the scenario wants to be sent, and what kind the body is where it does not say so."""
    headers = {name: value for name, value in call.headers.items() if name.strip().casefold() not in OWN_HEADERS}
    named = {name.strip().casefold() for name in headers}
    if "accept-encoding" not in named:
        headers["Accept-Encoding"] = "identity"
    if "accept" not in named:
        headers["Accept"] = "application/json"
    if call.body is not None and "content-type" not in named:
        headers["Content-Type"] = "application/json" if _is_json(call.body) else "text/plain; charset=utf-8"
    if any(not value.isprintable() or not name.isascii() for name, value in headers.items()):
        raise BadInput("bad_request", "A header holds what it must not hold.", field="headers")
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _check_status(answer: httpx.Response) -> None:
    if answer.is_redirect or 300 <= answer.status_code < 400:
        raise BadInput("redirected", "The answer sends elsewhere; name that address itself.", field="url")
    code = f"status_{answer.status_code}"
    if answer.status_code in BUSY:
        raise _Again(code, "The other side is busy.", untouched=True)
    if answer.is_server_error:
        raise _Again(code, "The other side failed.")
    if not answer.is_success:
        raise BadInput(code, f"The other side refused with {answer.status_code}.")


def _values(body: bytes, save: Mapping[str, str]) -> dict[str, str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput("not_json", "The answer is no JSON.") from error
    values = {variable: found(document, pointer) for pointer, variable in save.items()}
    return {name: as_text(value)[:LONGEST_VALUE] for name, value in values.items() if value is not NOTHING}


def _is_json(body: str) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
