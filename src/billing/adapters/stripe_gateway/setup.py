"""Stripe's side of the arrangement: the webhook endpoint, and what our key must be allowed to do."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import stripe

from billing.adapters.stripe_gateway.client import API_VERSION, StripeApi
from billing.adapters.stripe_gateway.events import READS
from billing.application.outcomes import Deadline
from billing.application.provider_ports import Endpoint, ProviderSetup

if TYPE_CHECKING:
    from stripe.params import WebhookEndpointCreateParams, WebhookEndpointUpdateParams

_PAGE = 100
"""An account has 16 endpoints at most: https://docs.stripe.com/webhooks"""

_ONE: Any = {"limit": 1}
_ACCOUNT, _MODE = "the account", "the mode"


@dataclass(frozen=True)
class Permission:
    """What a restricted key needs for one kind of object, by its name in Stripe's dashboard, and for what."""

    access: str
    purpose: str
    read: Callable[[stripe.StripeClient], Any]


PERMISSIONS: Mapping[str, Permission] = {
    "Checkout Sessions": Permission(
        "write", "to open, ask about and close payment pages", lambda client: client.v1.checkout.sessions.list(_ONE)
    ),
    "PaymentIntents": Permission(
        "write", "to see what was paid, and to charge saved cards", lambda client: client.v1.payment_intents.list(_ONE)
    ),
    "Charges and Refunds": Permission("write", "to pay back", lambda client: client.v1.refunds.list(_ONE)),
    "Disputes": Permission(
        "read", "to see how payments that banks question stand", lambda client: client.v1.disputes.list(_ONE)
    ),
    "Customers": Permission("write", "to open customers' accounts", lambda client: client.v1.customers.list(_ONE)),
    "PaymentMethods": Permission(
        "write", "to see and forget saved cards", lambda client: client.v1.payment_methods.list(_ONE)
    ),
    "SetupIntents": Permission(
        "read", "to see why a card was not saved", lambda client: client.v1.setup_intents.list(_ONE)
    ),
    "Customer portal": Permission(
        "write", "to lead customers to the portal", lambda client: client.v1.billing_portal.configurations.list(_ONE)
    ),
    "Products": Permission("write", "to mirror the catalogue's plans", lambda client: client.v1.products.list(_ONE)),
    "Prices": Permission("write", "to mirror their prices", lambda client: client.v1.prices.list(_ONE)),
    "Subscriptions": Permission(
        "write", "to have hosting billed period by period", lambda client: client.v1.subscriptions.list(_ONE)
    ),
    "Invoices": Permission(
        "write", "to see what periods brought, and to try again", lambda client: client.v1.invoices.list(_ONE)
    ),
    "Events": Permission("read", "to find what no webhook told", lambda client: client.v1.events.list(_ONE)),
    "Webhook Endpoints": Permission(
        "write", "for `billing stripe setup` alone", lambda client: client.v1.webhook_endpoints.list(_ONE)
    ),
}
"""Checked by a harmless read; that writing is allowed only a write can show."""


class StripeSetup(ProviderSetup):
    """Of the account that our key belongs to."""

    gateway = "stripe"
    types = frozenset(READS)
    version = API_VERSION
    checks = (_ACCOUNT, _MODE, *PERMISSIONS)

    def __init__(self, api: StripeApi, livemode: bool, installation: Callable[[], str]) -> None:
        self._api, self._livemode, self._installation = api, livemode, installation

    def endpoints(self, deadline: Deadline) -> Sequence[Endpoint]:
        """All in one page."""
        with self._api.reading("endpoint_list", deadline) as client:
            return [_endpoint(one) for one in client.v1.webhook_endpoints.list({"limit": _PAGE}).data]

    def make_endpoint(self, url: str, deadline: Deadline) -> Endpoint:
        """No key of ours: a repeat looks first, and a key would give an endpoint back that was removed meanwhile."""
        params = {
            "url": url,
            "enabled_events": sorted(self.types),
            "api_version": self.version,
            "description": "billing",
            "metadata": {"installation": self._installation()},
        }
        with self._api.writing("endpoint_create", deadline) as client:
            made = client.v1.webhook_endpoints.create(cast("WebhookEndpointCreateParams", params))
        return _endpoint(made)

    def correct_endpoint(self, ref: str, deadline: Deadline) -> Endpoint:
        """Repeated, the same."""
        params = {"enabled_events": sorted(self.types), "disabled": False}
        with self._api.writing("endpoint_update", deadline) as client:
            return _endpoint(client.v1.webhook_endpoints.update(ref, cast("WebhookEndpointUpdateParams", params)))

    def problem(self, check: str, deadline: Deadline) -> str | None:
        """A permission that our key lacks is no failure of the call, but its result."""
        look = {_ACCOUNT: _account_problem, _MODE: self._mode_problem}.get(check)
        with self._api.reading("setup_check", deadline) as client:
            try:
                if look is not None:
                    return look(client)
                PERMISSIONS[check].read(client)
            except stripe.PermissionError as refused:
                return None if look is not None else _lacks(check, refused)
        return None

    def _mode_problem(self, client: stripe.StripeClient) -> str | None:
        """Told by what is there; an account in which nothing has happened yet tells nothing."""
        found = client.v1.events.list({"limit": 1}).data
        if not found or found[0].livemode is self._livemode:
            return None
        ours, theirs = ("live", "test") if self._livemode else ("test", "live")
        return f"our key looks like one of {ours} mode, and Stripe shows {theirs} data for it"


def _account_problem(client: stripe.StripeClient) -> str | None:
    account = client.v1.accounts.retrieve_current()
    if account.charges_enabled:
        return None
    return f"account {account.id} can't take payments yet: finish its activation in Stripe's dashboard"


def _lacks(check: str, refused: stripe.PermissionError) -> str:
    named = re.search(r"rak_\w+", refused.user_message or "")
    wanted = PERMISSIONS[check]
    said = f" (Stripe names {named[0]})" if named else ""
    return f"our key lacks {check}: {wanted.access}, {wanted.purpose}{said}"


def _endpoint(found: stripe.WebhookEndpoint) -> Endpoint:
    return Endpoint(
        ref=found.id,
        url=found.url,
        types=frozenset(found.enabled_events),
        version=found.api_version,
        is_enabled=found.status == "enabled",
        secret=found.secret if "secret" in found else None,
    )
