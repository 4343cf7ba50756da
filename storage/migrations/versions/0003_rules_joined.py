"""When a campaign was switched on, how long transcripts are kept, how busy a trunk is over all companies."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TRUNK_CALLS = """
    CREATE FUNCTION zvonar_trunk_calls(wanted text) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT count(*) FROM public.attempts a
        JOIN public.campaigns c ON c.company_id = a.company_id AND c.id = a.campaign_id
        WHERE a.result IS NULL AND c.trunk = wanted
    $$
"""
"""How many calls are in progress on a trunk, whosever they are: a number, and nothing of any company."""


def upgrade() -> None:
    op.execute("ALTER TABLE campaigns ADD COLUMN switched_on_at timestamptz")
    op.execute("ALTER TABLE company_rules ADD COLUMN keep_transcripts_days integer")
    op.execute(
        "ALTER TABLE company_rules ADD CONSTRAINT company_rules_keep_transcripts_check "
        "CHECK (keep_transcripts_days >= 1)"
    )
    op.execute(TRUNK_CALLS)
    op.execute("REVOKE EXECUTE ON FUNCTION zvonar_trunk_calls(text) FROM PUBLIC")
