"""Workers that see to the same names at once, customers that order and switch meanwhile: one renewal, one mail each."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from time import monotonic

import pytest

from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.sql.engine import make_engine
from billing.application.deliveries.registrars import RegistrarRoutes
from billing.application.expiry.charging import ChargeOrder
from billing.application.expiry.expiring_names import LookAfterName, LookAfterNames
from billing.application.expiry.hosting_renewals import LookAfterHosting, LookAfterPeriod, OfferPeriod, OrderPeriod
from billing.application.expiry.renewal_notices import RenewalNotices
from billing.application.expiry.renewals import OfferRenewal, SetAutoRenew
from billing.application.ledger import Ledger
from billing.application.shop.checkout import CheckoutLimits, PlaceOrder
from billing.application.telling.notifications import Notices, Postbox
from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    Card,
    DomainName,
    JobKind,
    MailKind,
    Order,
    OrderStatus,
    Registration,
    RenewalPolicy,
)
from tests.builders import (
    NOW,
    a_catalogue,
    a_customer,
    a_domain,
    a_hosting,
    a_renewal,
    a_subscription,
    a_wallet,
    an_order,
)
from tests.contracts.ledger_case import in_parallel
from tests.integration.sql_ledgers import a_ledger

WORKERS, NAMES = 4, 6
EXPIRY = NOW + timedelta(days=20)
VISA = Card(brand="visa", last4="4242", exp_month=4, exp_year=2029)


class Desk:
    """Everything that makes or takes back a renewal, on one ledger."""

    def __init__(self, ledger: Ledger, ids: Callable[[str], str]) -> None:
        self.ledger = ledger
        post, clock = Postbox(ids, "shop.example"), lambda: NOW
        offer = OfferRenewal(ids, lambda: ids("N"))
        charge = ChargeOrder(RenewalPolicy(), ["stripe"], timedelta(hours=23), ids)
        look = LookAfterName(RenewalPolicy(), offer, charge, RenewalNotices(post, None))
        self.round = LookAfterNames(ledger, look, 100, ledger.telemetry, clock)
        self.switch = SetAutoRenew(ledger, offer, clock)
        self.place = PlaceOrder(
            ledger,
            RegistrarRoutes({}),
            CheckoutLimits(items_max=9, cycles_max=9, order_expiry=timedelta(days=1), call_deadline_seconds=9),
            Notices(post),
            clock,
            ids,
            lambda: ids("N"),
            monotonic,
        )

        offer_period = OfferPeriod(ids, lambda: ids("N"), timedelta(days=30))
        self.order_period = OrderPeriod(ledger, offer_period, clock)
        look_after_period = LookAfterPeriod(RenewalPolicy(), offer_period, RenewalNotices(post, None))
        self.hosting_round = LookAfterHosting(ledger, look_after_period, 100, ledger.telemetry, clock)

    def orders(self, kind: str = "domain_renewal") -> list[Order]:
        found = self.ledger.read(lambda uow: uow.orders.page(None, None, None, 1000))
        return [order for order in found if order.items[0].what.kind == kind]

    def mails(self) -> list[MailKind]:
        return [mail.kind for mail in self.ledger.read(lambda uow: uow.mails.page(None, None, 1000))]


@pytest.fixture
def desk(ledger_url: str) -> Iterator[Desk]:
    engine, numbers = make_engine(ledger_url), count(1)
    ledger = Ledger(a_ledger(engine), MemoryQueue(), MemoryTelemetry(), tries_max=500)
    bought = an_order(*(a_domain(f"n{n}.rw") for n in range(NAMES)))

    def fill(uow: UnitOfWork) -> None:
        uow.customers.add(a_customer())
        uow.catalogues.add(a_catalogue())
        uow.orders.add(bought)
        for n, item in enumerate(bought.items):
            uow.registrations.add(
                Registration(
                    id=f"reg_{n}",
                    name=DomainName(f"n{n}.rw"),
                    customer_id="cus_1",
                    item_id=item.id,
                    handle=None,
                    created_at=NOW,
                    expires_at=EXPIRY,
                    auto_renew=True,
                )
            )

    ledger.write("setup", fill)
    yield Desk(ledger, lambda prefix: f"{prefix}_x{next(numbers):06d}")
    engine.dispose()


def a_card(desk: Desk) -> None:
    wallet = a_wallet(customer_ref="cus_there")
    wallet.keep("mth_1", "pm_1", NOW, card=VISA)
    desk.ledger.write("setup", lambda uow: uow.wallets.add(wallet))


def test_workers_that_make_the_same_round_make_each_order_and_mail_once(desk: Desk) -> None:
    ended = in_parallel(WORKERS, lambda _: desk.round(None))
    assert ended == [None] * WORKERS
    assert sorted(str(order.items[0].domain) for order in desk.orders()) == [f"n{n}.rw" for n in range(NAMES)]
    assert desk.mails() == [MailKind.RENEWAL_DUE] * NAMES


def test_workers_that_make_the_same_round_charge_each_order_once(desk: Desk) -> None:
    a_card(desk)
    in_parallel(WORKERS, lambda _: desk.round(None))
    assert [len(order.payments) for order in desk.orders()] == [1] * NAMES
    checks = desk.ledger.read(lambda uow: uow.jobs.page(None, JobKind.CHECK_PAYMENT, None, 100))
    assert len(checks) == NAMES
    assert desk.mails() == []


def test_whoever_comes_first_a_name_has_one_live_renewal(desk: Desk) -> None:
    """A worker, a customer who orders, and one who switches, all at once and again."""

    def act(n: int) -> object:
        what = (
            lambda: desk.round(None),
            lambda: desk.place("cus_1", "USD", None, [a_renewal("n0.rw"), a_renewal("n1.rw")], "a test"),
            lambda: desk.place("cus_1", "USD", None, [a_renewal("n1.rw"), a_renewal("n0.rw")], "a test"),
            lambda: desk.switch(DomainName("n0.rw"), n % 2 == 0, "a test"),
        )[n % 4]
        return [what() for _ in range(2)]

    in_parallel(8, act)
    desk.switch(DomainName("n0.rw"), True, "a test")
    desk.round(None)
    live = [order for order in desk.orders() if order.status is OrderStatus.PENDING]
    names = sorted(str(item.domain) for order in live for item in order.items)
    assert names == [f"n{n}.rw" for n in range(NAMES)]


def test_two_tabs_and_every_worker_make_one_order_of_the_next_period(desk: Desk) -> None:
    """The customer asks for it on our page as often as the round of the day comes by."""
    bought = an_order(a_hosting(), order_id="ord_h")
    hosting = a_subscription(bought.items[0].id)
    hosting.current_period_end = NOW + timedelta(days=7)

    def open_it(uow: UnitOfWork) -> None:
        uow.orders.add(bought)
        uow.subscriptions.add(hosting)

    desk.ledger.write("setup", open_it)

    def act(n: int) -> object:
        return desk.order_period("sub_1", "a test") if n % 2 else desk.hosting_round(None)

    in_parallel(WORKERS, act)
    (order,) = desk.orders("subscription_renewal")
    assert order.status is OrderStatus.PENDING
    assert desk.mails() == [MailKind.HOSTING_DUE]
