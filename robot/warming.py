"""What a flow's first call would wait for, done before it: its plan, the dictionary of word forms, the classifier.

The Russian dictionary is loaded only for a flow that hears Russian words: its phrases may stand in other forms or be
misheard, its intents are told by lemmas.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from robot.dialog import when, word_forms
from robot.dialog.flow import Flow, Language
from robot.dialog.intents import Trained
from robot.dialog.plan import Plan, plan_of
from robot.dialog.texts import say

_SENTENCE: Final = {Language.RU: "завтра после трёх", Language.EN: "tomorrow after three"}
_NUMBERS: Final = "{sum} руб. {day}"
_SAMPLES: Final = {"sum": "12345,50", "day": "02.12.2026"}
_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


def warm(flow: Flow, trained: Trained | None) -> None:
    """Makes the flow ready to be talked through; takes up to half a second the first time, so run it off the loop."""
    plan = plan_of(flow)
    if flow.language is Language.RU and hears_words(plan):
        word_forms.warm()
    if trained is not None:
        trained.ranked(_SENTENCE[flow.language])
    if any(spot.listen is not None and spot.listen.wants_time for spot in plan.spots.values()):
        when.parse(_SENTENCE[flow.language], now=_AT, zone="Europe/Moscow", language=flow.language)
    say(_NUMBERS, _SAMPLES, flow.language)


def hears_words(plan: Plan) -> bool:
    """Whether some turn of the flow is understood by its words: by phrases or by intents."""
    listens = (spot.listen for spot in plan.spots.values())
    return any(one is not None and (one.phrases or one.intents) for one in listens)
