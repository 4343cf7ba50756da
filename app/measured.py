"""The queue of leads as the dialler uses it, with its figures for Prometheus: leases, and results by kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram

from campaigns.campaign import Campaign
from campaigns.leads import Finish, LeasedCall, WorkerId
from core.clock import Clock
from storage.database import Database
from storage.leads import AfterEnding, PostgresLeads

LEASE_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)
STORE_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0)


class MeasuredLeads(PostgresLeads):
    """Counts what is leased and what is stored, and how long both take; tells nothing of a company."""

    def __init__(
        self, database: Database, *, registry: CollectorRegistry, clock: Clock, host: str = "", after: AfterEnding
    ) -> None:
        super().__init__(database, host=host, after=after)
        self._clock = clock
        self._leased = Counter("zvonar_leads_leased", "Leads that this process took to be called.", registry=registry)
        self._lease = Histogram("zvonar_lease_seconds", "Time of one lease.", buckets=LEASE_S, registry=registry)
        self._results = Counter("zvonar_results", "Calls of this process by result.", ("result",), registry=registry)
        self._store = Histogram(
            "zvonar_results_store_seconds", "Time to store results, many at once.", buckets=STORE_S, registry=registry
        )

    async def lease(
        self, campaign: Campaign, count: int, *, worker: WorkerId, now: datetime, holding: int | None = None
    ) -> Sequence[LeasedCall]:
        """Takes leads, and notes how many and how long it took."""
        began_s = self._clock.monotonic()
        leased = await super().lease(campaign, count, worker=worker, now=now, holding=holding)
        self._lease.observe(self._clock.monotonic() - began_s)
        self._leased.inc(len(leased))
        return leased

    async def finish_all(self, ended: Sequence[Finish]) -> Sequence[bool]:
        """Stores results, and notes those that were stored."""
        began_s = self._clock.monotonic()
        stored = await super().finish_all(ended)
        self._store.observe(self._clock.monotonic() - began_s)
        for one, kept in zip(ended, stored, strict=True):
            if kept:
                self._results.labels(str(one.ending.result)).inc()
        return stored
