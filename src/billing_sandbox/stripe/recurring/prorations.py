"""What a change within a period costs and gives back: the unused time of the old, the remaining time of the new."""

from datetime import UTC, datetime

from billing_sandbox.store import Json
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.recurring import invoice_shapes, prices, subscriptions
from billing_sandbox.stripe.recurring.periods import share

_STUB = "free_stub"


def remember_free(ledger: Ledger, subscription: Json) -> None:
    """Nothing was billed for the time up to the anchor."""
    ledger.save({"object": _STUB, "id": subscription["id"], "until": subscriptions.period(subscription)[1]})


def first_amounts(subscription: Json) -> list[int]:
    """What its first period costs, which may be shorter than a whole one."""
    start, end = subscriptions.period(subscription)
    return [_part(subscription, item, start, end) for item in subscription["items"]["data"]]


def credit(ledger: Ledger, subscription: Json, item: Json, at: int) -> Json:
    """An item that gives back the time that is not used any more."""
    amount = -_part(subscription, item, at, subscriptions.period(subscription)[1])
    stub = ledger.store.get(_STUB, subscription["id"])
    if stub and at < stub["until"] and subscription["billing_mode"]["type"] == "flexible":
        amount = 0  # what was never billed is not given back
    return _item(ledger, subscription, item, at, amount, "Unused time on")


def debit(ledger: Ledger, subscription: Json, item: Json, at: int) -> Json:
    """An item that asks for the rest of the period."""
    amount = _part(subscription, item, at, subscriptions.period(subscription)[1])
    return _item(ledger, subscription, item, at, amount, "Remaining time on")


def of_change(ledger: Ledger, before: Json, after: Json, at: int) -> list[Json]:
    """The items for a change of what is subscribed to; none of those that stay as they are."""
    old = {item["id"]: item for item in before["items"]["data"]}
    new = {item["id"]: item for item in after["items"]["data"]}
    gone = [item for id, item in old.items() if _sold(item) != _sold(new.get(id))]
    come = [item for id, item in new.items() if _sold(item) != _sold(old.get(id))]
    credits = [credit(ledger, before, item, at) for item in gone]
    return credits + [debit(ledger, after, item, at) for item in come]


def of_end(ledger: Ledger, subscription: Json, at: int) -> list[Json]:
    """The items that give back the rest of the period, whole."""
    return [credit(ledger, subscription, item, at) for item in subscription["items"]["data"]]


def _sold(item: Json | None) -> tuple[str, int] | None:
    return (item["price"]["id"], item["quantity"]) if item else None


def _part(subscription: Json, item: Json, start: int, end: int) -> int:
    whole = subscriptions.cycle(subscription).period_at(subscriptions.period(subscription)[0])
    return share(item["price"]["unit_amount"] * item["quantity"], end - start, whole[1] - whole[0])


def _item(ledger: Ledger, subscription: Json, item: Json, at: int, amount: int, what: str) -> Json:
    name = f"{item['quantity']} × {prices.product_name(ledger, item['price'])}"
    customer = ledger.get("customer", subscription["customer"])
    details = {"subscription": subscription["id"], "subscription_item": item["id"]}
    given = {
        "amount": amount,
        "description": f"{what} {name} after {datetime.fromtimestamp(at, UTC):%d %b %Y}",
        "discountable": False,
        "metadata": subscription["metadata"],
        "parent": {"subscription_details": details, "type": "subscription_details"},
        "period": {"end": subscriptions.period(subscription)[1], "start": at},
        "proration": True,
        "quantity": item["quantity"],
    }
    return invoice_shapes.invoice_item(ledger.now(), customer, item["price"], given)
