"""How fast dialogs are decided: events a second of `step` on one core, over the three simple kinds.

    python -m bench.dialog [--dialogs N] [--seed N]

Seeded callers press, say, interrupt, stay silent and hang up; texts hold names, sums and dates. The last line is
JSON: events and dialogs a second, and how the dialogs ended.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence

from robot.dialog.events import (
    CallerGone,
    Command,
    DialogEvent,
    Finish,
    Heard,
    Interrupted,
    Listen,
    NoInput,
    Pressed,
    PromptEnded,
    Speak,
    Started,
    TransferEnded,
    TransferTo,
)
from robot.dialog.flow import Flow
from robot.dialog.scripts import flow_of_script, script_from_json
from robot.dialog.step import begin, step

SCRIPTS: list[dict[str, object]] = [
    {
        "kind": "notification",
        "message": {"text": "{first_name|Здравствуйте}, к оплате {Сумма} руб. до {Дата}. Повторить: один."},
        "repeat_key": "1",
    },
    {
        "kind": "survey",
        "greeting": {"text": "Здравствуйте, {first_name|уважаемый клиент}!"},
        "questions": [
            {
                "title": f"Вопрос {n}",
                "prompt": {"text": "Вам всё понравилось?"},
                "answers": [
                    {"label": "Да", "key": "1", "phrases": "да, понравилось, всё хорошо, конечно"},
                    {"label": "Нет", "key": "2", "phrases": "нет, не понравилось, плохо, ужасно"},
                    {"label": "Не знаю", "key": "3", "phrases": "не знаю, затрудняюсь ответить"},
                ],
            }
            for n in range(5)
        ],
        "closing": {"text": "Спасибо, до свидания!"},
    },
    {
        "kind": "offer",
        "prompt": {"text": "{first_name}, для вас скидка {Скидка}%. Соединить?"},
        "answers": [
            {"label": "Да", "key": "1", "phrases": "да, хочу", "then": "transfer", "group": "Продажи"},
            {"label": "Позже", "key": "2", "phrases": "позже", "then": "callback", "delay_min": 60},
            {"label": "Нет", "key": "3", "phrases": "нет, не хочу, не нужно", "then": "end"},
        ],
    },
]
SAID = ("да", "нет", "ну да конечно", "мне не очень понравилось", "не знаю", "позже", "кто это говорит", "да нет", "")


def reaction(command: Command, rng: random.Random) -> Sequence[DialogEvent]:
    """What a caller does next, or what the line reports."""
    match command:
        case Speak(barge_in=barge_in):
            if rng.random() < 0.03:
                return (CallerGone(rng.random()),)
            if barge_in and rng.random() < 0.2:
                return (Interrupted(400), Heard(rng.choice(SAID), 0.9))
            return (PromptEnded(),)
        case Listen():
            if rng.random() < 0.3:
                return (NoInput(),)
            return (Pressed(rng.choice("1234")),) if rng.random() < 0.5 else (Heard(rng.choice(SAID), 0.9),)
        case TransferTo():
            return (TransferEnded(connected=rng.random() < 0.7),)
        case Finish():
            return ()


def talk(flow: Flow, variables: dict[str, str], rng: random.Random) -> tuple[int, str]:
    """Runs one dialog; the number of its events and its result."""
    state, commands = step(flow, begin(variables), Started())
    events = 1
    while True:
        command = commands[-1]
        if isinstance(command, Finish):
            return events, command.result.value
        for event in reaction(command, rng):
            state, following = step(flow, state, event)
            events += 1
            commands = following or commands


def main(argv: list[str] | None = None) -> int:
    """Runs the dialogs and prints the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dialogs", type=int, default=20_000, help="how many dialogs (default %(default)s)")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args(argv)
    rng = random.Random(given.seed)
    flows = [flow_of_script(script_from_json(script), name="bench") for script in SCRIPTS]
    events, results = 0, Counter[str]()
    started = time.process_time()  # of this process alone: others may use the core too
    for number in range(given.dialogs):
        variables = {
            "first_name": f"Анна{number % 7}",
            "Сумма": str(100 + number),
            "Дата": "02.12.2026",
            "Скидка": "20",
        }
        count, result = talk(flows[number % len(flows)], variables, rng)
        events += count
        results[result] += 1
    seconds = time.process_time() - started
    print(f"{given.dialogs} dialogs, {events} events in {seconds:.2f} s on one core")
    figures = {
        "events_per_s": round(events / seconds),
        "dialogs_per_s": round(given.dialogs / seconds),
        "us_per_event": round(seconds / events * 1e6, 1),
        "results": dict(sorted(results.items())),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
