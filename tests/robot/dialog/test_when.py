"""SPEC R6.6: for when a caller asks to be called again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import BadInput
from robot.dialog.flow import Language
from robot.dialog.moments import spans_at
from robot.dialog.spoken import spoken
from robot.dialog.when import Allowed, When, parse, written

GOLDEN = Path(__file__).parents[2] / "golden" / "when"
MOSCOW, LONDON = "Europe/Moscow", "Europe/London"
WEDNESDAY = date(2026, 11, 25)
ZONES = ("Europe/Moscow", "Asia/Vladivostok", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")


def daily(zone: str, *, first: int = 9, last: int = 21) -> Allowed:
    """Every day from one hour to another on the clock of the zone."""
    clock = ZoneInfo(zone)

    def allowed(at: datetime) -> datetime | None:
        local = at.astimezone(clock)
        if local.time() < time(first):
            return datetime.combine(local.date(), time(first), clock)
        if local.time() >= time(last):
            return datetime.combine(local.date() + timedelta(days=1), time(first), clock)
        return at

    return allowed


def workdays(zone: str) -> Allowed:
    """Monday to Friday from 10 to 18."""
    inner = daily(zone, first=10, last=18)

    def allowed(at: datetime) -> datetime | None:
        found = inner(at)
        while found is not None and found.astimezone(ZoneInfo(zone)).weekday() > 4:
            day = found.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
            found = datetime.combine(day, time(10), ZoneInfo(zone))
        return found

    return allowed


def understood(text: str, *, at: int = 14, zone: str = MOSCOW, language: Language = Language.RU) -> When | None:
    now = datetime.combine(WEDNESDAY, time(at), ZoneInfo(zone))
    return parse(text, now=now, zone=zone, language=language, allowed=daily(zone))


def golden() -> Iterator[tuple[str, str, str, str]]:
    for language, zone in (("ru", MOSCOW), ("en", LONDON)):
        for line in (GOLDEN / f"{language}.txt").read_text("utf-8").splitlines():
            if not line.startswith("#"):
                text, wanted = (part.strip() for part in line.split("|"))
                yield language, zone, text, wanted


@pytest.mark.parametrize(("language", "zone", "text", "wanted"), list(golden()))
def test_R6_6_times_as_people_say_them(language: str, zone: str, text: str, wanted: str) -> None:
    found = understood(text, zone=zone, language=Language(language))
    told = "-" if found is None else f"{found.at:%Y-%m-%d %H:%M}{' ~' if found.ambiguous else ''}"
    assert told == wanted


def test_R6_6_the_table_is_long_enough() -> None:
    assert len(list(golden())) >= 200


@pytest.mark.parametrize(
    ("text", "at", "wanted"),
    [
        ("в три", 14, "25 15:00"),
        ("в три", 16, "26 15:00"),
        ("вечером", 18, "25 19:00"),
        ("вечером", 20, "25 20:05"),
        ("вечером", 22, "26 19:00"),
        ("утром", 8, "25 10:00"),
        ("утром", 11, "25 11:05"),
        ("утром", 13, "26 10:00"),
        ("после обеда", 10, "25 14:00"),
        ("до трёх", 10, "25 14:00"),
        ("до трёх", 14, "25 14:05"),
        ("до трёх", 16, "26 14:00"),
        ("сегодня в три", 16, "26 15:00"),
        ("через час", 20, "26 09:00"),
        ("двадцать пятого в десять", 12, "25 22:00"),
    ],
)
def test_R6_6_what_is_past_comes_again(text: str, at: int, wanted: str) -> None:
    found = understood(text, at=at)
    assert found is not None
    if text == "двадцать пятого в десять":
        assert found.at.date() == date(2026, 12, 25), "the next such day, at ten in the morning"
    else:
        assert f"{found.at:%d %H:%M}" == wanted


def test_R6_6_a_time_outside_the_hours_moves_into_them_and_says_so() -> None:
    late = understood("завтра в одиннадцать вечера")
    assert late is not None
    assert (f"{late.asked:%d %H:%M}", f"{late.at:%d %H:%M}", late.moved) == ("26 23:00", "27 09:00", True)
    fitting = understood("завтра в одиннадцать")
    assert fitting is not None
    assert not fitting.moved
    assert fitting.confidence > late.confidence


def test_R6_6_of_a_span_the_allowed_part_counts() -> None:
    now = datetime.combine(WEDNESDAY, time(9), ZoneInfo(MOSCOW))
    short = daily(MOSCOW, first=8, last=18)
    found = parse("завтра вечером", now=now, zone=MOSCOW, language=Language.RU, allowed=short)
    assert found is not None
    assert f"{found.at:%d %H:%M}" == "26 17:00", "evenings begin at five, and calls end at six"
    assert not found.moved


def test_R6_6_nothing_is_promised_where_no_call_is_ever_allowed() -> None:
    now = datetime.combine(WEDNESDAY, time(9), ZoneInfo(MOSCOW))
    assert parse("завтра", now=now, zone=MOSCOW, language=Language.RU, allowed=lambda at: None) is None


def test_R6_6_the_contact_has_another_clock() -> None:
    now = datetime(2026, 11, 25, 11, tzinfo=UTC)
    moscow = parse("завтра в три", now=now, zone=MOSCOW, language=Language.RU)
    east = parse("завтра в три", now=now, zone="Asia/Vladivostok", language=Language.RU)
    assert moscow is not None
    assert east is not None
    assert moscow.at - east.at == timedelta(hours=7)


def test_R6_6_clocks_that_change_are_read_right() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring = datetime(2027, 3, 27, 20, tzinfo=berlin)
    gap = parse("завтра в два тридцать ночи", now=spring, zone="Europe/Berlin", language=Language.RU)
    assert gap is not None
    assert gap.at.astimezone(UTC) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC), (
        "half past two is skipped: half past three"
    )
    autumn = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # a quarter to three, summer time
    again = parse("в два тридцать ночи", now=autumn, zone="Europe/Berlin", language=Language.RU)
    assert again is not None
    assert again.at.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "the second half past two"
    over = parse("через час", now=autumn, zone="Europe/Berlin", language=Language.RU)
    assert over is not None
    assert over.at.astimezone(UTC) == autumn + timedelta(hours=1)


def test_R6_6_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        parse("завтра", now=datetime(2026, 11, 25, tzinfo=UTC), zone="Moon/Sea", language=Language.RU)
    assert refused.value.code == "no_such_zone"


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2030, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
TEXTS = st.sampled_from([(text, Language(language)) for language, _, text, _ in golden()])


MIXTURE = "в через после до завтра утром пять тридцать первого часа минут неделю среду полпятого без"


@given(now=INSTANTS, zone=st.sampled_from(ZONES), said=TEXTS, strict=st.booleans())
def test_R6_6_a_promise_lies_ahead_and_in_the_hours(
    now: datetime, zone: str, said: tuple[str, Language], strict: bool
) -> None:
    allowed = workdays(zone) if strict else daily(zone)
    found = parse(said[0], now=now, zone=zone, language=said[1], allowed=allowed)
    if found is not None:
        assert found.at > now
        assert allowed(found.at) == found.at
        assert found.at.astimezone(UTC) >= found.asked.astimezone(UTC)
        assert 0.0 < found.confidence <= 1.0
        assert found.at.utcoffset() == found.at.astimezone(ZoneInfo(zone)).utcoffset()


@given(now=INSTANTS, text=st.text(max_size=60), language=st.sampled_from(list(Language)))
def test_R6_6_any_text_is_a_time_or_none(now: datetime, text: str, language: Language) -> None:
    found = parse(text, now=now, zone=MOSCOW, language=language)
    assert found is None or found.at > now


@given(
    now=INSTANTS,
    words=st.lists(
        st.sampled_from(MIXTURE.split()),
        max_size=7,
    ),
)
def test_R6_6_any_mixture_of_words_is_a_time_ahead_or_none(now: datetime, words: list[str]) -> None:
    found = parse(" ".join(words), now=now, zone=MOSCOW, language=Language.RU)
    assert found is None or found.at > now


@given(
    now=INSTANTS,
    ahead=st.timedeltas(timedelta(minutes=1), timedelta(days=300)),
    zone=st.sampled_from(["Europe/Moscow", "Asia/Vladivostok", "UTC"]),
    language=st.sampled_from(list(Language)),
)
def test_R6_6_what_the_robot_says_of_a_time_means_that_time(
    now: datetime, ahead: timedelta, zone: str, language: Language
) -> None:
    at = (now + ahead).astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    assume(at > now)
    said = spoken(written(at, now=now, zone=zone, language=language), language)
    found = parse(said, now=now, zone=zone, language=language)
    assert found is not None, said
    assert found.at == at, said


def test_an_hour_without_its_half_is_one_of_the_day() -> None:
    assert [span.usual.hour for span in spans_at(3, 0, None)] == [15]
    assert [span.usual.hour for span in spans_at(7, 0, None)] == [19, 7]
    assert [span.usual.hour for span in spans_at(8, 0, None)] == [8, 20]
    assert [span.usual.hour for span in spans_at(11, 0, None)] == [11]
    assert [span.usual.hour for span in spans_at(12, 0, "am")] == [0]
    assert spans_at(25, 0, None) == spans_at(3, 60, None) == ()
