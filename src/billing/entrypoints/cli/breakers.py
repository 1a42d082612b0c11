"""Circuit breakers: which provider is left in peace, and why."""

from datetime import datetime
from typing import Any

import click

from billing.application.unit_of_work import UnitOfWork
from billing.domain.breaker import Breaker
from billing.entrypoints.cli.show import AS_JSON, show
from billing.entrypoints.startup import start_command


@click.group()
def breakers() -> None:
    """Providers that are left in peace while they do not answer."""


@breakers.command("list")
@AS_JSON
def list_breakers(as_json: bool) -> None:
    """Every provider that ever failed to answer, and how it stands now."""

    def look(uow: UnitOfWork) -> list[dict[str, Any]]:
        return [_row(breaker, uow.now()) for breaker in uow.breakers.all()]

    show(as_json, start_command().ledger().read(look), "breakers")


def _row(breaker: Breaker, now: datetime) -> dict[str, Any]:
    return {
        "name": breaker.name,
        "state": breaker.state(now),
        "failures": breaker.failures,
        "since": breaker.since,
        "held_until": breaker.held_until,
        "told_at": breaker.told_at,
        "why": breaker.why,
    }
