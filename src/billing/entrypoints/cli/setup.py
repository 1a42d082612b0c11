"""`billing stripe setup`: the webhook endpoint, and whether account and key are good for the work."""

import sys
from typing import Any

import click

from billing.application.books.setting_up import Did, EndpointSetUp
from billing.application.outcomes import Deadline
from billing.domain.errors import Invalid
from billing.entrypoints.cli.show import AS_JSON, say
from billing.entrypoints.startup import start_command

GATEWAY = "stripe"


@click.group()
def stripe() -> None:
    """Our arrangement with Stripe."""


@stripe.command()
@click.option("--url", metavar="URL", help="Where Stripe reaches us. Default: BILLING_PUBLIC_URL/webhooks/stripe.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@AS_JSON
def setup(url: str | None, dry_run: bool, as_json: bool) -> None:
    """Have Stripe send exactly what we read, in the version that we read best; check the account and our key.

    Safe to repeat. The secret of a new endpoint is shown this once. Exit code 0 only where nothing is wrong.
    """
    container = start_command()
    settings = container.settings()
    if settings.stripe is None:
        raise Invalid("BILLING_STRIPE_API_KEY", "not set")
    seconds, monotonic = settings.jobs.call_deadline_max_seconds, container.monotonic()

    def deadline() -> Deadline:
        return Deadline.after(seconds, monotonic)

    set_up = container.set_up_provider()
    wanted = url or f"{settings.http.public_url}/webhooks/{GATEWAY}"
    problems = list(set_up.problems(GATEWAY, deadline))
    done = set_up(GATEWAY, wanted, deadline, dry_run=dry_run)
    if as_json:
        say(True, _facts(done, wanted, problems, dry_run), "")
    else:
        _tell(done, wanted, problems, dry_run)
    sys.exit(bool(problems))


def _facts(done: EndpointSetUp, url: str, problems: list[str], dry_run: bool) -> dict[str, Any]:
    endpoint = done.endpoint
    return {
        "endpoint": endpoint and endpoint.ref,
        "url": url,
        "did": f"would be {done.did}" if dry_run and done.did is not Did.UNCHANGED else done.did,
        "secret": endpoint and endpoint.secret,
        "superseded": [one.ref for one in done.superseded],
        "problems": problems,
    }


def _tell(done: EndpointSetUp, url: str, problems: list[str], dry_run: bool) -> None:
    facts = _facts(done, url, problems, dry_run)
    click.echo(f"endpoint {facts['endpoint'] or ''} for {url}: {facts['did']}".replace("  ", " "))
    if facts["secret"]:
        click.echo(f"{facts['secret']}\n(its secret, for BILLING_STRIPE_WEBHOOK_SECRETS; it will not be shown again)")
    for one in done.superseded:
        click.echo(
            f"{one.ref} sends to the same address in version {one.version or 'of the account'}: keep its secret beside "
            "the new one until every process knows both, then disable it in Stripe's dashboard"
        )
    for problem in problems:
        click.echo(f"wrong: {problem}", err=True)
