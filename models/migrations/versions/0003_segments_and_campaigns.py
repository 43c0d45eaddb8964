"""Segments, campaigns and the audience of each; parts of a text; times when nobody was awake."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
AT = models.base.UtcDateTime(timezone=True)
WAITS, OPEN, HELD = sa.text("state = 'ready'"), sa.text("NOT over"), sa.text("state = 'held'")
READY = sa.text("state = 'ready' AND batch_id IS NULL")
OF_BATCH = sa.text("state = 'ready' AND batch_id IS NOT NULL")
OF_CAMPAIGN = sa.text("campaign_id IS NOT NULL")

# Who is stopped now: the last word about everything in a person's ledger is "out".
FILL_STOPPED = """
UPDATE contact SET stopped_at = (
    SELECT e.at FROM consent_event e WHERE e.person = contact.person AND e.topic = '*' AND e.change = 'out' AND e.seq = (
        SELECT max(l.seq) FROM consent_event l WHERE l.person = contact.person AND l.topic = '*' AND l.change <> 'refused'
    )
)
"""

# And so it stays: a STOP or START in the ledger is written on the contact by the database itself.
POSTGRESQL = """
CREATE FUNCTION contact_follows_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contact SET stopped_at = CASE NEW.change WHEN 'out' THEN NEW.at END WHERE person = NEW.person;
    RETURN NULL;
END $$;
CREATE TRIGGER consent_event_marks_contact AFTER INSERT ON consent_event
    FOR EACH ROW WHEN (NEW.topic = '*' AND NEW.change IN ('out', 'lifted')) EXECUTE FUNCTION contact_follows_ledger();
"""
SQLITE = """
CREATE TRIGGER consent_event_marks_contact AFTER INSERT ON consent_event
WHEN NEW.topic = '*' AND NEW.change IN ('out', 'lifted')
BEGIN UPDATE contact SET stopped_at = CASE NEW.change WHEN 'out' THEN NEW.at END WHERE person = NEW.person; END
"""


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("ours", sa.String(), nullable=True),
        sa.Column("within", JSON, nullable=False),
        sa.Column("without", JSON, nullable=False),
        sa.Column("dialog", sa.String(), nullable=True),
        sa.Column("answers_for", ID, nullable=False),
        sa.Column("error_limit", ID, nullable=False),
        sa.Column("starts_at", AT, nullable=True),
        sa.Column("ends_at", AT, nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("version", ID, nullable=False),
        sa.Column("launched_at", AT, nullable=True),
        sa.Column("last_id", ID, nullable=True),
        sa.Column("taken_to", ID, nullable=False),
        sa.Column("worked_at", AT, nullable=False),
        sa.Column("resumed_at", AT, nullable=False),
        sa.Column("finished_at", AT, nullable=True),
        sa.Column("made_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("name", name=op.f("uq_campaign_name")),
    )
    op.create_table(
        "outage",
        sa.Column("id", ID, nullable=False),
        sa.Column("began_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
    )
    op.create_table(
        "recipient",
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("due_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("campaign_id", "contact_id", name=op.f("pk_recipient")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "segment",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rule", JSON, nullable=True),
        sa.Column("made_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("name", name=op.f("uq_segment_name")),
    )
    op.create_table(
        "batch",
        sa.Column("id", ID, nullable=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("first_id", ID, nullable=False),
        sa.Column("last_id", ID, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("lease_until", AT, nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_batch_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index(
            "ix_batch_open", ["campaign_id", "id"], unique=False, postgresql_where=OPEN, sqlite_where=OPEN
        )

    op.create_table(
        "list_member",
        sa.Column("segment_id", ID, nullable=False),
        sa.Column("contact_id", ID, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_list_member_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name=op.f("fk_list_member_segment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("segment_id", "contact_id", name=op.f("pk_list_member")),
    )
    with op.batch_alter_table("list_member", schema=None) as batch_op:
        batch_op.create_index("ix_list_member_contact_id", ["contact_id"], unique=False)

    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stopped_at", AT, nullable=True))

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("campaign_id", ID, nullable=True))
        batch_op.add_column(sa.Column("batch_id", ID, nullable=True))
        batch_op.add_column(sa.Column("parts", ID, nullable=True))
        batch_op.drop_index("ix_message_ready")
        batch_op.create_index(
            "ix_message_ready", ["not_before"], unique=False, postgresql_where=READY, sqlite_where=READY
        )
        batch_op.create_index(
            "ix_message_batch", ["batch_id", "id"], unique=False, postgresql_where=OF_BATCH, sqlite_where=OF_BATCH
        )
        batch_op.create_index(
            "ix_message_campaign",
            ["campaign_id", "state", "id"],
            unique=False,
            postgresql_where=OF_CAMPAIGN,
            sqlite_where=OF_CAMPAIGN,
        )
        batch_op.create_index("ix_message_held", ["id"], unique=False, postgresql_where=HELD, sqlite_where=HELD)

    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parts_per_second", sa.Double(), nullable=False, server_default="1"))
    op.execute(FILL_STOPPED)
    op.execute(POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER consent_event_marks_contact ON consent_event")
        op.execute("DROP FUNCTION contact_follows_ledger()")
    else:
        op.execute("DROP TRIGGER consent_event_marks_contact")
    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.drop_column("parts_per_second")

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_ready")
        batch_op.create_index("ix_message_ready", ["not_before"], postgresql_where=WAITS, sqlite_where=WAITS)
        batch_op.drop_index("ix_message_held", postgresql_where=HELD, sqlite_where=HELD)
        batch_op.drop_index("ix_message_campaign", postgresql_where=OF_CAMPAIGN, sqlite_where=OF_CAMPAIGN)
        batch_op.drop_index("ix_message_batch", postgresql_where=OF_BATCH, sqlite_where=OF_BATCH)
        batch_op.drop_column("parts")
        batch_op.drop_column("batch_id")
        batch_op.drop_column("campaign_id")

    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_column("stopped_at")

    with op.batch_alter_table("alarm", schema=None) as batch_op:
        batch_op.drop_column("held")

    with op.batch_alter_table("list_member", schema=None) as batch_op:
        batch_op.drop_index("ix_list_member_contact_id")

    op.drop_table("list_member")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_open", postgresql_where=OPEN, sqlite_where=OPEN)

    op.drop_table("batch")
    op.drop_table("segment")
    op.drop_table("recipient")
    op.drop_table("outage")
    op.drop_table("campaign")
