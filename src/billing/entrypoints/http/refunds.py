"""/v1/payments/{id}/refunds, …/resolve and /v1/refunds: pay back, and decide about what no provider decides."""

from typing import Any

from billing.application.parts import read_attempt
from billing.application.shop.access import Role
from billing.domain.payment import Payment
from billing.domain.refund import Refund
from billing.entrypoints.http import auth
from billing.entrypoints.http.api import ApiBlueprint, location_header
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.payments import PaymentSchema
from billing.entrypoints.http.schemas.refunds import (
    ListedRefundSchema,
    RefundSchema,
    RequestRefundSchema,
    ResolvePaymentSchema,
    SettleRefundSchema,
    listed,
)


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Refunds, for operators."""
    blp = ApiBlueprint("refunds", cases, config, "Money on its way back, for operators.", needs=Role.OPERATOR)

    @blp.call("POST", "/payments/<id:payment_id>/refunds", RefundSchema(), 201, location_header("payment's refunds"))
    @blp.reads(RequestRefundSchema())
    def request_refund(asked: dict[str, Any], payment_id: str) -> tuple[Refund, int, dict[str, str]]:
        """Pay back a sum, some items, or all that is left; a job asks the provider."""
        _, refund = cases.request_refund(payment_id, asked.get("amount"), asked["item_ids"], asked["reason"], auth.by())
        return refund, 201, {"Location": f"/v1/payments/{payment_id}/refunds"}

    @blp.call("GET", "/payments/<id:payment_id>/refunds", ListedRefundSchema(many=True))
    def list_refunds(payment_id: str) -> list[dict[str, Any]]:
        """Every refund of a payment, oldest first, whoever made it; for one that is paid by hand, to whom."""
        return cases.ledger.read(lambda uow: listed(read_attempt(uow, payment_id)[1]))

    @blp.call("POST", "/refunds/<id:refund_id>/settle", RefundSchema())
    @blp.reads(SettleRefundSchema())
    def settle_refund(asked: dict[str, Any], refund_id: str) -> Refund:
        """Say how a refund ended where its provider can't: paid back by hand, or given up; a repeat changes nothing."""
        return cases.settle_refund(refund_id, asked["succeeded"], asked["why"], auth.by())

    @blp.call("POST", "/payments/<id:payment_id>/resolve", PaymentSchema())
    @blp.reads(ResolvePaymentSchema())
    def resolve_payment(asked: dict[str, Any], payment_id: str) -> Payment:
        """Accept another sum than was asked and deliver, or pay all of it back."""
        return cases.resolve_payment(payment_id, asked["resolution"], auth.by())

    return blp
