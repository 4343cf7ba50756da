"""The report as a page: whole, alone, and never more than text where it shows what callers said."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from robot.dialog.flow import Language
from robot.dialog.source.playing import heard_as_said
from robot.rehearsal import Report, rehearse
from robot.rehearsal.page import page_of, share
from robot.rehearsal.page_words import WORDS
from robot.rehearsal.personas import Persona
from robot.rehearsal.report import Misunderstood
from tests.robot.rehearsal.scenes import offer

ALONE = {"meta", "br", "link", "img", "input", "hr"}


class Nested(HTMLParser):
    """Follows the tags; `open` is empty where each is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report() -> Report:
    return rehearse(offer(), dialogs=120, seed=1, hear=heard_as_said)


def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(report: Report) -> None:
    page = page_of(report)
    parser = Nested()
    parser.feed(page)
    assert parser.open == []
    assert not parser.tags & {"script", "link", "img", "iframe"}
    assert not re.search(r"https?://|url\(|@import", page)


def test_the_page_speaks_the_scenarios_language(report: Report) -> None:
    assert "Репетиция: Скидка" in page_of(report)
    assert "Rehearsal: Скидка" in page_of(replace(report, language=Language.EN))
    assert '<html lang="en">' in page_of(replace(report, language=Language.EN))


def test_both_languages_have_every_word_and_every_persona() -> None:
    assert set(WORDS[Language.RU]) == set(WORDS[Language.EN])
    assert {persona.value for persona in Persona} <= set(WORDS[Language.EN])


def test_what_was_said_is_text_and_no_markup(report: Report) -> None:
    nasty = Misunderstood("offer", "<b>", None, "<script>alert(1)</script>", "&", 1)
    page = page_of(replace(report, name="<i>", misunderstood=(nasty,)))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_only_all_is_a_hundred_per_cent() -> None:
    assert (share(1.0), share(0.999), share(0.29), share(None)) == ("100 %", "99 %", "29 %", "–")
