"""Accounts and saved methods of customers at payment providers, and billing that a provider does by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """One row for each account, one for each method in it, and the provider's ids on payments and subscriptions."""
    op.create_table(
        "wallets",
        sa.Column("id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("gateway", sa.String(32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("customer_ref", sa.String()),
        sa.Column("default_ref", sa.String()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallets")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_wallets_customer_id")),
        sa.UniqueConstraint("customer_id", "gateway", name=op.f("uq_wallets_customer_id_gateway")),
        sa.UniqueConstraint("gateway", "customer_ref", name=op.f("uq_wallets_gateway_customer_ref")),
    )
    op.create_table(
        "payment_methods",
        sa.Column("id", _ID, nullable=False),
        sa.Column("wallet_id", _ID, nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("card_brand", sa.String(32)),
        sa.Column("card_last4", sa.String(4)),
        sa.Column("card_exp_month", sa.Integer()),
        sa.Column("card_exp_year", sa.Integer()),
        sa.Column("detached_at", _MOMENT),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
        sa.ForeignKeyConstraint(["wallet_id"], ["wallets.id"], name=op.f("fk_payment_methods_wallet_id")),
        sa.UniqueConstraint("wallet_id", "ref", name=op.f("uq_payment_methods_wallet_id_ref")),
    )
    op.create_index("ix_payment_methods_wallet_id", "payment_methods", ["wallet_id"])
    op.create_index("ix_payment_methods_ref", "payment_methods", ["ref"])
    op.add_column("payments", sa.Column("billing_ref", sa.String()))
    for column in (sa.Column("gateway", sa.String(32)), sa.Column("billing_ref", sa.String())):
        op.add_column("subscriptions", column)
    op.add_column("subscriptions", sa.Column("attention", sa.String()))
    op.create_index("ix_subscriptions_gateway_billing_ref", "subscriptions", ["gateway", "billing_ref"], unique=True)


def downgrade() -> None:
    """Never, like every version."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")
