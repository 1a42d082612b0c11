"""Renewals that we offer by ourselves, what is found once a day, and how far a day's round is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import (
    Card,
    Cycle,
    DailyRound,
    DomainName,
    Money,
    Order,
    Registration,
    RegistrationStatus,
    Renewal,
    Subscription,
)
from billing.domain.subscription import SubscriptionStatus
from tests.builders import NOW, a_domain, a_hosting, a_renewal, a_subscription, a_wallet, an_attempt
from tests.contracts.ledger_case import LedgerCase, in_parallel, place
from tests.contracts.ledger_entities import shown

EXACT = datetime(2027, 3, 28, 1, 59, 59, 123457, tzinfo=UTC)
DAY = timedelta(days=1)


def a_holding(order: Order, n: int = 0, expires_at: datetime = EXACT, auto_renew: bool = True) -> Registration:
    return Registration(
        id=f"reg_{n}",
        name=DomainName(f"n{n}.rw"),
        customer_id="cus_1",
        item_id=order.items[n].id,
        handle=None,
        created_at=NOW,
        expires_at=expires_at,
        auto_renew=auto_renew,
    )


def an_offer(order: Order, renewal_id: str = "ren_1", expires_at: datetime = EXACT) -> Renewal:
    return Renewal(id=renewal_id, subject_id="reg_0", expires_at=expires_at, order_id=order.id, created_at=EXACT)


class RenewalCases(LedgerCase):
    """One for each registration and expiry; all that is due is found in pages."""

    @pytest.fixture
    def names(self, ledger: Ledger, customer: str) -> Order:
        """Four names, the first two of which expire at the same moment."""
        order = place(ledger, *(a_domain(f"n{n}.rw") for n in range(4)))
        expiries = [EXACT, EXACT, EXACT + DAY, EXACT + 2 * DAY]

        def hold(uow: UnitOfWork) -> None:
            for n, expires_at in enumerate(expiries):
                uow.registrations.add(a_holding(order, n, expires_at))

        ledger.write("setup", hold)
        return order

    def test_a_renewal_comes_back_with_every_field(self, ledger: Ledger, names: Order) -> None:
        offer = an_offer(names)
        offer.withdraw()
        expected = shown(offer)
        ledger.write("test", lambda uow: uow.renewals.add(offer))
        assert shown(ledger.read(lambda uow: uow.renewals.of("reg_0", EXACT))) == expected
        assert shown(ledger.read(lambda uow: uow.renewals.of_order(names.id))) == expected
        assert ledger.read(lambda uow: uow.renewals.of("reg_0", EXACT + DAY)) is None
        assert ledger.read(lambda uow: uow.renewals.of("reg_1", EXACT)) is None
        assert ledger.read(lambda uow: uow.renewals.of_order("ord_9")) is None

    def test_a_renewal_is_reopened_under_another_order(self, ledger: Ledger, names: Order) -> None:
        other = place(ledger, a_renewal("n0.rw"), order_id="ord_2")
        ledger.write("test", lambda uow: uow.renewals.add(an_offer(names)))

        def reopen(uow: UnitOfWork) -> None:
            found = uow.renewals.of("reg_0", EXACT)
            assert found is not None
            found.reopen(other.id)

        ledger.write("test", reopen)
        assert ledger.read(lambda uow: uow.renewals.of_order(names.id)) is None
        assert ledger.read(lambda uow: uow.renewals.of_order(other.id)) is not None

    def test_a_registration_has_one_renewal_at_an_expiry(self, ledger: Ledger, begin: Begin, names: Order) -> None:
        other = place(ledger, a_renewal("n0.rw"), order_id="ord_2")
        ledger.write("test", lambda uow: uow.renewals.add(an_offer(names)))
        for second in (an_offer(other, "ren_2"), an_offer(names, "ren_2", EXACT + DAY)):
            with begin("test") as uow, pytest.raises(ConcurrentChange):
                uow.renewals.add(second)
                uow.commit()
        ledger.write("test", lambda uow: uow.renewals.add(an_offer(other, "ren_2", EXACT + DAY)))

    def test_names_that_expire_come_in_pages_by_expiry(self, ledger: Ledger, names: Order) -> None:
        def page(until: datetime, after: tuple[datetime, str] | None, limit: int) -> list[str]:
            return [held.id for held in ledger.read(lambda uow: uow.registrations.expiring(until, after, limit))]

        assert page(EXACT - DAY, None, 9) == []
        assert page(EXACT, None, 9) == ["reg_0", "reg_1"]
        assert page(EXACT + 2 * DAY, None, 9) == ["reg_0", "reg_1", "reg_2", "reg_3"]
        assert page(EXACT + 2 * DAY, None, 1) == ["reg_0"]
        assert page(EXACT + 2 * DAY, (EXACT, "reg_0"), 2) == ["reg_1", "reg_2"]
        assert page(EXACT + 2 * DAY, (EXACT + 2 * DAY, "reg_3"), 2) == []

    def test_a_released_name_does_not_expire(self, ledger: Ledger, names: Order) -> None:
        def release(uow: UnitOfWork) -> None:
            held = uow.registrations.lock_name(DomainName("n0.rw"))
            assert held is not None
            held.lose(EXACT, "nobody renewed it")

        ledger.write("test", release)
        found = ledger.read(lambda uow: uow.registrations.expiring(EXACT, None, 9))
        assert [(held.id, held.status) for held in found] == [("reg_1", RegistrationStatus.ACTIVE)]

    def test_a_renewal_is_under_delivery_from_its_payment_to_its_end(self, ledger: Ledger, names: Order) -> None:
        order, name = place(ledger, a_renewal("n0.rw"), order_id="ord_2"), DomainName("n0.rw")

        def is_so() -> bool:
            return ledger.read(lambda uow: uow.registrations.is_being_renewed(name))

        def pay(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            locked.record_success(an_attempt(locked), locked.total, NOW)

        assert not is_so()
        ledger.write("test", pay)
        assert is_so()
        ledger.write("test", lambda uow: uow.orders.lock(order.id).begin_item(order.items[0].id))
        assert is_so()
        ledger.write("test", lambda uow: uow.orders.lock(order.id).fulfil_item(order.items[0].id, "renewed"))
        assert not is_so()
        assert not ledger.read(lambda uow: uow.registrations.is_being_renewed(DomainName("n1.rw")))

    @pytest.mark.parametrize("change", ["none", "off", "released", "nobody"])
    def test_a_customer_has_a_name_that_renews(self, ledger: Ledger, order: Order, change: str) -> None:
        held = a_holding(order, auto_renew=change != "off")
        if change == "released":
            held.release("gone")
        ledger.write("test", lambda uow: uow.registrations.add(held))
        customer = "cus_9" if change == "nobody" else "cus_1"
        assert ledger.read(lambda uow: uow.registrations.renews_for(customer)) is (change == "none")

    @pytest.mark.parametrize("change", ["none", "off", "ended", "cancelled", "nobody"])
    def test_a_customer_has_a_subscription_that_renews(self, ledger: Ledger, customer: str, change: str) -> None:
        order = place(ledger, a_hosting())
        subscription = Subscription(
            id="sub_1",
            customer_id="cus_1",
            item_id=order.items[0].id,
            plan="pro",
            cycle=Cycle.MONTHLY,
            price=Money(499, "USD"),
            domain=None,
            auto_renew=change != "off",
            created_at=NOW,
            status=SubscriptionStatus.ENDED if change == "ended" else SubscriptionStatus.PAST_DUE,
            cancel_at_period_end=change == "cancelled",
        )
        ledger.write("test", lambda uow: uow.subscriptions.add(subscription))
        of = "cus_9" if change == "nobody" else "cus_1"
        assert ledger.read(lambda uow: uow.subscriptions.renews_for(of)) is (change == "none")

    def test_hosting_that_goes_on_by_orders_comes_in_pages_by_the_end_of_its_period(
        self, ledger: Ledger, customer: str
    ) -> None:
        order = place(ledger, *(a_hosting() for _ in range(7)))

        def open_all(uow: UnitOfWork) -> None:
            for n, item in enumerate(order.items):
                hosting = a_subscription(item.id, id=f"sub_{n}", auto_renew=n != 3)
                hosting.current_period_end = EXACT + (n // 2) * DAY
                if n == 4:
                    hosting.gateway = "stripe"
                if n == 5:
                    hosting.cancel_at_period_end = True
                if n == 6:
                    hosting.fall_due(EXACT, "not paid")
                uow.subscriptions.add(hosting)

        ledger.write("setup", open_all)

        def page(until: datetime, after: tuple[datetime, str] | None, limit: int) -> list[str]:
            return [one.id for one in ledger.read(lambda uow: uow.subscriptions.ending(until, after, limit))]

        assert page(EXACT - DAY, None, 9) == []
        assert page(EXACT, None, 9) == ["sub_0", "sub_1"]
        assert page(EXACT + 9 * DAY, None, 9) == ["sub_0", "sub_1", "sub_2"]
        assert page(EXACT + 9 * DAY, None, 1) == ["sub_0"]
        assert page(EXACT + 9 * DAY, (EXACT, "sub_0"), 2) == ["sub_1", "sub_2"]
        assert page(EXACT + 9 * DAY, (EXACT + DAY, "sub_2"), 2) == []

    def test_cards_that_end_with_a_month_come_in_pages(self, ledger: Ledger, customer: str) -> None:
        wallet = a_wallet()
        for n, (month, year) in enumerate([(2, 2027), (2, 2027), (3, 2027), (2, 2028)]):
            card = Card(brand="visa", last4="4242", exp_month=month, exp_year=year)
            wallet.keep(f"mth_{n}", f"pm_{n}", EXACT, card=card)
        wallet.keep("mth_8", "pm_8", EXACT, kind="link")
        wallet.keep("mth_9", "pm_9", EXACT, card=Card(brand="visa", last4="1", exp_month=2, exp_year=2027))
        wallet.drop("mth_x", "pm_9", EXACT)
        ledger.write("test", lambda uow: uow.wallets.add(wallet))

        def page(month: int, after: str, limit: int) -> list[tuple[str, str]]:
            return list(ledger.read(lambda uow: uow.wallets.expiring(2027, month, after, limit)))

        assert page(2, "", 9) == [("mth_0", "wal_1"), ("mth_1", "wal_1")]
        assert page(2, "", 1) == [("mth_0", "wal_1")]
        assert page(2, "mth_0", 9) == [("mth_1", "wal_1")]
        assert page(3, "", 9) == [("mth_2", "wal_1")]
        assert page(4, "", 9) == []

    def test_a_round_is_made_where_there_is_none_and_comes_back_as_it_was_left(self, ledger: Ledger) -> None:
        assert ledger.read(lambda uow: uow.rounds.get("names")) is None

        def take(uow: UnitOfWork) -> DailyRound:
            found = uow.rounds.lock("names")
            assert found.take(date(2027, 3, 28), EXACT, DAY)
            found.reached = "n0.rw"
            return found

        expected = shown(ledger.write("test", take))
        assert shown(ledger.read(lambda uow: uow.rounds.get("names"))) == expected
        assert ledger.read(lambda uow: uow.rounds.get("cards")) is None

    def test_of_several_workers_one_takes_a_step(self, ledger: Ledger) -> None:
        def take(uow: UnitOfWork) -> bool:
            return uow.rounds.lock("names").take(date(2027, 3, 28), EXACT, DAY)

        taken = in_parallel(4, lambda _: ledger.write("test", take))
        assert sorted(map(bool, taken)) == [False, False, False, True]
