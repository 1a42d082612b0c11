"""Orders: what a basket may hold, and how an order is shown."""

from collections.abc import Callable
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validate

from billing.domain.catalogue import Cycle
from billing.domain.contact import Contact
from billing.domain.errors import InvalidContact
from billing.domain.order_item import ItemStatus, OrderItem
from billing.domain.order_status import OrderStatus
from billing.domain.payment import PaymentStatus
from billing.domain.purchase import (
    PURCHASES,
    DomainRegistration,
    DomainRenewal,
    Hosting,
    Purchase,
    SubscriptionRenewal,
)
from billing.entrypoints.http.schemas.choice import Choice
from billing.entrypoints.http.schemas.disputes import DisputeSchema
from billing.entrypoints.http.schemas.fields import (
    Country,
    Flag,
    Hostname,
    MoneySchema,
    Name,
    Phone,
    currency,
    identifier,
)

_NAMESERVERS_MAX = 13
_YEARS_MAX = 99  # RFC 5731 §4, pLimitType; the catalogue allows fewer
_PLAN_CHARS_MAX = 64


# ---------------------------------------------------------------------- what is asked


def _kind(purchase: type[Purchase]) -> fields.String:
    return fields.String(required=True, validate=validate.Equal(purchase.kind))


def _years() -> fields.Integer:
    return fields.Integer(strict=True, load_default=1, validate=validate.Range(1, _YEARS_MAX))


def _require_distinct(values: list[str]) -> None:
    if len(set(values)) < len(values):
        raise ValidationError("Must not name the same twice.")


class _Item(Schema):
    """Reads into the purchase of its kind."""

    makes: ClassVar[Callable[..., Purchase]]

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Purchase:
        """The domain's own value."""
        del data["kind"]
        return self.makes(**{name: tuple(value) if isinstance(value, list) else value for name, value in data.items()})


class DomainRegistrationItemSchema(_Item):
    """Register a free name; needs `contacts.registrant`."""

    makes = DomainRegistration
    kind = _kind(DomainRegistration)
    domain = Name(required=True)
    years = _years()
    nameservers = fields.List(
        Hostname(), load_default=list, validate=[validate.Length(max=_NAMESERVERS_MAX), _require_distinct]
    )
    auto_renew = Flag(load_default=False)


class DomainRenewalItemSchema(_Item):
    """Extend a name that we hold for the customer."""

    makes = DomainRenewal
    kind = _kind(DomainRenewal)
    domain = Name(required=True)
    years = _years()


class HostingItemSchema(_Item):
    """Open a hosting subscription and pay its first period."""

    makes = Hosting
    kind = _kind(Hosting)
    plan = fields.String(required=True, validate=validate.Length(1, _PLAN_CHARS_MAX))
    cycle = fields.Enum(Cycle, by_value=fields.String, required=True)
    domain = Name(allow_none=True)
    auto_renew = Flag(load_default=False)


class SubscriptionRenewalItemSchema(_Item):
    """Pay further periods of a subscription."""

    makes = SubscriptionRenewal
    kind = _kind(SubscriptionRenewal)
    subscription_id = identifier(required=True)
    cycles = fields.Integer(strict=True, load_default=1, validate=validate.Range(1))


class PurchaseSchema(Choice):
    """One item of a basket, by its kind."""

    tag = "kind"
    refused: ClassVar = {"domain_transfer": "Domain transfers are not offered yet."}

    def __init__(self) -> None:
        super().__init__()
        self.shapes = {
            DomainRegistration.kind: DomainRegistrationItemSchema(),
            DomainRenewal.kind: DomainRenewalItemSchema(),
            Hosting.kind: HostingItemSchema(),
            SubscriptionRenewal.kind: SubscriptionRenewalItemSchema(),
        }


class RegistrantSchema(Schema):
    """Who will hold the names, within the limits of RFC 5733."""

    name = fields.String(required=True)
    organization = fields.String(allow_none=True)
    email = fields.String(required=True)
    phone = Phone(required=True, metadata={"description": "`+250.788000000` or E.164."})
    street = fields.List(fields.String(), required=True, validate=validate.Length(1, 3))
    city = fields.String(required=True)
    region = fields.String(allow_none=True)
    postal_code = fields.String(allow_none=True)
    country = Country(required=True, metadata={"description": "ISO 3166-1 alpha-2."})

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Contact:
        """A contact that registries take."""
        try:
            return Contact.from_document(data)
        except InvalidContact as wrong:
            raise ValidationError(dict(wrong.problems)) from wrong


class ContactsSchema(Schema):
    """One registrant for every name in the order."""

    registrant = fields.Nested(RegistrantSchema, required=True)


class PlaceOrderSchema(Schema):
    """A basket."""

    customer_id = identifier(required=True)
    currency = currency(required=True)
    contacts = fields.Nested(ContactsSchema)
    items = fields.List(fields.Nested(PurchaseSchema()), required=True, validate=validate.Length(min=1))


class OrdersQuerySchema(Schema):
    """Which orders, and which page of them."""

    customer_id = identifier()
    status = fields.Enum(OrderStatus, by_value=fields.String)
    cursor = identifier(prefix="ord", metadata={"description": "`next_cursor` of the page before."})
    limit = fields.Integer()

    def __init__(self, size_default: int, size_max: int) -> None:
        super().__init__()
        limit = self.fields["limit"]
        limit.load_default = size_default
        limit.validators = [validate.Range(1, size_max)]


# ---------------------------------------------------------------------- what is shown


def _subscription_id(item: OrderItem) -> str | None:
    return item.what.subscription_id if isinstance(item.what, SubscriptionRenewal) else item.subscription_id


class OrderItemSchema(Schema):
    """One line; the fields of its kind are there, those of other kinds are not."""

    id = fields.String(required=True)
    kind = fields.String(attribute="what.kind", required=True, validate=validate.OneOf(list(PURCHASES)))
    domain = Name(attribute="what.domain", allow_none=True)
    years = fields.Integer(attribute="what.years")
    nameservers = fields.List(fields.String(), attribute="what.nameservers")
    plan = fields.String(attribute="what.plan")
    cycle = fields.Enum(Cycle, by_value=fields.String, attribute="what.cycle")
    cycles = fields.Integer(attribute="what.cycles")
    auto_renew = fields.Boolean(attribute="what.auto_renew")
    subscription_id = fields.Function(_subscription_id, required=True, metadata={"type": ["string", "null"]})
    price = fields.Nested(MoneySchema, required=True)
    status = fields.Enum(ItemStatus, by_value=fields.String, required=True)
    reason = fields.String(attribute="why", required=True, allow_none=True)
    attention = fields.String(
        required=True, allow_none=True, metadata={"description": "What a person has to look at before it goes on."}
    )


class PaymentSummarySchema(Schema):
    """An attempt to pay; `GET /v1/payments/{id}` tells more."""

    id = fields.String(required=True)
    attempt = fields.Integer(required=True)
    gateway = fields.String(required=True)
    amount = fields.Nested(MoneySchema, required=True)
    status = fields.Enum(PaymentStatus, by_value=fields.String, required=True)
    disputes = fields.List(fields.Nested(DisputeSchema), required=True)


class OrderSchema(Schema):
    """An order with its frozen prices."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    customer_id = fields.String(required=True)
    currency = fields.String(required=True)
    status = fields.Enum(OrderStatus, by_value=fields.String, required=True)
    reason = fields.String(attribute="why", required=True, allow_none=True)
    total = fields.Nested(MoneySchema, required=True)
    items = fields.List(fields.Nested(OrderItemSchema), required=True)
    payments = fields.List(fields.Nested(PaymentSummarySchema), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    paid_at = fields.DateTime(required=True, allow_none=True)


class OrderPageSchema(Schema):
    """Orders, newest first."""

    data = fields.List(fields.Nested(OrderSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
