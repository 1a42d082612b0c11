"""The Stripe of the sandbox, put together: API, payment page, deliveries, control calls."""

import secrets
import threading
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Flask

from billing_sandbox.faults import Faults
from billing_sandbox.store import Json, Store
from billing_sandbox.stripe import checkout, disputing
from billing_sandbox.stripe.api import StripeApi
from billing_sandbox.stripe.control import stripe_control
from billing_sandbox.stripe.deliveries import Deliveries
from billing_sandbox.stripe.endpoints import Endpoints
from billing_sandbox.stripe.idempotency import IdempotencyKeys
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.pages import stripe_pages
from billing_sandbox.stripe.recurring import advancing, wiring
from billing_sandbox.web import WebServer

_TICK_SECONDS = 0.5
_LISTED = {
    "sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "customers": "customer",
    "payment_methods": "payment_method",
    "setup_intents": "setup_intent",
    "webhook_endpoints": "webhook_endpoint",
    "products": "product",
    "prices": "price",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "invoice_items": "invoiceitem",
    "invoice_payments": "invoice_payment",
    "balance_transactions": "customer_balance_transaction",
    "test_clocks": "test_helpers.test_clock",
}


class StripeSandbox:
    """One Stripe account in test mode, served on loopback."""

    def __init__(
        self, store: Store, now: Callable[[], datetime], faults: Faults, webhooks: Callable[[], Json | None]
    ) -> None:
        """`webhooks` gives `{"url", "api_version"?}` and is asked for each delivery; None holds deliveries back."""
        self._credentials = _credentials(store)
        endpoints = Endpoints(store, self._credentials["webhook_secret"], webhooks)
        self._deliveries = Deliveries(store, faults, endpoints)
        self._ledger = Ledger(store, now, self._deliveries.announce)
        checkout.define(self._ledger)
        disputing.define(self._ledger)
        wiring.set_up(self._ledger)
        self._app = Flask(__name__)
        keys = IdempotencyKeys(store, now)
        api = StripeApi(self._ledger, keys, faults, self._credentials["api_key"])
        self._app.register_blueprint(api.blueprint())
        for page in stripe_pages(self._ledger):
            self._app.register_blueprint(page)
        self._stopped = threading.Event()
        self._server: WebServer

    def start(self, host: str, port: int) -> None:
        """Serve and deliver; returns at once. Port 0 takes a free one."""
        self._server = WebServer(self._app, host, port, self._ledger.moment)
        self._ledger.address = self._server.url
        self._server.start()
        self._deliveries.start()
        threading.Thread(target=self._tick, daemon=True).start()

    def stop(self) -> None:
        """Take no more requests, begin no more deliveries."""
        self._stopped.set()
        self._server.stop()
        self._deliveries.stop()

    @property
    def port(self) -> int:
        """Where the API answers."""
        return self._server.port

    def settings(self) -> dict[str, str]:
        """What points billing at this account."""
        return {
            "BILLING_STRIPE_API_KEY": self._credentials["api_key"],
            "BILLING_STRIPE_WEBHOOK_SECRETS": self._credentials["webhook_secret"],
            "BILLING_STRIPE_API_BASE": self._server.url,
        }

    def control(self) -> Blueprint:
        """The control calls `/stripe/...`."""
        return stripe_control(self._ledger, self._deliveries)

    def state(self) -> Json:
        """Everything in the account, oldest first."""
        self.catch_up()
        with self._ledger.store.transaction():
            listed = {name: self._ledger.find(kind)[::-1] for name, kind in _LISTED.items()}
            told = self._deliveries.summaries()
            nobody = {"delivered": True, "attempts": 0}
            events, thin = (
                [
                    {"id": event["id"], "type": event["type"], **told.get(event["id"], nobody)}
                    for event in self._ledger.find(kind)[::-1]
                ]
                for kind in ("event", "v2.core.event")
            )
        return {**listed, "events": events, "thin_events": thin}

    def catch_up(self) -> None:
        """Let everything happen whose time has come on the business clock."""
        advancing.catch_up(self._ledger)

    def _tick(self) -> None:
        while not self._stopped.wait(_TICK_SECONDS):
            self.catch_up()


def _credentials(store: Store) -> Json:
    """The account's keys, made at random the first time."""
    kept = store.get("sandbox", "stripe_credentials")
    if kept is None:
        kept = {
            "id": "stripe_credentials",
            "api_key": f"sk_test_{secrets.token_hex(24)}",
            "webhook_secret": f"whsec_{secrets.token_hex(16)}",
        }
        store.put("sandbox", kept)
    return kept
