"""Russian abbreviations written out, so that the rules for figures and the voice meet whole words.

«г. Москва, ул. Мира, д. 5» becomes «город Москва, улица Мира, дом 5». What an address word is in («на ул. Мира»)
follows from the preposition before it. What stands for a number of things (кг, мин.) is the matter of `spoken_ru`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

_S = r"[ \u00a0\u202f]*"
MONTHS: Final = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
_SHORT: Final = ("янв", "фев февр", "мар", "апр", "май", "июн", "июл", "авг", "сен сент", "окт", "ноя нояб", "дек")
_SHORT_MONTHS: Final = {
    short: MONTHS[number]
    for number, shorts in enumerate(
        ["янв", "фев февр", "мар", "апр", "май", "июн", "июл", "авг", "сен сент", "окт", "ноя нояб", "дек"]
    )
    for short in shorts.split()
}
_DAYS: Final = {
    "пн": ("понедельник", "понедельника"),
    "вт": ("вторник", "вторника"),
    "ср": ("среда", "среды"),
    "чт": ("четверг", "четверга"),
    "пт": ("пятница", "пятницы"),
    "сб": ("суббота", "субботы"),
    "вс": ("воскресенье", "воскресенья"),
}
_TILL: Final = {"ср": "среду", "пт": "пятницу", "сб": "субботу"}
_PLACES: Final = {
    "ул": "улица улице улице улицы",
    "г": "город городе городу города",
    "д": "дом доме дому дома",
    "пер": "переулок переулке переулку переулка",
    "пр-т": "проспект проспекте проспекту проспекта",
    "просп": "проспект проспекте проспекту проспекта",
    "пл": "площадь площади площади площади",
    "ш": "шоссе шоссе шоссе шоссе",
    "наб": "набережная набережной набережной набережной",
    "б-р": "бульвар бульваре бульвару бульвара",
    "обл": "область области области области",
    "р-н": "район районе району района",
    "корп": "корпус корпусе корпусу корпуса",
    "стр": "строение строении строению строения",
    "кв": "квартира квартире квартире квартиры",
    "оф": "офис офисе офису офиса",
    "эт": "этаж этаже этажу этажа",
    "м": "метро метро метро метро",
}
_PLACE_CASE: Final = {
    **dict.fromkeys(("в", "во", "на", "о", "об"), 1),
    **dict.fromkeys(("к", "ко", "по"), 2),
    **dict.fromkeys(("с", "со", "из", "от", "до", "у", "около", "из-за"), 3),
}
_WITH_NUMBER: Final = "д|корп|стр|кв|оф|эт"
_WITH_NAME: Final = "ул|г|пер|пр-т|просп|пл|ш|наб|б-р|м"
_AFTER_NAME: Final = "обл|р-н"
_PLACE: Final = re.compile(
    rf"(?:(?<!\w)(?P<before>[Вв]о?|[Нн]а|[Оо]б?|[Кк]о?|[Пп]о|[Сс]о?|[Ии]з|[Оо]т|[Дд]о|[Уу]|[Оо]коло) )?"
    rf"(?<![\w-])(?:(?P<numbered>{_WITH_NUMBER})\.{_S}(?=[0-9])"
    rf"|(?<![0-9] )(?P<named>{_WITH_NAME})\.?(?<=[.тр]){_S}(?=[А-ЯЁ0-9«\"])"
    rf"|(?P<named_before>{_AFTER_NAME})(?:\.|(?<=н)(?!\w)))",
)
_WORDS: Final[Sequence[tuple[str, str]]] = (
    (r"[Тт]\. ?е\.", "то есть"),
    (r"[Тт]\. ?к\.", "так как"),
    (r"и т\. ?д\.", "и так далее"),
    (r"и т\. ?п\.", "и тому подобное"),
    (r"и др\.", "и другие"),
    (r"и пр\.", "и прочее"),
    (r"тел\.", "телефон"),
    (r"доб\. ?(?=[0-9])", "добавочный "),
    (r"им\. ?(?=[А-ЯЁ])", "имени "),
    (r"см\.(?= [а-яё])", "смотри"),
    (r"руб\./", "руб/"),
    (r"ООО", "о-о-о"),
    (r"ОАО", "о-а-о"),
    (r"ИП", "и-пэ"),
    (r"НДС", "эн-дэ-эс"),
    (r"СМС|SMS", "эс-эм-эс"),
    (r"ИНН", "и-эн-эн"),
    (r"МФЦ", "эм-эф-цэ"),
    (r"ФИО", "фамилия, имя и отчество"),
    (r"ТЦ", "торговый центр"),
    (r"ЖК", "жилой комплекс"),
)
_PER: Final = {
    "мес": "в месяц",
    "день": "в день",
    "дн": "в день",
    "сут": "в сутки",
    "ч": "в час",
    "час": "в час",
    "мин": "в минуту",
    "год": "в год",
    "кг": "за килограмм",
    "шт": "за штуку",
    "чел": "с человека",
}
_PER_UNIT: Final = re.compile(
    rf"(₽|руб\.?|рублей|рубля|рубль|%|\$|€) ?/ ?({'|'.join(sorted(_PER, key=len)[::-1])})(?!\w)\.?"
)


def _place(found: re.Match[str]) -> str:
    short = found["numbered"] or found["named"] or found["named_before"]
    before = found["before"] or ""
    word = _PLACES[short].split()[_PLACE_CASE.get(before.casefold(), 0)]
    if found["named_before"] and re.search(r"(ой|ом)\s$", found.string[: found.start()]):
        word = _PLACES[short].split()[1]
    if short == "стр" and not re.search(r"(дом|корпус|улица|д\.|ул\.)[^!?]{0,40}$", found.string[: found.start()]):
        word = "страница"
    space = "" if found["named_before"] else " "
    return f"{before} {word}{space}" if before else f"{word}{space}"


def _day_range(found: re.Match[str]) -> str:
    first, last = found[1].casefold(), found[2].casefold()
    return f"с {_DAYS[first][1]} по {_TILL.get(last, _DAYS[last][0])}"


def _ends(pattern: str) -> str:
    """Letters must not go on after a word of letters."""
    return "" if pattern.endswith((")", "\\.")) else r"(?!\w)"


_ANY_WORD: Final = re.compile(rf"(?<!\w)(?:{'|'.join(f'({pattern}){_ends(pattern)}' for pattern, _ in _WORDS)})")
"""All of `_WORDS` at once; the number of the group tells which."""
_ANY_DAY = "|".join(_DAYS)
_RULES: Final[Sequence[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]]] = (
    (_ANY_WORD, lambda found: _WORDS[(found.lastindex or 1) - 1][1]),
    (_PER_UNIT, lambda found: f"{found[1]} {_PER[found[2]]}"),
    (_PLACE, _place),
    (
        re.compile(rf"(?<=[0-9])( ?)({'|'.join(sorted(_SHORT_MONTHS, key=len)[::-1])})\.?(?!\w)"),
        lambda found: f" {_SHORT_MONTHS[found[2]]}",
    ),
    (re.compile(rf"(?<!\w)({_ANY_DAY}) ?[-–—] ?({_ANY_DAY})(?!\w)", re.IGNORECASE), _day_range),
    (re.compile(r"(?<!\w)(пн|вт|чт|пт|сб|вс)(?!\w)\.?"), lambda found: _DAYS[found[1]][0]),
)
_MAY_HOLD: Final = re.compile(
    r"[.№/0-9]|[А-ЯЁ]{2}|(?<!\w)(?:пн|вт|ср|чт|пт|сб|вс)(?!\w)|р-н|пр-т|б-р|SMS", re.IGNORECASE
)


def written_out(text: str) -> str:
    """The text with its abbreviations in words; one without any comes back as it is."""
    if not _MAY_HOLD.search(text):
        return text
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    return text
