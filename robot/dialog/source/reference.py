"""The reference of written scenarios, made of the same table by which they are read: docs/scenario-yaml.md.

python -m robot.dialog.source.reference > docs/scenario-yaml.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Final

from robot.dialog.source.table import ANSWER, CASE, FLOW, HANDLER, INTENT, OPS, PROMPT, SUB_FLOW, Entry, Shape, steps

INTRODUCTION: Final = """\
# Scenarios in YAML: reference

<!-- Made by `python -m robot.dialog.source.reference`; tests hold it to what is read. -->

A scenario is one YAML file. Its steps run from the first one; a step without `then` goes on to the next one in the
file. Texts hold `{variables}`, or `{variable|what is said where it is missing}`. Numbers, sums, dates and telephones
are spoken in words. `./zvonar scenario check FILE` says what is wrong, with line and column; `./zvonar scenario schema`
prints the JSON Schema for editors. How to write a good scenario stands in [scenarios.md](scenarios.md).

Fields in **bold** must be there."""

WHOLE: Final = """\
name: Скидка
language: ru
variables: {product: окна}
intents:
  price: {examples: [это дорого, слишком дорого, у вас дорого], phrases: "дорого"}
  who: {library: who}
handlers:
  price: {reply: "Можно в рассрочку.", limit: 2, escalation: bye}
  who: {reply: "Это компания «Ромашка»."}
steps:
  offer:
    ask: "{first_name|Здравствуйте}! Скидка на {product}. Соединить?"
    question: Интерес
    answers:
      Да: {key: 1, phrases: "да, хочу", then: talk}
      Нет: {key: 2, phrases: "нет, не хочу", then: bye}
    otherwise: bye
  talk: {transfer: Продажи, otherwise: bye}
  bye: {end: До свидания!}
"""

EXAMPLES: Final[Mapping[str, str]] = {
    "say": """\
a: {say: "Здравствуйте, {first_name|уважаемый клиент}!"}
""",
    "ask": """\
a:
  ask: Вам удобно говорить?
  question: Удобно
  answers:
    Да: {key: 1, phrases: "да, удобно", then: z}
    Нет: {key: 2, phrases: "нет, неудобно", reply: Понимаю., then: z}
  intents: {price: z}
  otherwise: z
  repeats: 2
""",
    "listen": """\
a: {listen: mark, prompt: "Оцените нас от нуля до десяти.", kind: number, least: 0, most: 10, otherwise: z}
""",
    "branch": """\
a:
  branch:
    - {variable: mark, at_most: 6, then: z}
    - {variable: mark, empty: true, then: z}
  otherwise: z
""",
    "set": """\
a: {set: {greeting: "Здравствуйте, {first_name}"}}
""",
    "fetch": """\
a:
  fetch: "https://crm.example/orders/{phone}"
  headers: {X-Source: zvonar}
  timeout_s: 4
  save: {/order/sum: sum, /order/state: state}
  failed: z
""",
    "act": """\
a: {act: action_check_order, timeout_s: 5, failed: z}
""",
    "transfer": """\
a: {transfer: Продажи, prompt: Соединяю., wait_s: 30, otherwise: z}
""",
    "message": """\
a: {message: "Ваш заказ на {sum} руб. принят.", channel: sms}
""",
    "callback": """\
a: {callback: 60, variable: call_at}
""",
    "tag": """\
a: {tag: важный}
""",
    "dispose": """\
a: {dispose: Подумает}
""",
    "call": """\
a: {call: details}
""",
    "return": """\
a: {return: }
""",
    "end": """\
a: {end: "Спасибо, до свидания!", disposition: Отказ}
""",
}

AROUND: Final = """\
name: x
intents:
  price: {phrases: дорого}
steps:
%s  z: {end: }
flows:
  details:
    steps:
%s"""
"""What an example of a step stands in: among the scenario's steps, or in a sub-flow."""


def within(keyword: str) -> str:
    """A whole scenario that holds the example of the step; `return` stands in a sub-flow."""
    example, back = EXAMPLES[keyword], EXAMPLES["return"]
    return AROUND % ("" if keyword == "return" else _indented(example, 2), _indented(back, 6))


def reference() -> str:
    """The reference as Markdown."""
    return "\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield INTRODUCTION
    yield from _code(WHOLE)
    yield from _part("## The scenario", FLOW)
    yield from _part("## A prompt", PROMPT, "A text alone is a prompt; more is said by a mapping.")
    yield "\n## Steps\n\nA step stands under its name. Its keyword says what it does."
    for keyword, shape in steps().items():
        yield from _part(f"### {keyword}", shape, example=EXAMPLES[keyword])
    yield from _part("## An answer", ANSWER, "Answers of an `ask` stand under their names in statistics.")
    yield from _part("## A case", CASE, f"The cases of a `branch`. Comparisons: {', '.join(f'`{op}`' for op in OPS)}.")
    yield from _part("## An intent", INTENT, "Intents stand under their names; a list alone holds examples.")
    yield from _part("## A handler", HANDLER, "Handlers stand under their names.")
    yield from _part("## A sub-flow", SUB_FLOW, "Sub-flows stand under their names; a `call` runs one.")


def _part(title: str, shape: Shape, more: str = "", *, example: str = "") -> Iterator[str]:
    yield f"\n{title}\n\n{' '.join(filter(None, (shape.doc, more)))}"
    if example:
        yield from _code(example)
    if shape.entries:
        yield "\n| field | what it holds | left out |\n|---|---|---|"
        yield from (_row(entry, main=shape.main == entry.name) for entry in shape.entries.values())


def _row(entry: Entry, *, main: bool) -> str:
    name = f"**`{entry.name}`**" if entry.required and not entry.follows else f"`{entry.name}`"
    choices = f" One of {', '.join(f'`{choice}`' for choice in entry.choices)}." if entry.choices else ""
    beside = " The keyword's own value." if main else ""
    left_out = "" if entry.default in (None, "", (), [], {}) else f"`{_plain(entry.default)}`"
    return f"| {name} | {entry.doc}{choices}{beside} | {left_out} |"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _code(text: str) -> Iterator[str]:
    yield f"\n```yaml\n{text}```"


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


if __name__ == "__main__":
    sys.stdout.write(reference())
