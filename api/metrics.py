"""What Prometheus is told of the API: requests by route, and open live connections."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.clock import Clock

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class ApiMetrics:
    """The API's own figures in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Histogram(
            "zvonar_api_request_seconds",
            "Time to answer a request, by route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.live = Gauge("zvonar_api_live_connections", "Open live connections of browsers.", registry=registry)


class Measured:
    """ASGI middleware that times every request by its route's pattern below the API's prefix, never by its address."""

    def __init__(self, app: ASGIApp, *, metrics: ApiMetrics, clock: Clock) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and notes how long it took."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = self._clock.monotonic()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.requests.labels(method, route, str(status)).observe(self._clock.monotonic() - began)
