"""Our catalogue's plans at Stripe: products and prices whose ids and keys are derived, so that each is there once."""

from base64 import b32encode
from hashlib import sha256
from typing import TYPE_CHECKING

import stripe

from billing.adapters.stripe_gateway.amounts import to_stripe
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.objects import Json, metadata
from billing.application.outcomes import Deadline, NeedsPerson
from billing.domain.money import Money
from billing.domain.offer import Cycle

if TYPE_CHECKING:
    from stripe.params import PriceCreateParams, ProductUpdateParams

INTERVALS = {Cycle.MONTHLY: "month", Cycle.YEARLY: "year"}
"""How Stripe names the cycles that we sell."""

_ALREADY_THERE = "resource_already_exists"


class StripePrices:
    """The prices of one installation in one account."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api

    def ensure(
        self, installation: str, plan: str, cycle: Cycle, price: Money, deadline: Deadline, name: str | None = None
    ) -> str:
        """Stripe's id of it; NeedsPerson where somebody gave its key to another price.

        A product or price that was archived is put on sale again. `name` is what the product is called from now on;
        without one, a new product is called after its plan.
        """
        key = lookup_key(installation, plan, cycle, price)
        with self._api.reading("price_list", deadline) as client:
            found = client.v1.prices.list({"lookup_keys": [key], "expand": ["data.product"]}).data
        if not found:
            self._ensure_product(installation, plan, name, deadline)
            return self._create(installation, plan, cycle, price, deadline)
        known = found[0].to_dict()
        _require_same(known, cycle, price, key)
        self._put_on_sale(known, name, deadline)
        return str(known["id"])

    def interval(self, price_ref: str, deadline: Deadline) -> tuple[object, object]:
        """What it bills, and how many of it at once; NeedsPerson where Stripe does not know the price."""
        with self._api.reading("price_retrieve", deadline) as client:
            return interval_of(client.v1.prices.retrieve(price_ref).to_dict())

    def _create(self, installation: str, plan: str, cycle: Cycle, price: Money, deadline: Deadline) -> str:
        key = lookup_key(installation, plan, cycle, price)
        params: PriceCreateParams = {
            "product": product_ref(installation, plan),
            "currency": price.currency.lower(),
            "unit_amount": to_stripe(price),
            "recurring": {"interval": INTERVALS[cycle]},
            "lookup_key": key,
            "metadata": {"installation": installation, "plan": plan, "cycle": cycle.value},
        }
        with self._api.writing("price_create", deadline) as client:
            # The same body from whoever is as fast: Stripe then answers all with the one price.
            return client.v1.prices.create(params, {"idempotency_key": f"price:{key}"}).id

    def _ensure_product(self, installation: str, plan: str, name: str | None, deadline: Deadline) -> None:
        ref, ours = product_ref(installation, plan), {"installation": installation, "plan": plan}
        with self._api.writing("product_create", deadline) as client:
            try:
                client.v1.products.create({"id": ref, "name": name or f"Hosting {plan}", "metadata": ours})
            except stripe.InvalidRequestError as refusal:
                if refusal.code != _ALREADY_THERE:
                    raise
            else:
                return
        self._sell_product(ref, name, deadline)

    def _put_on_sale(self, price: Json, name: str | None, deadline: Deadline) -> None:
        product = price.get("product")
        if isinstance(product, dict) and (not product.get("active") or name not in (None, product.get("name"))):
            self._sell_product(str(product["id"]), name, deadline)
        if not price.get("active"):
            with self._api.writing("price_update", deadline) as client:
                client.v1.prices.update(price["id"], {"active": True})

    def _sell_product(self, ref: str, name: str | None, deadline: Deadline) -> None:
        changed: ProductUpdateParams = {"active": True}
        if name:
            changed["name"] = name
        with self._api.writing("product_update", deadline) as client:
            client.v1.products.update(ref, changed)


def product_ref(installation: str, plan: str) -> str:
    """Stripe's id of a plan: Stripe lets us choose it, in few kinds of characters.

    >>> product_ref("ins_1", "starter")
    'plan_3JMX4E44JVOH4TMFEOTS'
    """
    digest = sha256(f"{installation}:{plan}".encode()).digest()
    return "plan_" + b32encode(digest).decode()[:20]


def lookup_key(installation: str, plan: str, cycle: Cycle, price: Money) -> str:
    """The key that a price is found by.

    >>> lookup_key("ins_1", "starter", Cycle.MONTHLY, Money(499, "USD"))
    'ins_1:starter:monthly:USD:499'
    """
    return f"{installation}:{plan}:{cycle.value}:{price.currency}:{price.minor}"


def plan_of(price: Json, installation: str) -> tuple[str, Cycle] | None:
    """What it is in our catalogue; None for a price that is none of ours."""
    said = metadata(price)
    plan, cycle = said.get("plan"), said.get("cycle")
    if said.get("installation") != installation or not plan or cycle not in INTERVALS:
        return None
    return plan, Cycle(cycle)


def interval_of(price: Json) -> tuple[object, object]:
    """What it bills, and how many of it at once: `("month", 1)`."""
    recurring = price.get("recurring") or {}
    return recurring.get("interval"), recurring.get("interval_count", 1)


def _require_same(price: Json, cycle: Cycle, amount: Money, key: str) -> None:
    said = (price.get("unit_amount"), str(price.get("currency")).upper(), interval_of(price))
    if said != (to_stripe(amount), amount.currency, (INTERVALS[cycle], 1)):
        raise NeedsPerson(f"Stripe bills {said} under the key {key} of {amount} {cycle.value}")
