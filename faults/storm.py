"""A storm of webhooks: every event ten times, shuffled, sixteen at a time, and each payment has its effect once."""

import json
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests
import stripe

from faults.breakages import world
from faults.outcome import Outcome
from faults.shop import Purchase
from faults.site import SERVERS, SQLITE, Site
from tests.integration.whole.installation import a_domain

STORM = "a storm of webhooks"
_AT_ONCE = 16
_SHOPPERS = 8
_SEED = 20270131
_DRAIN_SECONDS = 300.0
_TOLD = "checkout.session.completed"


@dataclass(frozen=True)
class Storm:
    """So many payments, the event of each delivered `copies` times."""

    stack: str
    payments: int
    copies: int = 10

    @property
    def does(self) -> str:
        """In words."""
        deliveries = f"{self.payments * self.copies:,}".replace(",", " ")
        return f"{deliveries} deliveries of {self.payments} payments, each {self.copies} times, {_AT_ONCE} at a time"


STORMS = (Storm(SERVERS, 1000), Storm(SQLITE, 200))
SHORT_STORMS = (Storm(SERVERS, 20), Storm(SQLITE, 10))


def rage(site: Site, storm: Storm) -> Outcome:
    """Orders are placed and paid while nothing is delivered; then everything is, again and again."""
    with site.listening() as heard:
        with (
            world("", {"point": "stripe.webhooks.deliver", "kind": "lose"})(site),
            ThreadPoolExecutor(_SHOPPERS) as many,
        ):
            purchases = list(many.map(lambda _: site.shop.buy(a_domain(site.shop.new_name())), range(storm.payments)))
        deliveries = events(site, _TOLD) * storm.copies
        random.Random(_SEED).shuffle(deliveries)
        sender = Sender(site)
        began = time.time()
        with ThreadPoolExecutor(_AT_ONCE) as sixteen:
            seconds = sorted(sixteen.map(sender.deliver, deliveries))
        ended = time.time()
        over_at = site.quiet_at(purchases, _DRAIN_SECONDS)
    return Outcome(
        scenario=STORM,
        stack=site.name,
        done=storm.does,
        came=_what_came(site, purchases) if over_at else "not over",
        recovered_seconds=over_at and over_at - ended,
        bound_seconds=_DRAIN_SECONDS,
        tally=site.books.tally(purchases),
        bugs=heard.bugs,
        numbers={
            "deliveries a second": round(len(deliveries) / (ended - began), 1),
            "answered within ms, half": round(1000 * seconds[len(seconds) // 2], 1),
            "answered within ms, 99 %": round(1000 * seconds[len(seconds) * 99 // 100], 1),
            "deliveries repeated after a 5xx": sender.repeated,
        },
    )


def _what_came(site: Site, purchases: Sequence[Purchase]) -> str:
    jobs = site.books.jobs()
    return (
        f"{len(purchases)} orders completed by {jobs['process_event']} event jobs and {jobs['register_domain']} "
        f"registrations"
    )


def events(site: Site, *types: str) -> list[dict[str, Any]]:
    """What the provider would have told, of these types."""
    settings = site.installation.settings
    client = stripe.StripeClient(
        settings["BILLING_STRIPE_API_KEY"], base_addresses={"api": settings["BILLING_STRIPE_API_BASE"]}
    )
    pages = client.v1.events.list({"limit": 100, "types": list(types)})
    ours = {event.id: event.to_dict() for event in pages.auto_paging_iter()}
    return list(ours.values())


class Sender:
    """Delivers as the provider does: signed anew each time, once more after anything but a 2xx."""

    def __init__(self, site: Site) -> None:
        self._url = f"{site.installation.url}/webhooks/stripe"
        self._secret = site.installation.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
        self._own = threading.local()
        self.repeated = 0

    def deliver(self, event: dict[str, Any]) -> float:
        """How many seconds the answer took that was a 2xx."""
        body = json.dumps(event, default=str)  # decimals are strings on the wire
        while True:
            header = stripe.WebhookSignature.generate_signature_header(body, self._secret)
            began = time.monotonic()
            if self._post(body, header):
                return time.monotonic() - began
            self.repeated += 1

    def _post(self, body: str, header: str) -> bool:
        if not hasattr(self._own, "http"):
            self._own.http = requests.Session()
        headers = {"Stripe-Signature": header, "Content-Type": "application/json"}
        try:
            answer = self._own.http.post(self._url, data=body.encode(), headers=headers, timeout=30)
        except requests.RequestException:
            return False
        assert answer.status_code < 400 or answer.status_code >= 500, answer.text
        return bool(answer.ok)
