"""SPEC R6.6: a scenario's calls over HTTP: values taken, errors told, nothing inside the house reached."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fetching import Fetcher
from app.outside import Reach, checked_client
from core.json_pointer import NOTHING, as_text, found
from robot.dialog.events import Fetched, FetchThis
from robot.dialog.flow import StepId
from tests.fakes.http_server import Asked, Said, http_server, said_json

HERE = Reach.of(["127.0.0.1"])
CALL = FetchThis(
    step=StepId("order"),
    method="GET",
    url="",
    headers={},
    body=None,
    timeout_s=2.0,
    retries=0,
    save={"/order/sum": "sum", "/order/items/0/name": "first", "/nowhere": "missing"},
)
ORDER = {"order": {"sum": 500, "items": [{"name": "Чайник"}]}}


async def fetched(call: FetchThis, reach: Reach = HERE, most_bytes: int = 10_000) -> Fetched:
    async with checked_client(reach) as client:
        return await Fetcher(client, most_bytes=most_bytes).fetch(call)


async def answered(said: Said | Callable[[Asked], Said], **changes: Any) -> tuple[Fetched, list[Asked]]:  # noqa: ANN401
    async with http_server(said if callable(said) else lambda _: said) as server:
        return await fetched(replace(CALL, url=server.url("/orders/17?a=%D1%8F"), **changes)), server.asked


async def test_R6_6_values_are_taken_out_of_the_answer_by_pointers() -> None:
    got, asked = await answered(said_json(ORDER), headers={"X-Key": "Ключ", "Host": "evil.example"})
    assert got == Fetched({"sum": "500", "first": "Чайник"})
    (one,) = asked
    assert (one.method, one.target, one.headers["accept"]) == ("GET", "/orders/17?a=%D1%8F", "application/json")
    assert one.headers["x-key"].encode("latin-1").decode() == "Ключ"
    assert one.headers["host"].startswith("127.0.0.1:")


async def test_R6_6_a_body_goes_out_as_it_is_written_with_its_kind() -> None:
    got, asked = await answered(said_json(ORDER), method="POST", body='{"имя": "Анна"}')
    assert got.error is None
    assert (asked[0].body.decode(), asked[0].headers["content-type"]) == ('{"имя": "Анна"}', "application/json")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Said(404), "status_404"),
        (Said(500), "status_500"),
        (Said(body=b"<html>"), "not_json"),
        (Said(body=b"[" * 9_000), "not_json"),
        (Said(body=b'"' + b"x" * 20_000 + b'"'), "answer_too_large"),
        (Said(302, headers={"Location": "http://127.0.0.1:1/"}), "redirected"),
        (Said(breaks=True), "broken_off"),
        (Said(after_s=5), "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_R6_6_whatever_goes_wrong_is_an_error_and_never_a_silence(said: Said, error: str) -> None:
    got, _ = await answered(said, timeout_s=0.3)
    assert got == Fetched(error=error)


async def test_R6_6_a_call_is_repeated_as_often_as_it_may_and_no_more() -> None:
    said: Iterator[Said] = iter((Said(500), Said(breaks=True), said_json(ORDER)))
    got, asked = await answered(lambda _: next(said), retries=2)
    assert (got.error, len(asked)) == (None, 3)
    got, asked = await answered(Said(500), retries=2)
    assert (got.error, len(asked)) == ("status_500", 3)


@pytest.mark.parametrize(("said", "times"), [(Said(500), 1), (Said(503), 3), (Said(400), 1)])
async def test_R6_6_a_post_is_repeated_only_where_nothing_was_done(said: Said, times: int) -> None:
    _, asked = await answered(said, method="POST", body="{}", retries=2)
    assert len(asked) == times


@pytest.mark.parametrize("url", ["ftp://example.com/", "http://", "//x", "http://[::1", "file:///etc"])
async def test_R6_6_what_is_no_address_is_told(url: str) -> None:
    assert (await fetched(replace(CALL, url=url))).error == "bad_request"


async def test_R6_6_a_header_cannot_smuggle_another() -> None:
    got, asked = await answered(said_json(ORDER), headers={"X-Name": "a\r\nX-Admin: 1"})
    assert (got.error, asked) == ("bad_request", [])


# ---- who may be reached


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        *((inside, False) for inside in ("127.0.0.1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254")),
        *((inside, False) for inside in ("100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::")),
        *((inside, False) for inside in ("fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.1.1.1")),
        *((inside, False) for inside in ("64:ff9b::7f00:1", "2002:7f00:1::", "2002:c0a8:101::")),
    ],
)
def test_R6_6_only_public_addresses_are_reached(address: str, public: bool) -> None:
    assert Reach().allows("crm.example.com", ip_address(address)) is public


def test_R6_6_the_settings_may_let_hosts_and_networks_in() -> None:
    reach = Reach.of(["crm.local", "10.1.0.0/16", "192.168.7.7"])
    for host, address in (("CRM.local.", "127.0.0.1"), ("x", "10.1.2.3"), ("x", "192.168.7.7")):
        assert reach.allows(host, ip_address(address))
    for host, address in (("crm.local.evil.example", "127.0.0.1"), ("x", "10.2.0.1"), ("x", "192.168.7.8")):
        assert not reach.allows(host, ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.1"])
async def test_R6_6_no_way_of_writing_leads_inside(host: str) -> None:
    async with http_server(lambda _: said_json(ORDER)) as server:
        got = await fetched(replace(CALL, url=f"http://{host}:{server.port}/"), Reach())
    assert got.error in ("address_not_allowed", "host_unknown")
    assert server.asked == []


async def test_R6_6_a_name_is_looked_up_once_and_the_checked_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers with another address the second time gains nothing."""
    async with http_server(lambda _: said_json(ORDER)) as server:
        loop, asked = asyncio.get_running_loop(), []

        async def look_up(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
            asked.append(host)
            address = "127.0.0.1" if len(asked) == 1 else "10.255.255.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(loop, "getaddrinfo", look_up)
        got = await fetched(replace(CALL, url=f"http://crm.example.com:{server.port}/"), HERE)
    assert got.values == {"sum": "500", "first": "Чайник"}
    assert asked == ["crm.example.com"]
    assert server.asked[0].headers["host"] == f"crm.example.com:{server.port}"


# ---- pointers


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_every_place_of_a_document_is_found_by_its_pointer(document: object) -> None:
    def walk(value: object, pointer: str) -> None:
        assert found(document, pointer) is value or found(document, pointer) == value
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
        elif isinstance(value, list):
            for place, inner in enumerate(value):
                walk(inner, f"{pointer}/{place}")

    walk(document, "")
    assert found(document, "no pointer") is NOTHING
    assert found([1], "/1") is found([1], "/-1") is found([1], "/01") is found("x", "/0") is NOTHING


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("а", "а"), (7.5, "7.5"), (True, "true"), ({"а": [1]}, '{"а": [1]}')]
)
def test_a_value_becomes_a_text(value: object, text: str) -> None:
    assert as_text(value) == text


async def test_the_client_takes_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    got, _ = await answered(said_json(ORDER))
    assert got.error is None
