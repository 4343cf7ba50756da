"""How fast dialogs are decided: `step` on one core, over the three simple kinds and a talk with everything in it.

    python -m bench.dialog [--dialogs N] [--seed N]

Seeded callers press, say, object, interrupt, stay silent and hang up; texts hold names, sums and dates that differ
from call to call. The last line is JSON: dialogs and steps a second, and how long a step takes, in microseconds of
the processor's time (others may use the core too). `step_with_intents_p99_us` is a turn of a flow whose handlers are
known by the library's examples: the classifier's guess and the step together.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from array import array
from collections import Counter
from collections.abc import Sequence

from robot.dialog import library
from robot.dialog.events import (
    Acted,
    ActThis,
    CallerGone,
    Command,
    DialogEvent,
    DialogState,
    Fetched,
    FetchThis,
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
from robot.dialog.flow import Flow, flow_from_json
from robot.dialog.intents import Trained, train
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
TALK: dict[str, object] = {
    "name": "talk",
    "start": "order",
    "variables": {"days": "3"},
    "intents": {
        "price": {"phrases": ["дорого", "нет денег", "не по карману"], "library": "expensive"},
        "time": {"phrases": ["нет времени", "некогда", "занят"]},
        "who": {"phrases": ["кто это", "кто говорит", "откуда вы", "что за компания"]},
        "robot": {"phrases": ["вы робот", "это робот", "живой человек"]},
        "repeat": {"phrases": ["повторите", "не расслышал", "что вы сказали", "ещё раз"]},
        "wait": {"phrases": ["подождите", "минуту", "секунду"]},
        "later": {"phrases": ["позже", "перезвоните", "не сейчас", "завтра"]},
        "no": {"phrases": ["не интересно", "не интересует"]},
        "stop": {"phrases": ["больше не звоните", "не звоните мне", "уберите мой номер"]},
        "operator": {"phrases": ["оператора", "с человеком", "позовите менеджера"]},
        "details": {"phrases": ["подробнее", "расскажите", "что входит", "какие условия"]},
    },
    "handlers": [
        {
            "id": "price",
            "kind": "objection",
            "intent": "price",
            "reply": {"text": "Можно в рассрочку на {days} месяца."},
        },
        {"id": "time", "kind": "objection", "intent": "time", "reply": {"text": "Это займёт минуту."}},
        {"id": "who", "kind": "who", "intent": "who", "reply": {"text": "Это компания «Ромашка»."}},
        {"id": "robot", "kind": "robot", "intent": "robot", "reply": {"text": "Да, я робот."}},
        {"id": "repeat", "kind": "repeat", "intent": "repeat"},
        {"id": "wait", "kind": "wait", "intent": "wait", "reply": {"text": "Хорошо, подожду."}},
        {
            **{"id": "later", "kind": "later", "intent": "later", "reply": {"text": "Когда вам перезвонить?"}},
            "goodbye": {"text": "Перезвоню {callback_time}."},
        },
        {"id": "no", "kind": "not_interested", "intent": "no", "reply": {"text": "Понимаю. До свидания."}},
        {"id": "stop", "kind": "do_not_call", "intent": "stop", "reply": {"text": "Больше не позвоним."}},
        {"id": "operator", "kind": "operator", "intent": "operator", "group": "Продажи"},
    ],
    "steps": {
        "order": {
            **{"type": "fetch", "id": "order", "url": "https://crm.example/{first_name}", "save": {"/sum": "sum"}},
            **{"then": "rich", "failed": "offer"},
        },
        "rich": {
            **{"type": "branch", "id": "rich", "otherwise": "offer"},
            "cases": [{"variable": "sum", "op": "more", "value": "1000", "then": "tag"}],
        },
        "tag": {"type": "tag", "id": "tag", "tag": "важный", "then": "offer"},
        "offer": {
            **{"type": "ask", "id": "offer", "otherwise": "bye", "question": "Предложение"},
            "prompt": {"text": "{first_name}, ваш заказ на {Сумма} руб. от {Дата}. Продлить со скидкой {Скидка}%?"},
            "again": {"text": "Продлить заказ?"},
            "answers": [
                {"id": "yes", "label": "Да", "key": "1", "phrases": ["да", "хочу", "продлите"], "then": "rate"},
                {"id": "no", "label": "Нет", "key": "2", "phrases": ["нет", "не хочу", "не нужно"], "then": "why"},
            ],
            "intents": {"details": "details"},
        },
        "details": {"type": "call", "id": "details", "flow": "details", "then": "offer"},
        "why": {
            **{"type": "listen", "id": "why", "variable": "reason", "question": "Почему"},
            **{"prompt": {"text": "Жаль. Почему?"}, "then": "bye", "otherwise": "bye"},
        },
        "rate": {
            **{"type": "listen", "id": "rate", "variable": "rate", "kind": "number", "least": 0, "most": 10},
            **{"prompt": {"text": "Оцените нас от нуля до десяти."}, "then": "sms", "otherwise": "sms"},
        },
        "sms": {"type": "message", "id": "sms", "text": "Заказ на {Сумма} руб. продлён.", "then": "bye"},
        "bye": {"type": "end", "id": "bye", "prompt": {"text": "Спасибо, до свидания!"}},
    },
    "flows": {
        "details": {
            "start": "tell",
            "steps": {
                "tell": {"type": "say", "id": "tell", "prompt": {"text": "Доставка и сборка входят."}, "then": "back"},
                "back": {"type": "return", "id": "back"},
            },
        }
    },
}
SAID = (
    *("да", "нет", "ну да конечно", "мне не очень понравилось", "не знаю", "позже", "кто это говорит", "да нет", ""),
    *("это слишком дорого для меня", "подождите минуту", "расскажите подробнее", "восемь из десяти", "а вы робот"),
    *("нет больше не звоните мне пожалуйста", "что вы сказали повторите ещё раз", "соедините с человеком"),
)
TALK_STEPS: dict[str, object] = {
    "ask": {
        **{"type": "ask", "id": "ask", "prompt": {"text": "Продлить?"}, "otherwise": "bye"},
        "answers": [
            {"id": "yes", "label": "Да", "phrases": ["да", "хочу", "продлите"], "then": "bye"},
            {"id": "no", "label": "Нет", "phrases": ["нет", "не хочу", "не нужно"], "then": "bye"},
        ],
    },
    "bye": {"type": "end", "id": "bye"},
}
WHEN = "2026-11-26T15:00:00+03:00"


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
            said = Heard(rng.choice(SAID), 0.9, value=rng.choice([None, WHEN]))
            return (Pressed(rng.choice("1234")),) if rng.random() < 0.4 else (said,)
        case TransferTo():
            return (TransferEnded(connected=rng.random() < 0.7),)
        case FetchThis():
            return (Fetched({"sum": str(rng.randrange(2000))}),)
        case ActThis():
            return (Acted(),)
        case _:
            return ()


class Stopwatch:
    """Runs dialogs and keeps how long each step took."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.steps_ns = array("q")
        self.results = Counter[str]()

    def step(self, flow: Flow, state: DialogState, event: DialogEvent) -> tuple[DialogState, Sequence[Command]]:
        """One step under the watch."""
        started = time.thread_time_ns()
        gone_on = step(flow, state, event)
        self.steps_ns.append(time.thread_time_ns() - started)
        return gone_on

    def talk(self, flow: Flow, variables: dict[str, str]) -> None:
        """Runs one dialog to its end."""
        state, commands = self.step(flow, begin(variables), Started())
        while not isinstance(last := commands[-1], Finish):
            for event in reaction(last, self.rng):
                state, following = self.step(flow, state, event)
                commands = following or commands
        self.results[last.result.value] += 1


def measure(dialogs: int, seed: int) -> dict[str, object]:
    """Runs so many dialogs; the first tenth warms up and is not counted."""
    flows = [flow_of_script(script_from_json(script), name="bench") for script in SCRIPTS]
    flows.append(flow_from_json(TALK))
    watch = Stopwatch(random.Random(seed))
    warm = dialogs // 10
    started = time.process_time()
    for number in range(dialogs + warm):
        if number == warm:
            watch = Stopwatch(watch.rng)
            started = time.process_time()
        variables = {
            "first_name": f"Анна{number % 7}",
            "Сумма": str(100 + number),
            "Дата": "02.12.2026",
            "Скидка": "20",
        }
        watch.talk(flows[number % len(flows)], variables)
    seconds = time.process_time() - started
    ordered = sorted(watch.steps_ns)
    return {
        "dialogs_per_s": round(dialogs / seconds),
        "steps_per_s": round(len(ordered) / seconds),
        "step_p50_us": round(ordered[len(ordered) // 2] / 1000, 1),
        "step_p99_us": round(ordered[len(ordered) * 99 // 100] / 1000, 1),
        "results": dict(sorted(watch.results.items())),
    }


def learnt() -> tuple[Flow, Trained]:
    """A flow whose every handler is an objection of the library, and its classifier."""
    names = tuple(library.names())
    described: dict[str, object] = {
        **{"name": "learnt", "start": "ask", "steps": TALK_STEPS},
        "intents": {name: {"library": name} for name in names},
        "handlers": [{"id": n, "kind": "objection", "intent": n, "reply": {"text": "Понимаю."}} for n in names],
    }
    flow = flow_from_json(described)
    return flow, train({name: library.intent(name, flow.language) for name in names}, flow.language)


def measure_intents(turns: int, seed: int) -> float:
    """The 99th percentile, in microseconds, of so many turns with a guess of their intents; each text is a new one."""
    flow, trained = learnt()
    rng = random.Random(seed)
    sentences = [one for name in trained.names for one in library.intent(name, flow.language)]
    took = array("q")
    for _ in range(turns + turns // 10):
        state, _ = step(flow, begin({}), Started())
        state, commands = step(flow, state, PromptEnded())
        listen = next(command for command in commands if isinstance(command, Listen))
        text = f"{rng.choice(sentences)} {rng.choice(sentences)}"
        started = time.thread_time_ns()
        step(flow, state, Heard(text, 0.9, intents=trained.guess(text, only=listen.intents)))
        took.append(time.thread_time_ns() - started)
    counted = sorted(took[turns // 10 :])
    return round(counted[len(counted) * 99 // 100] / 1000, 1)


def main(argv: list[str] | None = None) -> int:
    """Runs the dialogs and prints the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dialogs", type=int, default=20_000, help="how many dialogs (default %(default)s)")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args(argv)
    figures = measure(given.dialogs, given.seed)
    figures["step_with_intents_p99_us"] = measure_intents(max(100, given.dialogs // 10), given.seed)
    print(f"{given.dialogs} dialogs on one core")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
