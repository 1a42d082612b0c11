"""Outages of seconds under a shop that goes on selling: what was ordered, paid and under way all ends well."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from faults import breakages
from faults.breakages import Breakage, world
from faults.outcome import LEASE_SECONDS, OUTAGE_BOUND_SECONDS, Outcome
from faults.shop import Purchase, Shop
from faults.site import SERVERS, SMALL_DISK, SQLITE, Site
from faults.stories import a_held_site

_BOTH = (SQLITE, SERVERS)
_SITES_READY = 4
_BUYER_PAUSE_SECONDS = 0.3


def _no_more(site: Site, purchases: Sequence[Purchase]) -> None:
    """Nobody needs to do anything afterwards."""


def _by_card(site: Site) -> Shop:
    return site.shop


@dataclass(frozen=True)
class Outage:
    """One fault and where it happens; `afterwards` is what customers do when it is over.

    `sign` is the event that the processes report at least once where the fault has bitten; `shop` is
    where its customers buy.
    """

    name: str
    fault: Breakage
    stacks: Sequence[str] = _BOTH
    seconds: float = LEASE_SECONDS
    sign: str | None = None
    is_short: bool = False
    afterwards: Callable[[Site, Sequence[Purchase]], None] = _no_more
    shop: Callable[[Site], Shop] = _by_card

    @property
    def does(self) -> str:
        """What is done, in words."""
        return (self.fault.__doc__ or "").strip().rstrip(".")


def come_back(site: Site, purchases: Sequence[Purchase]) -> None:
    """Every customer returns to the shop's page, which asks."""
    for purchase in purchases:
        site.shop.refresh(purchase)


_HANG_UP = [{"point": f"epp.{command}", "kind": "lose_answer"} for command in ("create", "renew", "contact_create")]
_SPENT, _STRIPE = "job_attempt_spent", "payment_start_unanswered"

OUTAGES = (
    Outage("web and workers killed, one after another", breakages.killed_again_and_again),
    Outage("web and workers killed at once", breakages.killed_at_once, is_short=True),
    Outage("a worker frozen beyond its lease", breakages.frozen, seconds=LEASE_SECONDS + 2),
    Outage(
        "an answer held back beyond the lease", breakages.held_back, seconds=LEASE_SECONDS + 4, sign="job_claim_lost"
    ),
    Outage("Redis flushed", breakages.redis_flushed, [SERVERS], sign="sweep_rang"),
    Outage("Redis frozen", breakages.redis_frozen, [SERVERS], sign="ring_failed"),
    Outage("Redis killed, empty when back", breakages.redis_killed, [SERVERS], sign="ring_failed", is_short=True),
    Outage("PostgreSQL crashed, then started", breakages.postgres_crashed, [SERVERS], sign="http_outside_fault"),
    Outage("PostgreSQL's connections cut", breakages.postgres_cut, [SERVERS], sign="http_outside_fault"),
    Outage("the SQLite ledger locked", breakages.ledger_locked, [SQLITE], sign="http_outside_fault", is_short=True),
    Outage("the SQLite queue locked", breakages.queue_locked, [SQLITE], sign="ring_failed"),
    Outage("the queue's disk full", breakages.disk_full, [SMALL_DISK], sign="ring_failed"),
    Outage("registry a black hole", world("connections and commands are taken, nothing is answered",
           {"point": "epp", "kind": "hang"}), sign=_SPENT),
    Outage("registry resets connections", world("every connection is reset", {"point": "epp.connect",
           "kind": "reject_connect"}, {"point": "epp", "kind": "close"}), sign=_SPENT),
    Outage("registry slow", world("each command takes half a second", {"point": "epp", "kind": "slow",
           "seconds": 0.5})),
    Outage("registry slower than the deadline", world("each command takes 4 s, and has its effect then",
           {"point": "epp", "kind": "slow", "seconds": 4}), sign=_SPENT),
    Outage("registry's answers lost", world("creates and renews have their effect, then the line is cut", *_HANG_UP),
           sign=_SPENT, is_short=True),
    Outage("Stripe answers 500", world("every call", {"point": "stripe", "kind": "refuse", "code": 500}),
           sign=_STRIPE),
    Outage("Stripe answers 429", world("every call", {"point": "stripe", "kind": "refuse", "code": 429}),
           sign=_STRIPE),
    Outage("Stripe does not answer", world("every call hangs for 4 s, and has no effect", {"point": "stripe",
           "kind": "hang", "seconds": 4}), sign=_STRIPE),
    Outage("Stripe's answers lost", world("sessions are opened, then the line is cut",
           {"point": "stripe.checkout_sessions", "kind": "lose_answer"}), sign=_STRIPE),
    Outage("webhooks doubled", world("each event is delivered twice at once", {"point": "stripe.webhooks.deliver",
           "kind": "duplicate"})),
    Outage("webhooks lost", world("no event is delivered; the customers come back to the shop's page",
           {"point": "stripe.webhooks.deliver", "kind": "lose"}), afterwards=come_back),
    Outage("the mail server down", world("nobody listens", {"point": "smtp.connect", "kind": "reject_connect"}),
           sign=_SPENT),
    Outage("the mail server's answers lost", world("each mail is taken, then the line is cut",
           {"point": "smtp.message", "kind": "lose_answer", "times": 5}), sign=_SPENT),
)  # fmt: skip


def suffer(site: Site, outage: Outage) -> Outcome:
    """Pages that are open when it begins are paid during it, and new customers keep coming."""
    shop = outage.shop(site)
    with site.listening() as heard:
        held = a_held_site(site, shop)
        purchases = [shop.start(shop.order(*shop.a_new_site())) for _ in range(_SITES_READY)]
        purchases.append(shop.start(shop.order(*shop.more_of(held))))
        over = threading.Event()
        with ThreadPoolExecutor(1) as customers:
            with outage.fault(site):
                newcomers = customers.submit(_keep_buying, shop, over)
                _pay_in_the_course_of(outage.seconds, shop, purchases)
            whole_at = time.time()
            over.set()
            purchases += newcomers.result()
        outage.afterwards(site, purchases)
        over_at = site.quiet_at(purchases)
    return Outcome(
        scenario=outage.name,
        stack=site.name,
        done=outage.does,
        came=f"{len(purchases)} orders completed" if over_at else "not over",
        recovered_seconds=over_at and over_at - whole_at,
        bound_seconds=OUTAGE_BOUND_SECONDS,
        tally=site.books.tally(purchases),
        bugs=heard.bugs if outage.sign is None or heard.events[outage.sign] else [f"no {outage.sign}: it did not bite"],
        numbers={outage.sign: heard.events[outage.sign]} if outage.sign else {},
    )


def _pay_in_the_course_of(seconds: float, shop: Shop, purchases: Sequence[Purchase]) -> None:
    began = time.monotonic()
    for n, purchase in enumerate(purchases):
        time.sleep(max(0.0, began + n * seconds / len(purchases) - time.monotonic()))
        shop.pay(purchase)
    time.sleep(max(0.0, began + seconds - time.monotonic()))


def _keep_buying(shop: Shop, over: threading.Event) -> list[Purchase]:
    """One customer after another, each until all that they want is paid."""
    bought = []
    while not over.is_set():
        bought.append(shop.buy(*shop.a_new_site()))
        over.wait(_BUYER_PAUSE_SECONDS)
    return bought
