"""Subscriptions as time goes by: their periods, what is invoiced for each, how they end."""

from collections.abc import Sequence

from billing_sandbox.store import Json
from billing_sandbox.stripe import methods
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.recurring import agenda, collection, invoice_shapes, invoices, prices, settings, shapes
from billing_sandbox.stripe.recurring.periods import Cycle
from billing_sandbox.stripe.updates import update

_DAY_SECONDS = 86_400
_TRIAL_NOTICE_SECONDS = 3 * _DAY_SECONDS
_RUNNING = ("active", "past_due", "trialing", "unpaid")

Period = tuple[int, int]


def cycle(subscription: Json) -> Cycle:
    """All its periods."""
    config = subscription["billing_cycle_anchor_config"]
    (first, *_) = subscription["items"]["data"]
    return Cycle(subscription["billing_cycle_anchor"], prices.rhythm(first["price"]), config and config["day_of_month"])


def period(subscription: Json) -> Period:
    """The one it is in."""
    (first, *_) = subscription["items"]["data"]
    return first["current_period_start"], first["current_period_end"]


def in_period(subscription: Json, period: Period) -> Json:
    """Its items, in another period."""
    start, end = period
    moved = [
        item | {"current_period_end": end, "current_period_start": start} for item in subscription["items"]["data"]
    ]
    return shapes.items(subscription["id"], moved)


def lines(ledger: Ledger, subscription: Json, period: Period, amounts: Sequence[int] | None = None) -> list[Json]:
    """What a period costs, item by item, unless other amounts are given; on no invoice yet."""
    data = subscription["items"]["data"]
    full = [item["price"]["unit_amount"] * item["quantity"] for item in data]
    return [
        invoice_shapes.cycle_line(
            item, amount, period, _described(ledger, subscription, item), subscription["metadata"]
        )
        for item, amount in zip(data, full if amounts is None else amounts, strict=True)
    ]


def plan(ledger: Ledger, subscription: Json) -> None:
    """Put down what happens by itself until the end of its period."""
    end = period(subscription)[1]
    turn_at = min(end, subscription["cancel_at"] or end)
    agenda.plan(ledger, subscription, "turn", turn_at)
    agenda.drop(ledger, subscription, "upcoming", "trial_will_end")
    notice_at, begins = end - _TRIAL_NOTICE_SECONDS, subscription["trial_start"] == ledger.now()
    if subscription["status"] == "trialing" and (notice_at > ledger.now() or begins):
        agenda.plan(ledger, subscription, "trial_will_end", max(notice_at, ledger.now()))
    upcoming_at = end - settings.read(ledger.store)["upcoming_days"] * _DAY_SECONDS
    if subscription["cancel_at"] is None and upcoming_at > ledger.now():
        agenda.plan(ledger, subscription, "upcoming", upcoming_at)


def turn(ledger: Ledger, id: str) -> None:
    """A period is over, or the time has come at which it was to end."""
    subscription = ledger.get("subscription", id)
    if subscription["status"] not in _RUNNING:
        return
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= ledger.now():
        end(ledger, subscription, NOBODY, "cancellation_requested")
    elif subscription["status"] == "trialing" and needs_method(ledger, subscription):
        end_trial_unpaid(ledger, subscription, NOBODY)
    else:
        renew(ledger, subscription, NOBODY)


def renew(ledger: Ledger, subscription: Json, cause: Cause, *, at_once: bool = False) -> Json:
    """The next period begins and is invoiced; unless `at_once`, the draft waits a while before it is made final."""
    earlier = period(subscription)
    start = ledger.now() if at_once else earlier[1]
    coming = (start, cycle(subscription).period_at(start)[1])
    changes: Json = {"items": in_period(subscription, coming)}
    if subscription["status"] == "trialing":
        changes["status"] = "active"
    if subscription["cancel_at_period_end"]:
        changes["cancel_at"] = coming[1]
    turned = subscription | changes
    given = {"period_start": earlier[0], "period_end": start}
    reason = "subscription_update" if at_once else "subscription_cycle"
    invoice = draft(ledger, turned, reason, cause, lines(ledger, turned, coming), given)
    turned = update(
        ledger, subscription, changes | {"latest_invoice": invoice["id"]}, "customer.subscription.updated", cause
    )
    plan(ledger, turned)
    proceed(ledger, turned, invoice, cause, at_once=at_once)
    return ledger.get("subscription", turned["id"])


def draft(
    ledger: Ledger, subscription: Json, reason: str, cause: Cause, lines: Sequence[Json], given: Json | None = None
) -> Json:
    """An invoice of the subscription with these lines, and with what was put down for its next one."""
    customer = ledger.get("customer", subscription["customer"])
    known = {
        "auto_advance": subscription["status"] != "unpaid" and subscription["pause_collection"] is None,
        "billing_reason": reason,
        "currency": subscription["currency"],
        "parent": invoice_shapes.of_subscription(subscription),
    }
    if known["auto_advance"] and reason == "subscription_cycle":
        final_at = ledger.now() + settings.read(ledger.store)["draft_seconds"]
        known |= {"automatically_finalizes_at": final_at, "next_payment_attempt": final_at}
    items = invoices.put_down(ledger, customer["id"], subscription["id"])
    return invoices.draft(ledger, customer, known | (given or {}), cause, lines=lines, items=items)


def proceed(ledger: Ledger, subscription: Json, invoice: Json, cause: Cause, *, at_once: bool) -> Json:
    """Collect the draft, now or after its while; or what pausing the collection makes of it."""
    paused = subscription["pause_collection"]
    if paused and paused["behavior"] in _UNCOLLECTED:
        invoice = invoices.finalize(ledger, invoice, cause)
        return _UNCOLLECTED[paused["behavior"]](ledger, invoice, cause) if invoice["status"] == "open" else invoice
    if not invoice["auto_advance"]:
        return invoice
    if at_once:
        return collection.finalize_and_collect(ledger, invoice, cause)
    agenda.plan(ledger, invoice, "finalize", invoice["automatically_finalizes_at"])
    return invoice


def end(ledger: Ledger, subscription: Json, cause: Cause, reason: str, details: Json | None = None) -> Json:
    """It is over, and nobody tries to collect any more what it still owes."""
    agenda.drop(ledger, subscription)
    for invoice in ledger.find("invoice", [invoices.of_subscription(subscription["id"])]):
        if invoice["status"] in ("draft", "open"):
            invoices.stop_collecting(ledger, invoice, cause)
    over = {
        "canceled_at": subscription["canceled_at"] or ledger.now(),
        "cancellation_details": subscription["cancellation_details"] | {"reason": reason} | (details or {}),
        "ended_at": ledger.now(),
        "status": "canceled",
    }
    subscription = ledger.save(subscription | over)
    ledger.tell("customer.subscription.deleted", subscription, cause)
    return subscription


def end_trial_unpaid(ledger: Ledger, subscription: Json, cause: Cause) -> Json:
    """The trial is over and there is nothing to pay with: as its settings say, it is paused or ended."""
    if subscription["trial_settings"]["end_behavior"]["missing_payment_method"] == "cancel":
        return end(ledger, subscription, cause, "payment_failed")
    agenda.drop(ledger, subscription)
    subscription = ledger.save(subscription | {"status": "paused"})
    ledger.tell("customer.subscription.paused", subscription, cause)
    return subscription


def needs_method(ledger: Ledger, subscription: Json) -> bool:
    """Whether its trial can't simply end, since there is nothing to pay with."""
    customer = ledger.get("customer", subscription["customer"])
    return (
        subscription["trial_settings"]["end_behavior"]["missing_payment_method"] != "create_invoice"
        and subscription["default_payment_method"] is None
        and methods.default_of(ledger, customer) is None
    )


def announce_renewal(ledger: Ledger, id: str) -> None:
    """Some days before: what the next invoice would be as things stand; it has no id yet."""
    subscription = ledger.get("subscription", id)
    if subscription["status"] in _RUNNING:
        ledger.tell("invoice.upcoming", upcoming(ledger, subscription), NOBODY)


def announce_trial_end(ledger: Ledger, id: str) -> None:
    """Three days before."""
    subscription = ledger.get("subscription", id)
    if subscription["status"] == "trialing":
        ledger.tell("customer.subscription.trial_will_end", subscription, NOBODY)


def upcoming(
    ledger: Ledger, subscription: Json, waiting: Sequence[Json] | None = None, *, at_once: bool = False
) -> Json:
    """The next invoice as it would be now; `waiting` is what is put down for it, if not what really is.

    What is invoiced `at_once` is nothing but that.
    """
    customer = ledger.get("customer", subscription["customer"])
    start, over = period(subscription)
    coming = (over, cycle(subscription).period_at(over)[1])
    items = invoices.put_down(ledger, customer["id"], subscription["id"]) if waiting is None else waiting
    given = {
        "billing_reason": "upcoming",
        "currency": subscription["currency"],
        "next_payment_attempt": over + settings.read(ledger.store)["draft_seconds"],
        "parent": invoice_shapes.of_subscription(subscription),
        "period_end": over,
        "period_start": start,
        "starting_balance": customer["balance"],
    }
    invoice = invoice_shapes.invoice(over, customer, given)
    shown = [
        *invoices.lines_for(ledger, invoice, items),
        *([] if at_once else lines(ledger, subscription, coming)),
    ]
    return invoice_shapes.with_lines(invoice, shown) | {"id": f"upcoming_{invoice['id']}"}


def resume_collection(ledger: Ledger, id: str) -> None:
    """The pause in collecting is over."""
    subscription = ledger.get("subscription", id)
    update(ledger, subscription, {"pause_collection": None}, "customer.subscription.updated", NOBODY)


def _described(ledger: Ledger, subscription: Json, item: Json) -> str:
    if subscription["status"] == "trialing":
        return f"Free trial for {item['quantity']} × {prices.product_name(ledger, item['price'])}"
    return prices.describe(ledger, item["price"], item["quantity"])


_UNCOLLECTED = {"mark_uncollectible": invoices.mark_uncollectible, "void": invoices.void}
"""What becomes of invoices while collection is paused, unless they are kept as drafts."""
