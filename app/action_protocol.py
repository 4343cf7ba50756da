"""The protocol of rasa-sdk's actions: what is asked, and what an answer's events and responses mean in a call.

* `slot` sets a variable, `reset_slots` empties those that were sent;
* texts of responses and of `bot` events are said, in their order;
* `followup` asks for another action after this one (`action_listen` for none);
* `action_execution_rejected` is the action's refusal.

Every other event belongs to a conversation that the action server does not hold; it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import Unavailable
from core.json_pointer import as_text

VERSION: Final = "3.21.0"
"""Of the protocol; a server of another version is asked all the same."""
LISTEN: Final = "action_listen"
MOST_SLOTS: Final = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What one answer means: the slots it set (None: emptied), what is said, the action that is to follow."""

    slots: Mapping[str, str | None]
    replies: tuple[str, ...] = ()
    follow: str | None = None
    rejected: bool = False


def asked(action: str, sender: str, slots: Mapping[str, str | None]) -> dict[str, Any]:
    """The request for an action: the call's variables are the slots, the caller's last words the latest message."""
    known = {name: value for name, value in slots.items() if value is not None}
    return {
        "next_action": action,
        "sender_id": sender,
        "version": VERSION,
        "tracker": {
            "sender_id": sender,
            "slots": known,
            "latest_message": {"text": known.get("said", ""), "intent": {}, "entities": []},
            "latest_action_name": None,
            "latest_input_channel": "telephone",
            "events": [],
            "paused": False,
            "followup_action": None,
            "active_loop": {},
            "stack": [],
        },
        "domain": {
            "intents": [],
            "entities": [],
            "slots": {name: {"type": "text"} for name in known},
            "responses": {},
            "actions": [action],
            "forms": {},
        },
    }


def taken(answer: object, slots: Mapping[str, str | None]) -> Taken:
    """What the answer to an action that was sent `slots` means; `Unavailable` where it is no such answer."""
    if answer is None:
        return Taken({})
    if not isinstance(answer, Mapping):
        raise Unavailable("action_answer", "The action's answer is not of the protocol.")
    events, responses = _list(answer, "events"), _list(answer, "responses")
    set_: dict[str, str | None] = {}
    replies = [*_texts(responses)]
    follow, rejected = None, False
    for event in events:
        match event.get("event"):
            case "slot" if isinstance(event.get("name"), str):
                value = event.get("value")
                set_[event["name"]] = None if value is None else as_text(value)
            case "reset_slots":
                set_ |= dict.fromkeys(slots)
            case "bot":
                replies += _texts([event])
            case "followup":
                name = event.get("name")
                follow = str(name) if name and name != LISTEN else None
            case "action_execution_rejected":
                rejected = True
    if len(set_) > MOST_SLOTS:
        raise Unavailable("action_answer", f"The action set more than {MOST_SLOTS} slots.")
    return Taken(set_, tuple(replies), follow, rejected)


def _list(answer: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = answer.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise Unavailable("action_answer", f"The action's {name} are not of the protocol.")
    return found


def _texts(said: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of these can be said; pictures, buttons and the like cannot."""
    texts = (one.get("text") for one in said)
    return [" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()]
