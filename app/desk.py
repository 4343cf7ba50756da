"""Transfers from robots to operator groups: hold, ring an operator, bridge, and back to the robot if nobody came.

Callers of one group are served in the order they came; the longest-idle operator is rung first. The contact hears
the switch's hold melody meanwhile. Which telephones are busy is known to this process alone.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import structlog

from app.line import SwitchLine
from campaigns.campaign import CompanyId
from campaigns.operators.queue import OperatorPhones
from core.clock import Clock
from core.errors import BadInput, Unavailable
from core.legs import Answered, DialOrder, HungUp, LegId, Parked, Unbridged
from services.groups import OperatorGroup
from telephony_esl.switch import Leg, Switch

log = structlog.get_logger(__name__)

RING_OPERATOR = timedelta(seconds=20)
AWAY_AFTER_REFUSAL_S = 30.0

FindGroup = Callable[[CompanyId, str], Awaitable[OperatorGroup | None]]


class Desk:
    """The operators' side of transfers, shared by all calls of this process."""

    def __init__(self, find_group: FindGroup, clock: Clock, *, trunk: str | None = None) -> None:
        self._find_group = find_group
        self._clock = clock
        self._trunk = trunk
        self._phones: dict[CompanyId, OperatorPhones] = defaultdict(OperatorPhones)
        self._turns: dict[tuple[CompanyId, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changed = asyncio.Event()

    async def connect(
        self, line: SwitchLine, group_name: str, wait_s: float, *, company: CompanyId, switch: Switch, trunk: str
    ) -> bool:
        """Transfers the caller; True once the talk with an operator is over, False when none came within `wait_s`."""
        group = await self._find_group(company, group_name)
        if group is None:
            log.warning("transfer.no_such_group", group=group_name, company=company)
            return False
        await line.leg.hold()
        found = await self._find_operator(line, group, wait_s, company, switch, self._trunk or trunk)
        if found is None:
            if line.hung_up is None:
                await line.leg.park()
            return False
        operator, phone = found
        try:
            return await self._talk(line, operator)
        finally:
            self._free(company, phone, away_s=0.0)

    async def _find_operator(
        self, line: SwitchLine, group: OperatorGroup, wait_s: float, company: CompanyId, switch: Switch, trunk: str
    ) -> tuple[Leg, str] | None:
        """Rings operators one after another until one answers; None after `wait_s` or when the caller hangs up."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(wait_s) as limit:
                line.watch(end=lambda: limit.reschedule(loop.time()))
                while True:
                    phone = await self._next_free(company, group)
                    leg = await self._ring(company, phone, switch, trunk)
                    if leg is not None:
                        return leg, phone
        except TimeoutError:
            return None
        finally:
            line.watch(end=None)

    async def _next_free(self, company: CompanyId, group: OperatorGroup) -> str:
        """Waits for its turn and for a free telephone, and takes it."""
        phones = self._phones[company]
        async with self._turns[company, group.name]:
            while True:
                now = self._clock.monotonic()
                phone = phones.choose(group.phones, now)
                if phone is not None:
                    phones.take(phone)
                    return phone
                again = phones.next_change(group.phones, now)
                await self._until_changed(None if again is None else again - now)

    async def _until_changed(self, at_most_s: float | None) -> None:
        try:
            async with asyncio.timeout(at_most_s):
                await self._changed.wait()
        except TimeoutError:
            return

    async def _ring(self, company: CompanyId, phone: str, switch: Switch, trunk: str) -> Leg | None:
        """Rings one telephone; the leg once it is answered and parked, None if it was not answered."""
        order = DialOrder(leg=LegId(str(uuid4())), trunk=trunk, destination=phone, ring_timeout=RING_OPERATOR)
        answered: Leg | None = None
        leg: Leg | None = None
        try:
            leg = await switch.dial(order)
            if await _parked(leg):
                answered = leg
        except (Unavailable, BadInput) as error:
            log.warning("transfer.operator_not_dialled", code=error.code)
        finally:
            if answered is None:
                self._free(company, phone, away_s=AWAY_AFTER_REFUSAL_S)
                if leg is not None:
                    await leg.hang_up()
        return answered

    def _free(self, company: CompanyId, phone: str, *, away_s: float) -> None:
        self._phones[company].give(phone, self._clock.monotonic(), away_s=away_s)
        self._changed.set()
        self._changed = asyncio.Event()

    @staticmethod
    async def _talk(line: SwitchLine, operator: Leg) -> bool:
        """Joins both legs and waits for the end of the talk; False if they could not be joined."""
        loop = asyncio.get_running_loop()
        joined = False
        try:
            await line.leg.bridge(operator)
            joined = True
            async with asyncio.timeout(None) as talk:
                line.watch(end=lambda: talk.reschedule(loop.time()), parting=lambda: talk.reschedule(loop.time()))
                while not isinstance(await operator.next_event(), HungUp | Unbridged):
                    pass
        except TimeoutError:
            pass
        except Unavailable as error:
            log.warning("transfer.not_joined", code=error.code)
        finally:
            line.watch(end=None)
            await operator.hang_up()
        return joined


async def _parked(leg: Leg) -> bool:
    """Whether the leg was answered and stands parked, ready to be bridged; False once it hung up."""
    was_answered = False
    while True:
        match await leg.next_event():
            case Answered():
                was_answered = True
            case Parked() if was_answered:
                return True
            case HungUp():
                return False
