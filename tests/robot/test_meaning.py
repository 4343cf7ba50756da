"""What a call makes of words that are no phrase: times on the contact's clock, intents by the classifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from robot.dialog.flow import Language
from robot.dialog.intents import train
from robot.meaning import Understanding

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_R6_6_a_time_is_read_on_the_clock_of_the_zone_and_kept_with_its_offset() -> None:
    there = Understanding(None, now=lambda: NOW, zone="Asia/Yekaterinburg", language=Language.RU)
    assert there.instant("завтра в три") == "2026-11-26T15:00:00+05:00"
    assert there.instant("не знаю") is None


def test_R6_6_a_time_is_moved_into_the_hours_that_are_allowed() -> None:
    def next_day(at: datetime) -> datetime:
        return at + timedelta(days=1)

    there = Understanding(None, now=lambda: NOW, zone="Europe/Moscow", language=Language.RU, allowed=next_day)
    moved = there.instant("завтра в три")
    assert moved is not None
    assert datetime.fromisoformat(moved) == datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def test_R6_6_only_the_wanted_intents_are_guessed_and_none_without_a_classifier() -> None:
    examples = {
        "price": ("это дорого", "слишком дорого", "очень дорого для меня", "дорого стоит", "дороговато будет"),
        "who": ("кто это говорит", "кто вы такие", "а кто звонит", "представьтесь пожалуйста", "кто это вообще"),
    }
    trained = train(examples, Language.RU)
    there = Understanding(trained, now=lambda: NOW, zone="Europe/Moscow", language=Language.RU)
    assert {guess.name for guess in there.guess("слишком дорого", only=("price", "who"))} <= {"price"}
    assert there.guess("слишком дорого", only=("who",)) == ()
    assert Understanding(None, now=lambda: NOW, zone="Europe/Moscow", language=Language.RU).guess("да", only=()) == ()
