"""The ledger is append-only: the database itself refuses to change or remove a consent event."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

POSTGRESQL = """
CREATE FUNCTION consent_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'consent_event is append-only';
END $$;
CREATE TRIGGER consent_event_no_change BEFORE UPDATE OR DELETE ON consent_event
    FOR EACH ROW EXECUTE FUNCTION consent_event_is_append_only();
CREATE TRIGGER consent_event_no_truncate BEFORE TRUNCATE ON consent_event
    FOR EACH STATEMENT EXECUTE FUNCTION consent_event_is_append_only();
"""
SQLITE = """
CREATE TRIGGER consent_event_no_{0} BEFORE {0} ON consent_event
BEGIN SELECT RAISE(ABORT, 'consent_event is append-only'); END
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(verb))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER consent_event_no_change ON consent_event")
        op.execute("DROP TRIGGER consent_event_no_truncate ON consent_event")
        op.execute("DROP FUNCTION consent_event_is_append_only()")
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER consent_event_no_{verb}")
