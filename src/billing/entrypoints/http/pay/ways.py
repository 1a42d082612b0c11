"""The ways to pay that the page offers: what each gateway needs to be told, and which orders it takes money for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from billing.application.unit_of_work import UnitOfWork
from billing.domain.customer import Customer
from billing.domain.order import Order
from billing.domain.wallet import Card, Wallet
from billing.entrypoints.http.gateways import PHONE_CHARS_MAX, Gateways
from billing.entrypoints.kpay_settings import BY_CARD, KPAY

_SAVED = "saved"

Options = Callable[[Mapping[str, str], str], Mapping[str, str]]
"""What an attempt is started with, from the form that was sent and the address of the page."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to pay: `value` is what the form sends for it, `card` the saved one that would be charged.

    Where the bank then wants the customer's consent, the attempt is made `instead` that has a page to give it on.
    `asks_phone` says that the form must name the payer's phone.
    """

    value: str
    gateway: str
    options: Options
    card: Card | None = None
    instead: Options | None = None
    asks_phone: bool = False


def ways_for(uow: UnitOfWork, order: Order, gateways: Gateways) -> Sequence[Way]:
    """What can take this order's money, the customer's saved card first."""
    saved: list[Way] = []
    others: list[Way] = []
    payer = uow.customers.get(order.customer_id)
    for name in gateways.names:
        ways = _BY_GATEWAY[name](order, payer, gateways) if name in _BY_GATEWAY else []
        wallet = uow.wallets.of_customer(order.customer_id, name) if ways else None
        if wallet is not None and (way := _saved(wallet, ways[0].options)):
            saved.append(way)
        others.extend(ways)
    return saved + others


def _by_stripe(_order: Order, _payer: Customer, _gateways: Gateways) -> Sequence[Way]:
    return [Way(value="stripe", gateway="stripe", options=_there_and_back)]


def _there_and_back(_form: Mapping[str, str], here: str) -> Mapping[str, str]:
    """A page of the provider's, and ours again."""
    return {"success_url": f"{here}/status", "cancel_url": here}


def _by_kpay(order: Order, payer: Customer, gateways: Gateways) -> Sequence[Way]:
    """A card needs a number too, and does with that which the customer has told us."""
    methods = gateways.kpay.methods_for(order.total) if gateways.kpay else []
    return [
        Way(
            value=f"{KPAY}.{one}",
            gateway=KPAY,
            options=partial(_of_method, one),
            asks_phone=one != BY_CARD or not payer.phone,
        )
        for one in methods
    ]


def _of_method(method: str, form: Mapping[str, str], here: str) -> Mapping[str, str]:
    """On the phone that the form names, if it does, or on KPay's page; from there back to how it stands."""
    phone = form.get("phone", "").strip()[:PHONE_CHARS_MAX]
    return {"method": method, "return_url": f"{here}/status", **({"phone": phone} if phone else {})}


_BY_GATEWAY: Mapping[str, Callable[[Order, Customer, Gateways], Sequence[Way]]] = {"stripe": _by_stripe, KPAY: _by_kpay}
"""The ways of each; a gateway that is not here can't be chosen on the page."""


def _saved(wallet: Wallet, options: Options) -> Way | None:
    method = wallet.default
    if method is None or method.card is None or wallet.customer_ref is None:
        return None
    named = {"method_id": method.id}

    def with_card(form: Mapping[str, str], here: str) -> Mapping[str, str]:
        return {**options(form, here), **named}

    value = f"{wallet.gateway}.{_SAVED}"
    return Way(value=value, gateway=wallet.gateway, options=with_card, card=method.card, instead=options)
