"""Russian nouns that stand after numbers, in the forms after one, two and five of each case."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

Forms = tuple[str, str, str]
"""After one, after two to four, after five and more."""


class Noun(NamedTuple):
    """A noun with its gender (m, f) and its forms by case: n, g, d, a, i, p."""

    gender: str
    forms: dict[str, Forms]

    def after(self, number: int, case: str) -> str:
        """The form that `number` asks for: один рубль, два рубля, пять рублей."""
        one, two, five = self.forms[case]
        if number % 100 in range(11, 15):
            return five
        return one if number % 10 == 1 else two if number % 10 in (2, 3, 4) else five

    def after_part(self) -> str:
        """The form after a fraction: полтора рубля, две десятых рубля."""
        return self.forms["g"][0]


def _masculine(stem: str, *, one: str = "", endings: str = "а у ом е ов ам ами ах") -> Noun:
    a, u, om, e, many, am, ami, ah = (stem + ending for ending in endings.split(" "))
    one = one or stem
    return Noun(
        "m",
        {
            "n": (one, a, many),
            "g": (a, many, many),
            "d": (u, am, am),
            "a": (one, a, many),
            "i": (om, ami, ami),
            "p": (e, ah, ah),
        },
    )


def _feminine(stem: str, *, many: str = "", some: str = "ы", with_: str = "ой") -> Noun:
    many, two = many or stem, stem + some
    return Noun(
        "f",
        {
            "n": (stem + "а", two, many),
            "g": (two, many, many),
            "d": (stem + "е", stem + "ам", stem + "ам"),
            "a": (stem + "у", two, many),
            "i": (stem + with_, stem + "ами", stem + "ами"),
            "p": (stem + "е", stem + "ах", stem + "ах"),
        },
    )


ROUBLE: Final = _masculine("рубл", one="рубль", endings="я ю ём е ей ям ями ях")
KOPECK: Final = _feminine("копейк", many="копеек", some="и")
DOLLAR: Final = _masculine("доллар")
CENT: Final = _masculine("цент")
EURO: Final = Noun("m", dict.fromkeys("ngdaip", ("евро", "евро", "евро")))
PERCENT: Final = _masculine("процент")
DEGREE: Final = _masculine("градус")

UNITS: Final[dict[str, Noun]] = {
    "кг": _masculine("килограмм"),
    "г": _masculine("грамм"),
    "км": _masculine("километр"),
    "м": _masculine("метр"),
    "см": _masculine("сантиметр"),
    "мм": _masculine("миллиметр"),
    "л": _masculine("литр"),
    "мл": _masculine("миллилитр"),
    "гб": _masculine("гигабайт", endings="а у ом е  ам ами ах"),
    "мб": _masculine("мегабайт", endings="а у ом е  ам ами ах"),
    "ч": _masculine("час"),
    "мин": _feminine("минут"),
    "сек": _feminine("секунд"),
    "шт": _feminine("штук", some="и"),
    "чел": _masculine("человек", endings="а у ом е  ам ами ах"),
    "тыс": _feminine("тысяч", some="и", with_="ей"),
    "млн": _masculine("миллион"),
    "млрд": _masculine("миллиард"),
}
TIMES: Final = {"тыс": Decimal(10**3), "млн": Decimal(10**6), "млрд": Decimal(10**9)}
