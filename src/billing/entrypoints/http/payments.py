"""/v1/orders/{id}/payments and /v1/payments: start to pay, and ask how it stands."""

from collections.abc import Mapping
from typing import Any

from billing.application.outcomes import NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.parts import read_attempt
from billing.domain.errors import BillingError, Conflict, Invalid
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.entrypoints.http import auth
from billing.entrypoints.http.api import ApiBlueprint, location_header
from billing.entrypoints.http.cases import HttpConfig, UseCases, gateways_of
from billing.entrypoints.http.gateways import with_payer
from billing.entrypoints.http.problems import Explained
from billing.entrypoints.http.schemas.nothing import NothingSchema
from billing.entrypoints.http.schemas.payments import PaymentSchema, StartPaymentSchema, next_step

_OPTIONS = {"payment_method": "method_id"}
"""Options of an attempt that the API calls otherwise."""

_MAYBE_BY_ANOTHER = (Invalid, Refused, RetryLater, NotYet, OutcomeUnknown, NeedsPerson)
"""What may be the gateway's own trouble, so that another gateway is worth a try."""

_SAID_OF_GATEWAYS = ("gateway", "method")
"""Fields that are wrong where a gateway does not take the currency or the sum; others the customer can mend."""


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Attempts to pay an order."""
    blp = ApiBlueprint("payments", cases, config, "Attempts to pay an order.")
    gateways = gateways_of(cases, config)

    def _what_to_do(trouble: BillingError, order: Order, gateway: str) -> Mapping[str, Any]:
        """About what keeps an attempt from being started; empty where nobody knows."""
        if isinstance(trouble, Conflict):
            wait = gateways.wait_seconds(order, cases.clock())
            return {"retry_after": wait} if wait else {}
        if isinstance(trouble, Invalid) and trouble.field not in _SAID_OF_GATEWAYS:
            return {}
        return {"gateways": gateways.instead_of(gateway, order.total)}

    @blp.call("POST", "/orders/<id:order_id>/payments", PaymentSchema(), 201, location_header("payment"))
    @blp.may_answer(202, PaymentSchema(), "The provider has not answered yet: `next` is `wait`.")
    @blp.reads(StartPaymentSchema(config.gateways))
    def start_payment(asked: dict[str, Any], order_id: str) -> tuple[Payment, int, dict[str, str]]:
        """Open one attempt for the whole sum; an older open one is closed first.

        With `payment_method` it may be over at once: `succeeded`, or `failed` with the bank's reason. Where a gateway
        can't take the order, or not now, the problem names the `gateways` that can; it is 409 with `retry_after` where
        an earlier attempt waits for somebody's approval and can't be called off.
        """
        gateway, named = asked["gateway"], {_OPTIONS.get(name, name): value for name, value in asked.items()}
        del named["gateway"]
        options = with_payer(cases.ledger, order_id, gateway, named)
        try:
            payment = cases.start_payment(order_id, gateway, options, auth.by())
        except (Conflict, *_MAYBE_BY_ANOTHER) as trouble:
            order = cases.ledger.read(lambda uow: uow.orders.get(order_id))
            if not (more := _what_to_do(trouble, order, gateway)):
                raise
            raise Explained(trouble, more) from trouble
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
