"""Saved payment methods: how they are shown, and what is asked about them."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from billing.domain.wallet import Wallet
from billing.entrypoints.http.schemas.fields import currency, identifier, web_address

_GATEWAY = "stripe"


class CardSchema(Schema):
    """What may be shown of a card."""

    brand = fields.String(required=True)
    last4 = fields.String(required=True)
    exp_month = fields.Integer(required=True)
    exp_year = fields.Integer(required=True)


class PaymentMethodSchema(Schema):
    """A saved method; what renews by itself is charged to the default one."""

    id = fields.String(required=True)
    gateway = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "`card`, or as the provider calls it."})
    card = fields.Nested(CardSchema, required=True, allow_none=True)
    default = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)


def shown(wallets: Sequence[Wallet]) -> list[dict[str, Any]]:
    """Every method that may be charged, those saved first before the others."""
    return [
        {
            "id": method.id,
            "gateway": wallet.gateway,
            "kind": method.kind,
            "card": method.card,
            "default": method is wallet.default,
            "created_at": method.created_at,
        }
        for wallet in wallets
        for method in wallet.usable
    ]


class SetupSchema(Schema):
    """Save a method on the provider's page."""

    gateway = fields.String(load_default=_GATEWAY)
    success_url = web_address(required=True, metadata={"description": "Where the customer goes after saving it."})
    cancel_url = web_address(required=True, metadata={"description": "Where the customer goes who gives up."})
    currency = currency(metadata={"description": "What will be charged in; the first of the catalogue's unless given."})


class PortalSchema(Schema):
    """Look after methods and invoices on the provider's page."""

    gateway = fields.String(load_default=_GATEWAY)
    return_url = web_address(required=True, metadata={"description": "Where the customer goes afterwards."})


class DefaultMethodSchema(Schema):
    """What renewals are charged to."""

    payment_method = identifier(required=True)


class ForceSchema(Schema):
    """Whether the caller was warned."""

    force = fields.Boolean(
        load_default=False,
        truthy={"true"},
        falsy={"false"},
        metadata={"description": "Also the last one of a customer of whom something renews by itself."},
    )


class PageSchema(Schema):
    """A page of the provider's, to send the customer to."""

    redirect_url = fields.String(required=True)
