"""What each kind of caller does at a turn."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from robot.dialog.events import Listen
from robot.rehearsal.mishearing import mishear
from robot.rehearsal.personas import CHARACTERS, Asked, Deed, Keys, Leaves, Persona, Said, Silence
from robot.rehearsal.repertoire import ALIKE, NOTHING, ahead_of, repertoire_of, values_of
from tests.robot.rehearsal.scenes import OFFER, flow_of, offer

LISTEN = Listen(("да",), "12", 5.0)


def deeds(persona: Persona, step: str = "offer", *, turn: int = 1, count: int = 400) -> list[Deed]:
    """What the persona does, many times over, at a step."""
    repertoire, rng = repertoire_of(offer(), 1), Random(1)
    asked = Asked(repertoire.places[step], LISTEN, turn, repertoire)
    return [CHARACTERS[persona].turn(asked, rng) for _ in range(count)]


def meant(found: list[Deed]) -> Counter[str]:
    return Counter(one.saying.meant.label for one in found if isinstance(one, Said))


def test_the_agreeable_one_agrees_and_the_refusing_one_does_not() -> None:
    assert set(meant(deeds(Persona.AGREEABLE))) == {"Да"}
    refused = meant(deeds(Persona.REFUSING))
    assert refused["Нет"] > 0
    assert refused["Да"] == 0


def test_the_objecting_one_mostly_objects() -> None:
    assert meant(deeds(Persona.OBJECTING)).most_common(1)[0][0] == "@дорого"


def test_the_silent_one_hardly_says_a_word() -> None:
    found = Counter(type(one) for one in deeds(Persona.SILENT))
    assert found[Silence] > 300
    assert found[Leaves] > 0


def test_a_voicemail_greets_and_then_records_in_silence() -> None:
    (first,) = deeds(Persona.VOICEMAIL, turn=0, count=1)
    assert isinstance(first, Said)
    assert first.saying.meant.kind == NOTHING
    assert set(map(type, deeds(Persona.VOICEMAIL))) == {Silence}


def test_the_key_presser_presses_the_keys_there_are_and_some_there_are_not() -> None:
    pressed = Counter(one.keys for one in deeds(Persona.KEY_PRESSER) if isinstance(one, Keys))
    assert {"1", "2"} < set(pressed)
    typed = {one.keys for one in deeds(Persona.KEY_PRESSER, "rate") if isinstance(one, Keys)}
    assert {"0#", "10#", "6#", "7#"} <= typed


def test_the_walker_goes_where_nobody_was() -> None:
    repertoire, rng = repertoire_of(offer(), 1), Random(1)
    seen = dict.fromkeys(repertoire.places, 1000) | {"talk": 0, "rate": 0}
    asked = Asked(repertoire.places["offer"], LISTEN, 1, repertoire, visits=seen)
    done = [CHARACTERS[Persona.WALKER].turn(asked, rng) for _ in range(300)]
    said = meant(done)
    assert said["Да"] > 2 * said["Нет"]


def test_a_mumbler_says_what_he_means_and_is_heard_otherwise() -> None:
    said = [one for one in deeds(Persona.MUMBLING) if isinstance(one, Said)]
    assert any(one.heard != one.saying.text for one in said)
    assert any(one.heard == one.saying.text for one in said)


@pytest.mark.parametrize("text", ["не хочу ничего", "yes, put me through", "да", ""])
def test_mishearing_is_by_chance_alone_and_never_fails(text: str) -> None:
    heard = [mishear(text, Random(seed)) for seed in range(200)]
    assert heard == [mishear(text, Random(seed)) for seed in range(200)]
    assert not text or {text} < set(heard)


def test_variables_take_branches_one_way_and_the_other() -> None:
    values = values_of(offer())
    assert {"Москва", ""} <= set(values["город"])
    assert {"5", "6", "7"} <= set(values["rate"])
    assert set(repertoire_of(offer(), 1).given) == {"город"}
    alike = flow_of(OFFER.replace("is: Москва", 'is: "{дом}"'))
    assert ALIKE in values_of(alike)["дом"]
    assert ALIKE in values_of(alike)["город"]


def test_what_lies_ahead_counts_what_a_sub_flow_holds() -> None:
    ahead = ahead_of(offer())
    assert ahead["bye"] == {"bye"}
    assert {"sad/say", "sad/back", "talk", "bye"} <= ahead["sorry"]
