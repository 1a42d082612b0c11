"""What a customer holds: hosting subscriptions and domain registrations."""

from typing import Any

from marshmallow import Schema, fields, validate

from billing.domain.catalogue import Cycle
from billing.domain.registration import NameStanding
from billing.domain.subscription import Subscription, SubscriptionStatus
from billing.domain.subscription_change import ChangeKind
from billing.entrypoints.http.schemas.fields import Flag, MoneySchema, Name

_PLAN_CHARS_MAX = 100


def _billing(subscription: Subscription) -> dict[str, str | None]:
    return {"by": subscription.gateway or "orders", "reference": subscription.billing_ref}


_BILLING: dict[str, Any] = {
    "type": "object",
    "required": ["by", "reference"],
    "properties": {"by": {"type": "string"}, "reference": {"type": ["string", "null"]}},
    "description": "Who charges for it: `orders` of the customer's, or a gateway by itself, under its own reference.",
}


def _change(subscription: Subscription) -> str | None:
    return None if subscription.change is None else subscription.change.kind.value


_CHANGE: dict[str, Any] = {
    "type": ["string", "null"],
    "enum": [*(kind.value for kind in ChangeKind), None],
    "description": "What its provider has yet to answer to; ask again soon.",
}


class SubscriptionSchema(Schema):
    """Hosting of one plan, at the price frozen when it was bought."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    plan = fields.String(required=True)
    cycle = fields.Enum(Cycle, by_value=fields.String, required=True)
    price = fields.Nested(MoneySchema, required=True)
    domain = Name(required=True, allow_none=True)
    auto_renew = fields.Boolean(required=True)
    status = fields.Enum(SubscriptionStatus, by_value=fields.String, required=True)
    reason = fields.String(attribute="why", required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    current_period_end = fields.DateTime(required=True, allow_none=True)
    cancel_at_period_end = fields.Boolean(required=True)
    past_due_since = fields.DateTime(required=True, allow_none=True)
    billing = fields.Function(_billing, required=True, metadata=_BILLING)
    pending_change = fields.Function(_change, required=True, metadata=_CHANGE)
    attention = fields.String(required=True, allow_none=True)


_CANCELS = {"now": ChangeKind.CANCEL, "period_end": ChangeKind.CANCEL_AT_PERIOD_END}


class CancelSchema(Schema):
    """When it is to end."""

    at = fields.String(required=True, validate=validate.OneOf(list(_CANCELS)))


def change_of_cancel(at: str) -> ChangeKind:
    """What such a cancel is."""
    return _CANCELS[at]


class ChangePlanSchema(Schema):
    """Which plan it is to be, paid in the same rhythm."""

    plan = fields.String(required=True, validate=validate.Length(min=1, max=_PLAN_CHARS_MAX))


class RegistrationSchema(Schema):
    """A name that we hold for a customer."""

    name = Name(required=True)
    customer_id = fields.String(required=True)
    status = fields.Enum(NameStanding, by_value=fields.String, attribute="standing", required=True)
    reason = fields.String(attribute="why", required=True, allow_none=True)
    auto_renew = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)


class RegistrationChangeSchema(Schema):
    """What may be changed of a registration."""

    auto_renew = Flag(required=True)
