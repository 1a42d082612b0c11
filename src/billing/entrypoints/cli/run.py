"""Commands that run: web, worker, sandbox, sweep, demo."""

import os
import sys
from pathlib import Path

import click

from billing.entrypoints.cli.show import AS_JSON, say
from billing.entrypoints.startup import start_command, start_serving


@click.command()
def serve() -> None:
    """Answer HTTP: the API, the providers' webhooks, health and metrics (BILLING_HTTP_BIND)."""
    from billing.entrypoints.web import serve_http

    serve_http()


@click.command()
def worker() -> None:
    """Run jobs and keep house, until SIGTERM; then finish what is under way."""
    from billing.entrypoints.worker import run_consumer

    run_consumer(start_serving())


@click.command()
@AS_JSON
def sweep(as_json: bool) -> None:
    """Once: expire what nobody paid, and ring for every job that is due, lost or expired."""
    say(as_json, {"rang": start_command().keep_house()()}, "rang for {rang} jobs")


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """Start the outside world on loopback: a Stripe, a KPay, a domain registry, a mailbox (--help for its options)."""
    os.execv(sys.executable, [sys.executable, "-m", "billing_sandbox", *arguments])


@click.command()
@click.option("--once", is_flag=True, help="End after the last act: exit code 0 only if all of it came true.")
@click.option(
    "--act", "acts", type=click.IntRange(1, 3),
    help="The last act: 1 buys a domain with hosting by card, 2 moves time a month on, and the hosting is renewed, "
    "3 buys by mobile money. Default: 3 with --once, else 1; the others are then played when they are asked for.",
)  # fmt: skip
@click.option(
    "--dir", "directory", type=click.Path(file_okay=False, path_type=Path),
    help="Where everything is kept. Default: a new folder, removed at the end.",
)  # fmt: skip
def demo(once: bool, acts: int | None, directory: Path | None) -> None:
    """Start everything on this machine, buy domains with hosting as a shop would, and see hosting renewed."""
    from billing.entrypoints.demo import run_demo

    raise SystemExit(run_demo(once=once, acts=acts, directory=directory))
