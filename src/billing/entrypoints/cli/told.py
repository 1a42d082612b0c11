"""Commands that show what people were told: mails and alerts."""

from typing import Any

import click

from billing.domain.mail import Mail, MailStatus
from billing.entrypoints.cli.show import AS_JSON, LIMIT, by_status, show
from billing.entrypoints.startup import start_command


@click.group()
def mails() -> None:
    """Mails to customers and operators."""


@mails.command("list")
@by_status(MailStatus)
@click.option("--before", metavar="ID", help="Only older ones than this mail: the next page.")
@LIMIT
@AS_JSON
def list_mails(status: str | None, before: str | None, limit: int, as_json: bool) -> None:
    """Newest first."""
    wanted = MailStatus(status) if status else None
    found = start_command().ledger().read(lambda uow: uow.mails.page(wanted, before, limit))
    show(as_json, [_mail(mail) for mail in found], "mails")


def _mail(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "occasion": mail.occasion,
        "recipient": mail.recipient,
        "status": mail.status,
        "created_at": mail.created_at,
        "sent_at": mail.sent_at,
        "why": mail.why,
    }


@click.group()
def alerts() -> None:
    """What operators were, or are to be, told."""


@alerts.command("list")
@LIMIT
@AS_JSON
def list_alerts(limit: int, as_json: bool) -> None:
    """Newest first, with the mail that told of each."""
    found = start_command().ledger().read(lambda uow: uow.alerts.newest(limit))
    rows = [
        {"raised_at": a.raised_at, "kind": a.kind, "subject": a.subject, "why": a.why, "told_by": a.told_by}
        for a in found
    ]
    show(as_json, rows, "alerts")
