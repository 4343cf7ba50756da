"""A rehearsal's report as one page of HTML that needs nothing else: no scripts, fonts or pictures from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final

from robot.rehearsal.page_words import words_in
from robot.rehearsal.report import Report

GOOD: Final = frozenset({"completed", "transferred", "callback_requested"})
_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#667085;--line:#e4e7ec;--card:#fff;--page:#f5f6f8;--good:#12805c;
--fair:#b7791f;--bad:#c2362b;--bar:#3b6fd4;--track:#e9edf5}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#98a2b3;--line:#2c3442;--card:#1a202b;--page:#11151c;
--good:#3fbf8f;--fair:#e0a84a;--bad:#f07468;--bar:#6b9bf5;--track:#263042}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}h1{font-size:26px;margin:0}h2{font-size:18px;margin:0 0 12px}
.lead,.note{color:var(--soft);margin:4px 0 24px}.note{font-size:13px;margin:24px 0 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin-bottom:16px}
section,.figure{background:var(--card);border:1px solid var(--line);border-radius:12px;
padding:18px 20px}section{margin-top:16px;overflow-x:auto}.figure b{display:block;font-size:28px;line-height:1.2}
.figure span,.more{color:var(--soft);font-size:13px}
.good{color:var(--good)}.fair{color:var(--fair)}.bad{color:var(--bad)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);font-size:13px}th,td{padding:7px 12px 7px 0;vertical-align:top;
border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}td.n,th.n{text-align:right}
code{font:13px ui-monospace,Menlo,Consolas,monospace}
.bar{height:8px;min-width:90px;border-radius:4px;background:var(--track);overflow:hidden;margin-top:7px}
.bar i{display:block;height:100%;background:var(--bar)}
.bar i.bad{background:var(--bad)}.bar i.good{background:var(--good)}
"""


def page_of(report: Report) -> str:
    """The whole page, in the scenario's language."""
    words = words_in(report.language)
    parts = (
        _head(report, words),
        _figures(report, words),
        _outcomes(report, words),
        _misunderstood(report, words),
        _dead(report, words),
        _personas(report, words),
        _steps(report, words),
    )
    body = "".join(part for made in parts for part in made)
    title = escape(f"{words['title']}: {report.name}")
    return (
        f'<!doctype html><html lang="{report.language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f'<style>{_STYLE}</style></head><body><main>{body}<p class="note">{escape(words["estimated"])}</p>'
        "</main></body></html>\n"
    )


def share(part: float | None) -> str:
    """A share in whole per cent; rounded down, so that only all is 100 %."""
    return "–" if part is None else f"{int(part * 100 + 1e-9)} %"


def _head(report: Report, words: Mapping[str, str]) -> Iterator[str]:
    lead = words["lead"].format(dialogs=report.dialogs, seed=report.seed)
    yield f'<h1>{escape(report.name)}</h1><p class="lead">{escape(lead)}</p>'


def _figures(report: Report, words: Mapping[str, str]) -> Iterator[str]:
    yield '<div class="figures">'
    yield _figure(share(report.coverage), words["coverage"], "good" if report.coverage == 1 else "bad")
    yield _figure(share(report.understood), words["understood"], _grade(report.understood))
    yield _figure(f"{report.turns.median:g}", words["turns"], "", f"{words['most']}: {report.turns.most:g}")
    yield _figure(f"{report.seconds.median:.0f}", words["seconds"], "", f"{words['most']}: {report.seconds.most:.0f}")
    yield _figure(str(report.broken), words["broken"], "bad" if report.broken else "good")
    yield "</div>"


def _grade(part: float | None) -> str:
    return "" if part is None else "good" if part >= 0.9 else "fair" if part >= 0.75 else "bad"


def _figure(value: str, name: str, grade: str, more: str = "") -> str:
    below = f'<div class="more">{escape(more)}</div>' if more else ""
    return f'<div class="figure"><b class="{grade}">{escape(value)}</b><span>{escape(name)}</span>{below}</div>'


def _outcomes(report: Report, words: Mapping[str, str]) -> Iterator[str]:
    rows = (
        (
            escape(words.get(result, result)),
            _number(times),
            _number(share(times / report.dialogs)),
            _bar(times / report.dialogs, "good" if result in GOOD else "bad" if result == "system_error" else ""),
        )
        for result, times in report.results.items()
    )
    yield _section(words["outcomes"], _table(("", "", "", ""), rows))


def _personas(report: Report, words: Mapping[str, str]) -> Iterator[str]:
    rows = (
        (
            escape(words.get(one.persona, one.persona)),
            _number(one.dialogs),
            _listed({words.get(result, result): times for result, times in one.results.items()}),
            _listed(one.hung_up),
            _number(f"{one.turns:g}"),
            _number(f"{one.seconds:.0f}"),
            _number(share(one.understood)),
        )
        for one in report.personas
    )
    heads = ("persona", "talks", "results", "left", "turns", "seconds", "understood")
    yield _section(words["personas"], _table([words[head] for head in heads], rows))


def _steps(report: Report, words: Mapping[str, str]) -> Iterator[str]:
    rows = (
        (
            f'<code class="{"" if one.dialogs else "bad"}">{escape(one.step)}</code>',
            _number(one.dialogs),
            _number(share(one.dialogs / report.dialogs)),
            _bar(one.dialogs / report.dialogs, ""),
            _number(one.hung_up or "–"),
        )
        for one in report.steps
    )
    yield _section(words["steps"], _table((words["step"], words["reached"], "", "", words["hung_up"]), rows))


def _dead(report: Report, words: Mapping[str, str]) -> Iterator[str]:
    if not report.dead:
        yield _section(words["dead"], f'<p class="good">{escape(words["no_dead"])}</p>')
        return
    rows = (
        (
            f"<code>{escape(one.step)}</code>",
            f"<code>{escape(one.field)}</code> {escape(one.label)}",
            f"<code>{escape(one.to)}</code>",
        )
        for one in report.dead
    )
    yield _section(words["dead"], _table((words["step"], words["way"], words["to"]), rows))


def _misunderstood(report: Report, words: Mapping[str, str]) -> Iterator[str]:
    if not report.misunderstood:
        yield _section(words["misunderstood"], f'<p class="good">{escape(words["no_wrong"])}</p>')
        return
    rows = (
        (
            f"<code>{escape(one.step)}</code>",
            escape(one.said),
            "" if one.heard == one.said else escape(one.heard or "–"),
            escape(one.meant or "–"),
            f'<span class="fair">{escape(words["nothing"])}</span>'
            if one.taken is None
            else f'<span class="bad">{escape(one.taken)}</span>',
            _number(one.times),
        )
        for one in report.misunderstood
    )
    heads = ("step", "said", "heard", "meant", "taken", "times")
    yield _section(words["misunderstood"], _table([words[head] for head in heads], rows))


# ---- small parts


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _number(value: object) -> str:
    return f"\0{escape(str(value))}"


def _bar(part: float, grade: str) -> str:
    return f'<div class="bar"><i class="{grade}" style="width:{100 * part:.1f}%"></i></div>'


def _listed(counted: Mapping[str, int]) -> str:
    return "<br>".join(f"{escape(name)}: {times}" for name, times in counted.items()) or "–"


def _table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    names = list(heads)
    head = f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>" if any(names) else ""
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{head}{body}</table>"


def _cell(value: str) -> str:
    """A cell; one that begins with a NUL is a number."""
    return f'<td class="n">{value[1:]}</td>' if value.startswith("\0") else f"<td>{value}</td>"
