"""Checkout in subscription mode: a page on which the first invoice is paid before there is a subscription."""

from collections.abc import Sequence

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import attempts, objects, setups
from billing_sandbox.stripe.errors import NotPossible
from billing_sandbox.stripe.ledger import NOBODY, Ledger
from billing_sandbox.stripe.recurring import beginnings, prices, test_clocks
from billing_sandbox.stripe.recurring.beginnings import Wanted
from billing_sandbox.stripe.updates import update

_KIND = "checkout_subscription"


def prepare(ledger: Ledger, session: Json, wanted: Sequence[Wanted], given: Json) -> Json:
    """Keep what the session is for; what it shows of that."""
    lines = [_line(ledger, one) for one in wanted]
    ledger.save({"object": "line_items", "id": session["id"], "data": lines})
    sold = [{"price": one.price["id"], "quantity": one.quantity} for one in wanted]
    kept = {"object": _KIND, "id": session["id"], "payment_intent": None, "setup_intent": None}
    ledger.save(kept | {"given": given, "sold": sold})
    total = beginnings.first_total(ledger, _buyer(ledger, session), wanted, given)
    return {
        "amount_subtotal": total,
        "amount_total": total,
        "currency": wanted[0].price["currency"],
        "customer_creation": None if session["customer"] else "always",
        "payment_method_collection": "always",
        "payment_status": "unpaid" if total else "no_payment_required",
    }


def attempt(ledger: Ledger, session: Json, method: Json) -> None:
    """Try to pay what is due at once by this card, or to save it where nothing is."""
    if method["type"] != "card":
        raise NotPossible("only a card subscribes on this page")
    customer = _customer(ledger, session)
    kept = ledger.get(_KIND, session["id"])
    total = beginnings.first_total(
        test_clocks.ledger_of(ledger, customer), customer, _wanted(ledger, kept), kept["given"]
    )
    due = max(0, total + customer["balance"])
    if due == 0:
        setup = _intent(ledger, kept, "setup_intent") or setups.begin(ledger, NOBODY, {"customer": customer["id"]})
        ledger.save(kept | {"setup_intent": setup["id"]})
        setups.attempt(ledger, setup, method, NOBODY)
        return
    wanted = {"amount": due, "currency": session["currency"], "customer": customer["id"]}
    wanted |= {"description": "Subscription creation", "setup_future_usage": "off_session"}
    intent = _intent(ledger, kept, "payment_intent") or attempts.begin(ledger, NOBODY, wanted)
    ledger.save(kept | {"payment_intent": intent["id"]})
    attempts.attempt(ledger, update(ledger, intent, {"amount": due}, None, NOBODY), method, NOBODY)


def subscribe(ledger: Ledger, session: Json, intent: Json) -> Json:
    """The intent has paid, or saved the card: the subscription begins. What the session shows of it."""
    kept = ledger.get(_KIND, session["id"])
    customer = ledger.get("customer", session["customer"])
    given = {"default_payment_method": intent["payment_method"], **kept["given"]}
    paid_by = intent if intent["object"] == "payment_intent" else None
    ledger = test_clocks.ledger_of(ledger, customer)
    subscription = beginnings.begin(ledger, NOBODY, customer, _wanted(ledger, kept), given, paid_by=paid_by)
    return {"invoice": subscription["latest_invoice"], "subscription": subscription["id"]}


def intent_of(ledger: Ledger, session: Json) -> Json | None:
    """What the page's attempts are made with; the session itself does not show it."""
    kept = ledger.get(_KIND, session["id"])
    return _intent(ledger, kept, "payment_intent") or _intent(ledger, kept, "setup_intent")


def of_intent(ledger: Ledger, intent: Json) -> Json | None:
    """The session for which an intent was made, if it was for one."""
    found = ledger.find(_KIND, [field_is(intent["object"], intent["id"])])
    return ledger.get("checkout.session", found[0]["id"]) if found else None


def _wanted(ledger: Ledger, kept: Json) -> list[Wanted]:
    return [Wanted(ledger.get("price", one["price"]), one["quantity"]) for one in kept["sold"]]


def _intent(ledger: Ledger, kept: Json, kind: str) -> Json | None:
    return ledger.get(kind, kept[kind]) if kept[kind] else None


def _buyer(ledger: Ledger, session: Json) -> Json:
    """Who will subscribe, known to Stripe or not yet."""
    if session["customer"]:
        return ledger.get("customer", session["customer"])
    details = objects.customer_details({}, session["customer_email"])
    return objects.customer(ledger.now(), {"email": details["email"], "name": details["name"]})


def _customer(ledger: Ledger, session: Json) -> Json:
    """Who subscribes, made known at the first attempt."""
    customer = _buyer(ledger, session)
    if not session["customer"]:
        ledger.tell("customer.created", ledger.save(customer), NOBODY)
        ledger.save(session | {"customer": customer["id"]})
    return customer


def _line(ledger: Ledger, one: Wanted) -> Json:
    price = one.price
    product = {"name": prices.product_name(ledger, price)}
    line = objects.line_item(ledger.now(), price["currency"], price["unit_amount"], one.quantity, product)
    return line | {"price": price}
