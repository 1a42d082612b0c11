"""The ways to pay that the page offers: what each gateway needs to be told, and in which currencies it takes money."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from billing.application.unit_of_work import UnitOfWork
from billing.domain.order import Order
from billing.domain.wallet import Card, Wallet

_SAVED = "saved"

Options = Callable[[Mapping[str, str], str], Mapping[str, str]]
"""What an attempt is started with, from the form that was sent and the address of the page."""


@dataclass(frozen=True)
class Terms:
    """What the page needs to know of a gateway; `currencies` is None where it takes every one."""

    options: Options
    currencies: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to pay: `value` is what the form sends for it, `card` the saved one that would be charged.

    Where the bank then wants the customer's consent, the attempt is made `instead` that has a page to give it on.
    """

    value: str
    gateway: str
    options: Options
    card: Card | None = None
    instead: Options | None = None


def _there_and_back(_form: Mapping[str, str], here: str) -> Mapping[str, str]:
    """A page of the provider's, and ours again."""
    return {"success_url": f"{here}/status", "cancel_url": here}


TERMS: Mapping[str, Terms] = {"stripe": Terms(_there_and_back)}
"""By gateway; one that is not here can't be chosen on the page."""


def ways_for(uow: UnitOfWork, order: Order, gateways: Sequence[str]) -> Sequence[Way]:
    """What can take this order's money, the customer's saved card first."""
    saved, pages = [], []
    for gateway in gateways:
        terms = TERMS.get(gateway)
        if terms is None or (terms.currencies is not None and order.currency not in terms.currencies):
            continue
        wallet = uow.wallets.of_customer(order.customer_id, gateway)
        if wallet is not None and (way := _saved(wallet, terms)):
            saved.append(way)
        pages.append(Way(value=gateway, gateway=gateway, options=terms.options))
    return saved + pages


def _saved(wallet: Wallet, terms: Terms) -> Way | None:
    method = wallet.default
    if method is None or method.card is None or wallet.customer_ref is None:
        return None
    named = {"method_id": method.id}

    def options(form: Mapping[str, str], here: str) -> Mapping[str, str]:
        return {**terms.options(form, here), **named}

    value = f"{wallet.gateway}.{_SAVED}"
    return Way(value=value, gateway=wallet.gateway, options=options, card=method.card, instead=terms.options)
