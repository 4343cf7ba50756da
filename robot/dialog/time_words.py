"""Words in which people name a time, for recognisers that hear only what they are told to expect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from robot.dialog.flow import Language

TIME_WORDS: Final[Mapping[Language, tuple[str, ...]]] = MappingProxyType(
    {
        Language.RU: (
            "сегодня", "завтра", "послезавтра", "утром", "днём", "вечером", "сейчас", "после обеда", "до обеда",
            "через час", "через полчаса", "через минут", "через два часа", "через неделю", "через день", "в час",
            "в два", "в три", "в четыре", "в пять", "в шесть", "в семь", "в восемь", "в девять", "в десять",
            "в одиннадцать", "в двенадцать", "после двух", "после трёх", "после четырёх", "после пяти", "после шести",
            "после семи", "до пяти", "до шести", "часов", "часа", "минут", "пятнадцать", "двадцать", "тридцать",
            "сорок", "в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье",
        ),
        Language.EN: (
            "today", "tomorrow", "the day after tomorrow", "in the morning", "in the afternoon", "in the evening",
            "now", "after lunch", "in an hour", "in half an hour", "in two hours", "in a week", "minutes", "hours",
            "at one", "at two", "at three", "at four", "at five", "at six", "at seven", "at eight", "at nine",
            "at ten", "at eleven", "at twelve", "after two", "after three", "after four", "after five", "after six",
            "fifteen", "twenty", "thirty", "o'clock", "on monday", "on tuesday", "on wednesday", "on thursday",
            "on friday", "on saturday", "on sunday", "next week",
        ),
    }
)  # fmt: skip
