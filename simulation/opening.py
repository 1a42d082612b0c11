"""What there is before anybody acts: a price list, customers, and a name and a subscription of each."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random

from billing.application.outcomes import Deadline
from billing.domain import (
    Catalogue,
    Contact,
    Customer,
    Cycle,
    DomainRegistration,
    Hosting,
    Money,
    Order,
    OrderItem,
    Purchase,
    Registration,
    Subscription,
    Wallet,
)
from billing.entrypoints import demo
from simulation.scenario import held_name, held_subscription
from simulation.wild_registrar import Effect
from simulation.world import World

_PRICES: Mapping[type[Purchase], int] = {DomainRegistration: 1500, Hosting: 499}
_BILLED = 0.4


def customer_id(number: int) -> str:
    """A customer by number."""
    return f"cus_{number}"


@cache
def registrant(number: int) -> Contact:
    """Who registers for that customer, and for nobody else."""
    return Contact.from_document(
        {
            "name": f"Customer {number}",
            "email": f"customer-{number}@example.rw",
            "phone": "+250.788000000",
            "street": [f"KN {number} Rd"],
            "city": "Kigali",
            "country": "RW",
        }
    )


@cache
def catalogue() -> Catalogue:
    """The price list of the demo."""
    return Catalogue.from_document(tomllib.loads(Path(demo.__file__).with_name("catalogue.example.toml").read_text()))


def billed_subscription(customer: int) -> str:
    """The subscription of a customer that the provider bills, where there is one."""
    return f"sub_billed_{customer}"


def is_billed(world: World, customer: int) -> bool:
    """Whether this customer has one: by dice of its own, so that all else is as it would be without."""
    return Random(f"billing {world.scenario.seed} {customer}").random() < _BILLED


def open_shop(world: World) -> None:
    """Write the beginning into ledger, registry and provider, in calm weather."""
    at = world.now()
    with world.begin("opening") as uow:
        uow.catalogues.add(catalogue())
        for number in range(world.scenario.customers):
            uow.customers.add(_customer(number, at))
        uow.commit()
    for number in range(world.scenario.customers):
        _give_holdings(world, number, at)
        if is_billed(world, number):
            _bill_hosting(world, number, at)


def _customer(number: int, at: datetime) -> Customer:
    person = registrant(number)
    return Customer.open(id=customer_id(number), name=person.name, email=person.email, created_at=at)


def _give_holdings(world: World, number: int, at: datetime) -> None:
    wants: tuple[Purchase, ...] = (
        DomainRegistration(domain=held_name(number)),
        Hosting(plan="starter", cycle=Cycle.MONTHLY),
    )
    order = _paid_order(world, "open", number, wants, at)
    name, hosting = order.items
    what = DomainRegistration(domain=held_name(number))
    time_enough = Deadline.after(60, world.monotonic)
    info = world.registrar.twin.register(what.domain, 1, registrant(number), (), str(name.handle), time_enough)
    world.registrar.created.append(Effect(name=str(what.domain), key=str(name.handle), years=1))
    subscription = Subscription(
        id=held_subscription(number),
        customer_id=order.customer_id,
        item_id=hosting.id,
        plan="starter",
        cycle=Cycle.MONTHLY,
        price=hosting.price,
        domain=None,
        auto_renew=False,
        created_at=at,
    )
    subscription.activate(at)
    with world.begin("opening") as uow:
        uow.orders.add(order)
        uow.subscriptions.add(subscription)
        hosting.subscription_id = subscription.id
        uow.registrations.add(
            Registration(
                id=f"reg_{number}",
                name=what.domain,
                customer_id=order.customer_id,
                item_id=name.id,
                handle=name.handle,
                created_at=at,
                expires_at=info.expires_at,
            )
        )
        uow.commit()


def _bill_hosting(world: World, number: int, at: datetime) -> None:
    """Paid once, and billed by the provider from its next period on."""
    order = _paid_order(world, "billed", number, (Hosting(plan="starter", cycle=Cycle.MONTHLY, auto_renew=True),), at)
    (item,) = order.items
    subscription = Subscription(
        id=billed_subscription(number),
        customer_id=order.customer_id,
        item_id=item.id,
        plan="starter",
        cycle=Cycle.MONTHLY,
        price=item.price,
        domain=None,
        auto_renew=True,
        created_at=at,
    )
    subscription.activate(at)
    wallet = Wallet(id=f"wal_{number}", customer_id=order.customer_id, gateway="memory", created_at=at)
    wallet.customer_ref = f"account_{number}"
    wallet.keep(f"mth_{number}", f"card_{number}", at)
    stands = world.billing.twin.begin(subscription, wallet, Deadline.after(60, world.monotonic))
    subscription.bind("memory", stands.billing_ref)
    with world.begin("opening") as uow:
        uow.orders.add(order)
        uow.wallets.add(wallet)
        uow.subscriptions.add(subscription)
        item.subscription_id = subscription.id
        uow.commit()


def _paid_order(world: World, kind: str, number: int, wants: tuple[Purchase, ...], at: datetime) -> Order:
    world.opened.add(f"ord_{kind}_{number}")
    items = [
        OrderItem.of(f"itm_{kind}_{number}_{n}", n, what, Money(_PRICES[type(what)], "USD"))
        for n, what in enumerate(wants)
    ]
    order = Order(
        id=f"ord_{kind}_{number}",
        number=f"{kind.upper()}-{number}",
        customer_id=customer_id(number),
        currency="USD",
        registrant=registrant(number),
        items=items,
        created_at=at,
        expires_at=at + timedelta(hours=1),
    )
    payment = order.open_attempt(f"pay_{kind}_{number}", "memory", {}, at, order.expires_at)
    twin = world.gateway.twin
    twin.start(order, payment, Deadline.after(60, world.monotonic))
    twin.pay(payment.id)
    world.gateway.asked[payment.id] = payment.amount
    payment.bind(twin.pages[payment.id].session_ref, twin.pages[payment.id].payment_ref)
    order.record_success(payment, payment.amount, at)
    for item in items:
        order.begin_item(item.id)
        order.fulfil_item(item.id, "from the start")
    return order
