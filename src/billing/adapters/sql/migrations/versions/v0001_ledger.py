"""The ledger."""

import secrets
from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Every table, and the random id of this installation."""
    _create_customers()
    _create_orders()
    _create_items()
    _create_payments()
    _create_subscriptions()
    _create_registrations()
    _create_inbox()
    _create_jobs()
    _create_records()
    _create_installation()


def downgrade() -> None:
    """Never: what was paid can't be unpaid by dropping tables."""
    raise NotImplementedError("there is no way back from a schema version; restore a backup taken before it")


def _create_customers() -> None:
    op.create_table(
        "customers",
        _id(),
        _text("name"),
        _text("email"),
        _text("phone", nullable=True),
        _text("country", 2, nullable=True),
        _text("language", 2),
        _moment("created_at"),
        _version(),
        _primary("customers"),
    )


def _create_orders() -> None:
    statuses = "pending paid processing completed partially_completed requires_attention cancelled expired refunded"
    op.create_table(
        "orders",
        _id(),
        _text("number"),
        _id("customer_id"),
        _text("currency", 3),
        _moment("created_at"),
        _moment("expires_at"),
        sa.Column("registrant", sa.JSON()),
        _text("status", 32),
        _text("why", nullable=True),
        _moment("paid_at", nullable=True),
        _text("closed_as", 32, nullable=True),
        _version(),
        _primary("orders"),
        _unique("orders", "number"),
        _foreign("orders", "customer_id", "customers"),
        _one_of("orders", "status", statuses),
        _one_of("orders", "closed_as", statuses),
    )
    op.create_index("ix_orders_customer_id_id", "orders", ["customer_id", "id"])
    op.create_index("ix_orders_status_id", "orders", ["status", "id"])
    _partial_index("ix_orders_status_expires_at", "orders", ["status", "expires_at"], "status = 'pending'")


def _create_items() -> None:
    to_subscription = _foreign("order_items", "subscription_id", "subscriptions")
    # Subscriptions name items too: PostgreSQL gets this key when they are there, SQLite can't be given it later.
    early = [to_subscription] if op.get_bind().dialect.name == "sqlite" else []
    op.create_table(
        "order_items",
        _id(),
        _id("order_id"),
        _number("position"),
        sa.Column("what", sa.JSON(), nullable=False),
        _text("kind", 32),
        _text("domain", nullable=True),
        _text("title"),
        *_money("price"),
        _text("status", 32),
        _text("why", nullable=True),
        _text("attention", nullable=True),
        _text("handle", 16, nullable=True),
        _moment("frozen_expiry", nullable=True),
        _id("subscription_id", nullable=True),
        _version(),
        _primary("order_items"),
        _unique("order_items", "order_id", "position"),
        _unique("order_items", "handle"),
        _foreign("order_items", "order_id", "orders"),
        *early,
        _one_of("order_items", "status", "unpaid due in_progress fulfilled failed refunded cancelled"),
    )
    live = "kind = 'domain_registration' AND status IN ('due', 'in_progress', 'unpaid')"
    _partial_index("uq_order_items_live_registration", "order_items", ["domain"], live, unique=True)
    unpaid = "kind = 'domain_renewal' AND status = 'unpaid'"
    _partial_index("uq_order_items_unpaid_renewal", "order_items", ["domain"], unpaid, unique=True)


def _create_payments() -> None:
    op.create_table(
        "payments",
        _id(),
        _id("order_id"),
        _number("attempt"),
        _text("gateway", 32),
        *_money("amount"),
        _moment("created_at"),
        _moment("expires_at"),
        sa.Column("options", sa.JSON(), nullable=False),
        _text("status", 32),
        _text("why", nullable=True),
        _text("session_ref", nullable=True),
        _text("payment_ref", nullable=True),
        _text("redirect_url", nullable=True),
        *_money("received", nullable=True),
        _flag("surplus"),
        _version(),
        _primary("payments"),
        _unique("payments", "order_id", "attempt"),
        _unique("payments", "gateway", "session_ref"),
        _unique("payments", "gateway", "payment_ref"),
        _foreign("payments", "order_id", "orders"),
        _one_of("payments", "status", "pending succeeded failed cancelled expired requires_attention"),
    )


def _create_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        _id(),
        _id("customer_id"),
        _id("item_id"),
        _text("plan"),
        _text("cycle", 32),
        *_money("price"),
        _text("domain", nullable=True),
        _flag("auto_renew"),
        _moment("created_at"),
        _text("status", 32),
        _text("why", nullable=True),
        _moment("anchor", nullable=True),
        _number("periods"),
        _moment("current_period_end", nullable=True),
        _flag("cancel_at_period_end"),
        _version(),
        _primary("subscriptions"),
        _unique("subscriptions", "item_id"),
        _foreign("subscriptions", "customer_id", "customers"),
        _foreign("subscriptions", "item_id", "order_items"),
        _one_of("subscriptions", "status", "pending active past_due suspended cancelled ended"),
    )
    op.create_index("ix_subscriptions_customer_id", "subscriptions", ["customer_id"])
    if op.get_bind().dialect.name != "sqlite":
        name = "fk_order_items_subscription_id"
        op.create_foreign_key(name, "order_items", "subscriptions", ["subscription_id"], ["id"])


def _create_registrations() -> None:
    op.create_table(
        "registrations",
        _id(),
        _text("name"),
        _id("customer_id"),
        _id("item_id"),
        _text("handle", 16, nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        _flag("auto_renew"),
        _text("status", 32),
        _text("why", nullable=True),
        _id("renewing_item", nullable=True),
        _version(),
        _primary("registrations"),
        _unique("registrations", "item_id"),
        _foreign("registrations", "customer_id", "customers"),
        _foreign("registrations", "item_id", "order_items"),
        _foreign("registrations", "renewing_item", "order_items"),
        _one_of("registrations", "status", "active released"),
    )
    op.create_index("ix_registrations_customer_id", "registrations", ["customer_id"])
    _partial_index("uq_registrations_active_name", "registrations", ["name"], "status = 'active'", unique=True)


def _create_inbox() -> None:
    op.create_table(
        "inbox_events",
        _id(),
        _text("gateway", 32),
        _text("event_id"),
        _text("type"),
        _text("api_version", nullable=True),
        _text("verdict"),
        sa.Column("body", sa.LargeBinary()),
        _moment("received_at"),
        _text("status", 32),
        _text("why", nullable=True),
        _number("attempts"),
        _moment("processed_at", nullable=True),
        _version(),
        _primary("inbox_events"),
        _unique("inbox_events", "gateway", "event_id"),
        _one_of("inbox_events", "status", "received processed ignored unmatched failed"),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        _id(),
        _text("kind", 32),
        _id("subject"),
        _text("dedup_key"),
        _moment("created_at"),
        _moment("due_at"),
        _moment("ring_at"),
        _text("status", 32),
        _number("attempts"),
        _number("claim_no"),
        _moment("claimed_at", nullable=True),
        _moment("lease_until", nullable=True),
        _moment("waiting_since", nullable=True),
        _moment("wake_at", nullable=True),
        _text("why", nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        _moment("finished_at", nullable=True),
        _version(),
        _primary("jobs"),
        _unique("jobs", "dedup_key"),
        _one_of("jobs", "status", "queued running succeeded dead cancelled"),
    )
    op.create_index("ix_jobs_subject", "jobs", ["subject"])
    op.create_index("ix_jobs_kind_id", "jobs", ["kind", "id"])
    _partial_index("ix_jobs_ring_at", "jobs", ["ring_at"], "status IN ('queued', 'running')")
    unsuccessful = "status IN ('cancelled', 'dead', 'queued', 'running')"
    _partial_index("ix_jobs_status_id", "jobs", ["status", "id"], unsuccessful)


def _create_records() -> None:
    op.create_table(
        "transitions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _text("entity", 32),
        _id("entity_id"),
        _text("before", 32, nullable=True),
        _text("after", 32),
        _text("why", nullable=True),
        _text("by"),
        _moment("at"),
        _primary("transitions"),
    )
    op.create_index("ix_transitions_entity_id_id", "transitions", ["entity_id", "id"])
    op.create_table(
        "catalogues",
        sa.Column("number", sa.Integer(), nullable=False),
        _moment("loaded_at"),
        sa.Column("document", sa.JSON(), nullable=False),
        _primary("catalogues", "number"),
    )
    op.create_table(
        "api_keys",
        _id(),
        _text("name"),
        _text("role", 32),
        _text("digest", 64),
        _moment("created_at"),
        _primary("api_keys"),
        _unique("api_keys", "digest"),
    )
    op.create_table(
        "remembered_answers",
        _text("scope"),
        _text("key"),
        _text("fingerprint"),
        _moment("created_at"),
        _moment("lease_until"),
        sa.Column("status", sa.Integer()),
        _text("body", nullable=True),
        _primary("remembered_answers", "scope", "key"),
    )
    op.create_index("ix_remembered_answers_created_at", "remembered_answers", ["created_at"])


def _create_installation() -> None:
    installation = op.create_table("installation", _id(), _primary("installation"))
    op.bulk_insert(installation, [{"id": f"ins_{secrets.token_hex(16)}"}])


# ---------------------------------------------------------------------- parts


def _id(name: str = "id", *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=nullable)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _version() -> sa.Column[int]:
    return _number("version")


def _money(name: str, *, nullable: bool = False) -> Iterable[sa.Column[object]]:
    yield sa.Column(f"{name}_minor", sa.BigInteger(), nullable=nullable)
    yield sa.Column(f"{name}_currency", sa.String(3), nullable=nullable)


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _one_of(table: str, column: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def _partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
