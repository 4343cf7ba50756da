"""Why a row was left out, as the file of bad rows tells it to people who read Russian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from campaigns.contacts.rows import BadRow

RUSSIAN: Final[Mapping[str, str]] = {
    "no_phone": "Нет номера телефона.",
    "phone_not_a_number": "Это не номер телефона.",
    "phone_too_short": "В номере не хватает цифр.",
    "phone_too_long": "В номере слишком много цифр.",
    "phone_no_such_country": "Нет страны с таким кодом.",
    "phone_no_such_range": "Номеров с таким началом нет ни у одного оператора.",
    "phone_scientific": "Таблица округлила номер и потеряла его последние цифры: задайте столбцу текстовый формат.",
    "phone_extension": "К номеру нужен добавочный, набрать его нельзя.",
    "phone_premium": "Звонки на этот номер платные.",
    "too_many_cells": "В строке больше ячеек, чем столбцов в списке.",
    "too_long": "Слишком длинное значение.",
    "bad_zone": "Нет такого часового пояса: напишите Europe/Moscow, UTC+3 или МСК+2.",
    "bad_priority": "Приоритет — целое число от 1 (первые) до 1000000.",
    "bad_consent": "Непонятное согласие: напишите «да», «нет» или прошедший день, когда его дали.",
    "bad_tag": "Тег слишком длинный, или их слишком много.",
    "bad_number": "Это не число.",
    "bad_date": "Это не дата: напишите 31.12.2026 или 2026-12-31.",
    "not_in_list": "Такого варианта нет в списке поля.",
}


def in_russian(bad: BadRow) -> str:
    """The reason of a bad row."""
    return RUSSIAN[bad.reason_code]
