"""A storm of webhooks: every event ten times, shuffled, sixteen at a time, and each payment has its effect once."""

import json
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import stripe

from faults.breakages import world
from faults.flood import AT_ONCE, Flood, Post, pour
from faults.outcome import Outcome
from faults.shop import Purchase
from faults.site import SERVERS, SQLITE, Site
from tests.integration.whole.installation import a_domain

STORM = "a storm of webhooks"
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
        return f"{deliveries} deliveries of {self.payments} payments, each {self.copies} times, {AT_ONCE} at a time"


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
        told = events(site, _TOLD) * storm.copies
        random.Random(_SEED).shuffle(told)
        flood = deliver(site, told)
        over_at = site.quiet_at(purchases, _DRAIN_SECONDS)
    return Outcome(
        scenario=STORM,
        stack=site.name,
        done=storm.does,
        came=_what_came(site, purchases) if over_at else "not over",
        recovered_seconds=over_at and over_at - flood.ended,
        bound_seconds=_DRAIN_SECONDS,
        tally=site.books.tally(purchases),
        bugs=heard.bugs,
        numbers=flood.numbers,
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


def deliver(site: Site, told: Sequence[dict[str, Any]]) -> Flood:
    """As the provider does it, signed anew each time; none of it may be refused."""
    flood = pour([_post(site, event) for event in told])
    refused = [answer.text for answer in flood.answers if answer.status >= 400]
    assert not refused, refused[0]
    return flood


def _post(site: Site, event: dict[str, Any]) -> Post:
    secret = site.installation.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
    body = json.dumps(event, default=str)  # decimals are strings on the wire

    def headers() -> dict[str, str]:
        signature = stripe.WebhookSignature.generate_signature_header(body, secret)
        return {"Stripe-Signature": signature, "Content-Type": "application/json"}

    return Post(f"{site.installation.url}/webhooks/stripe", body, headers)
