"""SPEC R6.8: versions are compared, as sentences that a designer understands."""

from __future__ import annotations

from robot.dialog.flow import Flow
from robot.dialog.source import Changed, diff, read

BEFORE = """
name: Доставка
intents:
  late: [опоздали]
handlers:
  late: {reply: Простите.}
  who: {intent: late, reply: Мы.}
steps:
  hello: {say: Здравствуйте!}
  rate:
    ask: Понравилось?
    question: Оценка
    answers:
      Да: {key: 1, then: bye}
      Нет: {key: 2, then: bye}
    otherwise: bye
  bye: {end: Спасибо}
"""


def flow(text: str) -> Flow:
    found = read(text)
    assert found.flow is not None, found.findings
    return found.flow


def sentences(after: str) -> list[str]:
    return [str(change) for change in diff(flow(BEFORE), flow(after))]


def test_a_changed_text_is_told_with_both_texts() -> None:
    assert sentences(BEFORE.replace("Спасибо", "До свидания")) == [
        "step 'bye': prompt was «Спасибо», is now «До свидания»"
    ] or (
        sentences(BEFORE.replace("Спасибо", "До свидания"))
        == ["step 'bye': prompt.text was «Спасибо», is now «До свидания»"]
    )


def test_answers_are_told_by_their_labels() -> None:
    assert sentences(BEFORE.replace("key: 2", "key: 3")) == ["step 'rate', answer 'Нет': key was «2», is now «3»"]
    more = BEFORE.replace("    otherwise", "      Не знаю: {key: 3, then: bye}\n    otherwise")
    assert sentences(more) == ["step 'rate', answer 'Не знаю': added"]


def test_steps_that_come_and_go_are_told() -> None:
    more = BEFORE + "  lost: {end: Никогда}\n"
    assert sentences(more) == ["step 'lost': added"]
    (back,) = diff(flow(more), flow(BEFORE))
    assert (back.changed, back.path, back.part) == (Changed.REMOVED, "steps.lost", "step 'lost'")


def test_the_order_of_steps_means_nothing_and_that_of_handlers_does() -> None:
    hello = "  hello: {say: Здравствуйте!, then: rate}\n"
    moved = BEFORE.replace("  hello: {say: Здравствуйте!}\n", "").replace("steps:\n", "start: hello\nsteps:\n") + hello
    assert sentences(moved) == []
    late, who = "  late: {reply: Простите.}\n", "  who: {intent: late, reply: Мы.}\n"
    assert sentences(BEFORE.replace(late + who, who + late)) == [
        "handlers: order was «late, who», is now «who, late»"
    ] or (sentences(BEFORE.replace(late + who, who + late)) == ["handlers: order was late, who, is now who, late"])


def test_what_an_intent_learns_by_is_compared() -> None:
    assert sentences(BEFORE.replace("[опоздали]", "[опоздали, задержка]")) == [
        'intent \'late\': examples was ["опоздали"], is now ["опоздали","задержка"]'
    ]
