"""Renewals that we offer are of hosting too: what is renewed is a registration or a subscription."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """The column names either, so no foreign key holds it any more; and the index by which the day's round looks."""
    with op.batch_alter_table("renewals") as renewals:
        renewals.drop_constraint("fk_renewals_registration_id", type_="foreignkey")
        renewals.drop_constraint("uq_renewals_registration_id_expires_at", type_="unique")
        renewals.alter_column("registration_id", new_column_name="subject_id")
    with op.batch_alter_table("renewals") as renewals:  # SQLite's copy of the table does not know a new name before
        renewals.create_unique_constraint("uq_renewals_subject_id_expires_at", ["subject_id", "expires_at"])
    unbilled = sa.text("gateway IS NULL")
    op.create_index(
        "ix_subscriptions_ending",
        "subscriptions",
        ["current_period_end", "id"],
        sqlite_where=unbilled,
        postgresql_where=unbilled,
    )


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
