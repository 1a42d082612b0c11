"""Disputes: how one is shown."""

from marshmallow import Schema, fields

from billing.domain.dispute import DisputeStatus
from billing.entrypoints.http.schemas.fields import MoneySchema


class DisputeSchema(Schema):
    """A customer's bank questions a payment, or takes it back."""

    id = fields.String(required=True)
    payment_id = fields.String(required=True)
    amount = fields.Nested(MoneySchema, required=True)
    reason = fields.String(required=True, metadata={"description": "As the provider names it."})
    status = fields.Enum(DisputeStatus, by_value=fields.String, required=True)
    outcome = fields.String(attribute="why", required=True, allow_none=True)
    gone = fields.Nested(
        MoneySchema,
        required=True,
        metadata={"description": "What the payment is short of because of it, for now or for good."},
    )
    respond_by = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "Until when the bank takes an answer."}
    )
    item_ids = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Items that were called off since their money is gone."},
    )
    created_at = fields.DateTime(required=True)
