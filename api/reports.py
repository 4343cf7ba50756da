"""What a campaign achieved: its report, its leads by bucket, its calls."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.campaign_views import Buckets, buckets_of
from api.campaigns import Id
from api.deps import Given
from api.security import By
from campaigns.campaign import CampaignId, CampaignKind
from campaigns.leads import Bucket
from core.results import CallResult
from services import reports
from services.answer_report import LISTED, MOST_VALUES, AnswerKind, QuestionCounts
from services.reports import CallRow, CampaignReport, LeadRow

router = APIRouter(prefix="/campaigns/{campaign}", tags=["reports"])

After = Annotated[int | None, Query(ge=0, le=2**63 - 1, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most items on the page.")]


class AnswerView(BaseModel):
    """How often one answer was given."""

    answer: str = Field(description="Empty for a value that was listened for: `label` is the value.")
    label: str
    count: int
    by_key: int
    by_phrase: int


class NumbersView(BaseModel):
    """The numbers that were given."""

    count: int
    mean: float
    median: float
    least: float
    most: float


class FreeAnswerView(BaseModel):
    """What one caller said."""

    call: int
    said: str = Field(description="Empty once what was said is forgotten.")
    value: str = Field(description="What was kept of it: a phone, an instant; empty for free words.")


class QuestionView(BaseModel):
    """One question with its answers."""

    step: str
    question: str
    kind: AnswerKind
    given: int = Field(description="How many answers were given.")
    answers: list[AnswerView] = Field(description=f"Of numbers the {MOST_VALUES} that were given most often.")
    numbers: NumbersView | None = Field(description="The sum of a question for a number.")
    listed: list[FreeAnswerView] = Field(description=f"The latest {LISTED} answers that are not counted one by one.")

    @classmethod
    def of(cls, question: QuestionCounts) -> QuestionView:
        """Shapes the answer."""
        answers = [
            AnswerView(answer=a.answer, label=a.label, count=a.count, by_key=a.by_key, by_phrase=a.by_phrase)
            for a in question.counts
        ]
        return cls(
            step=question.step,
            question=question.question,
            kind=question.kind,
            given=question.given,
            answers=answers,
            numbers=None if question.numbers is None else NumbersView(**asdict(question.numbers)),
            listed=[FreeAnswerView(call=one.attempt, said=one.said, value=one.value) for one in question.listed],
        )


class ReportView(BaseModel):
    """The sum of one campaign."""

    name: str
    kind: CampaignKind
    leads: int
    buckets: Buckets
    attempts: int
    results: dict[CallResult, int] = Field(description="Ended calls by result; a result that never came is left out.")
    questions: list[QuestionView]
    talk_seconds: float
    spent: Decimal = Field(description="What its ended calls cost.")

    @classmethod
    def of(cls, report: CampaignReport) -> ReportView:
        """Shapes the answer."""
        return cls(
            name=report.name,
            kind=report.kind,
            leads=report.leads,
            buckets=buckets_of(report.buckets),
            attempts=report.attempts,
            results=dict(report.results),
            questions=[QuestionView.of(question) for question in report.answers],
            talk_seconds=report.talk_seconds,
            spent=report.spent,
        )


class LeadView(BaseModel):
    """One contact in the campaign."""

    lead: int
    contact: int
    name: str
    phones: list[str]
    bucket: Bucket
    attempts: int
    last_result: CallResult | None
    next_call_at: datetime | None

    @classmethod
    def of(cls, row: LeadRow) -> LeadView:
        """Shapes the answer."""
        return cls(
            lead=row.lead,
            contact=row.contact,
            name=row.name,
            phones=list(row.phones),
            bucket=row.bucket,
            attempts=row.attempts,
            last_result=row.last_result,
            next_call_at=row.next_call_at,
        )


class LeadsView(BaseModel):
    """A page of leads."""

    items: list[LeadView]
    next: int | None = Field(description="Give it as `after` for the next page; null on the last.")


class CallView(BaseModel):
    """One call in the list of calls."""

    attempt: int
    lead: int | None = Field(description="Null once the lead was deleted.")
    name: str
    phone: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    result: CallResult | None = Field(description="Null while the call is in progress.")

    @classmethod
    def of(cls, row: CallRow) -> CallView:
        """Shapes the answer."""
        return cls(
            attempt=row.attempt,
            lead=row.lead,
            name=row.name,
            phone=row.phone,
            started_at=row.started_at,
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            result=row.result,
        )


class CallsView(BaseModel):
    """A page of calls, the latest first."""

    items: list[CallView]
    next: int | None = Field(description="Give it as `after` for the next page; null on the last.")


@router.get("/report", summary="Report of a campaign")
async def report(id_: Id, asker: By, deps: Given) -> ReportView:
    """Counts leads, results and answers of one campaign."""
    async with deps.database.transaction(asker.company) as tx:
        return ReportView.of(await reports.campaign_report(tx, CampaignId(id_)))


@router.get("/leads", summary="Leads of a campaign")
async def leads(
    id_: Id,
    asker: By,
    deps: Given,
    bucket: Annotated[Bucket | None, Query(description="Only this bucket.")] = None,
    after: After = None,
    limit: Limit = 50,
) -> LeadsView:
    """Shows the campaign's contacts page by page."""
    async with deps.database.transaction(asker.company) as tx:
        page = await reports.leads_page(tx, CampaignId(id_), bucket=bucket, after=after, limit=limit)
    return LeadsView(items=[LeadView.of(row) for row in page.items], next=page.next)


@router.get("/calls", summary="Calls of a campaign")
async def calls(id_: Id, asker: By, deps: Given, after: After = None, limit: Limit = 50) -> CallsView:
    """Shows the campaign's calls page by page, the latest first."""
    async with deps.database.transaction(asker.company) as tx:
        page = await reports.calls_page(tx, CampaignId(id_), after=after, limit=limit)
    return CallsView(items=[CallView.of(row) for row in page.items], next=page.next)
