"""Small flows for the rehearsal's tests."""

from __future__ import annotations

from datetime import UTC, datetime

from robot.dialog.flow import Flow
from robot.dialog.source import read
from robot.dialog.source.understanding import ZONE, hearing_of, trained_for
from robot.rehearsal.dialog import Hearing

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)

OFFER = """
name: Скидка
variables: {город: ""}
intents:
  later: {phrases: "позже, перезвоните"}
  дорого: {phrases: "дорого, нет денег"}
  повтор: {phrases: "повторите, не слышно"}
handlers:
  later: {reply: Когда вам удобно?, goodbye: "До связи."}
  дорого: {reply: Есть рассрочка., limit: 1, escalation: bye}
  повтор: {kind: repeat}
steps:
  where:
    branch: [{variable: город, is: Москва, then: offer}]
    otherwise: offer
  offer:
    ask: Скидка 100 рублей. Соединить?
    question: Интерес
    answers:
      Да: {key: 1, phrases: "да, хочу", then: rate}
      Нет: {key: 2, phrases: "нет, не хочу", then: bye}
    otherwise: bye
  rate:
    listen: rate
    kind: number
    least: 0
    most: 10
    prompt: Оценка?
    then: kind
    otherwise: bye
  kind:
    branch: [{variable: rate, at_most: 6, then: sorry}]
    otherwise: talk
  sorry: {call: sad, then: talk}
  talk: {transfer: Продажи, otherwise: bye}
  bye: {end: До свидания}
flows:
  sad:
    steps:
      say: {say: "Жаль."}
      back: {return: }
"""


def flow_of(text: str) -> Flow:
    """The flow of YAML that is right."""
    found = read(text)
    assert found.flow is not None, found.findings
    return found.flow


def offer() -> Flow:
    """An offer with everything in it that a rehearsal looks at."""
    return flow_of(OFFER)


def hearing(flow: Flow) -> Hearing:
    """How its robot hears at `NOW`."""
    return hearing_of(flow, trained_for(flow), now=NOW, zone=ZONE)
