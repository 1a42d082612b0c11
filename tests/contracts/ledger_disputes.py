"""Disputes lie within their payment, and the order's lock is theirs too."""

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import (
    Cycle,
    Dispute,
    DisputeStatus,
    Money,
    NotFound,
    Order,
    Payment,
    RefundCause,
    Subscription,
)
from tests.builders import NOW, a_domain, a_hosting, an_attempt
from tests.contracts.ledger_case import LedgerCase, in_parallel, place
from tests.contracts.ledger_entities import EXACT, shown
from tests.contracts.ledger_history import told

THREADS = 8
NEEDS_RESPONSE, LOST, WON = DisputeStatus.NEEDS_RESPONSE, DisputeStatus.LOST, DisputeStatus.WON


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def a_dispute(dispute_id: str = "dsp_1", ref: str = "dp_1", minor: int = 500, payment_id: str = "pay_1") -> Dispute:
    """Nothing was moved yet."""
    return Dispute(
        id=dispute_id,
        payment_id=payment_id,
        dispute_ref=ref,
        amount=usd(minor),
        reason="fraudulent",
        created_at=NOW,
        withdrawn=usd(0),
        reinstated=usd(0),
    )


def paid(uow: UnitOfWork, order: Order) -> Payment:
    """The order's payment, to change."""
    return uow.orders.lock(order.id).payments[0]


def open_one(uow: UnitOfWork, order: Order, dispute: Dispute) -> None:
    payment = paid(uow, order)
    payment.disputes.append(dispute)


def disputes(ledger: Ledger, order: Order) -> list[Dispute]:
    return ledger.read(lambda uow: uow.orders.get(order.id)).payments[0].disputes


def move(dispute: Dispute, status: DisputeStatus, withdrawn: int = 500) -> bool:
    return dispute.stand(status, f"{status} at the bank", withdrawn=usd(withdrawn), reinstated=usd(0))


class DisputeCases(LedgerCase):
    """Money that banks take back."""

    @pytest.fixture
    def contested(self, ledger: Ledger, customer: str) -> Order:
        """A paid order of a domain and hosting, 19.99 USD."""
        order = place(ledger, a_domain(), a_hosting())

        def pay(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            locked.record_success(an_attempt(locked, "pay_1"), locked.total, NOW)

        ledger.write("setup", pay)
        return order

    @pytest.mark.parametrize("full", [False, True])
    def test_a_dispute_comes_back_with_every_field(self, ledger: Ledger, contested: Order, full: bool) -> None:
        dispute = a_dispute()
        if full:
            dispute.status, dispute.why = LOST, "verloren"
            dispute.withdrawn, dispute.reinstated = usd(10**12 + 1), usd(3)
            dispute.respond_by, dispute.item_ids = EXACT, [item.id for item in contested.items]
        expected = shown(dispute)
        ledger.write("test", lambda uow: open_one(uow, contested, dispute))
        (read,) = disputes(ledger, contested)
        assert shown(read) == expected

    def test_it_lies_beside_the_refunds_of_its_payment(self, ledger: Ledger, contested: Order) -> None:
        def fill(uow: UnitOfWork) -> None:
            payment = paid(uow, contested)
            for n in range(3):
                payment.open_refund(f"ref_{n}", usd(100), RefundCause.REQUESTED, NOW)
            payment.disputes += [a_dispute(f"dsp_{n}", f"dp_{n}", 100) for n in range(2)]

        ledger.write("test", fill)
        payment = ledger.read(lambda uow: uow.orders.get(contested.id)).payments[0]
        assert [refund.id for refund in payment.refunds] == ["ref_0", "ref_1", "ref_2"]
        assert [dispute.id for dispute in payment.disputes] == ["dsp_0", "dsp_1"]

    def test_its_order_is_found(self, ledger: Ledger, contested: Order) -> None:
        ledger.write("test", lambda uow: open_one(uow, contested, a_dispute()))
        assert ledger.read(lambda uow: uow.orders.of_dispute("dsp_1")) == contested.id
        assert ledger.read(lambda uow: uow.orders.of_dispute("dsp_2")) is None
        with pytest.raises(NotFound):
            ledger.read(lambda uow: uow.orders.get(contested.id)).dispute("dsp_2")

    def test_disputes_are_paged_newest_first_by_status(self, ledger: Ledger, contested: Order) -> None:
        def fill(uow: UnitOfWork) -> None:
            payment = paid(uow, contested)
            payment.disputes += [a_dispute(f"dsp_{n}", f"dp_{n}", 1) for n in range(1, 6)]
            for n, dispute in enumerate(payment.disputes):
                move(dispute, WON if n == 1 else NEEDS_RESPONSE, 0)

        ledger.write("test", fill)

        def page(status: DisputeStatus | None, before: str | None, limit: int) -> list[str]:
            return [dispute.id for dispute in ledger.read(lambda uow: uow.orders.disputes(status, before, limit))]

        assert page(None, None, 2) == ["dsp_5", "dsp_4"]
        assert page(None, "dsp_4", 9) == ["dsp_3", "dsp_2", "dsp_1"]
        assert page(NEEDS_RESPONSE, "dsp_4", 9) == ["dsp_3", "dsp_1"]
        assert page(WON, None, 9) == ["dsp_2"]
        assert page(LOST, None, 9) == []

    def test_the_moves_of_a_dispute_are_told(self, ledger: Ledger, contested: Order) -> None:
        ledger.write("test", lambda uow: open_one(uow, contested, a_dispute()))
        for status in (NEEDS_RESPONSE, NEEDS_RESPONSE, LOST):
            ledger.write("bank", lambda uow, status=status: move(paid(uow, contested).disputes[0], status))
        assert told(ledger, "dsp_1") == [
            ("dispute", None, "unknown"),
            ("dispute", "unknown", "needs_response"),
            ("dispute", "needs_response", "lost"),
        ]

    def test_a_savepoint_puts_disputes_back(self, ledger: Ledger, begin: Begin, contested: Order) -> None:
        ledger.write("test", lambda uow: open_one(uow, contested, a_dispute()))
        with begin("test") as uow:
            payment = paid(uow, contested)
            (first,) = payment.disputes
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                move(first, LOST)
                first.cover(contested.items[0].id)
                payment.disputes.append(a_dispute("dsp_2", "dp_2"))
                raise ZeroDivisionError
            assert (first.status, first.withdrawn, first.item_ids) == (DisputeStatus.UNKNOWN, usd(0), [])
            assert (payment.disputes, payment.left) == ([first], usd(1999))
            uow.commit()
        assert [dispute.id for dispute in disputes(ledger, contested)] == ["dsp_1"]

    def test_one_dispute_at_the_provider_is_one_dispute_of_one_payment(
        self, ledger: Ledger, begin: Begin, contested: Order
    ) -> None:
        other = place(ledger, a_hosting(), order_id="ord_2")

        def pay(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(other.id)
            locked.record_success(an_attempt(locked, "pay_2"), locked.total, NOW)

        ledger.write("setup", pay)
        ledger.write("test", lambda uow: open_one(uow, contested, a_dispute()))
        for order, payment_id in ((contested, "pay_1"), (other, "pay_2")):
            with pytest.raises(ConcurrentChange), begin("test") as uow:
                open_one(uow, order, a_dispute("dsp_2", "dp_1", payment_id=payment_id))
                uow.commit()
        assert [dispute.id for dispute in disputes(ledger, contested)] == ["dsp_1"]

    def test_two_providers_may_call_their_disputes_alike(self, ledger: Ledger, contested: Order) -> None:
        other = place(ledger, a_hosting(), order_id="ord_2")

        def pay(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(other.id)
            locked.record_success(an_attempt(locked, "pay_2", "another"), locked.total, NOW)

        ledger.write("setup", pay)
        ledger.write("test", lambda uow: open_one(uow, contested, a_dispute()))
        ledger.write("test", lambda uow: open_one(uow, other, a_dispute("dsp_2", payment_id="pay_2")))
        found = [
            (dispute.id, dispute.dispute_ref) for order in (contested, other) for dispute in disputes(ledger, order)
        ]
        assert found == [("dsp_1", "dp_1"), ("dsp_2", "dp_1")]

    def test_a_dispute_told_by_many_is_taken_in_once_and_stands_as_far_as_any_of_them_told(
        self, ledger: Ledger, contested: Order
    ) -> None:
        def take(n: int) -> bool:
            def work(uow: UnitOfWork) -> bool:
                payment = paid(uow, contested)
                if not payment.disputes:
                    payment.disputes.append(a_dispute(f"dsp_{n}"))
                return move(payment.disputes[0], LOST if n == 3 else NEEDS_RESPONSE, 100 * n)

            return ledger.write("test", work)

        in_parallel(THREADS, take)
        (found,) = disputes(ledger, contested)
        assert (found.status, found.withdrawn) == (LOST, usd(100 * (THREADS - 1)))

    def test_what_a_subscription_is_suspended_for_comes_back(self, ledger: Ledger, contested: Order) -> None:
        subscription = Subscription(
            id="sub_1",
            customer_id="cus_1",
            item_id=contested.items[1].id,
            plan="starter",
            cycle=Cycle.MONTHLY,
            price=usd(499),
            domain=None,
            auto_renew=False,
            created_at=NOW,
        )
        subscription.activate(NOW)
        ledger.write("test", lambda uow: uow.subscriptions.add(subscription))
        for held in (["dsp_1"], ["dsp_1", "dsp_2"], ["dsp_2"], []):

            def hold(uow: UnitOfWork, held: list[str] = held) -> None:
                uow.subscriptions.lock("sub_1").holds = list(held)

            ledger.write("test", hold)
            assert ledger.read(lambda uow: uow.subscriptions.get("sub_1")).holds == held
