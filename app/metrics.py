"""The figures of pacer, dialler, switches and ears for Prometheus, read when they are asked for, and their page.

Nothing here tells of a company, a campaign or a phone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.lines import TrunkLines
from app.senses import AllSenses
from app.settings import MetricsPart
from app.web import WebServer, bind
from campaigns.dialler import Dialler
from campaigns.pacer import Pacer

SWITCH_COUNTERS = {
    "legs_placed": "Legs that were ordered of the switch.",
    "frames_lost": "Frames of audio that never came.",
    "datagrams_refused": "Datagrams that came from no call.",
    "inbox_overflows": "Calls that were ended since their queue of events was full.",
    "connections_lost": "How often the switch went away.",
}


class _CallFigures(Collector):
    def __init__(self, dialler: Dialler, lines: TrunkLines, senses: AllSenses, slots: int) -> None:
        self._dialler = dialler
        self._lines = lines
        self._senses = senses
        self._slots = slots

    def collect(self) -> Iterable[Metric]:
        """One sample for each figure."""
        yield _gauge("zvonar_slots", "Calls that this process may hold at once.", self._slots)
        yield _gauge("zvonar_live_calls", "Calls that this process holds now.", self._dialler.live)
        free = GaugeMetricFamily(
            "zvonar_trunk_free_lines", "Calls that may be placed on a trunk now.", labels=["trunk"]
        )
        for name in self._lines.names:
            free.add_metric([name], self._lines.free(name))
        yield free
        yield from self._switches()
        yield from self._hearing()

    def _switches(self) -> Iterable[Metric]:
        connected = GaugeMetricFamily("zvonar_switch_connected", "1 while the switch answers.", labels=["switch"])
        for switch in self._lines.switches:
            connected.add_metric([switch.settings.name], 1 if switch.connected else 0)
        yield connected
        for name, said in SWITCH_COUNTERS.items():
            counted = CounterMetricFamily(f"zvonar_switch_{name}", said, labels=["switch"])
            for switch in self._lines.switches:
                counted.add_metric([switch.settings.name], getattr(switch, name))
            yield counted

    def _hearing(self) -> Iterable[Metric]:
        """How well the ears kept up in the calls that are over."""
        chunks = CounterMetricFamily("zvonar_heard_chunks", "Chunks of audio understood.", labels=["language"])
        late = CounterMetricFamily("zvonar_heard_late_chunks", "Chunks understood too late.", labels=["language"])
        lost = CounterMetricFamily("zvonar_heard_dropped_frames", "Frames dropped unheard.", labels=["language"])
        for language, counts in self._senses.heard.items():
            chunks.add_metric([language], counts.chunks)
            late.add_metric([language], counts.late_chunks)
            lost.add_metric([language], counts.dropped_frames)
        return (chunks, late, lost)


class _PacerFigures(Collector):
    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer

    def collect(self) -> Iterable[Metric]:
        """One sample for each figure."""
        ticks = CounterMetricFamily("zvonar_pacer_ticks", "How often this process shared out.")
        ticks.add_metric([], self._pacer.ticks)
        opened = CounterMetricFamily(
            "zvonar_breakers_opened", "Campaigns that this process paused: their calls failed."
        )
        opened.add_metric([], self._pacer.breakers_opened)
        return (
            _gauge("zvonar_pacer_leads", "1 while this process shares out the slots.", int(self._pacer.leading)),
            _gauge("zvonar_pacer_tick_seconds", "How long the last sharing out took.", self._pacer.tick_s),
            ticks,
            opened,
        )


def _gauge(name: str, said: str, value: float) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, said)
    gauge.add_metric([], value)
    return gauge


def watch_calls(
    registry: CollectorRegistry, dialler: Dialler, lines: TrunkLines, senses: AllSenses, *, slots: int
) -> None:
    """Adds the figures of a worker with so many slots to `registry`."""
    registry.register(_CallFigures(dialler, lines, senses, slots))


def watch_pacer(registry: CollectorRegistry, pacer: Pacer) -> None:
    """Adds the figures of a pacer to `registry`."""
    registry.register(_PacerFigures(pacer))


@asynccontextmanager
async def metrics_page(part: MetricsPart, registry: CollectorRegistry) -> AsyncIterator[str | None]:
    """Serves /metrics for a process that has no interface, where the settings name a port; says where."""
    if part.port is None:
        yield None
        return

    async def page(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    with bind(part.host, part.port) as listener:
        server = WebServer(Starlette(routes=[Route("/metrics", page)]), listener)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.run())
            host, port = listener.getsockname()[:2]
            yield f"http://{host}:{port}/metrics"
            server.stop()
            await serving
