"""The pacer's, the dialler's and the switches' figures for Prometheus, read at the moment they are asked for."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.lines import TrunkLines
from campaigns.dialler import Dialler
from campaigns.pacer import Pacer


class _CallFigures(Collector):
    def __init__(self, dialler: Dialler, lines: TrunkLines) -> None:
        self._dialler = dialler
        self._lines = lines

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One sample for each figure."""
        calls = GaugeMetricFamily("zvonar_live_calls", "Calls that this process holds now.")
        calls.add_metric([], self._dialler.live)
        free = GaugeMetricFamily(
            "zvonar_trunk_free_lines", "Calls that may be placed on a trunk now.", labels=["trunk"]
        )
        for name in self._lines.names:
            free.add_metric([name], self._lines.free(name))
        connected = GaugeMetricFamily("zvonar_switch_connected", "1 while the switch answers.", labels=["switch"])
        for switch in self._lines.switches:
            connected.add_metric([switch.settings.name], 1 if switch.connected else 0)
        return (calls, free, connected)


class _PacerFigures(Collector):
    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer

    def collect(self) -> Iterable[Metric]:
        """One sample for each figure."""
        leads = GaugeMetricFamily("zvonar_pacer_leads", "1 while this process shares out the slots.")
        leads.add_metric([], 1 if self._pacer.leading else 0)
        took = GaugeMetricFamily("zvonar_pacer_tick_seconds", "How long the last sharing out took.")
        took.add_metric([], self._pacer.tick_s)
        ticks = CounterMetricFamily("zvonar_pacer_ticks", "How often this process shared out.")
        ticks.add_metric([], self._pacer.ticks)
        opened = CounterMetricFamily(
            "zvonar_breakers_opened", "Campaigns that this process paused: their calls failed."
        )
        opened.add_metric([], self._pacer.breakers_opened)
        return (leads, took, ticks, opened)


def watch_calls(registry: CollectorRegistry, dialler: Dialler, lines: TrunkLines) -> None:
    """Adds the figures of a worker to `registry`."""
    registry.register(_CallFigures(dialler, lines))


def watch_pacer(registry: CollectorRegistry, pacer: Pacer) -> None:
    """Adds the figures of a pacer to `registry`."""
    registry.register(_PacerFigures(pacer))
