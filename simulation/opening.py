"""What there is before anybody acts: a price list, customers, and a name and a subscription of each."""

import tomllib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

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
)
from billing.entrypoints import demo
from simulation.cards import open_wallet
from simulation.scenario import held_name, held_subscription
from simulation.wild_registrar import Effect
from simulation.world import World

_YEAR = timedelta(days=365)
_PRICES = (1500, 499)


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


def _customer(number: int, at: datetime) -> Customer:
    person = registrant(number)
    return Customer.open(id=customer_id(number), name=person.name, email=person.email, created_at=at)


def _give_holdings(world: World, number: int, at: datetime) -> None:
    order = _paid_order(world, number, at)
    world.opened.add(order.id)
    name, hosting = order.items
    what = DomainRegistration(domain=held_name(number))
    time_enough = Deadline.after(60, world.monotonic)
    keeper = world.scenario.keeper_of(number)
    if keeper is not None:
        world.registrar.backdated = at + timedelta(milliseconds=keeper.expires_in_ms) - _YEAR
    info = world.registrar.twin.register(what.domain, 1, registrant(number), (), str(name.handle), time_enough)
    world.registrar.backdated = None
    wallet = open_wallet(world, keeper, order.customer_id) if keeper else None
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
                auto_renew=keeper is not None,
            )
        )
        if wallet is not None:
            uow.wallets.add(wallet)
        uow.commit()


def _paid_order(world: World, number: int, at: datetime) -> Order:
    wants: tuple[Purchase, ...] = (
        DomainRegistration(domain=held_name(number)),
        Hosting(plan="starter", cycle=Cycle.MONTHLY),
    )
    items = [
        OrderItem.of(f"itm_open_{number}_{n}", n, what, Money(price, "USD"))
        for n, (what, price) in enumerate(zip(wants, _PRICES, strict=True))
    ]
    order = Order(
        id=f"ord_open_{number}",
        number=f"OPEN-{number}",
        customer_id=customer_id(number),
        currency="USD",
        registrant=registrant(number),
        items=items,
        created_at=at,
        expires_at=at + timedelta(hours=1),
    )
    payment = order.open_attempt(f"pay_open_{number}", "memory", {}, at, order.expires_at)
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
