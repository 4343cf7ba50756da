"""Whether the demo's numbers add up: the report against the people, the people against their parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from app.demo.facts import Person, Standing
from app.demo.parts import Part


def faults(standing: Standing, everybody: Sequence[Person], parts: Mapping[str, Part]) -> Iterator[str]:
    """One sentence for each thing that is not as it must be at the end; nothing if all is well.

    Every lead is in exactly one bucket and the report counts the same, every attempt has one result, and every
    person ended as the part says, with exactly the answers that the part gives.
    """
    report = standing.report
    counted = Counter(person.bucket for person in everybody)
    if sum(report.buckets.values()) != report.leads or report.leads != len(everybody):
        in_buckets = sum(report.buckets.values())
        yield f"{report.name}: {len(everybody)} people, {report.leads} leads, {in_buckets} in buckets."
    yield from (
        f"{report.name}: the report has {report.buckets.get(bucket, 0)} in {bucket}, the leads say {count}."
        for bucket, count in counted.items()
        if report.buckets.get(bucket, 0) != count
    )
    results = Counter(result for person in everybody for result in person.results)
    if report.attempts != results.total() or dict(report.results) != dict(results):
        yield f"{report.name}: {report.attempts} attempts in the report, {results.total()} results stored."
    for person in everybody:
        yield from _against_part(report.name, person, parts[person.phone])


def _against_part(campaign: str, person: Person, part: Part) -> Iterator[str]:
    who = f"{campaign}: …{person.phone[-4:]}, who {part.name},"
    if person.bucket is not part.bucket:
        yield f"{who} is in {person.bucket}, not in {part.bucket}."
    if not person.results or person.results[-1] is not part.last:
        yield f"{who} ended with {person.results[-1] if person.results else 'no call'}, not {part.last}."
    if person.labels != part.answers:
        yield f"{who} gave {part.answers}, stored are {person.labels}."
