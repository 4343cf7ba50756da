"""The dialler's and the switches' figures for Prometheus, read at the moment they are asked for."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.lines import TrunkLines
from campaigns.dialler import Dialler


class _Figures(Collector):
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


def watch(registry: CollectorRegistry, dialler: Dialler, lines: TrunkLines) -> CollectorRegistry:
    """Adds the figures to `registry` and gives it back."""
    registry.register(_Figures(dialler, lines))
    return registry
