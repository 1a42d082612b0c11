"""The KPay of the sandbox, put together: endpoint, card page, phones, postbacks, control calls."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Flask

from billing_sandbox.faults import Faults
from billing_sandbox.kpay.api import KPayApi
from billing_sandbox.kpay.checkout import checkout_page
from billing_sandbox.kpay.control import kpay_control
from billing_sandbox.kpay.credentials import credentials
from billing_sandbox.kpay.payments import Payments
from billing_sandbox.kpay.postbacks import Postbacks
from billing_sandbox.kpay.switches import Switches
from billing_sandbox.store import Json, Store
from billing_sandbox.web import WebServer


class KPaySandbox:
    """One KPay merchant account, served on loopback."""

    def __init__(self, store: Store, now: Callable[[], datetime], faults: Faults) -> None:
        self._now = now
        self._credentials = credentials(store)
        self._switches = Switches(store)
        self._postbacks = Postbacks(store, faults, self._switches)
        self._payments = Payments(store, now, faults, self._postbacks)
        api = KPayApi(self._payments, self._postbacks, faults, self._credentials, self._switches, self._page_of)
        self._app = Flask(__name__)
        self._app.register_blueprint(api.blueprint())
        self._app.register_blueprint(checkout_page(self._payments))
        self._server: WebServer

    def start(self, host: str, port: int) -> None:
        """Serve and send postbacks; returns at once. Port 0 takes a free one."""
        self._server = WebServer(self._app, host, port, self._now)
        self._server.start()
        self._postbacks.start()

    def stop(self) -> None:
        """Take no more requests, begin no more postbacks."""
        self._server.stop()
        self._postbacks.stop()

    @property
    def port(self) -> int:
        """Where the endpoint answers."""
        return self._server.port

    def settings(self) -> dict[str, str]:
        """What points billing at this account."""
        return {
            "BILLING_KPAY_URL": f"{self._server.url}/",
            "BILLING_KPAY_USERNAME": self._credentials.username,
            "BILLING_KPAY_PASSWORD": self._credentials.password,
            "BILLING_KPAY_API_KEY": self._credentials.api_key,
            "BILLING_KPAY_RETAILER_ID": self._credentials.retailer_id,
        }

    def control(self) -> Blueprint:
        """The control calls `/kpay/...` and the phones `/phone/...`."""
        return kpay_control(self._payments, self._postbacks, self._switches)

    def state(self) -> Json:
        """The payments, oldest first, and how the account is set."""
        payments = [payment | {"url": self._page_of(payment)} for payment in self._payments.all()]
        return {"payments": payments, "switches": self._switches.to_json()}

    def _page_of(self, payment: Json) -> str | None:
        """Where the card of a payment is entered, if it is to be paid by card."""
        return f"{self._server.url}/checkout/{payment['checkout']}" if payment["checkout"] else None
