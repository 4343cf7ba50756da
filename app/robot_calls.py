"""One attempt from the dial order to its ending: dial, wait for the answer, let the robot talk, say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec
import structlog

from app.desk import Desk
from app.line import SwitchLine
from app.lines import TrunkLines
from campaigns.budget import cost
from campaigns.campaign import Campaign, CompanyId
from campaigns.company_rules import CompanyRules
from campaigns.compliance import Compliance, ring_timeout
from campaigns.leads import Ending, LeasedCall
from campaigns.local_time import opens_at
from campaigns.trunk_terms import TrunkTerms
from core.clock import Clock
from core.errors import BadInput, NotFound, Unavailable
from core.legs import Answered, DialOrder, HungUp
from core.results import CallResult
from robot.call import CallSettings, RobotCall, Senses
from robot.dialog.flow import Callback, Flow, HandlerKind, Language, Listen, ListenFor, steps_of
from robot.dialog.intents import Trained
from robot.errands import NoErrands
from robot.meaning import Understanding
from robot.outcome import Outcome
from robot.ports import Errands
from telephony_esl.switch import Leg

log = structlog.get_logger(__name__)

GRACE = timedelta(seconds=10)

FindFlow = Callable[[CompanyId, int], Awaitable[tuple[Flow, Trained | None]]]
NoteAnswer = Callable[[LeasedCall, datetime], None]
FindRules = Callable[[CompanyId], Awaitable[CompanyRules]]
FindSenses = Callable[[Language], Awaitable[Senses]]


class Doers(Protocol):
    """What the errands of calls are carried out with, and what is known of their contacts."""

    def of(self, call: LeasedCall, language: Language) -> Errands:
        """The errands of one call."""
        ...

    async def zone(self, call: LeasedCall) -> str | None:
        """The contact's zone, where it is known."""
        ...


class NoDoers:
    """For calls that have nobody to run errands."""

    def of(self, call: LeasedCall, language: Language) -> Errands:
        """What is awaited fails, what is not is logged and left."""
        return NoErrands()

    async def zone(self, call: LeasedCall) -> str | None:
        """Nothing is known."""
        return None


@dataclass(frozen=True, slots=True)
class _Talk:
    """What one conversation is held with."""

    flow: Flow
    trained: Trained | None
    senses: Senses
    variables: Mapping[str, str]


class RobotCalls:
    """The dialler's `Calls` port for robot campaigns."""

    def __init__(
        self,
        *,
        lines: TrunkLines,
        desk: Desk,
        note_answer: NoteAnswer,
        flow: FindFlow,
        senses: FindSenses,
        recordings: Path,
        rules: FindRules,
        terms: Mapping[str, TrunkTerms],
        clock: Clock,
        doers: Doers | None = None,
    ) -> None:
        """`flow` finds a version's flow with its classifier; `terms` are those of the trunks by their names.

        `doers` carry out what dialogs want done outside of the talk.
        """
        self._lines = lines
        self._desk = desk
        self._note_answer = note_answer
        self._flow = flow
        self._senses = senses
        self._recordings = recordings
        self._rules = rules
        self._terms = terms
        self._clock = clock
        self._doers = doers or NoDoers()

    async def place(self, call: LeasedCall, campaign: Campaign) -> Ending:
        """Places the call and holds the conversation; a switch that is away is a system error, never an exception."""
        try:
            scenario = call.scenario or campaign.scenario
            if scenario is None:
                raise BadInput("scenario_missing", "The campaign has no scenario.")
            flow, trained = await self._flow(call.company, scenario)
            senses = await self._senses(flow.language)
            senses.require(flow)
            rules = (await self._rules(call.company)).compliance
            order = _order(call, campaign, rules)
            leg = await self._lines.switch(campaign.trunk).dial(order)
        except (Unavailable, BadInput) as error:
            log.warning("call.not_placed", attempt=call.attempt, code=error.code)
            return Ending(result=CallResult.SYSTEM_ERROR, ended_at=self._clock.now(), cause=error.code)
        talk = _Talk(flow, trained, senses, _variables(call, campaign, self._clock.now()))
        try:
            async with asyncio.TaskGroup() as group:
                # The contact's prompts are rendered while the telephone rings.
                rendering = group.create_task(senses.prompts.prepare(flow, talk.variables))
                ending = await self._follow(leg, call, campaign, talk, rings=order.ring_timeout)
                rendering.cancel()
            return ending
        finally:
            await leg.hang_up()

    async def abandon(self, call: LeasedCall, campaign: Campaign | None = None) -> None:
        """Ends the leg of an attempt whose worker died, on whichever switch it may live.

        `Unavailable` while one of them is away: the leg may live there, so the attempt must not be ended yet.
        """
        for switch in self._lines.switches:
            await switch.kill(call.leg)

    async def _follow(self, leg: Leg, call: LeasedCall, campaign: Campaign, talk: _Talk, *, rings: timedelta) -> Ending:
        end = await self._until_answered(leg, rings)
        if end is not None:
            return Ending(result=end.result, ended_at=self._clock.now(), cause=end.cause, sip_status=end.sip_status)
        answered_at = self._clock.now()
        self._note_answer(call, answered_at)
        zone = await self._zone(call, talk.flow)
        line = SwitchLine(leg, self._transfer_for(call, campaign))
        settings = CallSettings(
            recordings=self._recordings / str(call.company) / f"{answered_at:%Y-%m-%d}",
            call_name=str(call.attempt),
            detect_machines=campaign.detect_machines,
            language=talk.flow.language,
            errands=self._doers.of(call, talk.flow.language),
            meaning=self._meaning(campaign, zone, talk),
        )
        robot = RobotCall(talk.flow, variables=talk.variables, line=line, senses=talk.senses, settings=settings)
        outcome = await robot.run()
        await leg.hang_up()
        last = line.hung_up or await self._last_word(leg)
        ended_at = self._clock.now()
        return Ending(
            result=outcome.result,
            ended_at=ended_at,
            answered_at=answered_at,
            cost=cost(ended_at - answered_at, self._price(campaign.trunk)),
            cause=last.cause if last else None,
            sip_status=last.sip_status if last else None,
            callback_at=_callback_at(outcome, campaign, zone, self._clock.now()),
            details=self._details(outcome),
        )

    async def _zone(self, call: LeasedCall, flow: Flow) -> str | None:
        """The contact's zone where the dialog may promise a time; a database that is away costs no call."""
        if not promises_times(flow):
            return None
        try:
            return await self._doers.zone(call)
        except (NotFound, Unavailable) as error:
            log.warning("call.zone_unknown", attempt=call.attempt, code=error.code)
            return None

    def _meaning(self, campaign: Campaign, zone: str | None, talk: _Talk) -> Understanding:
        """Understands times on the contact's clock, else the campaign's, and promises none at which it may not call."""
        return Understanding(
            talk.trained,
            now=self._clock.now,
            zone=zone or campaign.schedule.zone,
            language=talk.flow.language,
            allowed=partial(opens_at, campaign, zone),
        )

    def _price(self, trunk: str) -> Decimal:
        terms = self._terms.get(trunk)
        return Decimal(0) if terms is None else terms.price_per_minute

    async def _until_answered(self, leg: Leg, rings: timedelta) -> HungUp | None:
        """None once the leg is answered; its end otherwise, at the latest some seconds past the ring timeout."""
        try:
            async with asyncio.timeout((rings + GRACE).total_seconds()):
                while True:
                    event = await leg.next_event()
                    if isinstance(event, Answered):
                        return None
                    if isinstance(event, HungUp):
                        return event
        except TimeoutError:
            await leg.hang_up()
            return await self._last_word(leg) or HungUp(cause="NO_END", result=CallResult.UNKNOWN_ERROR)

    async def _last_word(self, leg: Leg) -> HungUp | None:
        """The leg's end once it is told to hang up; None if the switch stays silent."""
        try:
            async with asyncio.timeout(GRACE.total_seconds()):
                while True:
                    event = await leg.next_event()
                    if isinstance(event, HungUp):
                        return event
        except TimeoutError:
            log.error("call.no_hangup", leg=leg.id)
            return None

    def _transfer_for(
        self, call: LeasedCall, campaign: Campaign
    ) -> Callable[[SwitchLine, str, float], Awaitable[bool]]:
        async def transfer(line: SwitchLine, group: str, wait_s: float) -> bool:
            switch = self._lines.switch(campaign.trunk)
            return await self._desk.connect(
                line, group, wait_s, company=call.company, switch=switch, trunk=campaign.trunk
            )

        return transfer

    def _details(self, outcome: Outcome) -> dict[str, object]:
        """The outcome as plain JSON values; the recording's path is kept relative to the recordings' folder."""
        plain: dict[str, object] = msgspec.to_builtins(outcome, enc_hook=str)
        if outcome.recording is not None:
            plain["recording"] = outcome.recording.relative_to(self._recordings).as_posix()
        return plain


def _variables(call: LeasedCall, campaign: Campaign, now: datetime) -> Mapping[str, str]:
    """What is known of the contact, and the day of the call on the campaign's clock."""
    return {"today": f"{now.astimezone(ZoneInfo(campaign.schedule.zone)):%Y-%m-%d}", **call.variables}


def _order(call: LeasedCall, campaign: Campaign, rules: Compliance) -> DialOrder:
    """What the switch is told; the company's rules may want a longer ringing and a call label (SPEC R3.7)."""
    return DialOrder(
        leg=call.leg,
        trunk=campaign.trunk,
        destination=call.phone.e164,
        caller_number=campaign.caller_number,
        ring_timeout=ring_timeout(campaign.ring_timeout, rules),
        labels={"zvonar_attempt": str(call.attempt)},
        call_label=rules.call_label,
    )


def promises_times(flow: Flow) -> bool:
    """Whether the dialog may understand or promise a time of another call."""
    asks = any(
        isinstance(step, Callback) or (isinstance(step, Listen) and step.kind is ListenFor.DATE_TIME)
        for _, _, step in steps_of(flow)
    )
    return asks or any(handler.kind is HandlerKind.LATER for handler in flow.handlers)


def _callback_at(outcome: Outcome, campaign: Campaign, zone: str | None, now: datetime) -> datetime | None:
    """When the caller was promised a call: at the instant he named, unless that has passed, else after the delay.

    Moved to the next instant at which the campaign may call the contact.
    """
    if outcome.result is not CallResult.CALLBACK_REQUESTED:
        return None
    if outcome.callback_at is not None:
        at = max(now, datetime.fromisoformat(outcome.callback_at).astimezone(UTC))
    elif outcome.callback_delay_min is not None:
        at = now + timedelta(minutes=outcome.callback_delay_min)
    else:
        return None
    return opens_at(campaign, zone, at) or at
