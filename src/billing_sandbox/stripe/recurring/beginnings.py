"""How subscriptions begin: when they are first charged, what for, and what becomes of them if nobody pays."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from billing_sandbox.store import Json
from billing_sandbox.stripe import methods
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.recurring import agenda, collection, invoices, prices, prorations, shapes, subscriptions
from billing_sandbox.stripe.recurring.periods import Cycle, next_anchor

_DAY_SECONDS = 86_400
_INCOMPLETE_SECONDS = 23 * 3600
"""How long a first invoice may wait to be paid."""
_NOT_SHOWN = (
    "billing_cycle_anchor", "billing_mode", "off_session", "payment_behavior", "proration_behavior",
    "trial_end", "trial_period_days",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """One thing to subscribe to."""

    price: Json
    quantity: int = 1
    metadata: Json = field(default_factory=dict)


def begin(
    ledger: Ledger,
    cause: Cause,
    customer: Json,
    wanted: Sequence[Wanted],
    given: Json,
    *,
    paid_by: Json | None = None,
) -> Json:
    """A new subscription, its first invoice collected, unless a page's intent has paid that already."""
    check_together([one.price for one in wanted])
    subscription = _shaped(ledger, customer, wanted, given)
    free = subscription["status"] == "trialing" or _is_free_stub(ledger, subscription, given)
    amounts = [0] * len(wanted) if free else prorations.first_amounts(subscription)
    lines = subscriptions.lines(ledger, subscription, subscriptions.period(subscription), amounts)
    invoice = subscriptions.draft(ledger, subscription, "subscription_create", cause, lines)
    invoice = invoices.finalize(ledger, invoice, cause, paid_by)
    if invoice["status"] == "open" and paid_by is not None:
        collection.intent_succeeded(ledger, paid_by, cause)
        invoice = ledger.get("invoice", invoice["id"])
    elif invoice["status"] == "open":
        invoice = _collect_first(ledger, subscription, invoice, given, cause)
    subscription["latest_invoice"] = invoice["id"]
    if invoice["status"] != "paid":
        subscription["status"] = "incomplete"
    ledger.save(subscription)
    if free and subscription["status"] == "active":
        prorations.remember_free(ledger, subscription)
    ledger.tell("customer.subscription.created", subscription, cause)
    if subscription["status"] == "incomplete":
        agenda.plan(ledger, subscription, "expire", ledger.now() + _INCOMPLETE_SECONDS)
    else:
        subscriptions.plan(ledger, subscription)
    return subscription


def first_total(ledger: Ledger, customer: Json, wanted: Sequence[Wanted], given: Json) -> int:
    """What would be due at once."""
    check_together([one.price for one in wanted])
    subscription = _shaped(ledger, customer, wanted, given)
    if subscription["status"] == "trialing" or _is_free_stub(ledger, subscription, given):
        return 0
    return sum(prorations.first_amounts(subscription))


def expire(ledger: Ledger, id: str) -> None:
    """Nobody has paid the first invoice in time."""
    subscription = ledger.get("subscription", id)
    if subscription["status"] == "incomplete":
        invoices.void(ledger, ledger.get("invoice", subscription["latest_invoice"]), NOBODY)


def _shaped(ledger: Ledger, customer: Json, wanted: Sequence[Wanted], given: Json) -> Json:
    """The subscription as it will be if its first invoice is paid."""
    now, id = ledger.now(), new_id("sub")
    trial_end = _trial_end(given, now)
    anchor = trial_end or _anchor(given, now)
    config = given.get("billing_cycle_anchor_config")
    cycle = Cycle(anchor, prices.rhythm(wanted[0].price), config and config["day_of_month"])
    period = (now, anchor if anchor > now else cycle.boundary(1))
    items = [shapes.item(now, id, one.price, one.quantity, period, one.metadata) for one in wanted]
    known = {
        "id": id,
        "billing_cycle_anchor": anchor,
        "currency": wanted[0].price["currency"],
        "customer": customer["id"],
        "items": shapes.items(id, items),
        "status": "trialing" if trial_end else "active",
        "test_clock": customer["test_clock"],
        "trial_end": trial_end,
        "trial_start": now if trial_end else None,
    }
    shown = {name: value for name, value in given.items() if name not in _NOT_SHOWN}
    subscription = shapes.subscription(now, known | shown)
    subscription["billing_mode"] |= given.get("billing_mode", {})
    if given.get("cancel_at_period_end"):
        subscription |= {"cancel_at": period[1], "canceled_at": now}
    return subscription


def _trial_end(given: Json, now: int) -> int | None:
    if "trial_period_days" in given:
        return now + int(given["trial_period_days"]) * _DAY_SECONDS
    end = given.get("trial_end")
    if end is None or end == "now":
        return None
    if end <= now:
        raise StripeError("The trial_end must be in the future.", param="trial_end")
    return int(end)


def _anchor(given: Json, now: int) -> int:
    if "billing_cycle_anchor_config" in given and "billing_cycle_anchor" in given:
        message = "You may only specify one of these parameters: billing_cycle_anchor, billing_cycle_anchor_config."
        raise StripeError(message)
    if "billing_cycle_anchor_config" in given:
        return next_anchor(given["billing_cycle_anchor_config"], now)
    anchor = given.get("billing_cycle_anchor", now)
    if anchor < now:
        raise StripeError("billing_cycle_anchor cannot be in the past.", param="billing_cycle_anchor")
    return int(anchor)


def _is_free_stub(ledger: Ledger, subscription: Json, given: Json) -> bool:
    """Whether nothing is asked for the time until a later anchor."""
    return subscription["billing_cycle_anchor"] > ledger.now() and given.get("proration_behavior") == "none"


def _collect_first(ledger: Ledger, subscription: Json, invoice: Json, given: Json, cause: Cause) -> Json:
    behavior = given.get("payment_behavior", "allow_incomplete")
    if behavior == "default_incomplete":
        return invoice
    name = subscription["default_payment_method"]
    customer = ledger.get("customer", subscription["customer"])
    method = ledger.get("payment_method", name) if name else methods.default_of(ledger, customer)
    if method is None and behavior == "error_if_incomplete":
        message = "This customer has no attached payment source or default payment method."
        raise StripeError(f"{message} Please consider adding a default payment method.", code="resource_missing")
    if method is None:
        return ledger.save(invoice | {"attempted": True})
    invoice = collection.collect(ledger, invoice, cause, method, absent=given.get("off_session", False))
    if behavior == "error_if_incomplete":
        collection.check_paid(ledger, invoice, undo=True)
    return invoice


def check_together(sold: Sequence[Json]) -> None:
    """Refuse prices that one subscription can't have together."""
    for index, price in enumerate(sold):
        at = f"items[{index}][price]"
        if price["recurring"] is None:
            message = "The price specified is set to `type=one_time` but this field only accepts prices with"
            raise StripeError(f"{message} `type=recurring`.", param=at)
        if price["currency"] != sold[0]["currency"]:
            raise StripeError("All items of a subscription must have the same currency.", param=at)
        if prices.rhythm(price) != prices.rhythm(sold[0]):
            message = "In this sandbox all items of a subscription must have the same interval."
            raise StripeError(message, param=at)
