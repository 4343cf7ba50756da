"""Tables, look-ups without a company, and row-level security."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"

OF_A_COMPANY = (
    "users", "sessions", "operator_groups", "scenarios", "scenario_versions", "contacts", "blacklist",
    "campaigns", "leads", "attempts", "answers",
)  # fmt: skip

LOOKED_UP = ("companies", "users", "sessions", "campaigns", "attempts")

COMPANY = "NULLIF(current_setting('zvonar.company_id', true), '')::bigint"


def upgrade() -> None:
    run("0001_tables.sql")
    run("0001_security.sql")
    guard("companies", "id")
    for table in OF_A_COMPANY:
        guard(table, "company_id")
    for table in LOOKED_UP:
        op.execute(f"CREATE POLICY look_up ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")


def run(name: str) -> None:
    """Executes the statements of a file one by one; each ends with a semicolon and an empty line."""
    for statement in re.split(r";\s*\n\s*\n", (SQL / name).read_text("utf-8").strip().removesuffix(";")):
        op.get_bind().exec_driver_sql(statement)


def guard(table: str, column: str) -> None:
    """Lets a transaction see and write only the rows of its own company, the owner of the table included."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.get_bind().exec_driver_sql(
        f"CREATE POLICY own_company ON {table} USING ({column} = {COMPANY}) WITH CHECK ({column} = {COMPANY})"
    )
