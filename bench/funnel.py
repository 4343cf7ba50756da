"""How fast a campaign's funnel and its answers are counted, as the API does: 100,000 talks, embedded PostgreSQL.

`python -m bench.funnel [--talks N] [--runs N]`; the last line is JSON: seconds of the slowest run of each question. The
talks have two versions, about nine steps each, a transcript, and three answers, one of them a number, one free words.
Every fifth talk goes a way of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from bench.queue import DETAILS, add_campaign
from campaigns.campaign import CampaignId, CompanyId, Order
from services.funnel import differences, funnel
from services.reports import campaign_report
from storage import embedded
from storage.database import Database
from storage.migrate import upgrade

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
_VERSION = text("""
    INSERT INTO scenario_versions (scenario_id, version, flow, published_at)
    SELECT scenario_id, 2, flow, :at FROM scenario_versions LIMIT 1 RETURNING id
""")
_FLOW = text("UPDATE scenario_versions SET flow = CAST(:flow AS jsonb)")
_TALKS = text("""
    INSERT INTO attempts (campaign_id, lead_id, leg_id, worker_id, phone_index, phone, started_at, answered_at,
                          ended_at, result, details, scenario_version_id, path)
    SELECT l.campaign_id, l.id, gen_random_uuid(), CAST(:worker AS uuid), 0, '+79001112233', :at, :at, :at,
           CASE WHEN n % 5 = 0 THEN 'hung_up_early' ELSE 'completed' END, CAST(:details AS jsonb),
           CASE WHEN n % 2 = 0 THEN CAST(:one AS bigint) ELSE CAST(:two AS bigint) END,
           CASE WHEN n % 5 = 0 THEN ARRAY(
               SELECT (CAST(:steps AS text[]))[1 + abs(hashint8(n * 97 + k)) % 12]
               FROM generate_series(1, 5 + n % 8) AS k
           ) ELSE (CAST(:steps AS text[]))[1 : 5 + n % 8] END
    FROM (SELECT id, campaign_id, row_number() OVER () AS n FROM leads) AS l
""")
_ANSWERS = text("""
    INSERT INTO answers (campaign_id, attempt_id, lead_id, step, question, answer, label, how, said, confidence)
    SELECT campaign_id, id, lead_id, q.step, q.question, q.answer, q.label, q.how, q.said, 0.9 FROM attempts,
    LATERAL (VALUES ('offer', 'Интерес', 'yes', 'Да', 'phrase', 'да'),
                    ('rate', 'Оценка', '', CAST(id % 11 AS text), 'speech', 'ну ' || id % 11),
                    ('why', 'Почему', '', '', 'speech', 'потому что ' || id)
            ) AS q (step, question, answer, label, how, said)
""")
STEPS = (
    *("hello", "offer", "@who", "offer", "price", "details/tell"),
    *("offer_again", "why", "send", "bye", "thanks", "rate"),
)
FLOW = {
    "name": "bench",
    "start": "offer",
    "steps": {
        "offer": {
            **{"type": "ask", "id": "offer", "prompt": {"text": "?"}, "question": "Интерес", "otherwise": "rate"},
            "answers": [{"id": "yes", "label": "Да", "phrases": ["да"], "then": "rate"}],
        },
        "rate": {
            **{"type": "listen", "id": "rate", "variable": "rate", "kind": "number", "question": "Оценка"},
            **{"then": "why", "otherwise": "why"},
        },
        "why": {
            **{"type": "listen", "id": "why", "variable": "why", "question": "Почему", "then": "bye"},
            "otherwise": "bye",
        },
        "bye": {"type": "end", "id": "bye"},
    },
}


async def fill(database: Database, talks: int) -> tuple[CompanyId, CampaignId]:
    """A campaign with so many ended talks."""
    campaign = await add_campaign(database, talks, Order.RANDOM)
    async with database.transaction(campaign.company) as tx:
        one = (await tx.execute(text("SELECT id FROM scenario_versions"))).scalar_one()
        two = (await tx.execute(_VERSION, {"at": AT})).scalar_one()
        await tx.execute(_FLOW, {"flow": json.dumps(FLOW)})
        worker = (await tx.execute(text("SELECT gen_random_uuid()"))).scalar_one()
        given = {
            "worker": worker,
            "at": AT,
            "details": json.dumps(DETAILS),
            "one": one,
            "two": two,
            "steps": list(STEPS),
        }
        await tx.execute(_TALKS, given)
        await tx.execute(_ANSWERS)
    return campaign.company, campaign.id


async def slowest(runs: int, ask: Callable[[], Awaitable[object]]) -> float:
    """The seconds that the slowest of the runs took."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - began)
    return round(max(took), 3)


async def measure(database: Database, talks: int, runs: int) -> dict[str, object]:
    """Fills the database and asks each question several times."""
    company, campaign = await fill(database, talks)

    async def steps() -> None:
        async with database.transaction(company) as tx:
            differences(await funnel(tx, campaign))

    async def report() -> None:
        async with database.transaction(company) as tx:
            await campaign_report(tx, campaign)

    return {"talks": talks, "funnel_s": await slowest(runs, steps), "report_s": await slowest(runs, report)}


async def run(options: argparse.Namespace) -> dict[str, object]:
    """Runs it all in a database of its own, which is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="zvonar-funnel-"))
    server = await asyncio.to_thread(embedded.start, folder)
    try:
        await upgrade(server.owner_url, app_url=server.app_url)
        database = Database(server.app_url)
        try:
            return await measure(database, options.talks, options.runs)
        finally:
            await database.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--talks", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=5)
    print(json.dumps(asyncio.run(run(options.parse_args(argv)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
