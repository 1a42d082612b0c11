"""A shop whose provider bills hosting by itself, and what befalls it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from billing.adapters.memory.desk import BillingDesk
from billing.application.unit_of_work import UnitOfWork
from billing.domain import Catalogue, Cycle, InboxEvent, Invoice, JobKind, Order, Subscription, Wallet
from tests.builders import NOW, a_catalogue, a_domain, a_hosting
from tests.twins import BY, Twins

GRACE = timedelta(days=7)
END = timedelta(days=30)


def hosted(shop: Twins, cycle: Cycle = Cycle.MONTHLY) -> Subscription:
    """Hosting bought alone, on a page that begins its billing."""
    order = shop.order(a_hosting(cycle=cycle, auto_renew=True))
    payment = shop.container.start_payment()(order.id, "memory", {"customer_ref": "account_1"}, BY)
    shop.hear(shop.pay(payment))
    shop.work()
    return of_order(shop, shop.read(order))


def hosted_with_a_name(shop: Twins, cycle: Cycle = Cycle.MONTHLY) -> Subscription:
    """Hosting bought together with a name: paid once, and the card is kept."""
    keep_a_card(shop)
    order = shop.buy(a_domain("example.rw"), a_hosting(cycle=cycle, auto_renew=True))
    return of_order(shop, order)


def hosted_by_orders(shop: Twins) -> Subscription:
    """Hosting that no provider bills."""
    return of_order(shop, shop.buy(a_hosting()))


def keep_a_card(shop: Twins) -> None:
    """As it was saved when the customer paid."""

    def keep(uow: UnitOfWork) -> None:
        wallet = uow.wallets.of_customer("cus_1", "memory")
        if wallet is None:
            wallet = Wallet(id="wal_1", customer_id="cus_1", gateway="memory", created_at=NOW, customer_ref="account_1")
            uow.wallets.add(wallet)
        wallet.keep("mth_1", "card_1", NOW)

    shop.ledger.write(BY, keep)


def of_order(shop: Twins, order: Order) -> Subscription:
    """What its hosting opened."""
    (opened,) = [item.subscription_id for item in order.items if item.opens_subscription]
    assert opened is not None
    return shop.ledger.read(lambda uow: uow.subscriptions.get(opened))


def sell_pro_for(shop: Twins, minor: int) -> None:
    """Another price list."""
    document = a_catalogue().to_document()
    document["plans"]["pro"]["monthly"] = {"USD": minor, "RWF": minor}
    shop.ledger.write(BY, lambda uow: uow.catalogues.add(Catalogue.from_document(document)))


def now_of(shop: Twins, subscription: Subscription) -> Subscription:
    """As it is now."""
    return shop.ledger.read(lambda uow: uow.subscriptions.get(subscription.id))


def desk(shop: Twins) -> BillingDesk:
    """Where time, banks and people are played."""
    return shop.billing.desk


def ref(subscription: Subscription) -> str:
    """The provider's id of its billing."""
    assert subscription.billing_ref is not None
    return subscription.billing_ref


def pass_until(shop: Twins, moment: datetime | None) -> None:
    """Both clocks move there."""
    assert moment is not None
    shop.pass_time(moment - shop.now)


def next_period(shop: Twins, subscription: Subscription) -> list[bytes]:
    """The paid period is over; what the provider tells, which nobody has heard."""
    pass_until(shop, now_of(shop, subscription).current_period_end)
    return desk(shop).catch_up()


def hear(shop: Twins, told: Sequence[bytes]) -> None:
    """All of it comes in, one after the other, and the workers do what follows."""
    for body in told:
        shop.hear(body)
        shop.work()


def renew(shop: Twins, subscription: Subscription) -> Subscription:
    """A period passes and the provider tells of it."""
    hear(shop, next_period(shop, subscription))
    return now_of(shop, subscription)


def renewals(shop: Twins) -> list[Order]:
    """Orders that providers collected for, oldest first."""
    orders = shop.ledger.read(lambda uow: uow.orders.page(None, None, None, 1000))
    return [order for order in orders if order.items[0].what.kind == "subscription_renewal"][::-1]


def invoices(shop: Twins, subscription: Subscription) -> Sequence[Invoice]:
    """Every one in the ledger."""

    def look(uow: UnitOfWork) -> Sequence[Invoice]:
        return uow.invoices.of_subscription(subscription.id)

    return shop.ledger.read(look)


def events(shop: Twins) -> Sequence[InboxEvent]:
    """What providers have told, newest first."""
    return shop.ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 1000))


def ends_of(shop: Twins, subscription: Subscription, periods: int) -> list[str]:
    """When its next periods end, each renewed by the provider."""
    return [f"{renew(shop, subscription).current_period_end:%d %b}" for _ in range(periods)]


def let_days_pass(shop: Twins, days: int) -> None:
    """Day by day, with what a worker does by itself."""
    for _ in range(days):
        shop.pass_time(timedelta(days=1))
        shop.sweep_and_work()


def done(shop: Twins, kind: JobKind) -> list[str]:
    """Subjects of the jobs of a kind, oldest first."""
    return [job.subject for job in shop.jobs(kind)]
