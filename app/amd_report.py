"""The report of a training as one HTML page without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

WIDTH: Final = 640
HEIGHT: Final = 220
STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{padding:.2rem .7rem;border-bottom:1px solid #ddd;"
    "text-align:right}td:first-child,th:first-child{text-align:left}svg{background:#fafafa}"
)


def page(report: Mapping[str, Any]) -> str:
    """The whole page."""
    parts = [f"<h1>Answering machines: what the detector is worth</h1><p>Seed {report['seed']}. {SAID}</p>"]
    for timing, found in report["timings"].items():
        parts.append(f"<h2>Calls with the {escape(str(timing))} timing: {found['calls']}</h2>")
        parts += _timing(found)
    body = "".join(parts)
    head = f'<meta charset="utf-8"><title>Detector</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en">{head}{body}</html>\n'


SAID: Final = (
    "Every call is judged by a detector that was trained, calibrated and given its thresholds without any recording of "
    "that call's sources. In brackets: 95 % intervals after Wilson."
)


def _timing(found: Mapping[str, Any]) -> Iterable[str]:
    yield "<h3>At the thresholds, by bias</h3>"
    yield _table(
        ("bias", "right", "people taken for machines", "machines missed", "median, s", "p95, s"),
        [
            (bias, *(_share(one[key]) for key in KEYS), one["decision_p50_s"], one["decision_p95_s"])
            for bias, one in {**found["by_bias"], "(cadence rule)": found["by_cadence_rule"]}.items()
        ],
    )
    yield "<h3>If a verdict had to be given so long after the onset of speech</h3>"
    yield _table(
        ("seconds", "border", "right", "people taken for machines", "machines missed"),
        [(one["after_onset_s"], one["border"], *(_share(one[key]) for key in KEYS)) for one in found["at_moments"]],
    )
    yield "<h3>Verdicts by what was composed (people first)</h3>" + _confusion(
        found["by_bias"]["people_first"]["by_shape"]
    )
    by_source = found["by_bias"]["people_first"]["by_source"]
    yield "<h3>Verdicts by source</h3>" + _table(
        ("source", "what", "human", "machine", "uncertain"),
        [(source, what, *row.values()) for source, rows in by_source.items() for what, row in rows.items()],
    )
    curve = found["threshold_curve"]
    yield "<h3>Both errors along the threshold, 2.0 s after onset</h3>" + _chart(
        [(one["border"], one["human_as_machine"]["share"]) for one in curve],
        [(one["border"], one["machine_as_human"]["share"]) for one in curve],
        ("people taken for machines", "machines missed"),
    )
    times = found["decision_times"]
    yield "<h3>Verdicts given, by seconds after the answer</h3>" + _chart(
        [(one["s"], one["people"]) for one in times],
        [(one["s"], one["machines"]) for one in times],
        ("people", "machines"),
    )
    yield "<h3>Calibration: told and true probability of a machine</h3>" + _table(
        ("told", "true", "moments"), [tuple(one.values()) for one in found["calibration"]]
    )


KEYS: Final = ("accuracy", "human_as_machine", "machine_as_human")


def _share(one: Mapping[str, float]) -> str:
    return f"{100 * one['share']:.1f} % ({100 * one['low']:.1f}–{100 * one['high']:.1f})"


def _confusion(rows: Mapping[str, Mapping[str, int]]) -> str:
    return _table(("what", "human", "machine", "uncertain"), [(what, *row.values()) for what, row in rows.items()])


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{lines}</table>"


def _chart(first: Sequence[tuple[float, float]], second: Sequence[tuple[float, float]], names: Sequence[str]) -> str:
    """Two lines over one axis; the upright axis goes from 0 to the greatest value."""
    least, most = first[0][0], first[-1][0]
    top = max([value for _, value in (*first, *second)] + [1e-9])
    lines = ""
    for points, name, colour, below in ((first, names[0], "#b3261e", 20), (second, names[1], "#1e5bb3", 38)):
        path = " ".join(
            f"{40 + (x - least) / (most - least) * (WIDTH - 60):.1f},{HEIGHT - 30 - y / top * (HEIGHT - 50):.1f}"
            for x, y in points
        )
        lines += f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{path}"/>'
        lines += f'<text x="{WIDTH - 230}" y="{below}" fill="{colour}">{escape(name)}</text>'
    axis = f'<text x="40" y="{HEIGHT - 8}">{least:g}</text><text x="{WIDTH - 50}" y="{HEIGHT - 8}">{most:g}</text>'
    axis += f'<text x="2" y="20">{100 * top:.0f} %</text><text x="2" y="{HEIGHT - 30}">0 %</text>'
    label = escape(" and ".join(names))
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{label}">{lines}{axis}</svg>'
