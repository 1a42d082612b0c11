"""What befalls hosting that Stripe bills by itself: answers lost; word of renewals doubled, shuffled and lost."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from faults.breakages import world
from faults.outcome import OUTAGE_BOUND_SECONDS, Outcome
from faults.shop import Purchase
from faults.site import SERVERS, SQLITE, Site
from faults.storm import deliver, events
from faults.tenancies import MONTH_DAYS, Tenancy, billed, end, renewed, renewing, rent
from tests.integration.whole.installation import a_domain, eventually

HARDSHIPS_ON = (SQLITE, SERVERS)
_TENANTS, _COPIES, _SEED = 6, 10, 20270228
_RENEWALS = ("customer.subscription.updated", "invoice.paid", "invoice.payment_succeeded", "invoice.created")
_LOST = {"point": "stripe.webhooks.deliver", "kind": "lose"}


@dataclass(frozen=True)
class Befallen:
    """What must be completed in the end, the Unix time from which that counts, and what is ended afterwards."""

    purchases: Sequence[Purchase]
    since: float
    tenancies: Sequence[Tenancy] = ()


@dataclass(frozen=True)
class Hardship:
    """One fault, and what it befalls."""

    name: str
    befall: Callable[[Site], Befallen]
    is_short: bool = False

    @property
    def does(self) -> str:
        """What is done, in words."""
        return (self.befall.__doc__ or "").strip().rstrip(".")


def endure(site: Site, hardship: Hardship) -> Outcome:
    """Until all is completed; then it is ended, so that the months of others cost nothing."""
    with site.listening() as heard:
        befallen = hardship.befall(site)
        over_at = site.quiet_at(befallen.purchases)
        tally = site.books.tally(befallen.purchases)
        bit = not site.installation.control("GET", "/faults")["faults"]
        for tenancy in befallen.tenancies:
            end(site, tenancy)
        site.quiet_at(befallen.purchases)
    return Outcome(
        scenario=hardship.name,
        stack=site.name,
        done=hardship.does,
        came=_in_words(befallen.purchases) if over_at else "not over",
        recovered_seconds=over_at and over_at - befallen.since,
        bound_seconds=OUTAGE_BOUND_SECONDS,
        tally=tally,
        bugs=heard.bugs if bit else ["no answer was lost: it did not bite"],
    )


def _in_words(purchases: Sequence[Purchase]) -> str:
    ended = Counter(purchase.wanted for purchase in purchases)
    return ", ".join(f"{count} orders {status}" for status, count in ended.items())


# ---------------------------------------------------------------------- answers lost


def _lose_once(site: Site, point: str) -> None:
    fault = {"point": f"stripe.{point}", "kind": "lose_answer", "times": 1}
    site.installation.control("PUT", "/faults", {"faults": [fault]})


def _begin(site: Site) -> Befallen:
    """Stripe begins to bill hosting that was bought with a name, then the line is cut."""
    _lose_once(site, "subscriptions.create")
    bought, since = site.shop.buy(renewing(), a_domain(site.shop.new_name())), time.time()
    return Befallen([bought], since, [billed(site, bought)])


def _change(site: Site) -> Befallen:
    """Stripe bills another plan, then the line is cut."""
    tenancy = rent(site)
    _lose_once(site, "subscriptions.update")
    since = time.time()
    site.shop.change_plan(tenancy.subscription_id, "business")
    eventually(lambda: site.books.plan_of(tenancy.subscription_id) == "business")
    return Befallen([tenancy], since, [tenancy])


def _charge(site: Site) -> Befallen:
    """Stripe charges a saved card for an order, then the line is cut."""
    order = site.shop.order(a_domain(site.shop.new_name()))
    method = site.shop.saved_card()
    _lose_once(site, "payment_intents.create")
    since = time.time()
    return Befallen([site.shop.charge(order, method)], since)


# ---------------------------------------------------------------------- word of renewals


def _rented_by_many(site: Site) -> Sequence[Tenancy]:
    with ThreadPoolExecutor(_TENANTS) as many:
        bought = list(many.map(lambda _: site.shop.buy(renewing()), range(_TENANTS)))
    return [billed(site, purchase) for purchase in bought]


def _tell_of_a_month(site: Site, tenancies: Sequence[Tenancy], copies: int, kept: float) -> None:
    """A month passes and nothing is delivered; then what is kept of it, so many times and shuffled."""
    known = {event["id"] for event in site.stripe()["events"]}
    with world("", _LOST)(site):
        site.pass_days(MONTH_DAYS)
        eventually(lambda: site.periods_collected() >= len(tenancies))
        dice, told = random.Random(_SEED), [one for one in events(site, *_RENEWALS) if one["id"] not in known]
    chosen = [one for one in told if dice.random() < kept] * copies
    dice.shuffle(chosen)
    deliver(site, chosen)


def _storm(site: Site) -> Befallen:
    """A month passes for six customers; all of it is told ten times, shuffled, sixteen at a time."""
    tenancies = _rented_by_many(site)
    _tell_of_a_month(site, tenancies, _COPIES, kept=1)
    since = time.time()
    return Befallen([renewed(site, one) for one in tenancies], since, tenancies)


def _reconcile(site: Site) -> Befallen:
    """A month passes for six customers; a third of what is told is lost, and `billing reconcile` runs twice."""
    tenancies = _rented_by_many(site)
    _tell_of_a_month(site, tenancies, copies=1, kept=2 / 3)
    since = time.time()
    found = site.installation.command("reconcile", "--since", "40d", "--json")
    assert '"ours"' in found, f"the first run found no difference: {found}"
    purchases = [renewed(site, one) for one in tenancies]
    eventually(lambda: site.books.are_quiet(purchases))
    again = site.installation.command("reconcile", "--since", "40d", "--json")
    assert '"ours"' not in again, f"the second run found differences: {again}"
    return Befallen(purchases, since, tenancies)


HARDSHIPS = (
    Hardship("Stripe's answer lost: billing begins", _begin),
    Hardship("Stripe's answer lost: a change of plan", _change, is_short=True),
    Hardship("Stripe's answer lost: a saved card is charged", _charge),
    Hardship("a storm of renewals", _storm),
    Hardship("a third of the webhooks lost, then reconciled", _reconcile, is_short=True),
)
