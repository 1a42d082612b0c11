"""Commands about the inbox: what providers told, what became of it, and reading it once more."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from billing.application.inbox.replay import Preview
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import BillingError, Invalid
from billing.domain.event import EventStatus, InboxEvent
from billing.entrypoints.cli.jobs import job_row
from billing.entrypoints.cli.look import move_row
from billing.entrypoints.cli.show import AS_JSON, LIMIT, by_status, operator, say, show, show_one
from billing.entrypoints.redaction import redacted, redacted_text
from billing.entrypoints.startup import start_command

if TYPE_CHECKING:
    from billing.entrypoints.container import Container

STATUS = by_status(EventStatus)
GATEWAY = click.option("--gateway", metavar="NAME", help="Only what this provider sent.")
TYPE = click.option("--type", "type_", metavar="TYPE", help="Only of this type, such as refund.failed.")


@click.group()
def events() -> None:
    """Notifications that providers sent; EVENT is our id or the provider's."""


@events.command("list")
@STATUS
@GATEWAY
@TYPE
@click.option("--before", metavar="ID", help="Only older ones than this event of ours: the next page.")
@LIMIT
@AS_JSON
def list_events(
    status: str | None, gateway: str | None, type_: str | None, before: str | None, limit: int, as_json: bool
) -> None:
    """Newest first."""
    wanted = EventStatus(status) if status else None
    found = start_command().ledger().read(lambda uow: uow.inbox.page(wanted, gateway, type_, before, limit))
    show(as_json, [_row(event) for event in found], "events")


@events.command("show")
@click.argument("event")
@AS_JSON
def show_event(event: str, as_json: bool) -> None:
    """All about EVENT: its jobs, what they moved, and what it said, without secrets and personal data."""
    container = start_command()
    found, jobs, moves = container.ledger().read(lambda uow: _whole(container, uow, event))
    facts = {**_row(found), "verdict": found.verdict, "api_version": found.api_version}
    body = None if found.body is None else redacted(found.body)
    if as_json:
        say(True, {**facts, "jobs": jobs, "moves": moves, "body": body}, "")
        return
    show_one(False, facts, **{"jobs": jobs, "moved by it": moves})
    click.echo(f"\n{body or 'its body was pruned'}")


@events.command()
@click.argument("refs", metavar="[EVENT]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@STATUS
@GATEWAY
@TYPE
@LIMIT
@AS_JSON
def replay(
    refs: Sequence[str],
    dry_run: bool,
    status: str | None,
    gateway: str | None,
    type_: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Have EVENTs, or all of a status, read once more; a worker does it, without the provider's sending again.

    One that was processed stays as it is. Exit code 1 where one can't be replayed.
    """
    if bool(refs) == bool(status):
        raise Invalid("EVENT", "name some, or a --status, not both")
    container = start_command()
    if status:
        wanted = EventStatus(status)
        page = container.ledger().read(lambda uow: uow.inbox.page(wanted, gateway, type_, None, limit))
        refs = [event.id for event in reversed(page)]  # oldest first, as they came
    act = _preview(container) if dry_run else _replay(container)
    results = _each(refs, act)
    if as_json:
        show(True, results)
    else:
        _tell(results)
    sys.exit(any(result["outcome"] == "refused" for result in results))


@events.command()
@click.argument("event")
@click.option("--why", required=True, help="Why nothing is to be done about it.")
@AS_JSON
def dismiss(event: str, why: str, as_json: bool) -> None:
    """Settle EVENT, which could not be processed, without doing anything about it."""
    say(as_json, _row(start_command().dismiss_event()(event, why, operator())), "{id}: {status} ({why})")


def _whole(container: "Container", uow: UnitOfWork, ref: str) -> tuple[InboxEvent, list[Any], list[Any]]:
    event = container.find_event()(uow, ref)
    jobs = uow.jobs.of_subjects([event.id])
    return (
        event,
        [_masked(job_row(job)) for job in jobs],
        [_masked(move_row(move)) for job in jobs for move in uow.history.made_by(job.signature)],
    )


def _row(event: InboxEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "gateway": event.gateway,
        "event_id": event.event_id,
        "type": event.type,
        "status": event.status,
        "attempts": event.attempts,
        "received_at": event.received_at,
        "processed_at": event.processed_at,
        "why": redacted_text(event.why or "") or None,
        "body_bytes": None if event.body is None else len(event.body),
    }


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    """A reason may quote the provider."""
    return {**row, "why": redacted_text(row["why"] or "") or None}


# ---------------------------------------------------------------------- many

Act = Callable[[str], dict[str, Any]]


def _replay(container: "Container") -> Act:
    def act(ref: str) -> dict[str, Any]:
        event, reopened = container.replay_event()(ref, operator())
        if reopened:
            return {"id": event.id, "outcome": "replayed", "why": "its job is due now"}
        return {"id": event.id, "outcome": "unchanged", "why": _was_processed(event.why)}

    return act


def _preview(container: "Container") -> Act:
    def act(ref: str) -> dict[str, Any]:
        preview: Preview = container.preview_event()(ref, operator())
        changes = preview.event.status is not EventStatus.PROCESSED
        return {
            "id": preview.event.id,
            "outcome": f"would be {preview.becomes}" if changes else "unchanged",
            "why": redacted_text(preview.why or "") if changes else _was_processed(preview.why),
            "moves": [_masked(move_row(move)) for move in preview.moves],
            "jobs": [{"kind": job.kind, "subject": job.subject, "due_at": job.due_at} for job in preview.jobs],
        }

    return act


def _was_processed(why: str | None) -> str:
    return f"it was processed: {redacted_text(why or '')}"


def _each(refs: Sequence[str], act: Act) -> list[dict[str, Any]]:
    results = []
    with click.progressbar(refs, file=sys.stderr, hidden=len(refs) < 2 or not sys.stderr.isatty()) as bar:
        for ref in bar:
            try:
                results.append(act(ref))
            except BillingError as refused:
                results.append({"id": ref, "outcome": "refused", "why": str(refused)})
    return results


def _tell(results: Sequence[dict[str, Any]]) -> None:
    if not results:
        click.echo("events: none")
    for result in results:
        click.echo("{id}: {outcome} ({why})".format(**result))
        for title in ("moves", "jobs"):
            if result.get(title):
                show(False, result[title], title)
    if len(results) > 1:
        refused = sum(result["outcome"] == "refused" for result in results)
        click.echo(f"{len(results)} events, {refused} refused")
