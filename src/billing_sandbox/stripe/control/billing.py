"""Playing the customer on an invoice's page, the owner in the dashboard, and what is set there about collecting."""

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from billing_sandbox.stripe.control.given import act_of, given
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.parameters import Text
from billing_sandbox.stripe.recurring import dashboard, hosted, settings


def billing_calls(control: Blueprint, ledger: Ledger) -> None:
    """`/stripe/invoices/...`, `/stripe/subscriptions/...` and `/stripe/billing`."""

    @control.post("/invoices/<id>/<act>")
    def invoice_act(id: str, act: str) -> Response:
        act_of(hosted.ACTS, act, "an invoice")
        return jsonify(hosted.perform(ledger, act, id, given({"card": Text()}).get("card")))

    @control.post("/subscriptions/<id>/<act>")
    def subscription_act(id: str, act: str) -> Response:
        act_of(dashboard.ACTS, act, "a subscription")
        return jsonify(dashboard.perform(ledger, act, id))

    @control.get("/billing")
    def billing() -> Response:
        return jsonify(settings.read(ledger.store))

    @control.put("/billing")
    def set_billing() -> Response:
        with ledger.store.transaction():
            return jsonify(settings.change(ledger.store, request.get_json(force=True)))
