"""Telephone numbers as people write them in lists: found in a cell, checked, in E.164.

A number without a country is Russian. What cannot be called is kept with the reason, never dropped here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult

from core.phones import Phone

REGION: Final = "RU"
MOST_DIGITS: Final = 40

_CODES: Final = 1000
_ANY: Final = "2000000"

REASONS: Final = {
    "no_phone": "There is no telephone number.",
    "phone_not_a_number": "This is not a telephone number.",
    "phone_too_short": "The number has too few digits.",
    "phone_too_long": "The number has too many digits.",
    "phone_no_such_country": "No country has this code.",
    "phone_no_such_range": "No operator has numbers that begin like this.",
    "phone_scientific": "A spreadsheet has rounded the number and lost its last digits: format the column as text.",
    "phone_extension": "The number needs an extension, which cannot be dialled.",
    "phone_premium": "Calls to this number are charged extra.",
}
"""Why a number cannot be called, by the stable code."""

_SEPARATORS: Final = re.compile(r"[,;/|\n\r]+|\s+(?:или|и|or|and)\s+", re.IGNORECASE)
_SCIENTIFIC: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?e\+?[0-9]+", re.IGNORECASE | re.ASCII)
_FORMULA: Final = re.compile(r'="?([^"]*)"?')
_FLOAT: Final = re.compile(r"([0-9]{10,15})[.,]0+", re.ASCII)
_RUSSIAN_MOBILE: Final = re.compile(r"(?:\+?7|8)?(9[0-9]{9})", re.ASCII)
_RUSSIAN_LANDLINE: Final = re.compile(r"(?:\+?7|8)(([348][0-9]{2})[0-9]{7})", re.ASCII)
_LANDLINE: Final = re.compile(r"\+7([348][0-9]{2})[0-9]{7}", re.ASCII)
_FILLERS: Final = " \t\u00a0\u202f()-–—."
_FILLER: Final = str.maketrans("", "", _FILLERS)


@dataclass(frozen=True, slots=True)
class BadPhone:
    """A piece of a cell that cannot be called; `reason_code` is one of `REASONS`."""

    text: str
    reason_code: str

    @property
    def reason(self) -> str:
        """The sentence of the code."""
        return REASONS[self.reason_code]


def phones_in(cell: str) -> tuple[Phone | BadPhone, ...]:
    """All numbers of a cell in their order; nothing for a cell without a digit or letter."""
    text = cell.strip()
    if mobile := _RUSSIAN_MOBILE.fullmatch(text.translate(_FILLER)):  # nine in ten, and all of them valid
        return (Phone("+7" + mobile[1]),)
    if landline := _landline(text.translate(_FILLER)):
        return (landline,)
    if formula := _FORMULA.fullmatch(text):
        text = formula[1].strip()
    if _SCIENTIFIC.fullmatch(text.replace(" ", "")):
        return (BadPhone(text, "phone_scientific"),)
    pieces = [piece.strip() for piece in _SEPARATORS.split(text)]
    return tuple(one for piece in pieces if any(map(str.isalnum, piece)) for one in _numbers(piece))


def plain_mobiles(cells: str, cut: str) -> list[str]:
    """The E.164 number of each cell that is a Russian mobile and nothing else, else an empty text.

    The cells come joined by `cut`, a letter that none of them has.
    """
    for filler in _FILLERS:
        if filler in cells:
            cells = cells.replace(filler, "")
    mobile = re.compile(f"{cut}(?:(?:\\+?7|8)?(9[0-9]{{9}})(?={cut})|[^{cut}]*)", re.ASCII)
    return ["+7" + number if number else "" for number in mobile.findall(cut + cells + cut)[:-1]]


def _numbers(piece: str) -> tuple[Phone | BadPhone, ...]:
    """The number of one piece, or those that stand in it among words, or with nothing but spaces between."""
    one = number(piece)
    if isinstance(one, Phone) or one.reason_code in {"phone_extension", "phone_premium"}:
        return (one,)
    return _found(piece) or (one,)


def number(text: str) -> Phone | BadPhone:
    """One number in E.164, or why it is none."""
    bare = text.translate(_FILLER)
    if whole := _FLOAT.fullmatch(text):
        bare = whole[1]
    if mobile := _RUSSIAN_MOBILE.fullmatch(bare):
        return Phone("+7" + mobile[1])
    if sum(map(str.isdigit, bare)) > MOST_DIGITS:
        return BadPhone(text, "phone_too_long")
    try:
        parsed = phonenumbers.parse(bare if whole else text, REGION)
    except NumberParseException as error:
        return BadPhone(text, _unparsed(error, bare))
    bad = _fault(parsed)
    if bad is None:
        return Phone(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return BadPhone(text, bad)


def zone_of(phone: Phone) -> str | None:
    """The IANA time zone of a landline's region; None where the number tells none, as every Russian mobile."""
    if phone.e164.startswith("+79"):
        return None
    if landline := _LANDLINE.fullmatch(phone.e164):
        return _zone_of_code(landline[1])
    return _zone(phone.e164)


def _landline(bare: str) -> Phone | None:
    """A Russian landline written whole; None for anything else."""
    found = _RUSSIAN_LANDLINE.fullmatch(bare)
    return Phone("+7" + found[1]) if found and _is_landline_code(found[2]) else None


@lru_cache(_CODES)
def _is_landline_code(code: str) -> bool:
    """Whether all numbers behind a Russian code are landlines: within a code they are all of one kind."""
    return phonenumbers.number_type(phonenumbers.parse(f"+7{code}{_ANY}")) == PhoneNumberType.FIXED_LINE


@lru_cache(_CODES)
def _zone_of_code(code: str) -> str | None:
    """The zone of all numbers behind a Russian code; no zone has less than a code."""
    return _zone(f"+7{code}{_ANY}")


def _zone(e164: str) -> str | None:
    from phonenumbers import timezone  # its table of prefixes takes a while to load

    parsed = phonenumbers.parse(e164)
    landline = {PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
    if phonenumbers.number_type(parsed) not in landline:
        return None
    zones = timezone.time_zones_for_number(parsed)
    return zones[0] if len(zones) == 1 and zones[0] != timezone.UNKNOWN_TIMEZONE else None


def _found(piece: str) -> tuple[Phone | BadPhone, ...]:
    """The valid numbers of a longer text, if they are all of its digits."""
    matches = list(phonenumbers.PhoneNumberMatcher(piece, REGION))
    digits = sum(map(str.isdigit, piece))
    if sum(sum(map(str.isdigit, match.raw_string)) for match in matches) != digits:
        return ()
    return tuple(number(match.raw_string) for match in matches)


def _unparsed(error: NumberParseException, bare: str) -> str:
    match error.error_type:
        case NumberParseException.INVALID_COUNTRY_CODE:
            return "phone_no_such_country"
        case NumberParseException.TOO_LONG:
            return "phone_too_long"
        case NumberParseException.TOO_SHORT_NSN | NumberParseException.TOO_SHORT_AFTER_IDD:
            return "phone_too_short"
        case _:
            return "phone_too_short" if bare.removeprefix("+").isdigit() else "phone_not_a_number"


def _fault(parsed: PhoneNumber) -> str | None:
    """Why a number that could be read cannot be called; None if it can."""
    match phonenumbers.is_possible_number_with_reason(parsed):
        case ValidationResult.TOO_SHORT | ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return "phone_too_short"
        case ValidationResult.TOO_LONG:
            return "phone_too_long"
        case ValidationResult.INVALID_COUNTRY_CODE:
            return "phone_no_such_country"
    if parsed.extension:
        return "phone_extension"
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:
        return "phone_no_such_range"
    return "phone_premium" if kind == PhoneNumberType.PREMIUM_RATE else None
