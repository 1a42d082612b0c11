"""What a shop shows before anybody orders: prices and availability."""

from typing import Any

from marshmallow import Schema, fields

from billing.domain.catalogue import Catalogue
from billing.entrypoints.http.schemas.fields import MoneySchema, currency


def _price(description: str) -> fields.Nested:
    return fields.Nested(MoneySchema, required=True, allow_none=True, metadata={"description": description})


class CurrencyQuerySchema(Schema):
    """The currency that prices are asked for in."""

    currency = currency(required=True)


class TldSchema(Schema):
    """A domain suffix on sale; a price is null where it is not sold in the currency."""

    suffix = fields.String(required=True)
    register = _price("One year.")
    renew = _price("One year.")
    years_min = fields.Integer(required=True)
    years_max = fields.Integer(required=True)


class PlanSchema(Schema):
    """A hosting plan; a price is null where it is not sold in the currency."""

    plan = fields.String(required=True)
    name = fields.String(required=True)
    monthly = _price("One month.")
    yearly = _price("One year.")


class CatalogueSchema(Schema):
    """The price list in force, in one currency."""

    currency = fields.String(required=True)
    currencies = fields.List(fields.String(), required=True)
    tlds = fields.List(fields.Nested(TldSchema), required=True)
    plans = fields.List(fields.Nested(PlanSchema), required=True)


class DomainSchema(Schema):
    """Whether a name can be registered now; `price` is that of `years_min` years, null where it can't be had."""

    name = fields.String(required=True)
    available = fields.Boolean(required=True)
    premium = fields.Boolean(required=True)
    price = _price("Of `years_min` years.")
    reason = fields.String(required=True, allow_none=True)
    years_min = fields.Integer(required=True)
    years_max = fields.Integer(required=True)


def in_currency(catalogue: Catalogue, wanted: str) -> dict[str, Any]:
    """What CatalogueSchema writes: every offer with its prices in that currency only."""
    return {
        "currency": wanted,
        "currencies": catalogue.currencies,
        "tlds": [
            {
                "suffix": suffix,
                "register": offer.register.find(wanted),
                "renew": offer.renew.find(wanted),
                "years_min": offer.years_min,
                "years_max": offer.years_max,
            }
            for suffix, offer in catalogue.tlds.items()
        ],
        "plans": [
            {"plan": key, "name": plan.name, "monthly": plan.monthly.find(wanted), "yearly": plan.yearly.find(wanted)}
            for key, plan in catalogue.plans.items()
        ],
    }
