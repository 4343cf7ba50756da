"""The campaign core: number lists in place of one blacklist, counters kept by triggers, a queue for long lists."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"

OF_A_COMPANY = (
    "company_rules", "contact_fields", "number_lists", "number_list_phones", "import_mappings", "imports", "exports",
    "lead_changes", "campaign_counts", "campaign_results", "campaign_quotas",
)  # fmt: skip

LOOKED_UP = ("imports", "exports", "campaign_quotas")

SEEN = ("blacklist", "users", "contacts", "leads", "campaigns", "attempts")
FILLED = ("number_lists", "number_list_phones", "campaign_counts", "campaign_results")

COMPANY = "NULLIF(current_setting('zvonar.company_id', true), '')::bigint"

MOVE = (
    "INSERT INTO number_lists (company_id, name, kind, created_at) "
    "SELECT DISTINCT company_id, 'Чёрный список', 'blacklist', now() FROM blacklist",
    "INSERT INTO number_list_phones (company_id, list_id, phone, added_at) "
    "SELECT b.company_id, n.id, b.phone, now() FROM blacklist b JOIN number_lists n ON n.company_id = b.company_id",
    "UPDATE leads l SET zone = c.zone FROM contacts c WHERE c.id = l.contact_id AND c.zone IS NOT NULL",
)


def upgrade() -> None:
    # Rows are moved, and new references checked, by the owner, who sees none while row-level security is forced.
    unforce(SEEN)
    run("0002_tables.sql")
    for table in OF_A_COMPANY:
        guard(table)
    for table in LOOKED_UP:
        op.execute(f"CREATE POLICY look_up ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    unforce(FILLED)
    for statement in MOVE:
        op.get_bind().exec_driver_sql(statement)
    run("0002_after.sql")
    op.execute("SELECT zvonar_recount(id) FROM campaigns")
    for table in (*SEEN, *FILLED):
        op.execute(f"ALTER TABLE IF EXISTS {table} FORCE ROW LEVEL SECURITY")
    op.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")


def unforce(tables: tuple[str, ...]) -> None:
    """Lets the owner of the tables see their rows until the migration ends."""
    for table in tables:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")


def run(name: str) -> None:
    """Executes the statements of a file one by one; each ends with a semicolon and an empty line."""
    for statement in re.split(r";\s*\n\s*\n", (SQL / name).read_text("utf-8").strip().removesuffix(";")):
        op.get_bind().exec_driver_sql(statement)


def guard(table: str) -> None:
    """Lets a transaction see and write only the rows of its own company, the owner of the table included."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.get_bind().exec_driver_sql(
        f"CREATE POLICY own_company ON {table} USING (company_id = {COMPANY}) WITH CHECK (company_id = {COMPANY})"
    )
