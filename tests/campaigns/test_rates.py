"""Calls per second over all workers: never more than the trunk allows, whoever has heard of what."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from campaigns.campaign import CampaignId
from campaigns.leads import WorkerId
from campaigns.pacing import Capacity, Crew, Floor, Place, TrunkAt, TrunkLimits
from campaigns.rates import HEARD_S, Rates
from tests.conftest import EPOCH

A, B = (WorkerId(UUID(int=n)) for n in (1, 2))
T, ALLOWED = "trunk", 10.0
ONE = CampaignId(1)


def floor(rates: dict[WorkerId, float | None]) -> Floor:
    """Workers with the rates they were given last; None: they never got one."""
    can = Capacity(10, {T: TrunkLimits(30, ALLOWED)})
    return Floor([Crew(w, can, EPOCH, {} if rate is None else {T: rate}) for w, rate in rates.items()], [])


def shares(**counts: int) -> dict[Place, int]:
    return {(ONE, {"a": A, "b": B}[name]): count for name, count in counts.items()}


def test_a_worker_alone_gets_all_at_once() -> None:
    assert Rates(0).share_out(floor({A: None}), shares(a=5), {ONE: T}, 0) == {(T, A): 10.0}


def test_a_worker_that_comes_gets_its_rate_when_the_other_has_heard_that_it_lost_it() -> None:
    leader, now = Rates(-100), 0.0
    first = leader.share_out(floor({A: 10.0, B: None}), shares(a=5, b=5), {ONE: T}, now)
    assert first == {(T, A): 5.0, (T, B): 0.0}
    soon = leader.share_out(floor({A: 5.0, B: 0.0}), shares(a=5, b=5), {ONE: T}, now + HEARD_S - 0.1)
    assert soon == {(T, A): 5.0, (T, B): 0.0}
    assert leader.share_out(floor({A: 5.0, B: 0.0}), shares(a=5, b=5), {ONE: T}, now + HEARD_S) == {
        (T, A): 5.0,
        (T, B): 5.0,
    }


def test_a_new_leader_gives_nothing_that_may_have_been_taken_just_before() -> None:
    leader = Rates(0)
    assert leader.share_out(floor({A: 0.0, B: None}), shares(b=5), {ONE: T}, 1)[T, B] == 0.0
    assert leader.share_out(floor({A: 0.0, B: 0.0}), shares(b=5), {ONE: T}, HEARD_S)[T, B] == 10.0


def test_a_worker_without_calls_to_place_leaves_its_rate_to_the_others() -> None:
    leader = Rates(-100)
    assert leader.share_out(floor({A: 5.0, B: 5.0}), shares(a=5), {ONE: T}, 0) == {(T, A): 5.0, (T, B): 0.0}
    assert leader.share_out(floor({A: 5.0, B: 0.0}), shares(a=5), {ONE: T}, HEARD_S) == {(T, A): 10.0, (T, B): 0.0}


steps = st.lists(
    st.tuples(st.floats(0.1, 4), st.lists(st.integers(0, 9), min_size=3, max_size=3), st.integers(0, 7)),
    min_size=1, max_size=12,
)  # fmt: skip


@given(steps)
def test_what_workers_may_be_going_at_never_adds_up_to_more_than_the_trunk_allows(
    course: list[tuple[float, list[int], int]],
) -> None:
    """Each worker hears of its rate as late as it may, or at once, as the step says."""
    workers = [WorkerId(UUID(int=n)) for n in range(3)]
    leader, now = Rates(0), 0.0
    published: dict[WorkerId, float | None] = dict.fromkeys(workers)
    history: dict[WorkerId, list[tuple[float, float]]] = {worker: [] for worker in workers}
    for pause, counts, _ in course:
        now += pause
        wanted = {(ONE, worker): count for worker, count in zip(workers, counts, strict=True) if count}
        new: dict[TrunkAt, float] = leader.share_out(floor(published), wanted, {ONE: T}, now)
        for worker in workers:
            if (T, worker) in new:
                published[worker] = new[T, worker]
                history[worker].append((now, new[T, worker]))
        at_most, long_ago = 0.0, now - HEARD_S + 1e-9  # the sum of pauses is rounded
        for worker in workers:
            last = [rate for at, rate in history[worker] if at <= long_ago][-1:]
            at_most += max([rate for at, rate in history[worker] if at > long_ago] + last, default=0.0)
        assert at_most <= ALLOWED + 1e-6
