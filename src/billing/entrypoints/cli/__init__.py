"""`billing`: everything that a person runs."""

import sys
from collections.abc import Sequence

import click

from billing.domain.errors import BillingError
from billing.entrypoints.cli.breakers import breakers
from billing.entrypoints.cli.customers import customers
from billing.entrypoints.cli.disputes import disputes
from billing.entrypoints.cli.events import events
from billing.entrypoints.cli.hosting import subscriptions
from billing.entrypoints.cli.jobs import jobs
from billing.entrypoints.cli.look import orders
from billing.entrypoints.cli.methods import methods
from billing.entrypoints.cli.money import payments, refunds
from billing.entrypoints.cli.prepare import catalogue, db, keys
from billing.entrypoints.cli.reconciling import reconcile
from billing.entrypoints.cli.run import demo, sandbox, serve, sweep, worker
from billing.entrypoints.cli.setup import stripe
from billing.entrypoints.cli.told import alerts, mails


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="billing")
def cli() -> None:
    """Payments in, domains and hosting out: each exactly once in effect.

    Settings come from the environment (BILLING_…) and a .env file; docs/settings.md lists them.
    """


LOOKING = (orders, payments, refunds, disputes, subscriptions, methods, jobs, events, mails, alerts, breakers)

for command in (demo, serve, worker, sandbox, sweep, reconcile, stripe, db, catalogue, keys, customers, *LOOKING):
    cli.add_command(command)


def main(words: Sequence[str] | None = None) -> None:
    """Run what was typed; what billing refuses is a sentence on standard error, and the exit code is 1."""
    try:
        cli.main(args=words)
    except BillingError as refused:
        click.echo(f"billing: {refused}", err=True)
        sys.exit(1)
