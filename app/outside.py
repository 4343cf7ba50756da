"""Who may be called over HTTP from a scenario: the public internet, and what the settings name; nothing else inside.

A name is looked up once and the checked address itself is connected to, so that a name cannot lead to one address
when it is checked and to another when it is used. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx

from core.errors import BadInput, Unavailable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST_AT_ONCE: Final = 100
NAT64: Final = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached besides public addresses: hosts by their names, and networks."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = field(default=())

    @classmethod
    def of(cls, allowed: Iterable[str]) -> Reach:
        """Each is a host's name, an address, or a network as `10.1.0.0/16`."""
        hosts: set[str] = set()
        networks: list[Network] = []
        for one in allowed:
            try:
                networks.append(ip_network(one.strip()))
            except ValueError:
                hosts.add(one.strip().rstrip(".").casefold())
        return cls(frozenset(hosts), tuple(networks))

    def allows(self, host: str, address: Address) -> bool:
        """Whether `address`, which `host` is looked up as, may be connected to."""
        if host.rstrip(".").casefold() in self.hosts or any(address in network for network in self.networks):
            return True
        return all(one.is_global and not one.is_multicast for one in _meant(address))


def _meant(address: Address) -> tuple[Address, ...]:
    """The address and, where it carries an IPv4 address in it, that one too."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    inside = [address.sixtofour, *(address.teredo or ())]
    if address in NAT64:
        inside.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return (address, *(one for one in inside if one is not None))


class CheckedTransport(httpx.AsyncBaseTransport):
    """Connects to what `reach` allows alone; anything else is a `BadInput` before a byte goes out."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        # Connections are not kept: another name of the same address must have its own certificate checked.
        limits = httpx.Limits(max_connections=MOST_AT_ONCE, max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request to the address that was checked, under the name that was asked for."""
        host = request.url.raw_host.decode("ascii")
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        address = self._allowed(host, await _looked_up(host, port))
        return await self._inner.handle_async_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host=str(address)),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
        )

    async def aclose(self) -> None:
        """Closes all connections."""
        await self._inner.aclose()

    def _allowed(self, host: str, found: Sequence[Address]) -> Address:
        for address in found:
            if self._reach.allows(host, address):
                return address
        hint = "Name the host in ZVONAR_OUTSIDE__ALLOWED_HOSTS if it is meant to be reached."
        raise BadInput("address_not_allowed", f"{host} is not on the public internet.", field="url", hint=hint)


async def _looked_up(host: str, port: int) -> Sequence[Address]:
    try:
        return (ip_address(host.strip("[]").partition("%")[0]),)
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable("host_unknown", f"The host {host} cannot be found.") from error
    return [ip_address(str(info[4][0]).partition("%")[0]) for info in found]


def checked_client(reach: Reach) -> httpx.AsyncClient:
    """A client for addresses that people write: no proxy, no redirect, no address inside."""
    return httpx.AsyncClient(transport=CheckedTransport(reach), follow_redirects=False, trust_env=False, timeout=None)


async def read_within(answer: httpx.Response, most_bytes: int) -> bytes:
    """The body of a streamed answer as it was sent; `BadInput` as soon as it is longer than `most_bytes`."""
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > most_bytes:
            raise BadInput("answer_too_large", f"The answer is longer than {most_bytes} bytes.")
    return bytes(body)
