"""Many dialogs of a flow with all kinds of callers, counted: what a scenario does before anybody is called (SPEC R6.9).

The same flow, number of dialogs and seed give the same report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from robot.dialog.events import Heard, Listen
from robot.dialog.flow import Flow, steps_of
from robot.rehearsal.dialog import Course, Hearing, Talk, Understanding, variables_of
from robot.rehearsal.personas import CHARACTERS, Persona
from robot.rehearsal.repertoire import repertoire_of
from robot.rehearsal.report import Lengths, Misunderstood, PersonaOutcome, Reached, Report
from robot.rehearsal.ways import dead_ways

MOST_MISUNDERSTOOD: Final = 60
ROUND: Final = tuple(persona for persona, who in CHARACTERS.items() for _ in range(who.weight))
"""Who is called one after the other."""


def rehearse(flow: Flow, *, dialogs: int, seed: int, hear: Hearing) -> Report:
    """Runs so many dialogs and counts; never raises for a flow whose links hold."""
    counted = Counting(flow)
    for course in courses(flow, dialogs=dialogs, seed=seed, hear=hear):
        counted.add(course)
    return counted.report(seed)


def courses(flow: Flow, *, dialogs: int, seed: int, hear: Hearing) -> Iterator[Course]:
    """The dialogs themselves, the personas in turn."""
    repertoire = repertoire_of(flow, seed)
    remembered = remembering(hear)
    rng = Random(seed)
    visits = Counter[str]()
    for number in range(dialogs):
        variables = variables_of(flow, repertoire, rng)
        persona = ROUND[number % len(ROUND)]
        talk = Talk(flow, repertoire, persona, hear=remembered, rng=rng, variables=variables, visits=visits)
        course = talk.run()
        visits.update(set(course.path))
        yield course


def remembering(hear: Hearing) -> Hearing:
    """The same hearing, which asks for each sentence only once in a row of dialogs."""
    known: dict[tuple[str, tuple[str, ...], bool], Heard] = {}

    def heard(text: str, listen: Listen) -> Heard:
        key = (text, listen.intents, listen.wants_time)
        found = known.get(key)
        if found is None:
            found = known[key] = hear(text, listen)
        return found

    return heard


class Counting:
    """Counts dialogs one by one."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._paths = Counter[tuple[str, ...]]()
        self._answers = Counter[tuple[str, str]]()
        self._escalated = Counter[str]()
        self._wrong = Counter[Understanding]()
        self._turns: list[int] = []
        self._seconds: list[float] = []
        self._by_persona: dict[Persona, _Outcomes] = {persona: _Outcomes() for persona in Persona}

    def add(self, course: Course) -> None:
        """Counts one more."""
        self._paths[course.path] += 1
        self._answers.update(course.answers)
        self._escalated.update(course.escalated)
        self._turns.append(course.turns)
        self._seconds.append(course.seconds)
        wrong = [one for one in course.understandings if not one.right]
        self._wrong.update(wrong)
        self._by_persona[course.persona].add(course, wrong=len(wrong))

    def report(self, seed: int) -> Report:
        """What was found in all dialogs that were added."""
        flow = self._flow
        reached = Counter[str]()
        for path, count in self._paths.items():
            reached.update({str(name): count for name in set(path)})
        names = [str(name) for _, name, _ in steps_of(flow)]
        unreached = tuple(name for name in names if not reached[name])
        outcomes = self._by_persona.values()
        words, wrong = sum(one.words for one in outcomes), sum(one.wrong for one in outcomes)
        left = sum((one.hung_up for one in outcomes), Counter[str]())
        return Report(
            name=flow.name,
            language=flow.language,
            dialogs=len(self._turns),
            seed=seed,
            coverage=1 - len(unreached) / len(names) if names else 1.0,
            unreached=unreached,
            dead=tuple(dead_ways(flow, self._paths, self._answers, self._escalated)),
            steps=tuple(
                Reached(name, reached[name], left[name])
                for name in (*names, *(f"@{handler.id}" for handler in flow.handlers))
            ),
            understood=1 - wrong / words if words else None,
            misunderstood=tuple(self._misunderstood()),
            turns=_lengths(self._turns),
            seconds=_lengths(self._seconds),
            results=_ordered(sum((one.results for one in outcomes), Counter[str]())),
            personas=tuple(one.told(persona) for persona, one in self._by_persona.items() if one.dialogs),
        )

    def _misunderstood(self) -> Iterator[Misunderstood]:
        """The most frequent first; those that were taken for something else before those not understood."""
        for one, times in sorted(
            self._wrong.items(), key=lambda found: (found[0].taken is None, -found[1], found[0].step, found[0].heard)
        )[:MOST_MISUNDERSTOOD]:
            yield Misunderstood(one.step, one.meant.label, one.taken, one.said, one.heard, times)


class _Outcomes:
    def __init__(self) -> None:
        self.dialogs = self.turns = self.words = self.wrong = 0
        self.seconds = 0.0
        self.results = Counter[str]()
        self.dispositions = Counter[str]()
        self.hung_up = Counter[str]()

    def add(self, course: Course, *, wrong: int) -> None:
        self.dialogs += 1
        self.turns += course.turns
        self.seconds += course.seconds
        self.words += len(course.understandings)
        self.wrong += wrong
        self.results[course.result.value] += 1
        if course.disposition:
            self.dispositions[course.disposition] += 1
        if course.hung_up_at is not None:
            self.hung_up[course.hung_up_at] += 1

    def told(self, persona: Persona) -> PersonaOutcome:
        return PersonaOutcome(
            persona=persona.value,
            dialogs=self.dialogs,
            results=_ordered(self.results),
            dispositions=_ordered(self.dispositions),
            hung_up=_ordered(self.hung_up),
            turns=round(self.turns / self.dialogs, 2),
            seconds=round(self.seconds / self.dialogs, 1),
            understood=1 - self.wrong / self.words if self.words else None,
        )


def _lengths(given: Sequence[float]) -> Lengths:
    if not given:
        return Lengths(0.0, 0.0, 0.0)
    ordered = sorted(given)
    return Lengths(*(round(ordered[at], 1) for at in (len(ordered) // 2, len(ordered) * 9 // 10, -1)))


def _ordered(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
