"""Sharing out: never more than any limit allows, priorities first, equals alike, and nobody waits for ever."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from campaigns.campaign import CampaignId, CompanyId
from campaigns.leads import WorkerId
from campaigns.pacing import Capacity, Crew, Floor, Place, Running, TrunkLimits
from campaigns.quotas import Want, fair_shares, limits_of, quotas

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
A, B = (WorkerId(UUID(int=n)) for n in (1, 2))
T = "trunk"


def crew(worker: WorkerId, slots: int = 10, rate: float = 0.0, **lines: int) -> Crew:
    trunks = {name: TrunkLimits(count, 10.0) for name, count in (lines or {T: 100}).items()}
    return Crew(worker, Capacity(slots, trunks), NOW, dict.fromkeys(trunks, rate))


def want(
    campaign: int, *, lines: int = 100, due: int = 100, priority: int | None = None, company: int = 1, turn: int = 0
) -> Want:
    return Want(CampaignId(campaign), CompanyId(company), T, lines, due, priority, turn)


def running(campaign: int, worker: WorkerId, calls: int, company: int = 1) -> Running:
    return Running(CampaignId(campaign), CompanyId(company), T, worker, calls)


def by_campaign(given: dict[Place, int] | Counter[Place]) -> dict[int, int]:
    total: Counter[int] = Counter()
    for (campaign, _), count in given.items():
        total[campaign] += count
    return dict(total)


TRUNKS = ("one", "two")
workers = st.lists(
    st.builds(
        lambda slots, trunks: (slots, trunks),
        st.integers(0, 12),
        st.dictionaries(st.sampled_from(TRUNKS), st.integers(0, 15), max_size=2),
    ),
    max_size=4,
)
wishes = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from(TRUNKS), st.integers(1, 12), st.integers(0, 20),
        st.none() | st.integers(1, 3), st.integers(0, 3),
    ),
    max_size=6,
)  # fmt: skip
calls = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 5), st.integers(1, 6)), max_size=8)


@st.composite
def situations(draw: st.DrawFn) -> tuple[list[Want], Floor]:
    crews = [
        Crew(WorkerId(UUID(int=n)), Capacity(slots, {t: TrunkLimits(k, 10.0) for t, k in trunks.items()}), NOW)
        for n, (slots, trunks) in enumerate(draw(workers))
    ]
    wants = [
        Want(CampaignId(n), CompanyId(company), trunk, lines, due, priority, turn)
        for n, (company, trunk, lines, due, priority, turn) in enumerate(draw(wishes), 1)
    ]
    known = {one.campaign: one for one in wants}
    runs = []
    for campaign, worker, count in draw(calls):
        one = known.get(CampaignId(campaign))
        company, trunk = (one.company, one.trunk) if one else (CompanyId(1), "one")
        runs.append(Running(CampaignId(campaign), company, trunk, WorkerId(UUID(int=worker)), count))
    return wants, Floor(crews, runs)


def committed(wants: list[Want], floor: Floor) -> Counter[Place]:
    """The most calls that may come to be at each place: those in progress, or the quota."""
    held: Counter[Place] = Counter()
    for run in floor.running:
        held[run.campaign, run.worker] += run.calls
    given = quotas(wants, floor)
    return Counter({place: max(held[place], given.get(place, 0)) for place in {*held, *given}})


@given(situations())
def test_quotas_never_make_more_calls_than_any_limit_allows(situation: tuple[list[Want], Floor]) -> None:
    wants, floor = situation
    held: Counter[Place] = Counter()
    trunk_of = {one.campaign: one.trunk for one in wants} | {run.campaign: run.trunk for run in floor.running}
    for run in floor.running:
        held[run.campaign, run.worker] += run.calls
    after = committed(wants, floor)
    for one in wants:
        before = sum(count for (campaign, _), count in held.items() if campaign == one.campaign)
        now = sum(count for (campaign, _), count in after.items() if campaign == one.campaign)
        assert now <= max(one.lines, before)
        assert now <= before + one.due
    for each in floor.crews:
        before = sum(count for (_, worker), count in held.items() if worker == each.worker)
        now = sum(count for (_, worker), count in after.items() if worker == each.worker)
        assert now <= max(each.capacity.slots, before)
    for trunk, limits in limits_of(floor.crews).items():
        before = sum(count for (campaign, _), count in held.items() if trunk_of[campaign] == trunk)
        now = sum(count for (campaign, _), count in after.items() if trunk_of[campaign] == trunk)
        assert now <= max(limits.lines, before)


@given(situations())
def test_a_quota_is_given_only_where_the_trunk_is_reached(situation: tuple[list[Want], Floor]) -> None:
    wants, floor = situation
    trunks = {each.worker: each.capacity.trunks for each in floor.crews}
    trunk_of = {one.campaign: one.trunk for one in wants}
    assert all(trunk_of[campaign] in trunks[worker] for campaign, worker in quotas(wants, floor))


@given(situations())
def test_R2_8_a_campaign_gets_new_slots_only_where_no_better_one_of_its_company_could_use_them(
    situation: tuple[list[Want], Floor],
) -> None:
    wants, floor = situation
    calm = Floor(floor.crews, [])
    given = by_campaign(fair_shares(wants, calm))
    for low in wants:
        for high in wants:
            if low.company == high.company and high.rank < low.rank and low.trunk == high.trunk:
                satisfied = given.get(high.campaign, 0) == min(high.lines, high.due)
                assert satisfied or given.get(low.campaign, 0) == 0


@given(situations())
def test_equals_of_a_company_get_alike_as_far_as_they_can_use_it(situation: tuple[list[Want], Floor]) -> None:
    wants, floor = situation
    given = by_campaign(fair_shares(wants, Floor(floor.crews, [])))
    for one in wants:
        for other in wants:
            if (one.company, one.rank, one.trunk) == (other.company, other.rank, other.trunk):
                satisfied = given.get(one.campaign, 0) == min(one.lines, one.due)
                assert satisfied or given.get(one.campaign, 0) >= given.get(other.campaign, 0) - 1


@given(situations())
def test_no_slot_stays_empty_that_a_campaign_could_use(situation: tuple[list[Want], Floor]) -> None:
    wants, floor = situation
    calm = Floor(floor.crews, [])
    given = quotas(wants, calm)
    used = Counter[WorkerId]()
    lines = {name: limits.lines for name, limits in limits_of(floor.crews).items()}
    trunk_of = {one.campaign: one.trunk for one in wants}
    for (campaign, worker), count in given.items():
        used[worker] += count
        lines[trunk_of[campaign]] -= count
    for one in wants:
        if by_campaign(given).get(one.campaign, 0) < min(one.lines, one.due) and lines.get(one.trunk, 0) > 0:
            assert all(
                used[each.worker] >= each.capacity.slots for each in floor.crews if one.trunk in each.capacity.trunks
            )


def test_without_calls_everything_fair_is_given_at_once() -> None:
    floor = Floor([crew(A, 6), crew(B, 4)], [])
    given = quotas([want(1), want(2)], floor)
    assert by_campaign(given) == {1: 5, 2: 5}
    assert given == dict(fair_shares([want(1), want(2)], floor))


def test_workers_share_a_campaign_by_their_free_slots() -> None:
    given = quotas([want(1, lines=6)], Floor([crew(A, 8), crew(B, 4)], []))
    assert given == {(CampaignId(1), A): 5, (CampaignId(1), B): 1}


def test_a_campaign_that_holds_everything_gives_up_half_as_its_calls_end() -> None:
    held, seen = 10, []
    while held > 5:
        given = quotas([want(1), want(2)], Floor([crew(A)], [running(1, A, held), running(2, A, 10 - held)]))
        seen.append((given.get((CampaignId(1), A), 0), given.get((CampaignId(2), A), 0)))
        held -= 1
    assert seen == [(5, 0), (5, 1), (5, 2), (5, 3), (5, 4)]


def test_R2_8_the_quota_of_a_lower_priority_is_withdrawn_and_its_calls_in_progress_may_end() -> None:
    wants = [want(1, priority=None), want(2, priority=1)]
    assert quotas(wants, Floor([crew(A)], [running(1, A, 10)])) == {}
    assert quotas(wants, Floor([crew(A)], [running(1, A, 7)])) == {(CampaignId(2), A): 3}


def test_R2_8_priorities_hold_within_a_company_and_not_against_another() -> None:
    given = quotas([want(1, priority=1), want(2, company=2)], Floor([crew(A)], []))
    assert by_campaign(given) == {1: 5, 2: 5}


def test_a_company_with_many_campaigns_gets_no_more_than_one_with_a_single_one() -> None:
    given = quotas([want(1), want(2), want(3), want(9, company=2)], Floor([crew(A, 12)], []))
    assert by_campaign(given) == {1: 2, 2: 2, 3: 2, 9: 6}


def test_what_a_better_one_cannot_use_goes_to_the_next() -> None:
    given = quotas([want(1, priority=1, due=3), want(2, priority=2, lines=4), want(3)], Floor([crew(A)], []))
    assert by_campaign(given) == {1: 3, 2: 4, 3: 3}


def test_calls_of_a_dead_worker_hold_their_lines() -> None:
    given = quotas([want(1, lines=10)], Floor([crew(A)], [running(1, B, 8)]))
    assert given == {(CampaignId(1), A): 2}


def test_calls_of_a_paused_campaign_hold_their_slots() -> None:
    assert by_campaign(quotas([want(1)], Floor([crew(A)], [running(7, A, 4)]))) == {1: 6}


def test_a_single_slot_goes_round_by_turns() -> None:
    turns = {1: 3, 2: 1, 3: 2}
    got = []
    for tick in range(4, 10):
        given = quotas([want(n, turn=turn) for n, turn in turns.items()], Floor([crew(A, 1)], []))
        ((campaign, _),) = given
        turns[campaign] = tick
        got.append(campaign)
    assert got == [2, 3, 1, 2, 3, 1]


def test_a_trunk_that_workers_know_differently_counts_with_the_least() -> None:
    crews = [crew(A, trunk=30), crew(B, trunk=20)]
    assert limits_of(crews)["trunk"].lines == 20
    assert by_campaign(quotas([want(1)], Floor([crew(A, 50, trunk=30), crew(B, 50, trunk=20)], []))) == {1: 20}


def test_R2_8_while_a_better_campaign_waits_for_lines_the_lesser_ones_begin_no_call() -> None:
    high, low = want(1, due=3, priority=1), want(2, priority=2)
    other = want(3, company=2)
    crews = [crew(A, slots=20, trunk=10)]
    full = Floor(crews, [running(2, A, 8), running(3, A, 2, company=2)])
    assert by_campaign(quotas([high, low, other], full)) == {3: 2}
    one_ended = Floor(crews, [running(2, A, 7), running(3, A, 2, company=2)])
    assert by_campaign(quotas([high, low, other], one_ended)) == {1: 1, 3: 2}
    served = Floor(crews, [running(1, A, 3), running(2, A, 2), running(3, A, 5, company=2)])
    assert by_campaign(quotas([want(1, due=0, priority=1), low, other], served)) == {1: 3, 2: 2, 3: 5}


def test_R2_8_a_better_campaign_that_holds_all_it_may_keeps_nobody_waiting() -> None:
    high, low = want(1, lines=5, due=100, priority=1), want(2, priority=2)
    floor = Floor([crew(A, slots=4, trunk=20), crew(B, slots=16, trunk=20)], [running(1, A, 4), running(1, B, 1)])
    given = quotas([high, low], floor)
    assert given[CampaignId(2), B] == 11  # all that is free now
