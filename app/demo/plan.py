"""The demo's file of contacts, split by campaign, and the part that each person plays in the simulated network."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from app.demo.parts import OPERATORS, Part, part_for
from campaigns.campaign import CampaignKind
from campaigns.contacts.phones import number
from core.phones import Phone
from telephony_esl.simulator import Cast

CONTACTS: Final = Path(__file__).parent / "contacts.csv"
COLUMN: Final = "Кампания"
KINDS: Final = {
    "Уведомление": CampaignKind.NOTIFICATION,
    "Опрос": CampaignKind.SURVEY,
    "Предложение": CampaignKind.OFFER,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """`files` is a CSV for each campaign, `parts` says by a person's first phone (E.164) what that person does."""

    files: Mapping[CampaignKind, bytes]
    parts: Mapping[str, Part]
    cast: Cast


def read_plan(path: Path = CONTACTS) -> Plan:
    """Reads the file; rows without a usable phone play no part, but stay in the files for the import to report."""
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))
    header, people = rows[0], rows[1:]
    files = {kind: _csv(header, [row for row in people if row[0] == name]) for name, kind in KINDS.items()}
    parts: dict[str, Part] = {}
    numbers: dict[str, Any] = dict(OPERATORS)
    places = dict.fromkeys(CampaignKind, 0)
    for row in people:
        kind, phones = KINDS[row[0]], _phones(header, row)
        if not phones or phones[0] in parts:
            continue
        part = part_for(kind, places[kind], len(phones))
        places[kind] += len(phones) == 1
        parts[phones[0]] = part
        numbers.update({phone: _entry(calls) for phone, calls in zip(phones, part.phones, strict=True)})
    cast = Cast.parse(yaml.safe_dump({"numbers": numbers}, allow_unicode=True, sort_keys=False))
    return Plan(files, parts, cast)


def _entry(calls: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return calls[0] if len(calls) == 1 else {"tries": list(calls)}


def _phones(header: list[str], row: list[str]) -> list[str]:
    cells = [cell for name, cell in zip(header, row, strict=True) if name.startswith("Телефон") and cell]
    return [found.e164 for found in map(number, cells) if isinstance(found, Phone)]


def _csv(header: list[str], rows: list[list[str]]) -> bytes:
    """As a spreadsheet saves it: BOM, semicolons, quoted where needed."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
