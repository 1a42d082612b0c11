"""The tables of what customers and operators are told."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from billing.adapters.sql.columns import (
    fixed,
    id_column,
    metadata,
    partial_index,
    version_column,
    why_column,
)
from billing.adapters.sql.types import Document, Id, Moment, status_of, word_of
from billing.domain.alert import AlertKind
from billing.domain.mail import MailKind, MailStatus

mails = Table(
    "mails",
    metadata,
    id_column(),
    Column("kind", word_of(MailKind), nullable=False),
    Column("subject", Id, nullable=False),
    Column("recipient", String, nullable=False),
    Column("language", String(2), nullable=False),
    Column("data", Document, nullable=False),
    Column("message_id", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("status", status_of(MailStatus), nullable=False),
    why_column(),
    Column("doubts", Integer, nullable=False),
    Column("sent_at", Moment),
    version_column(),
    # Leads with the subject, so that it also finds every mail about one thing.
    UniqueConstraint("subject", "kind", "recipient"),
)
unsent = fixed(mails.c.status, MailStatus.QUEUED, MailStatus.DEAD)
digest = fixed(mails.c.kind, MailKind.OPERATOR_ALERTS)
partial_index(mails.c.status, mails.c.id, where=unsent)
partial_index(mails.c.created_at, where=digest)

alerts = Table(
    "alerts",
    metadata,
    Column("occasion", String, primary_key=True),
    Column("kind", word_of(AlertKind), nullable=False),
    Column("subject", String, nullable=False),
    Column("why", String, nullable=False),
    Column("raised_at", Moment, nullable=False, index=True),
    Column("told_by", ForeignKey("mails.id")),
    version_column(),
)
untold = alerts.c.told_by.is_(None)
# Leads with `told_by`, though it is always empty, or SQLite prefers the index of all of them.
partial_index(alerts.c.told_by, alerts.c.raised_at, where=untold)
