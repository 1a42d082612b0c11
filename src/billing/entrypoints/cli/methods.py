"""Commands about saved payment methods."""

from collections.abc import Sequence
from typing import Any

import click

from billing.domain.wallet import PaymentMethod, Wallet
from billing.entrypoints.cli.show import AS_JSON, operator, show
from billing.entrypoints.startup import start_command


@click.group()
def methods() -> None:
    """Payment methods that customers have saved."""


@methods.command("list")
@click.argument("customer_id")
@AS_JSON
def list_methods(customer_id: str, as_json: bool) -> None:
    """Everything that CUSTOMER_ID ever saved, and what of it may still be charged."""
    container = start_command()
    wallets = container.ledger().read(lambda uow: container.keepers().wallets(uow, customer_id))
    show(as_json, _rows(wallets), "payment methods")


@methods.command()
@click.argument("customer_id")
@AS_JSON
def refresh(customer_id: str, as_json: bool) -> None:
    """Ask the providers of CUSTOMER_ID what is saved there, and follow them where it differs."""
    container = start_command()
    wallets = container.ledger().read(lambda uow: container.keepers().wallets(uow, customer_id))
    found = [fact for wallet in wallets for fact in container.refresh_wallet()(wallet.id, operator())]
    rows = [{"ref": fact.method_ref, "attached": fact.is_attached, "shows": str(fact.card or "")} for fact in found]
    show(as_json, rows, "differences")


def _rows(wallets: Sequence[Wallet]) -> list[dict[str, Any]]:
    return [_row(wallet, method) for wallet in wallets for method in wallet.methods]


def _row(wallet: Wallet, method: PaymentMethod) -> dict[str, Any]:
    return {
        "id": method.id,
        "gateway": wallet.gateway,
        "account": wallet.customer_ref,
        "ref": method.ref,
        "shows": str(method.card or method.kind),
        "default": method is wallet.default,
        "created_at": method.created_at,
        "detached_at": method.detached_at,
    }
