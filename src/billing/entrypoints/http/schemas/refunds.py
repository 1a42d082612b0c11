"""Refunds: what is asked for, and how one is shown."""

from collections.abc import Mapping
from dataclasses import fields as of_dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from billing.application.money.refunds import pay_to
from billing.application.money.resolving import Resolution
from billing.domain.errors import Invalid
from billing.domain.money import Money
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundCause, RefundStatus
from billing.entrypoints.http import auth
from billing.entrypoints.http.schemas.fields import Flag, MoneySchema, currency, identifier

_ITEMS_MAX = 100
_REASON_CHARS_MAX = 500
_ATTENTION = (
    "What a person must look at; `requires_manual_refund: …` where the provider pays nothing back: do it, and settle. "
    "Only operators are told."
)


class SumSchema(Schema):
    """A sum to give: whole minor units of a currency."""

    amount = fields.Integer(strict=True, required=True, validate=validate.Range(1))
    currency = currency(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Money:
        """The domain's own value; an unknown currency is refused by it."""
        try:
            return Money(data["amount"], data["currency"])
        except Invalid as wrong:
            raise ValidationError(wrong.why, wrong.field) from wrong


class RequestRefundSchema(Schema):
    """A sum, or some items at their price; neither means all that is left, which a reason must say in any case."""

    amount = fields.Nested(
        SumSchema,
        metadata={"description": "A part leaves every item as it is; all that is left is as if no sum were given."},
    )
    item_ids = fields.List(
        identifier(),
        load_default=list,
        validate=validate.Length(1, _ITEMS_MAX),
        metadata={"description": "Items to pay back; those not delivered yet are called off."},
    )
    reason = fields.String(
        required=True,
        validate=validate.Length(1, _REASON_CHARS_MAX),
        metadata={"description": "Why, in one line, for the history."},
    )


class ResolvePaymentSchema(Schema):
    """What to do with a payment that brought another sum than was asked."""

    resolution = fields.Enum(Resolution, by_value=fields.String, required=True)


class SettleRefundSchema(Schema):
    """How a refund ended, and how you know."""

    succeeded = Flag(
        required=True,
        metadata={"description": "true: the money went back, by hand or as the provider shows. false: it never will."},
    )
    why = fields.String(
        required=True,
        validate=validate.Length(1, _REASON_CHARS_MAX),
        metadata={"description": "How you know, in one line, for the history."},
    )


def _attention(refund: Any) -> str | None:
    """Ours to see to: it may name the payer, and quote the provider."""
    told: str | None = refund["attention"] if isinstance(refund, Mapping) else refund.attention
    return told if auth.is_operator() else None


class RefundSchema(Schema):
    """Money that goes back."""

    id = fields.String(required=True)
    payment_id = fields.String(required=True)
    amount = fields.Nested(MoneySchema, required=True)
    cause = fields.Enum(RefundCause, by_value=fields.String, required=True)
    item_ids = fields.List(fields.String(), required=True)
    status = fields.Enum(RefundStatus, by_value=fields.String, required=True)
    reason = fields.String(required=True)
    outcome = fields.String(attribute="why", required=True, allow_none=True)
    attention = fields.Function(
        _attention, required=True, metadata={"type": ["string", "null"], "description": _ATTENTION}
    )
    created_at = fields.DateTime(required=True)


class ListedRefundSchema(RefundSchema):
    """The same, with what only those need who pay it back."""

    pay_to = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "To whom a person pays what the provider does not, with the whole number of the phone; "
            "null where nobody has to."
        },
    )


def listed(payment: Payment) -> list[dict[str, Any]]:
    """Every refund of a payment as an operator sees it."""
    names = [known.name for known in of_dataclass(Refund)]
    return [
        {name: getattr(refund, name) for name in names} | {"pay_to": pay_to(payment, refund)}
        for refund in payment.refunds
    ]
