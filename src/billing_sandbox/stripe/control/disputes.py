"""Playing cardholders who dispute what they paid, and their banks."""

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from billing_sandbox.stripe import disputing, refunding
from billing_sandbox.stripe.control.given import act_of, given
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.parameters import Choice, Flag, Whole

_REASONS = (
    "bank_cannot_process", "check_returned", "credit_not_processed", "customer_initiated", "debit_not_authorized",
    "duplicate", "fraudulent", "general", "incorrect_account_details", "insufficient_funds", "noncompliant",
    "product_not_received", "product_unacceptable", "subscription_canceled", "unrecognized",
)  # fmt: skip
_ASKED = {"amount": Whole(least=1), "inquiry": Flag(), "reason": Choice(_REASONS)}


def dispute_calls(control: Blueprint, ledger: Ledger) -> None:
    """`/stripe/disputes/...`, and `dispute` of intents."""

    @control.post("/payment_intents/<id>/dispute")
    def dispute_intent(id: str) -> Response:
        asked = given(_ASKED)
        with ledger.store.transaction():
            charge = refunding.charge_of(ledger, ledger.get("payment_intent", id))
            return jsonify(disputing.open_dispute(ledger, charge, asked))

    @control.post("/disputes/<id>/<act>")
    def dispute_act(id: str, act: str) -> Response:
        perform = act_of(disputing.ACTS, act, "a dispute")
        with ledger.store.transaction():
            return jsonify(perform(ledger, ledger.get("dispute", id)))
