"""What customers keep at payment providers: there and back, found by every id of the provider's, one a customer."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import (
    Cycle,
    DomainName,
    Money,
    NotFound,
    Order,
    Registration,
    RegistrationStatus,
    Subscription,
    SubscriptionStatus,
    Wallet,
)
from billing.domain.wallet import Card
from tests.builders import NOW, a_customer, a_wallet
from tests.contracts.ledger_case import LedgerCase, in_parallel
from tests.contracts.ledger_entities import shown

EXACT = datetime(2027, 3, 28, 1, 59, 59, 123457, tzinfo=UTC)
VISA = Card(brand="visa", last4="4242", exp_month=4, exp_year=2029)


class WalletCases(LedgerCase):
    """Accounts, methods, and billing by the provider."""

    def test_a_wallet_comes_back_with_every_field(self, ledger: Ledger, customer: str) -> None:
        wallet = a_wallet(customer_ref="cus_at_stripe")
        wallet.keep("mth_1", "pm_1", EXACT, card=VISA)
        wallet.keep("mth_2", "pm_2", EXACT, kind="link")
        wallet.drop("mth_3", "pm_3", EXACT)
        expected = shown(wallet)
        ledger.write("test", lambda uow: uow.wallets.add(wallet))
        assert shown(ledger.read(lambda uow: uow.wallets.get(wallet.id))) == expected
        assert shown(ledger.read(lambda uow: uow.wallets.of_customer(customer, "stripe"))) == expected
        assert shown(ledger.write("test", lambda uow: uow.wallets.lock(wallet.id))) == expected

    def test_an_empty_wallet_comes_back_empty(self, ledger: Ledger, customer: str) -> None:
        ledger.write("test", lambda uow: uow.wallets.add(a_wallet()))
        read = ledger.read(lambda uow: uow.wallets.get("wal_1"))
        assert (read.customer_ref, read.default_ref, read.methods) == (None, None, [])
        assert ledger.read(lambda uow: uow.wallets.of_customer(customer, "kpay")) is None

    def test_what_is_changed_in_it_is_kept(self, ledger: Ledger, customer: str) -> None:
        ledger.write("test", lambda uow: uow.wallets.add(a_wallet()))

        def change(uow: UnitOfWork) -> None:
            wallet = uow.wallets.lock("wal_1")
            wallet.bind("cus_at_stripe")
            wallet.keep("mth_1", "pm_1", EXACT, card=VISA)

        ledger.write("test", change)
        ledger.write("test", lambda uow: uow.wallets.lock("wal_1").drop("mth_2", "pm_1", EXACT))
        read = ledger.read(lambda uow: uow.wallets.get("wal_1"))
        assert (read.customer_ref, read.default, read.usable) == ("cus_at_stripe", None, [])
        assert [(method.id, method.card, method.detached_at) for method in read.methods] == [("mth_1", VISA, EXACT)]

    def test_it_is_found_by_account_and_by_method(self, ledger: Ledger, customer: str) -> None:
        wallet = a_wallet(customer_ref="cus_at_stripe")
        wallet.keep("mth_1", "pm_1", NOW, card=VISA)
        ledger.write("test", lambda uow: uow.wallets.add(wallet))

        def find(gateway: str, *refs: str) -> str | None:
            return ledger.read(lambda uow: uow.wallets.of_refs(gateway, frozenset(refs)))

        assert find("stripe", "cus_at_stripe") == find("stripe", "pm_1", "pm_2") == "wal_1"
        assert find("kpay", "cus_at_stripe", "pm_1") is find("stripe", "pm_2") is find("stripe") is None

    def test_it_is_found_by_our_own_id_of_a_method_usable_or_not(self, ledger: Ledger, customer: str) -> None:
        wallet = a_wallet()
        wallet.keep("mth_1", "pm_1", NOW, card=VISA)
        wallet.drop("mth_2", "pm_2", NOW)
        ledger.write("test", lambda uow: uow.wallets.add(wallet))
        found = [ledger.read(lambda uow, id=id: uow.wallets.of_method(id)) for id in ("mth_1", "mth_2", "mth_3")]
        assert found == ["wal_1", "wal_1", None]

    def test_a_customer_has_one_at_each_provider(self, ledger: Ledger, customer: str) -> None:
        def open_one(n: int) -> Wallet:
            wallet = a_wallet(f"wal_{n}")
            ledger.write("test", lambda uow: _open_unless_there(uow, wallet))
            return wallet

        def _open_unless_there(uow: UnitOfWork, wallet: Wallet) -> None:
            if uow.wallets.of_customer(wallet.customer_id, wallet.gateway) is None:
                uow.wallets.add(wallet)

        in_parallel(4, open_one)
        held = [n for n in range(4) if _is_there(ledger, f"wal_{n}")]
        assert len(held) == 1

    def test_an_account_belongs_to_one_customer(self, begin: Begin, ledger: Ledger, customer: str) -> None:
        ledger.write("test", lambda uow: uow.customers.add(a_customer("cus_2", "b@example.rw")))
        ledger.write("test", lambda uow: uow.wallets.add(a_wallet(customer_ref="cus_at_stripe")))
        with pytest.raises(ConcurrentChange), begin("test") as uow:
            uow.wallets.add(a_wallet("wal_2", customer_id="cus_2", customer_ref="cus_at_stripe"))
            uow.commit()

    def test_a_subscription_is_found_by_its_billing_and_by_its_item(self, ledger: Ledger, order: Order) -> None:
        subscription = Subscription(
            id="sub_1",
            customer_id="cus_1",
            item_id=order.items[0].id,
            plan="starter",
            cycle=Cycle.MONTHLY,
            price=Money(499, "USD"),
            domain=None,
            auto_renew=True,
            created_at=NOW,
        )
        subscription.bind("stripe", "sub_at_stripe")
        ledger.write("test", lambda uow: uow.subscriptions.add(subscription))

        def find(gateway: str, *refs: str) -> str | None:
            return ledger.read(lambda uow: uow.subscriptions.of_refs(gateway, frozenset(refs)))

        assert find("stripe", "sub_at_stripe", "pi_1") == subscription.id
        assert find("kpay", "sub_at_stripe") is find("stripe", "pi_1") is None
        assert ledger.read(lambda uow: uow.subscriptions.of_item(order.items[0].id)) == subscription.id
        assert ledger.read(lambda uow: uow.subscriptions.of_item("nothing")) is None

    @pytest.mark.parametrize(
        ("changes", "renews"),
        [
            ({}, True),
            ({"auto_renew": False}, False),
            ({"cancel_at_period_end": True}, False),
            ({"status": SubscriptionStatus.SUSPENDED}, True),
            ({"status": SubscriptionStatus.ENDED}, False),
            ({"status": SubscriptionStatus.CANCELLED}, False),
        ],
    )
    def test_who_has_hosting_that_renews_by_itself(
        self, ledger: Ledger, order: Order, changes: dict[str, object], renews: bool
    ) -> None:
        subscription = Subscription(
            id="sub_1",
            customer_id="cus_1",
            item_id=order.items[0].id,
            plan="starter",
            cycle=Cycle.MONTHLY,
            price=Money(499, "USD"),
            domain=None,
            auto_renew=True,
            created_at=NOW,
        )
        subscription.activate(NOW)
        for name, value in changes.items():
            setattr(subscription, name, value)
        ledger.write("test", lambda uow: uow.subscriptions.add(subscription))
        assert ledger.read(lambda uow: uow.subscriptions.renews_for("cus_1")) is renews
        assert not ledger.read(lambda uow: uow.subscriptions.renews_for("cus_2"))

    @pytest.mark.parametrize(
        ("changes", "renews"),
        [({}, True), ({"auto_renew": False}, False), ({"status": RegistrationStatus.RELEASED}, False)],
    )
    def test_who_holds_a_name_that_renews_by_itself(
        self, ledger: Ledger, order: Order, changes: dict[str, object], renews: bool
    ) -> None:
        held = Registration(
            id="reg_1",
            name=DomainName("example.rw"),
            customer_id="cus_1",
            item_id=order.items[0].id,
            handle=None,
            created_at=NOW,
            expires_at=NOW,
            auto_renew=True,
        )
        for name, value in changes.items():
            setattr(held, name, value)
        ledger.write("test", lambda uow: uow.registrations.add(held))
        assert ledger.read(lambda uow: uow.registrations.renews_for("cus_1")) is renews
        assert not ledger.read(lambda uow: uow.registrations.renews_for("cus_2"))

    def test_wallets_are_walked_through_by_their_making(self, ledger: Ledger) -> None:
        for n, minutes in enumerate((0, 2, 2)):
            wallet = a_wallet(f"wal_{n}", f"cus_{n}")
            wallet.created_at = NOW + timedelta(minutes=minutes)
            ledger.write("setup", lambda uow, n=n: uow.customers.add(a_customer(f"cus_{n}")))
            ledger.write("setup", lambda uow, wallet=wallet: uow.wallets.add(wallet))

        def walk(since: int, until: int, after: str = "", limit: int = 9) -> list[str]:
            start, end = NOW + timedelta(minutes=since), NOW + timedelta(minutes=until)
            return [one.id for one in ledger.read(lambda uow: uow.wallets.made(start, end, after, limit))]

        assert walk(0, 9) == ["wal_0", "wal_1", "wal_2"]
        assert walk(1, 2, limit=1) == ["wal_1"]
        assert walk(2, 2, "wal_1") == ["wal_2"]
        assert walk(3, 9) == []


def _is_there(ledger: Ledger, wallet_id: str) -> bool:
    try:
        ledger.read(lambda uow: uow.wallets.get(wallet_id))
    except NotFound:
        return False
    return True
