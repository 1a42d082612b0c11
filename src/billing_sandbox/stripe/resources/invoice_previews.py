"""`/v1/invoices/create_preview`: what the next invoice would be, also after a change that nobody has made."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Group, Text
from billing_sandbox.stripe.recurring import changes, invoices, shapes, subscriptions, test_clocks
from billing_sandbox.stripe.resources import subscription_data as data

_DETAILS = Group({name: data.CHANGES[name] for name in ("items", "proration_behavior", "proration_date")})
_ACCEPTED = {"customer": Text(), "subscription": Text(required=True), "subscription_details": _DETAILS}


def _preview(ledger: Ledger, call: Call) -> Json:
    subscription = ledger.get("subscription", call.params["subscription"], param="subscription", status=400)
    if call.params.get("customer", subscription["customer"]) != subscription["customer"]:
        raise StripeError("The subscription is not this customer's.", param="customer")
    ledger = test_clocks.ledger_of(ledger, subscription)
    given, after = call.params.get("subscription_details", {}), subscription
    waiting = invoices.put_down(ledger, subscription["customer"], subscription["id"])
    if "items" in given:
        items = data.changed_items(ledger, subscription, given["items"], call)
        after = subscription | {"items": shapes.items(subscription["id"], items)}
        waiting += changes.preview(ledger, subscription, after, given)
    if given.get("proration_behavior") == "always_invoice":
        return subscriptions.upcoming(ledger, after, waiting, at_once=True)
    return subscriptions.upcoming(ledger, after, waiting)


OPERATIONS = (Operation("POST", "/v1/invoices/create_preview", "invoices.create_preview", _ACCEPTED, _preview),)
