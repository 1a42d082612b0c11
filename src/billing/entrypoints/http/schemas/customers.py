"""Customers, as they are asked for and shown."""

from marshmallow import Schema, fields, validate

from billing.domain.customer import LANGUAGES
from billing.entrypoints.http.schemas.fields import Country


class CustomerDetailsSchema(Schema):
    """What may be said about a new customer."""

    name = fields.String(required=True)
    email = fields.String(required=True)
    phone = fields.String(allow_none=True, metadata={"description": "E.164, such as +250788000000."})
    country = Country(allow_none=True, metadata={"description": "ISO 3166-1 alpha-2."})
    language = fields.String(validate=validate.OneOf(LANGUAGES))


class CustomerChangeSchema(CustomerDetailsSchema):
    """What may be changed of a customer; what is absent stays."""

    def __init__(self) -> None:
        super().__init__(partial=True)


class CustomerSchema(Schema):
    """Who buys."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    country = fields.String(required=True, allow_none=True)
    language = fields.String(required=True)
    created_at = fields.DateTime(required=True)
