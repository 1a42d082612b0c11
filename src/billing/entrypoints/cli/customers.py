"""Commands about customers."""

import click

from billing.entrypoints.cli.show import AS_JSON, operator, say
from billing.entrypoints.startup import start_command


@click.group()
def customers() -> None:
    """Customers, and their accounts at payment providers."""


@customers.command()
@click.argument("customer_id")
@click.option("--gateway", required=True, metavar="NAME", help="The provider, such as stripe.")
@AS_JSON
def unbind(customer_id: str, gateway: str, as_json: bool) -> None:
    """Let go of the account of CUSTOMER_ID that was deleted at its provider, with all that was saved in it.

    Another one is opened when the customer next pays or saves a card. Refused while the provider still has the account,
    or bills hosting in it.
    """
    wallet = start_command().unbind_account()(customer_id, gateway, operator())
    facts = {"customer_id": customer_id, "gateway": gateway, "account": wallet.customer_ref, "wallet_id": wallet.id}
    say(as_json, facts, "{customer_id} is bound to no account at {gateway}: another one is opened when it is needed")
