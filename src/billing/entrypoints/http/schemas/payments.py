"""Payments: how an attempt is asked for, per gateway, and how it is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from billing.domain.payment import Payment, PaymentStatus
from billing.entrypoints.http.gateways import PHONE_CHARS_MAX
from billing.entrypoints.http.schemas.choice import Choice
from billing.entrypoints.http.schemas.disputes import DisputeSchema
from billing.entrypoints.http.schemas.fields import MoneySchema, identifier, web_address
from billing.entrypoints.http.schemas.refunds import RefundSchema
from billing.entrypoints.kpay_settings import BY_CARD, METHODS


class StripePaymentSchema(Schema):
    """Pay on Stripe's page, which needs both addresses, or with a saved method."""

    gateway = fields.String(required=True, validate=validate.Equal("stripe"))
    success_url = web_address(metadata={"description": "Where the customer goes after paying."})
    cancel_url = web_address(metadata={"description": "Where the customer goes who gives up."})
    payment_method = identifier(metadata={"description": "A saved method, charged at once and without a page."})

    @validates_schema
    def _require_addresses(self, asked: dict[str, Any], **_: Any) -> None:
        missing = {"success_url", "cancel_url"} - asked.keys()
        if "payment_method" not in asked and missing:
            raise ValidationError({name: ["Missing data for required field."] for name in missing})


class KpayPaymentSchema(Schema):
    """Pay by mobile money or SPENN, approved on the payer's phone, or by card on KPay's page; in RWF."""

    gateway = fields.String(required=True, validate=validate.Equal("kpay"))
    method = fields.String(
        required=True,
        validate=validate.OneOf(METHODS),
        metadata={"description": "`momo`: mobile money of MTN or Airtel. `cc`: a card. `spenn`: SPENN."},
    )
    phone = fields.String(
        validate=validate.Length(1, PHONE_CHARS_MAX),
        metadata={
            "description": "Whose money is asked for, such as +250788000000 or 0788 000 000. Only `cc` needs none."
        },
    )
    return_url = web_address(
        required=True, metadata={"description": "Where KPay's page sends the customer, however it went: ask us then."}
    )

    @validates_schema
    def _require_phone(self, asked: dict[str, Any], **_: Any) -> None:
        if asked["method"] != BY_CARD and "phone" not in asked:
            raise ValidationError({"phone": ["Missing data for required field."]})


_SHAPES: Mapping[str, type[Schema]] = {"stripe": StripePaymentSchema, "kpay": KpayPaymentSchema}


class StartPaymentSchema(Choice):
    """An attempt to pay, by its gateway: those offered that have a shape here."""

    tag = "gateway"

    def __init__(self, offered: Sequence[str]) -> None:
        super().__init__()
        self.shapes = {name: shape() for name, shape in _SHAPES.items() if name in offered}


def next_step(payment: Payment) -> str | None:
    """What the customer does now; None where nothing more is to be done."""
    if not payment.is_open:
        return None
    if payment.under_way:
        return "wait"
    if payment.needs_customer:
        return "authenticate"
    if payment.redirect_url:
        return "redirect"
    is_pushed = payment.is_started and _method(payment) != BY_CARD  # a card's page may be lost with an answer
    return "approve_on_phone" if is_pushed else "wait"


def page_of(payment: Payment) -> str | None:
    """Where the customer can pay it, while that may still be done."""
    return payment.redirect_url if payment.is_open and not payment.under_way else None


def _method(payment: Payment) -> str | None:
    return payment.options.get("method")


def _operator(payment: Payment) -> str | None:
    return payment.options.get("operator")


_STEPS: dict[str, Any] = {
    "type": ["string", "null"],
    "enum": ["redirect", "authenticate", "approve_on_phone", "wait", None],
    "description": "`wait`: the provider or the customer's bank has not answered yet, ask again soon. `authenticate`: "
    "the bank wants the customer's consent to the charge of a saved method; start a payment that has a page. "
    "`approve_on_phone`: the customer was asked on the phone.",
}


class PaymentSchema(Schema):
    """One attempt to pay an order."""

    id = fields.String(required=True)
    order_id = fields.String(required=True)
    attempt = fields.Integer(required=True)
    gateway = fields.String(required=True)
    amount = fields.Nested(MoneySchema, required=True)
    received = fields.Nested(MoneySchema, required=True, allow_none=True)
    status = fields.Enum(PaymentStatus, by_value=fields.String, required=True)
    reason = fields.String(attribute="why", required=True, allow_none=True)
    redirect_url = fields.Function(page_of, required=True, metadata={"type": ["string", "null"]})
    next = fields.Function(next_step, required=True, metadata=_STEPS)
    method = fields.Function(
        _method,
        required=True,
        metadata={"type": ["string", "null"], "description": "As it was asked for, where a gateway has several."},
    )
    operator = fields.Function(
        _operator,
        required=True,
        metadata={"type": ["string", "null"], "description": "Whose network the phone is in: `MTN`, `Airtel`."},
    )
    expires_at = fields.DateTime(required=True)
    surplus = fields.Boolean(required=True, metadata={"description": "No item needs this money: it is owed back."})
    refunds = fields.List(fields.Nested(RefundSchema), required=True)
    disputes = fields.List(fields.Nested(DisputeSchema), required=True)
