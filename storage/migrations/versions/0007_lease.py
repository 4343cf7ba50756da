"""A lease as one function: what a dialler asks for many times a second takes one round trip."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0007_lease.sql"


def upgrade() -> None:
    # A statement ends with a semicolon, an empty line and the comment of the next; inside the function none does.
    for statement in re.split(r";\s*\n\s*\n(?=--)", SQL.read_text("utf-8").strip().removesuffix(";")):
        op.get_bind().exec_driver_sql(statement)
    op.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
