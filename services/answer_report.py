"""What callers of a campaign answered (SPEC R10.4): choices counted, numbers summed up, free words listed.

A choice is an answer of an `Ask`; what a `Listen` keeps is a value of its kind: numbers, yes and no are counted too, a
phone, an instant and free words are people's own and are listed, the latest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from campaigns.campaign import CampaignId
from campaigns.leads import AttemptId
from robot.dialog.events import How
from robot.dialog.flow import Ask, Flow, Listen, ListenFor, steps_in_order
from storage.tables import answers

LISTED: Final = 20
"""So many free answers are listed, the latest ones."""
MOST_VALUES: Final = 50
"""So many different values of a question are counted by themselves, the most frequent ones."""


class AnswerKind(StrEnum):
    """What a question asks for."""

    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"
    PHONE = "phone"
    DATE_TIME = "date_time"
    YES_NO = "yes_no"


COUNTED: Final = frozenset({AnswerKind.NUMBER, AnswerKind.YES_NO})
"""Kinds of values that are counted by themselves."""


@dataclass(slots=True)
class AnswerCount:
    """How often one answer was given, and by what; a value that was listened for has no answer, but a label."""

    answer: str
    label: str
    by_key: int = 0
    by_phrase: int = 0

    @property
    def count(self) -> int:
        """By whatever way."""
        return self.by_key + self.by_phrase


@dataclass(frozen=True, slots=True)
class NumberSum:
    """The numbers that were given, summed up."""

    count: int
    mean: float
    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class FreeAnswer:
    """What one caller said; `value` is what was kept of it, empty for free words."""

    attempt: AttemptId
    said: str
    value: str


@dataclass(frozen=True, slots=True)
class QuestionCounts:
    """One question with its answers in their order, those that nobody gave too; `given` counts answers of every kind.

    `numbers` sums up a question for a number, `listed` holds the latest answers that are not counted one by one.
    """

    step: str
    question: str
    counts: tuple[AnswerCount, ...]
    kind: AnswerKind = AnswerKind.CHOICE
    given: int = 0
    numbers: NumberSum | None = None
    listed: tuple[FreeAnswer, ...] = ()


@dataclass(slots=True)
class _Question:
    kind: AnswerKind
    counts: dict[tuple[str, str], AnswerCount] = field(default_factory=dict)
    given: int = 0
    numbers: NumberSum | None = None
    listed: tuple[FreeAnswer, ...] = ()

    def count(self, answer: str, label: str) -> AnswerCount:
        """That of one answer."""
        return self.counts.setdefault((answer, label), AnswerCount(answer, label))


_VALUES: Final = text("""
    SELECT step, question, label, times, by_key FROM (
        SELECT step, question, label, count(*) AS times, count(*) FILTER (WHERE how = 'key') AS by_key,
               row_number() OVER (PARTITION BY step, question ORDER BY count(*) DESC, min(id)) AS place
        FROM answers WHERE campaign_id = :campaign AND answer = '' AND label <> '' AND step = ANY (:counted)
        GROUP BY step, question, label
    ) AS counted WHERE place <= :most ORDER BY step, question, place
""")
_NUMBERS: Final = text(r"""
    SELECT step, question, count(*) AS times, avg(n) AS mean, min(n) AS least, max(n) AS most,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY n) AS median
    FROM (
        SELECT step, question, CAST(label AS double precision) AS n FROM answers
        WHERE campaign_id = :campaign AND answer = '' AND step = ANY (:numbers)
          AND label ~ '^-?[0-9]{1,18}(\.[0-9]{1,9})?$'
    ) AS given GROUP BY step, question
""")

Asked = dict[tuple[str, str], _Question]


async def question_counts(tx: AsyncConnection, campaign: CampaignId, flow: Flow | None) -> tuple[QuestionCounts, ...]:
    """The flow's questions in its order, then those that only older versions of it asked."""
    asked = _asked(flow)
    await _choices(tx, campaign, asked)
    await _values(tx, campaign, asked)
    return tuple(
        QuestionCounts(step, question, tuple(one.counts.values()), one.kind, one.given, one.numbers, one.listed)
        for (step, question), one in asked.items()
    )


def _asked(flow: Flow | None) -> Asked:
    found: Asked = {}
    for name, step in steps_in_order(flow) if flow else ():
        if isinstance(step, Ask) and step.question is not None:
            one = found.setdefault((name, step.question), _Question(AnswerKind.CHOICE))
            for answer in step.answers:
                if answer.label:
                    one.count(answer.id, answer.label)
        elif isinstance(step, Listen) and step.question is not None:
            found.setdefault((name, step.question), _Question(_KINDS[step.kind]))
    return found


async def _choices(tx: AsyncConnection, campaign: CampaignId, asked: Asked) -> None:
    a = answers.c
    by = (a.step, a.question, a.answer, a.label, a.how)
    query = select(*by, func.count().label("times")).where(a.campaign_id == campaign, a.answer != "")
    for row in await tx.execute(query.group_by(*by).order_by(func.min(a.id))):
        one = asked.setdefault((row.step, row.question), _Question(AnswerKind.CHOICE))
        one.given += row.times
        count = one.count(row.answer, row.label)
        if row.how == How.KEY:
            count.by_key += row.times
        else:
            count.by_phrase += row.times


async def _values(tx: AsyncConnection, campaign: CampaignId, asked: Asked) -> None:
    """What was listened for; a question that the flow has no more is taken for one of free words."""
    a = answers.c
    query = select(a.step, a.question, func.count().label("times")).where(a.campaign_id == campaign, a.answer == "")
    for row in await tx.execute(query.group_by(a.step, a.question).order_by(func.min(a.id))):
        one = asked.setdefault((row.step, row.question), _Question(AnswerKind.TEXT))
        one.given += row.times
        if one.kind not in COUNTED:
            one.listed = await _latest(tx, campaign, row)
    counted = [step for (step, _), one in asked.items() if one.kind in COUNTED]
    wanted = {"campaign": campaign, "counted": counted, "most": MOST_VALUES}
    for row in await tx.execute(_VALUES, wanted) if counted else ():
        count = asked[row.step, row.question].count("", row.label)
        count.by_key, count.by_phrase = row.by_key, row.times - row.by_key
    numbers = [step for (step, _), one in asked.items() if one.kind is AnswerKind.NUMBER]
    for row in await tx.execute(_NUMBERS, {"campaign": campaign, "numbers": numbers}) if numbers else ():
        asked[row.step, row.question].numbers = NumberSum(row.times, row.mean, row.median, row.least, row.most)


async def _latest(tx: AsyncConnection, campaign: CampaignId, of: Row[Any]) -> tuple[FreeAnswer, ...]:
    a = answers.c
    this = (a.campaign_id == campaign, a.step == of.step, a.answer == "", a.question == of.question)
    query = select(a.attempt_id, a.said, a.label).where(*this).order_by(a.id.desc()).limit(LISTED)
    return tuple(FreeAnswer(AttemptId(row.attempt_id), row.said, row.label) for row in await tx.execute(query))


_KINDS: Final[Mapping[ListenFor, AnswerKind]] = {kind: AnswerKind(kind.value) for kind in ListenFor}
