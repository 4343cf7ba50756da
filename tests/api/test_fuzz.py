"""SPEC R12: whatever is asked of whatever address, nothing breaks, and every answer is as the description says.

The requests are made from the description itself: half of them as it wants them, half just beside it. The numbers in
addresses are mostly those of things that exist, so that the requests reach what lies behind them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Api
from tests.api.things import things_of

EXAMPLES = 8
LEFT_OUT = {("DELETE", "/api/v1/session")}  # it would sign the asker out
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def operations(api: Api) -> Iterator[Any]:
    """Every operation of the description, in its order."""
    schema = schemathesis.openapi.from_dict(api.app.openapi())
    schema.config.generation.update(with_security_parameters=False)
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if (operation.method.upper(), operation.path) not in LEFT_OUT:
            yield operation


async def send(client: httpx.AsyncClient, case: Case[Any]) -> httpx.Response:
    """Asks in process; the body is put together by the library that `schemathesis` would send it by."""
    given = case.as_transport_kwargs(base_url="http://zvonar.test")
    known = requests.Request().__dict__
    request = requests.Request(**{name: value for name, value in given.items() if name in known}).prepare()
    body = request.body or b""
    assert isinstance(body, str | bytes)
    return await client.request(
        request.method or "GET",
        request.url or "",
        content=body,
        headers=[
            (name, value.decode() if isinstance(value, bytes) else value) for name, value in request.headers.items()
        ],
    )


@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_R12_no_request_breaks_the_service_and_every_answer_is_as_described(
    api: Api, anna: httpx.AsyncClient, mode: GenerationMode
) -> None:
    loop = asyncio.get_running_loop()

    def wait(work: Any) -> Any:  # noqa: ANN401
        return asyncio.run_coroutine_threadsafe(work, loop).result(60)

    def fuzz(operation: Any, known: dict[str, int]) -> None:  # noqa: ANN401
        @seed(12)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), exists=st.sampled_from([True, True, True, False]))
        def ask(case: Case[Any], exists: bool) -> None:
            if exists:
                case.path_parameters = {
                    name: known.get(name, value) for name, value in (case.path_parameters or {}).items()
                }
            case.validate_response(wait(send(anna, case)), checks=CHECKS)

        ask()

    asked, known = 0, await things_of(api, anna)
    for operation in operations(api):
        if mode is GenerationMode.NEGATIVE and not (list(operation.iter_parameters()) or operation.body):
            continue  # nothing can be wrong with it
        await asyncio.to_thread(fuzz, operation, known)
        asked += 1
        if operation.method != "get":  # it may have changed or taken away what is known
            known = await things_of(api, anna)
    assert asked >= 45
