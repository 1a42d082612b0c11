"""Sentences that build things: defaults for all that a test is not about."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from billing.domain import (
    Catalogue,
    Contact,
    Customer,
    Cycle,
    DomainName,
    DomainRegistration,
    DomainRenewal,
    Hosting,
    Money,
    Order,
    OrderItem,
    Payment,
    Purchase,
    Subscription,
    SubscriptionRenewal,
    Wallet,
)

NOW = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
PRICES = {"domain_registration": 1500, "domain_renewal": 1600, "hosting": 499, "subscription_renewal": 499}


def a_domain(name: str = "example.rw", years: int = 1, **details: object) -> DomainRegistration:
    """A registration to buy."""
    return DomainRegistration(domain=DomainName(name), years=years, **details)  # type: ignore[arg-type]


def a_renewal(name: str = "example.com", years: int = 1) -> DomainRenewal:
    """A renewal to buy."""
    return DomainRenewal(domain=DomainName(name), years=years)


def a_hosting(
    plan: str = "starter", cycle: Cycle = Cycle.MONTHLY, name: str | None = None, auto_renew: bool = False
) -> Hosting:
    """Hosting to buy."""
    return Hosting(plan=plan, cycle=cycle, domain=DomainName(name) if name else None, auto_renew=auto_renew)


def more_of(subscription_id: str, cycles: int = 1) -> SubscriptionRenewal:
    """Further periods to buy."""
    return SubscriptionRenewal(subscription_id=subscription_id, cycles=cycles)


def a_registrant(**details: object) -> Contact:
    """Somebody whom a registry takes."""
    defaults: dict[str, object] = {
        "name": "Aline Uwase",
        "organization": None,
        "email": "aline@example.rw",
        "phone": "+250.788000000",
        "street": ("KN 5 Rd",),
        "city": "Kigali",
        "region": None,
        "postal_code": None,
        "country": "RW",
    }
    return Contact(**{**defaults, **details})  # type: ignore[arg-type]


def a_customer(customer_id: str = "cus_1", email: str = "aline@example.rw") -> Customer:
    """Somebody who buys."""
    return Customer.open(id=customer_id, name="Aline Uwase", email=email, created_at=NOW, country="RW")


def a_wallet(wallet_id: str = "wal_1", customer_id: str = "cus_1", customer_ref: str | None = None) -> Wallet:
    """What a customer keeps at Stripe."""
    wallet = Wallet(id=wallet_id, customer_id=customer_id, gateway="stripe", created_at=NOW)
    wallet.customer_ref = customer_ref
    return wallet


def an_order(*wanted: Purchase, order_id: str = "ord_1", customer_id: str = "cus_1", at: datetime = NOW) -> Order:
    """An unpaid order in USD at the builders' prices."""
    items = [
        OrderItem.of(f"itm_{order_id}_{n}", n, what, Money(PRICES[what.kind], "USD"))
        for n, what in enumerate(wanted or (a_domain(),))
    ]
    return Order(
        id=order_id,
        number=f"N-{order_id}",
        customer_id=customer_id,
        currency="USD",
        registrant=a_registrant(),
        items=items,
        created_at=at,
        expires_at=at + timedelta(hours=24),
    )


def an_attempt(order: Order, payment_id: str | None = None, gateway: str = "memory", at: datetime = NOW) -> Payment:
    """An open attempt to pay the order."""
    payment_id = payment_id or f"pay_{order.id}_{len(order.payments) + 1}"
    return order.open_attempt(payment_id, gateway, {"email": "aline@example.rw"}, at, at + timedelta(hours=12))


def a_paid_order(*wanted: Purchase, order_id: str = "ord_1", at: datetime = NOW) -> Order:
    """An order whose first attempt has succeeded."""
    order = an_order(*wanted, order_id=order_id, at=at)
    order.record_success(an_attempt(order, at=at), order.total, at)
    return order


def a_subscription(item_id: str = "itm_1", at: datetime = NOW, **details: object) -> Subscription:
    """Hosting that runs from that moment on, and is billed by orders."""
    usual: dict[str, object] = {
        "id": "sub_1",
        "customer_id": "cus_1",
        "plan": "starter",
        "cycle": Cycle.MONTHLY,
        "price": Money(PRICES["hosting"], "USD"),
        "domain": None,
        "auto_renew": True,
    }
    subscription = Subscription(item_id=item_id, created_at=at, **{**usual, **details})  # type: ignore[arg-type]
    subscription.activate(at)
    return subscription


def a_catalogue(currencies: Sequence[str] = ("USD", "RWF")) -> Catalogue:
    """Prices for .rw, .co.rw and .com, and two plans."""
    return Catalogue.from_document(
        {
            "currencies": list(currencies),
            "tlds": {
                suffix: {
                    "years_max": 10,
                    "register": dict.fromkeys(currencies, 1500),
                    "renew": dict.fromkeys(currencies, 1600),
                }
                for suffix in ("rw", "co.rw", "com")
            },
            "plans": {
                plan: {
                    "name": plan.title(),
                    "monthly": dict.fromkeys(currencies, 499),
                    "yearly": dict.fromkeys(currencies, 4990),
                }
                for plan in ("starter", "pro")
            },
        }
    )
