"""A person hears a robot that is a plain tone, loud or silent, and does what the script says at the right moment."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from core.audio import FRAME_BYTES, SILENCE
from telephony_esl.simulator import Answer, Deed, DeedKind, Person, Then
from telephony_esl.simulator.audio import line_noise, sound, tone
from telephony_esl.simulator.callee import Uttered
from telephony_esl.simulator.person import PersonOnPhone

VOICE = tone(300.0, 1.0, -20.0)[5]


def person(*answers: Answer, **more: object) -> PersonOnPhone:
    script = Person(answers, **({"greeting": None} | more))  # type: ignore[arg-type]
    return PersonOnPhone(script, Random(1), line_noise(1))


def hears(callee: PersonOnPhone, speech: str) -> list[Uttered]:
    """Plays a robot to the person: `#` is 100 ms of voice, `.` 100 ms of silence."""
    uttered: list[Uttered] = []
    for letter in speech:
        for _ in range(5):
            uttered.append(callee.frame(VOICE if letter == "#" else SILENCE))
            if uttered[-1].hangs_up:
                return uttered
    return uttered


def deeds(callee: PersonOnPhone) -> list[tuple[int, DeedKind, str]]:
    return [(deed.turn, deed.kind, deed.what) for deed in callee.deeds]


def keys(uttered: list[Uttered]) -> str:
    return "".join(each.key for each in uttered)


def said_frames(uttered: list[Uttered], text: str) -> bool:
    """Whether the whole clip came out, frame after frame without a gap."""
    clip, out = list(sound(text)), [each.pcm for each in uttered]
    return any(out[at : at + len(clip)] == clip for at in range(len(out)))


def test_a_turn_after_each_silence_of_the_robot() -> None:
    callee = person(Answer(say="да"), Answer(press="1"))
    uttered = hears(callee, "#" * 20 + "." * 25 + "#" * 20 + "." * 25)
    assert deeds(callee) == [(1, DeedKind.SAID, "да"), (2, DeedKind.PRESSED, "1")]
    assert said_frames(uttered, "да")
    assert keys(uttered) == "1"


def test_the_greeting_comes_right_after_the_answer() -> None:
    callee = person(greeting="алло")
    uttered = hears(callee, "." * 15)
    assert deeds(callee) == [(0, DeedKind.GREETED, "алло")]
    assert callee.deeds[0].at_ms == 420
    assert said_frames(uttered, "алло")


def test_nothing_is_said_while_the_robot_speaks() -> None:
    callee = person(Answer(say="да"))
    hears(callee, "#" * 300)
    assert callee.deeds == []


def test_a_breath_of_the_robot_is_no_turn() -> None:
    callee = person(Answer(say="да"))
    hears(callee, ("#" * 10 + "." * 6) * 5)
    assert callee.deeds == []


def test_a_robot_that_speaks_on_in_the_pause_for_thought_is_listened_to() -> None:
    callee = person(Answer(say="да", wait_s=0.5))
    hears(callee, "#" * 10 + "." * 10 + "#" * 10)
    assert callee.deeds == []
    hears(callee, "." * 20)
    assert deeds(callee) == [(1, DeedKind.SAID, "да")]


def test_the_answer_waits_as_long_as_it_is_told_to() -> None:
    callee = person(Answer(press="5", wait_s=2.0), turn_silence_s=1.0)
    hears(callee, "#" * 10 + "." * 60)
    (pressed,) = callee.deeds
    assert pressed.at_ms == 1000 + 1000 + 2000 + 100


def test_a_key_counts_when_it_is_let_go_and_keys_are_apart() -> None:
    callee = person(Answer(press="12#", wait_s=0.0))
    uttered = hears(callee, "#" * 10 + "." * 25)
    at = [frame for frame, each in enumerate(uttered) if each.key]
    assert keys(uttered) == "12#"
    assert [later - earlier for earlier, later in pairwise(at)] == [11, 11]


def test_words_and_keys_in_one_turn() -> None:
    callee = person(Answer(say="да", press="1"))
    hears(callee, "#" * 10 + "." * 30)
    assert deeds(callee) == [(1, DeedKind.SAID, "да"), (1, DeedKind.PRESSED, "1")]


def test_a_silent_turn_is_passed_and_noted() -> None:
    callee = person(Answer(silent=True), Answer(say="нет"))
    hears(callee, ("#" * 10 + "." * 20) * 2)
    assert deeds(callee) == [(1, DeedKind.STAYED_SILENT, ""), (2, DeedKind.SAID, "нет")]


def test_at_unwritten_turns_the_person_is_silent_or_repeats_or_hangs_up() -> None:
    talk = ("#" * 10 + "." * 25) * 3
    for then, expected in (
        (Then.SILENT, [DeedKind.SAID, DeedKind.STAYED_SILENT, DeedKind.STAYED_SILENT]),
        (Then.REPEAT, [DeedKind.SAID, DeedKind.SAID, DeedKind.SAID]),
        (Then.HANG_UP, [DeedKind.SAID, DeedKind.HUNG_UP]),
    ):
        callee = person(Answer(say="да"), then=then)
        hears(callee, talk)
        assert [deed.kind for deed in callee.deeds] == expected


def test_an_interruption_comes_inside_the_prompt() -> None:
    callee = person(Answer(say="нет", interrupt_after_s=1.0))
    hears(callee, "#" * 16 + "." * 30)
    assert deeds(callee) == [(1, DeedKind.INTERRUPTED, ""), (1, DeedKind.SAID, "нет")]
    assert callee.deeds[0].at_ms == 1000


def test_after_an_interruption_that_was_heeded_the_next_turn_is_the_next_answer() -> None:
    callee = person(Answer(say="нет", interrupt_after_s=1.0), Answer(press="2"))
    hears(callee, "#" * 16 + "." * 8 + "#" * 20 + "." * 20)
    assert [deed.what for deed in callee.deeds] == ["", "нет", "2"]


def test_an_interruption_that_was_talked_over_is_said_again_once() -> None:
    callee = person(Answer(say="нет", interrupt_after_s=1.0), Answer(press="2"))
    hears(callee, "#" * 60 + "." * 25 + "#" * 10 + "." * 25)
    assert deeds(callee) == [
        (1, DeedKind.INTERRUPTED, ""),
        (1, DeedKind.SAID, "нет"),
        (1, DeedKind.SAID, "нет"),
        (2, DeedKind.PRESSED, "2"),
    ]


def test_a_backchannel_is_murmured_into_the_prompt_and_takes_no_turn() -> None:
    callee = person(Answer(say="да", backchannel="угу", backchannel_after_s=1.0))
    hears(callee, "#" * 40 + "." * 25)
    assert deeds(callee) == [(0, DeedKind.BACKCHANNELLED, "угу"), (1, DeedKind.SAID, "да")]
    assert callee.deeds[0].at_ms == 1000


def test_a_person_may_hang_up_early_at_a_turn_or_for_want_of_patience() -> None:
    early, at_turn, impatient = person(hang_up_after_s=3.0), person(Answer(hang_up=True)), person(patience_s=5.0)
    assert hears(early, "#" * 100)[-1].hangs_up
    assert hears(at_turn, "#" * 10 + "." * 100)[-1].hangs_up
    assert hears(impatient, "." * 100)[-1].hangs_up
    assert early.deeds == [Deed(3000, 0, DeedKind.HUNG_UP)]
    assert impatient.deeds == [Deed(5000, 0, DeedKind.HUNG_UP)]
    assert [deed.kind for deed in at_turn.deeds] == [DeedKind.HUNG_UP]


def test_who_vanishes_sends_nothing_and_never_hangs_up() -> None:
    callee = person(vanishes_after_s=1.0, patience_s=2.0)
    uttered = hears(callee, "." * 100)
    assert [each.pcm is None for each in uttered] == [False] * 49 + [True] * 451
    assert [deed.kind for deed in callee.deeds] == [DeedKind.VANISHED]


def test_what_is_done_first_is_done_unasked() -> None:
    callee = person(first=Answer(press="1", wait_s=1.0))
    assert keys(hears(callee, "#" * 20)) == "1"
    assert callee.deeds == [Deed(1120, 0, DeedKind.PRESSED, "1")]


def test_with_somebody_else_on_the_line_the_written_turns_are_kept() -> None:
    callee = person(Answer(say="да"))
    callee.put_through(to_robot=False)
    hears(callee, ("#" * 10 + "." * 20) * 3)
    assert callee.deeds == []
    callee.put_through(to_robot=True)
    hears(callee, "#" * 10 + "." * 20)
    assert deeds(callee) == [(1, DeedKind.SAID, "да")]


speech = st.text(alphabet="#.", max_size=150)
scripts = st.lists(
    st.sampled_from(
        [
            Answer(say="да"),
            Answer(press="12"),
            Answer(silent=True),
            Answer(say="нет", interrupt_after_s=0.5),
            Answer(say="хорошо", backchannel="угу", backchannel_after_s=0.3),
        ]
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(speech, scripts, st.integers(0, 5))
def test_the_same_seed_and_the_same_robot_give_the_same_person(robot: str, answers: list[Answer], seed: int) -> None:
    def run() -> tuple[list[Uttered], list[Deed]]:
        callee = PersonOnPhone(Person(tuple(answers)), Random(seed), line_noise(seed))
        return hears(callee, robot), callee.deeds

    assert run() == run()


@settings(max_examples=60, deadline=None)
@given(speech, scripts)
def test_every_key_that_goes_out_is_in_the_account_and_no_other(robot: str, answers: list[Answer]) -> None:
    callee = person(*answers)
    went_out = keys(hears(callee, robot + "." * 30))
    assert went_out == "".join(deed.what for deed in callee.deeds if deed.kind is DeedKind.PRESSED)
    turns = [deed.turn for deed in callee.deeds]
    assert turns == sorted(turns)


def test_frames_are_whole_whatever_is_uttered() -> None:
    callee = person(Answer(say="да", press="1"), greeting="алло, слушаю")
    uttered = hears(callee, ("#" * 20 + "." * 20) * 3)
    assert {len(each.pcm or b"") for each in uttered} == {FRAME_BYTES}
