"""SPEC R2.11: every cause is a sentence that people understand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from campaigns.cause import Cause, CauseKind
from services.cause_words import sentence

AT = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", list(CauseKind))
def test_R2_11_every_cause_has_its_sentence_with_the_instant_on_the_campaigns_clock(kind: CauseKind) -> None:
    said = sentence(Cause(kind), "Europe/Moscow")
    assert said[0].isupper()
    assert said.endswith(".")
    assert "until" not in said
    until = sentence(Cause(kind, AT), "Asia/Vladivostok")
    assert until == said.removesuffix(".") + ", until Tue 24 Nov 2026, 16:00 (Asia/Vladivostok)."


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (
            Cause(CauseKind.SCHEDULE_CLOSED, AT, {"zone": "Europe/Moscow"}),
            "The schedule is closed now (Europe/Moscow), until Tue 24 Nov 2026, 09:00 (Europe/Moscow).",
        ),
        (
            Cause(CauseKind.NO_FREE_LINE, detail={"of": "trunk", "trunk": "provider"}),
            "No line of the trunk is free (provider).",
        ),
        (
            Cause(CauseKind.NO_FREE_LINE, detail={"of": "campaign", "lines": "3"}),
            "No line of the campaign is free (it has 3).",
        ),
        (
            Cause(CauseKind.OTHER_PHONE_FIRST, detail={"phone": "2"}),
            "Another number of the contact is called first (number 2).",
        ),
        (Cause(CauseKind.WAITS, detail={"for": "retry"}), "The lead waits for its next attempt."),
        (
            Cause(CauseKind.BREAKER_OPEN, detail={"result": "system_error", "failed": "15", "calls": "22"}),
            "Too many calls failed, so the campaign paused itself: 15 of the last 22 (system_error).",
        ),
        (
            Cause(CauseKind.BREAKER_OPEN, detail={"reason": "the carrier refused"}),
            "Too many calls failed, so the campaign paused itself: the carrier refused.",
        ),
        (
            Cause(CauseKind.ERROR, detail={"error": "no {such} thing"}),
            "The campaign stopped with an error: no {such} thing.",
        ),
    ],
)
def test_R2_11_what_is_known_of_a_cause_stands_in_its_sentence(cause: Cause, said: str) -> None:
    assert sentence(cause, "Europe/Moscow") == said
