"""Custom actions of a shop that delivers orders: what is known of an order, and a day for its delivery.

Plain rasa-sdk: the same package runs inside Zvonar and on an action server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

ORDERS: Final[Mapping[str, Mapping[str, str]]] = {
    "17": {"state": "готов", "sum": "500", "city": "Казань"},
    "18": {"state": "в пути", "sum": "1200", "city": "Тверь"},
}
"""Stands for a shop's own database."""
DAYS: Final[Mapping[str, str]] = {"казань": "в пятницу", "тверь": "завтра"}


class OrderStatus(Action):
    """Keeps an order's state and sum; the number is in the slot `order`."""

    def name(self) -> str:
        """What a scenario calls it by."""
        return "order_status"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """An unknown order is refused, so that the scenario takes its other way."""
        order = ORDERS.get(str(tracker.get_slot("order")))
        if order is None:
            raise ActionExecutionRejection(self.name(), "There is no such order.")
        return [
            SlotSet("state", order["state"]),
            SlotSet("sum", order["sum"]),
            SlotSet("city", order["city"]),
            FollowupAction("delivery_day"),
        ]


class DeliveryDay(Action):
    """Says when an order comes to the city in the slot `city`, and keeps the day."""

    def name(self) -> str:
        """What a scenario calls it by."""
        return "delivery_day"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """A city without deliveries empties the day."""
        city = str(tracker.get_slot("city") or "")
        day = DAYS.get(city.casefold())
        if day is not None:
            dispatcher.utter_message(text=f"Доставим в город {city} {day}.")
        return [SlotSet("delivery_day", day)]
