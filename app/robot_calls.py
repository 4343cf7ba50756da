"""One attempt from the dial order to its ending: dial, wait for the answer, let the robot talk, say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import structlog

from app.desk import Desk
from app.line import SwitchLine
from app.lines import TrunkLines
from campaigns.budget import cost
from campaigns.campaign import Campaign, CompanyId
from campaigns.leads import Ending, LeasedCall
from core.clock import Clock
from core.errors import BadInput, Unavailable
from core.legs import Answered, DialOrder, HungUp
from core.results import CallResult
from robot.call import CallSettings, RobotCall, Senses
from robot.dialog.flow import Flow, Language
from robot.outcome import Outcome
from telephony_esl.switch import Leg

log = structlog.get_logger(__name__)

GRACE = timedelta(seconds=10)

FindFlow = Callable[[CompanyId, int], Awaitable[Flow]]
NoteAnswer = Callable[[LeasedCall, datetime], None]
FindSenses = Callable[[Language], Awaitable[Senses]]


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
        prices: Mapping[str, Decimal],
        clock: Clock,
    ) -> None:
        """`prices` are those of a minute by trunk."""
        self._lines = lines
        self._desk = desk
        self._note_answer = note_answer
        self._flow = flow
        self._senses = senses
        self._recordings = recordings
        self._prices = prices
        self._clock = clock

    async def place(self, call: LeasedCall, campaign: Campaign) -> Ending:
        """Places the call and holds the conversation; a switch that is away is a system error, never an exception."""
        try:
            if campaign.scenario is None:
                raise BadInput("scenario_missing", "The campaign has no scenario.")
            flow = await self._flow(call.company, campaign.scenario)
            senses = await self._senses(flow.language)
            senses.require(flow)
            leg = await self._lines.switch(campaign.trunk).dial(_order(call, campaign))
        except (Unavailable, BadInput) as error:
            log.warning("call.not_placed", attempt=call.attempt, code=error.code)
            return Ending(result=CallResult.SYSTEM_ERROR, ended_at=self._clock.now(), cause=error.code)
        try:
            async with asyncio.TaskGroup() as group:
                # The contact's prompts are rendered while the telephone rings.
                rendering = group.create_task(senses.prompts.prepare(flow, call.variables))
                ending = await self._follow(leg, call, campaign, flow, senses)
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

    async def _follow(self, leg: Leg, call: LeasedCall, campaign: Campaign, flow: Flow, senses: Senses) -> Ending:
        end = await self._until_answered(leg, campaign)
        if end is not None:
            return Ending(result=end.result, ended_at=self._clock.now(), cause=end.cause, sip_status=end.sip_status)
        answered_at = self._clock.now()
        self._note_answer(call, answered_at)
        line = SwitchLine(leg, self._transfer_for(call, campaign))
        settings = CallSettings(
            recordings=self._recordings / str(call.company) / f"{answered_at:%Y-%m-%d}",
            call_name=str(call.attempt),
            detect_machines=campaign.detect_machines,
            language=flow.language,
        )
        outcome = await RobotCall(flow, variables=call.variables, line=line, senses=senses, settings=settings).run()
        await leg.hang_up()
        last = line.hung_up or await self._last_word(leg)
        ended_at = self._clock.now()
        return Ending(
            result=outcome.result,
            ended_at=ended_at,
            answered_at=answered_at,
            cost=cost(ended_at - answered_at, self._prices.get(campaign.trunk, Decimal(0))),
            cause=last.cause if last else None,
            sip_status=last.sip_status if last else None,
            callback_at=_callback_at(outcome, self._clock),
            details=self._details(outcome),
        )

    async def _until_answered(self, leg: Leg, campaign: Campaign) -> HungUp | None:
        """None once the leg is answered; its end otherwise, at the latest some seconds past the ring timeout."""
        try:
            async with asyncio.timeout((campaign.ring_timeout + GRACE).total_seconds()):
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


def _order(call: LeasedCall, campaign: Campaign) -> DialOrder:
    return DialOrder(
        leg=call.leg,
        trunk=campaign.trunk,
        destination=call.phone.e164,
        caller_number=campaign.caller_number,
        ring_timeout=campaign.ring_timeout,
        labels={"zvonar_attempt": str(call.attempt)},
    )


def _callback_at(outcome: Outcome, clock: Clock) -> datetime | None:
    if outcome.result is not CallResult.CALLBACK_REQUESTED or outcome.callback_delay_min is None:
        return None
    return clock.now() + timedelta(minutes=outcome.callback_delay_min)
