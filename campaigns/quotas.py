"""How slots are shared out between campaigns and workers; pure.

What is fair is found first, as if nobody were calling: the next slot goes to the company with the fewest, within it
to the campaign of the best priority, among equals to the one with the fewest; it lies at the worker with the most
free slots. Calls in progress are never cut, so what they hold beyond their fair share is not given to others before
they end: a quota below the calls in progress lets them end and nothing more, and a quota above them is given only as
far as there is room beside all that others hold or may still take. While a better campaign waits for such an end, the
lesser ones of its company that hold its lines or its workers' slots begin no call (SPEC R2.8).
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from campaigns.campaign import Campaign, CampaignId, CompanyId
from campaigns.leads import WorkerId
from campaigns.pacing import Crew, Floor, Place, TrunkLimits


@dataclass(frozen=True, slots=True)
class Want:
    """A campaign that may dial now, with `due` leads to call; `turn` is lower the longer it got no new slot."""

    campaign: CampaignId
    company: CompanyId
    trunk: str
    lines: int
    due: int
    priority: int | None = None
    turn: int = 0

    @property
    def rank(self) -> float:
        """Its place among the company's campaigns: numbered ones first, then all others alike."""
        return _rank(self.priority)


def _rank(priority: int | None) -> float:
    return math.inf if priority is None else priority


def limits_of(crews: Iterable[Crew]) -> dict[str, TrunkLimits]:
    """What each trunk allows; where workers know it differently, the least of it."""
    limits: dict[str, TrunkLimits] = {}
    for crew in crews:
        for name, mine in crew.capacity.trunks.items():
            known = limits.get(name, mine)
            limits[name] = TrunkLimits(min(known.lines, mine.lines), min(known.calls_per_second, mine.calls_per_second))
    return limits


def quotas(wants: Sequence[Want], floor: Floor) -> dict[Place, int]:
    """The quota of each campaign at each worker; with the calls in progress never more than any limit allows."""
    return within_room(wants, floor, fair_shares(wants, floor))


def front(campaigns: Iterable[Campaign]) -> frozenset[CampaignId]:
    """Those of each company that no other of the same company goes before (SPEC R2.8)."""
    best: dict[CompanyId, float] = {}
    known = [(one.id, one.company, _rank(one.priority)) for one in campaigns]
    for _, company, rank in known:
        best[company] = min(best.get(company, rank), rank)
    return frozenset(campaign for campaign, company, rank in known if rank == best[company])


class _Room:
    """Free slots of workers and free lines of trunks, as they are taken."""

    def __init__(self, floor: Floor) -> None:
        self.slots = {crew.worker: crew.capacity.slots for crew in floor.crews}
        self.lines = {name: limits.lines for name, limits in limits_of(floor.crews).items()}
        self._at = {crew.worker: frozenset(crew.capacity.trunks) for crew in floor.crews}

    def take(self, trunk: str, worker: WorkerId, count: int = 1) -> None:
        """Takes slots and lines, also such as are not there."""
        if worker in self.slots:
            self.slots[worker] -= count
        if trunk in self.lines:
            self.lines[trunk] -= count

    def at(self, trunk: str, worker: WorkerId) -> int:
        """How many more calls over `trunk` the worker can hold."""
        if trunk not in self._at.get(worker, ()):
            return 0
        return max(min(self.slots[worker], self.lines[trunk]), 0)

    def widest(self, trunk: str) -> WorkerId | None:
        """The worker with the most free slots that reaches `trunk`, while a line is free."""
        if self.lines.get(trunk, 0) < 1:
            return None
        able = [worker for worker, trunks in self._at.items() if trunk in trunks and self.slots[worker] > 0]
        return max(able, key=lambda worker: self.slots[worker], default=None)


def fair_shares(wants: Sequence[Want], floor: Floor) -> Counter[Place]:
    """What each campaign would hold at each worker if all could begin anew; calls of other campaigns stay."""
    room, mine = _Room(floor), {want.campaign for want in wants}
    held: Counter[CampaignId] = Counter()
    for run in floor.running:
        held[run.campaign] += run.calls
        if run.campaign not in mine:
            room.take(run.trunk, run.worker, run.calls)
    shares: Counter[Place] = Counter()
    companies: dict[CompanyId, list[tuple[float, int, int, CampaignId, Want]]] = defaultdict(list)
    for want in wants:
        companies[want.company].append((want.rank, 0, want.turn, want.campaign, want))
    for queue in companies.values():
        heapq.heapify(queue)
    turns = [(0, min(one[2] for one in queue), company) for company, queue in companies.items()]
    heapq.heapify(turns)
    while turns:
        count, turn, company = heapq.heappop(turns)
        queue = companies[company]
        while queue:
            rank, given, own_turn, campaign, want = queue[0]
            worker = room.widest(want.trunk) if given < min(want.lines, held[campaign] + want.due) else None
            if worker is None:
                heapq.heappop(queue)
                continue
            room.take(want.trunk, worker)
            shares[campaign, worker] += 1
            heapq.heapreplace(queue, (rank, given + 1, own_turn, campaign, want))
            heapq.heappush(turns, (count + 1, turn, company))
            break
    return shares


def within_room(wants: Sequence[Want], floor: Floor, shares: Mapping[Place, int]) -> dict[Place, int]:
    """The shares, but nothing that others still hold: they get it when those calls are over."""
    room, running = _Room(floor), Counter[Place]()
    for run in floor.running:
        running[run.campaign, run.worker] += run.calls
        room.take(run.trunk, run.worker, run.calls)
    held = _by_campaign(running)
    left = {want.campaign: min(want.lines - held[want.campaign], want.due) for want in wants}
    given: dict[Place, int] = {}
    order = sorted(wants, key=lambda want: (want.rank, want.turn, want.campaign))
    hungry = [(want, crew.worker) for want in order for crew in floor.crews]
    for want, worker in hungry:
        place = (want.campaign, worker)
        given[place] = min(shares.get(place, 0), running[place])
    # One slot each in turn, so that what becomes free goes to equals alike.
    ranks = sorted({want.rank for want in wants})
    for rank in ranks:
        still = [(want, worker) for want, worker in hungry if want.rank == rank]
        while still:
            still = [one for one in still if _one_more(one[0], one[1], shares, given, left, room)]
    waited_for = _waited_for(wants, shares, given, running)
    return {
        (want.campaign, worker): given[want.campaign, worker]
        for want, worker in hungry
        if given[want.campaign, worker] > 0 and not _gives_way(want, worker, waited_for.get(want.company, ()))
    }


def _waited_for(
    wants: Sequence[Want], shares: Mapping[Place, int], given: Mapping[Place, int], running: Mapping[Place, int]
) -> dict[CompanyId, list[tuple[Want, WorkerId]]]:
    """The campaigns that hold less than their share and get no more now, each with the workers where it lacks room."""
    held, share = _by_campaign(running), _by_campaign(shares)
    more = _by_campaign({place: max(count - running.get(place, 0), 0) for place, count in given.items()})
    waiting = {one.campaign: one for one in wants if held[one.campaign] + more[one.campaign] < share[one.campaign]}
    found: dict[CompanyId, list[tuple[Want, WorkerId]]] = defaultdict(list)
    for (campaign, worker), count in shares.items():
        if campaign in waiting and given.get((campaign, worker), 0) < count:
            found[waiting[campaign].company].append((waiting[campaign], worker))
    return found


def _gives_way(want: Want, worker: WorkerId, waited_for: Iterable[tuple[Want, WorkerId]]) -> bool:
    """Whether a better campaign of the company waits for what this one's calls hold: then it begins no other call."""
    return any(better.rank < want.rank and (better.trunk == want.trunk or at == worker) for better, at in waited_for)


def _by_campaign(counts: Mapping[Place, int]) -> Counter[CampaignId]:
    total: Counter[CampaignId] = Counter()
    for (campaign, _), count in counts.items():
        total[campaign] += count
    return total


def _one_more(
    want: Want,
    worker: WorkerId,
    shares: Mapping[Place, int],
    given: dict[Place, int],
    left: dict[CampaignId, int],
    room: _Room,
) -> bool:
    """Gives one slot more than is held at this place, if the share and all limits allow it."""
    place = (want.campaign, worker)
    if given[place] >= shares.get(place, 0):
        return False
    if left[want.campaign] < 1 or room.at(want.trunk, worker) < 1:
        return False
    given[place] += 1
    left[want.campaign] -= 1
    room.take(want.trunk, worker)
    return True
