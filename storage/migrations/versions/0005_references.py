"""References of contacts and leads held once for a statement: a foreign key looks once for every row of a long list."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0005_references.sql"


def upgrade() -> None:
    for statement in re.split(r";\s*\n\s*\n", SQL.read_text("utf-8").strip().removesuffix(";")):
        op.get_bind().exec_driver_sql(statement)
    op.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
