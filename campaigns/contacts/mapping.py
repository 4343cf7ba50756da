"""Which column of a list is which field of a contact: guessed from its name, or as somebody chose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from campaigns.contacts.phones import phones_in
from campaigns.contacts.reading import LONGEST_NAME, Sheet
from core.errors import BadInput
from core.phones import Phone

MOST_PHONES: Final = 5
PHONE: Final = "phone"
CUSTOM: Final = "custom:"
FULL_NAME: Final = "full_name"
PLAIN: Final = ("last_name", "first_name", "middle_name", "organisation", "position", "note", "email", "zone")
TAGS: Final = "tags"
PRIORITY: Final = "priority"
CONSENT: Final = "consent"
FIELDS: Final = (
    PHONE,
    *(f"{PHONE}{number}" for number in range(1, MOST_PHONES + 1)),
    FULL_NAME,
    *PLAIN,
    TAGS,
    PRIORITY,
    CONSENT,
)
"""What a column can be, besides `custom:` with the name of a custom field. Any number of columns may be `phone`."""
EXPORTED_ONLY: Final = (
    "Ответственный", "Добавлен (UTC)", "Корзина", "Последний результат", "Попыток", "Перезвонить (UTC)",
)  # fmt: skip
"""Columns of exports that are no fields of a contact."""
ERROR_COLUMNS: Final = ("Строка", "Столбец", "Причина")
"""The first columns of a file of bad rows."""
OWN_FIELD: Final = " (поле)"
"""Ends the column of a custom field whose name alone would be taken for another field."""

_KNOWN: Final[Mapping[str, str]] = {
    name: field
    for field, names in {
        PHONE: "телефон тел тлф номер сотовый мобильный моб контакт whatsapp "
        "phone telephone tel mobile cell number msisdn",
        FULL_NAME: "фио имяконтакта контактноелицо клиент имяфамилия фамилияимя фамилияимяотчество "
        "name fullname contact contactname client customer",
        "last_name": "фамилия lastname surname familyname",
        "first_name": "имя firstname givenname",
        "middle_name": "отчество middlename patronymic secondname",
        "organisation": "организация компания фирма предприятие юрлицо organisation organization company employer",
        "position": "должность position jobtitle title job",
        "note": "примечание заметка комментарий допинформация дополнительнаяинформация описание "
        "note notes comment comments remark",
        "email": "email почта эпочта элпочта электроннаяпочта имейл mail",
        "zone": "часовойпояс пояс зона таймзона timezone zone tz",
        TAGS: "теги тег метки метка tags tag labels",
        PRIORITY: "приоритет priority",
        CONSENT: "согласие согласиеназвонки согласиеполучено consent optin",
    }.items()
    for name in names.split()
}
_PHONE_LIKE: Final = re.compile(
    r"(?:(?:осн|доп|раб|рабочий|дом|домашний|моб|мобильный|сот|сотовый|контактный|городской|второй|другой|"
    r"основной|дополнительный|номер|номера|work|home|mobile|cell|main|other|business|contact)*"
    r"(?:телефон|телефона|телефоны|тел|phone|phonenumber|telephone|номертелефона)(?:а|ы)?"
    r"(?:мобильный|рабочий|домашний|сотовый|основной|дополнительный)?)[0-9]{0,2}"
)
_NOT_WORD: Final = re.compile(r"[\W_]+")


def suggest(sheet: Sheet) -> dict[str, str]:
    """The field of every column, by its name; in a list without names by its first row. Unknown ones are custom.

    Columns that an export or a file of bad rows adds to those of the contacts are left out.
    """
    if not sheet.named:
        return _by_content(sheet)
    mapping: dict[str, str] = {}
    taken: set[str] = set()
    added = ERROR_COLUMNS if sheet.columns[: len(ERROR_COLUMNS)] == ERROR_COLUMNS else ()
    for column in sheet.columns:
        field = suggested_field(column)
        if field == "" or column in added:
            continue
        if field is None or (field != PHONE and field in taken):
            field = CUSTOM + column
        taken.add(field)
        mapping[column] = field
    return mapping


def check_mapping(mapping: Mapping[str, str], columns: Sequence[str]) -> None:
    """Refuses a mapping that does not suit the list: BadInput on `mapping`, saying which column or field."""
    seen: set[str] = set()
    for column, field in mapping.items():
        if column not in columns:
            raise _bad("no_such_column", f"The list has no column {column!r}.", f"It has: {', '.join(columns)}.")
        custom = field.removeprefix(CUSTOM).strip()
        if field.startswith(CUSTOM) and not 1 <= len(custom) <= LONGEST_NAME:
            raise _bad("bad_field_name", f"A custom field's name has 1 to {LONGEST_NAME} letters.", None)
        if not field.startswith(CUSTOM) and field not in FIELDS:
            known = ", ".join(FIELDS)
            raise _bad("no_such_field", f"A contact has no field {field!r}.", f"Known: {known}, custom:NAME.")
        if field in seen and field != PHONE:
            raise _bad("field_twice", f"Two columns are mapped to {field}.", "Only `phone` may come several times.")
        seen.add(field)
    if not any(is_phone(field) for field in seen):
        raise _bad("no_phone_column", "No column is mapped to the phone.", "Say which one holds the numbers.")


def is_phone(field: str) -> bool:
    """Whether a field is one of the phones."""
    return field in FIELDS and field.startswith(PHONE)


def suggested_field(column: str) -> str | None:
    """The field that a column's name tells; empty for one that only exports have, None for any other name."""
    if column in EXPORTED_ONLY:
        return ""
    if column.endswith(OWN_FIELD) and suggested_field(stem := column.removesuffix(OWN_FIELD)) is not None:
        return CUSTOM + stem
    return _known(column)


def _known(column: str) -> str | None:
    name = _NOT_WORD.sub("", column).casefold().replace("ё", "е")
    if name.startswith("телефон") and any(part in name for part in ("код", "марк", "модел")):
        return None
    if _PHONE_LIKE.fullmatch(name):
        return PHONE
    return _KNOWN.get(name) or (PHONE if _KNOWN.get(name.rstrip("0123456789")) == PHONE else None)


def _by_content(sheet: Sheet) -> dict[str, str]:
    first = next(sheet.rows()).cells
    return {
        column: PHONE if any(isinstance(one, Phone) for one in phones_in(cell)) else CUSTOM + column
        for column, cell in zip(sheet.columns, first, strict=True)
    }


def _bad(code: str, message: str, hint: str | None) -> BadInput:
    return BadInput(code, message, field="mapping", hint=hint)
