"""What a customer holds: hosting subscriptions and domain registrations."""

from marshmallow import Schema, fields

from billing.domain.catalogue import Cycle
from billing.domain.registration import NameStanding
from billing.domain.subscription import SubscriptionStatus
from billing.entrypoints.http.schemas.fields import Flag, MoneySchema, Name


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
