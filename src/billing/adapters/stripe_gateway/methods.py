"""Accounts and saved payment methods at Stripe: customers, setup sessions, and what a payment method shows."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

import stripe

from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.objects import Json, id_of, metadata
from billing.application.outcomes import Deadline, NeedsPerson, Refused
from billing.application.ports import Started, Telemetry
from billing.application.provider_ports import SavedMethods
from billing.domain.customer import Customer
from billing.domain.facts import MethodStands
from billing.domain.wallet import Card, Wallet

if TYPE_CHECKING:
    from stripe.params import CustomerCreateParams
    from stripe.params.checkout import SessionCreateParams

_PAGE = 100
_MISSING, _DEFAULT = "resource_missing", "default_payment_method"


class StripeMethods(SavedMethods):
    """An account is a Customer of Stripe's; what it charges by itself is charged to the customer's invoice default."""

    gateway = "stripe"

    def __init__(
        self, *, api_key: str, installation: Callable[[], str], telemetry: Telemetry, api_base: str | None = None
    ) -> None:
        """`installation` goes into metadata."""
        self._api = StripeApi(api_key, api_base, telemetry)
        self._installation = installation

    def open_account(self, customer: Customer, deadline: Deadline) -> str:
        """Look before writing: Stripe forgets an idempotency key after a day, and a customer never."""
        ours = {"installation": self._installation(), "customer_id": customer.id}
        theirs = self._api.all(
            "customer_list", lambda client, page: client.v1.customers.list(page), {"email": customer.email}, deadline
        )
        for known in theirs:
            if ours.items() <= metadata(known).items():
                return str(known["id"])
        params: CustomerCreateParams = {
            "email": customer.email,
            "name": customer.name,
            "preferred_locales": [customer.language],
            "metadata": ours,
        }
        # The customer may have changed since an answer was lost: that would be another body under the same key.
        said = sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:16]
        with self._api.writing("customer_create", deadline) as client:
            return client.v1.customers.create(params, {"idempotency_key": f"customer:{customer.id}:{said}"}).id

    def start_setup(self, wallet: Wallet, key: str, options: Mapping[str, str], deadline: Deadline) -> Started:
        """A Checkout Session in setup mode; besides the addresses, `options` has the currency to charge in later."""
        ours = {"installation": self._installation(), "customer_id": wallet.customer_id, "wallet_id": wallet.id}
        params: SessionCreateParams = {
            "mode": "setup",
            "customer": account_of(wallet),
            # Stripe offers the methods that can be charged in it.
            "currency": options["currency"].lower(),
            "success_url": options["success_url"],
            "metadata": ours,
            "setup_intent_data": {"metadata": ours},
        }
        if cancel_url := options.get("cancel_url"):
            params["cancel_url"] = cancel_url
        with self._api.writing("session_create", deadline) as client:
            session = client.v1.checkout.sessions.create(params, {"idempotency_key": f"setup:{key}"})
        return Started(session_ref=session.id, redirect_url=session.url)

    def attached(self, wallet: Wallet, deadline: Deadline) -> Sequence[MethodStands]:
        """Of every type; NeedsPerson where one call can't show them all."""
        account = account_of(wallet)
        with self._api.reading("method_list", deadline) as client:
            found = client.v1.customers.payment_methods.list(account, {"limit": _PAGE})
        if found.has_more:
            raise NeedsPerson(f"{account} has more than {_PAGE} payment methods")
        return [read_method(method.to_dict(), account) for method in found.data]

    def set_default(self, wallet: Wallet, method_ref: str, deadline: Deadline) -> None:
        """On the customer, and on subscriptions that name a method of their own."""
        account = account_of(wallet)
        with self._api.writing("customer_update", deadline) as client:
            try:
                client.v1.customers.update(account, {"invoice_settings": {"default_payment_method": method_ref}})
            except stripe.InvalidRequestError as error:
                if error.code == _MISSING and _DEFAULT in (error.param or ""):
                    raise Refused(f"{method_ref} is no method of {account} any more") from error
                raise
        theirs = {"customer": account}
        billed = self._api.all(
            "subscription_list", lambda client, page: client.v1.subscriptions.list(page), theirs, deadline
        )
        for subscription in billed:
            named = id_of(subscription.get(_DEFAULT))
            if named not in (None, method_ref):
                with self._api.writing("subscription_update", deadline) as client:
                    client.v1.subscriptions.update(subscription["id"], {"default_payment_method": method_ref})

    def detach(self, method_ref: str, deadline: Deadline) -> None:
        """Where Stripe will not, it must have been done before."""
        with self._api.writing("method_detach", deadline) as client, suppress(stripe.InvalidRequestError):
            client.v1.payment_methods.detach(method_ref)
            return
        method = fetch_method(self._api, method_ref, deadline)
        if method is not None and id_of(method.get("customer")):
            raise NeedsPerson(f"Stripe does not detach {method_ref}")

    def portal_url(self, wallet: Wallet, return_url: str, deadline: Deadline) -> str:
        """A session of the customer portal; Refused where none is set up in the dashboard."""
        with self._api.writing("portal_create", deadline) as client:
            return client.v1.billing_portal.sessions.create(
                {"customer": account_of(wallet), "return_url": return_url}
            ).url


def fetch_method(api: StripeApi, method_ref: str, deadline: Deadline) -> Json | None:
    """A payment method as it stands; None where it is gone, as a card of the older API is once it is detached."""
    with api.reading("method_retrieve", deadline) as client:
        try:
            return client.v1.payment_methods.retrieve(method_ref).to_dict()
        except stripe.InvalidRequestError as error:
            if error.code != _MISSING:
                raise
            return None


def fetch_setup(api: StripeApi, setup_ref: str, deadline: Deadline) -> Json:
    """A setup intent as it stands."""
    with api.reading("setup_retrieve", deadline) as client:
        return client.v1.setup_intents.retrieve(setup_ref).to_dict()


def fetch_customer(api: StripeApi, customer_ref: str, deadline: Deadline) -> Json:
    """A customer as it stands."""
    with api.reading("customer_retrieve", deadline) as client:
        return client.v1.customers.retrieve(customer_ref).to_dict()


def read_method(method: Json, account: str) -> MethodStands:
    """What a payment method shows; attached to `account`, or to nobody any more."""
    card = method.get("card")
    return MethodStands(
        customer_ref=account,
        method_ref=str(method["id"]),
        is_attached=id_of(method.get("customer")) == account,
        kind=str(method.get("type") or "card"),
        card=_card(card) if isinstance(card, Mapping) and card.get("exp_year") else None,
    )


def account_of(wallet: Wallet) -> str:
    """Stripe's id of the customer."""
    if wallet.customer_ref is None:
        raise NeedsPerson(f"wallet {wallet.id} bears no customer of Stripe")
    return wallet.customer_ref


def _card(card: Json) -> Card:
    brand, last4 = str(card.get("brand") or "unknown"), str(card.get("last4") or "")
    return Card(brand=brand, last4=last4, exp_month=int(card["exp_month"]), exp_year=int(card["exp_year"]))
