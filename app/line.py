"""The conversation's line over a leg of the switch, and what others learn of that leg while the robot reads it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.legs import HungUp, LegEvent, Unbridged
from robot.ports import Exchange
from telephony_esl.switch import Leg

Transfer = Callable[["SwitchLine", str, float], Awaitable[bool]]


class SwitchLine:
    """One answered leg: the robot's `Line`.

    The robot alone reads the leg's events; whoever must know of the end (a transfer) leaves a callback here.
    """

    def __init__(self, leg: Leg, transfer: Transfer) -> None:
        self.leg = leg
        self.hung_up: HungUp | None = None
        self._transfer = transfer
        self._on_end: Callable[[], None] | None = None
        self._on_parting: Callable[[], None] | None = None

    async def link(self, exchange: Exchange) -> None:
        """Opens the audio both ways."""
        await self.leg.link(exchange)

    async def next_event(self) -> LegEvent:
        """Passes the next event on, after telling the transfer of it."""
        event = await self.leg.next_event()
        if isinstance(event, HungUp) and self.hung_up is None:
            self.hung_up = event
            if self._on_end is not None:
                self._on_end()
        if isinstance(event, Unbridged) and self._on_parting is not None:
            self._on_parting()
        return event

    def watch(self, *, end: Callable[[], None] | None, parting: Callable[[], None] | None = None) -> None:
        """Calls `end` when the caller hangs up, `parting` when a bridge to the caller ends; None stops watching."""
        self._on_end, self._on_parting = end, parting
        if end is not None and self.hung_up is not None:
            end()

    async def transfer(self, group: str, wait_s: float) -> bool:
        """Puts the caller through to `group`; True after a talk, False when nobody came."""
        return await self._transfer(self, group, wait_s)

    async def hang_up(self) -> None:
        """Ends the leg."""
        await self.leg.hang_up()
