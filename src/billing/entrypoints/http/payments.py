"""/v1/orders/{id}/payments and /v1/payments: start to pay, and ask how it stands."""

from typing import Any

from billing.application.parts import read_attempt
from billing.domain.payment import Payment
from billing.entrypoints.http import auth
from billing.entrypoints.http.api import ApiBlueprint, location_header
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.nothing import NothingSchema
from billing.entrypoints.http.schemas.payments import PaymentSchema, StartPaymentSchema, next_step

_OPTIONS = {"payment_method": "method_id"}
"""Options of an attempt that the API calls otherwise."""


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Attempts to pay an order."""
    blp = ApiBlueprint("payments", cases, config, "Attempts to pay an order.")

    @blp.call("POST", "/orders/<id:order_id>/payments", PaymentSchema(), 201, location_header("payment"))
    @blp.may_answer(202, PaymentSchema(), "The provider has not answered yet: `next` is `wait`.")
    @blp.reads(StartPaymentSchema(config.gateways))
    def start_payment(asked: dict[str, Any], order_id: str) -> tuple[Payment, int, dict[str, str]]:
        """Open one attempt for the whole sum; an older open one is closed first.

        With `payment_method` it may be over at once: `succeeded`, or `failed` with the bank's reason.
        """
        options = {_OPTIONS.get(name, name): value for name, value in asked.items() if name != "gateway"}
        payment = cases.start_payment(order_id, asked["gateway"], options, auth.by())
        status = 202 if next_step(payment) == "wait" else 201
        return payment, status, {"Location": f"/v1/payments/{payment.id}"}

    @blp.call("GET", "/payments/<id:payment_id>", PaymentSchema())
    def show_payment(payment_id: str) -> Payment:
        """One attempt."""
        return cases.ledger.read(lambda uow: read_attempt(uow, payment_id)[1])

    @blp.call("POST", "/payments/<id:payment_id>/refresh", PaymentSchema(), 202)
    @blp.reads(NothingSchema())
    def refresh_payment(_: dict[str, Any], payment_id: str) -> Payment:
        """Have the provider asked soon; the answer shows what is known now."""
        return cases.refresh_payment(payment_id, auth.by())

    return blp
