"""Scenarios as drafts and versions with all that belongs to them, A/B variants of campaigns, paths of attempts."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE scenarios
        ADD COLUMN draft jsonb,
        ADD COLUMN draft_source text,
        ADD COLUMN draft_tests text,
        ADD COLUMN revision integer DEFAULT 0 NOT NULL,
        ADD COLUMN changed_at timestamptz
    """,
    """
    ALTER TABLE scenario_versions
        ADD COLUMN source text,
        ADD COLUMN tests text,
        ADD COLUMN trained bytea,
        ADD COLUMN training jsonb,
        ADD COLUMN note text DEFAULT ''::text NOT NULL,
        ADD COLUMN forced jsonb,
        ADD COLUMN published_by bigint,
        ADD CONSTRAINT scenario_versions_company_id_published_by_fkey FOREIGN KEY (company_id, published_by)
            REFERENCES users (company_id, id) ON DELETE SET NULL (published_by)
    """,
    "ALTER TABLE campaigns ADD COLUMN variants jsonb",
    "ALTER TABLE attempts ADD COLUMN path text[]",
    "ALTER TABLE answers DROP CONSTRAINT answers_how_check",
    "ALTER TABLE answers ADD CONSTRAINT answers_how_check CHECK (how IN ('key', 'phrase', 'intent', 'speech'))",
)

PATHS = """
    UPDATE attempts SET path = ARRAY(SELECT jsonb_array_elements_text(details->'path'))
    WHERE jsonb_typeof(details->'path') = 'array'
"""


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # The owner sees no rows while row-level security is forced.
    op.execute("ALTER TABLE attempts NO FORCE ROW LEVEL SECURITY")
    op.execute(PATHS)
    op.execute("ALTER TABLE attempts FORCE ROW LEVEL SECURITY")
