"""Events delivered once more, and events of the kind that has no contents."""

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from billing_sandbox.stripe import objects
from billing_sandbox.stripe.control.given import given
from billing_sandbox.stripe.deliveries import Deliveries
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.parameters import Group, Text

_THIN = {"type": Text(required=True), "related": Group({"id": Text(), "type": Text(), "url": Text()})}


def event_calls(control: Blueprint, ledger: Ledger, deliveries: Deliveries) -> None:
    """`/stripe/events/...`."""

    @control.post("/events/<id>/resend")
    def resend(id: str) -> Response:
        event = ledger.get("event", id)
        deliveries.resend(id)
        return jsonify({"id": id, "type": event["type"]})

    @control.post("/events/thin")
    def send_thin() -> Response:
        asked = given(_THIN)
        event = ledger.save(objects.thin_event(ledger.moment(), asked["type"], asked.get("related")))
        deliveries.announce_thin(event)
        return jsonify(event)
