"""`billing reconcile`: what the providers know and we do not, and the other way round."""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from billing.application.books.reconciliation import Difference, Looked, Scope
from billing.application.outcomes import Deadline
from billing.domain.errors import Invalid
from billing.entrypoints.cli.show import AS_JSON, operator, progress, show
from billing.entrypoints.redaction import redacted_text
from billing.entrypoints.startup import start_command

if TYPE_CHECKING:
    from billing.entrypoints.container import Container

_UNITS = {"h": "hours", "d": "days"}


@click.command()
@click.option("--since", metavar="3d|12h|DATE", help="How far back. Default: BILLING_RECONCILE_DAYS.")
@click.option("--dry-run", is_flag=True, help="Say what would be repaired, and change nothing.")
@AS_JSON
def reconcile(since: str | None, dry_run: bool, as_json: bool) -> None:
    """Compare events, payments, refunds, subscriptions and cards with their providers; repair what differs by facts.

    Events that were missed are stored, and a worker reads them. Exit code 0 only where nothing differs any more.
    """
    container = start_command()
    now = container.business_clock()()
    start = moment(since or f"{container.settings().shop.reconcile_days}d", now)
    _say_what_is_gone(container, start, now)
    looks = container.comparing.reconcile()(_scope(container, start, now, dry_run))
    differences, counts = _watch(looks, as_json)
    show(as_json, [_row(one) for one in differences], "differences")
    if not as_json:
        looked_at = ", ".join(f"{count} {name}" for name, count in counts.items())
        click.echo(f"looked at {looked_at}, since {start:%Y-%m-%d %H:%M} UTC")
    sys.exit(not all(one.is_settled for one in differences))


def moment(text: str, now: datetime) -> datetime:
    """A span back from now (`3d`, `12h`), or a date; Invalid otherwise."""
    if span := re.fullmatch(r"(\d{1,4})([hd])", text):
        return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError as unreadable:
        raise Invalid("--since", f"{text} is neither a span such as 3d or 12h nor a date") from unreadable
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found > now:
        raise Invalid("--since", f"{text} is yet to come")
    return found


def _scope(container: "Container", since: datetime, until: datetime, dry_run: bool) -> Scope:
    seconds, monotonic = container.settings().jobs.call_deadline_max_seconds, container.monotonic()
    return Scope(
        since=since,
        until=until,
        by=f"{operator()}, reconcile",
        deadline=lambda: Deadline.after(seconds, monotonic),
        dry_run=dry_run,
    )


def _say_what_is_gone(container: "Container", since: datetime, now: datetime) -> None:
    for feed in container.event_feeds().values():
        if since < now - feed.kept:
            click.echo(f"{feed.gateway} keeps events for {feed.kept.days} days only: older ones are not seen", err=True)


def _watch(looks: Iterable[Looked], as_json: bool) -> tuple[list[Difference], Counter[str]]:
    """All that was found, while a person sees how far it is."""
    differences: list[Difference] = []
    counts: Counter[str] = Counter()
    with progress(looks, None, as_json) as bar:
        for look in bar:
            counts[look.at] += look.count
            differences += look.differences
    return differences, counts


def _row(difference: Difference) -> dict[str, Any]:
    row = {name: value if isinstance(value, str) else str(value) for name, value in asdict(difference).items()}
    return {name: redacted_text(value) for name, value in row.items()}
