"""Refunds lie within their payment, and the order's lock is theirs too."""

from collections.abc import Sequence

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import Money, NotFound, Order, Payment, Refund, RefundCause, RefundStatus, RefundTooLarge
from tests.builders import NOW, a_domain, a_hosting, an_attempt
from tests.contracts.ledger_case import LedgerCase, in_parallel, place
from tests.contracts.ledger_entities import EXACT, shown
from tests.contracts.ledger_history import told

THREADS = 8


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def paid(uow: UnitOfWork, order: Order) -> Payment:
    """The order's payment, to change."""
    return uow.orders.lock(order.id).payments[0]


def refunds(ledger: Ledger, order: Order) -> list[Refund]:
    return ledger.read(lambda uow: uow.orders.get(order.id)).payments[0].refunds


def open_refund(payment: Payment, refund_id: str, minor: int, items: Sequence[str] = ()) -> Refund:
    return payment.open_refund(refund_id, usd(minor), RefundCause.REQUESTED, NOW, item_ids=items)


class RefundCases(LedgerCase):
    """Money on its way back."""

    @pytest.fixture
    def bought(self, ledger: Ledger, customer: str) -> Order:
        """A paid order of a domain and hosting, 19.99 USD."""
        order = place(ledger, a_domain(), a_hosting())

        def pay(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            locked.record_success(an_attempt(locked, "pay_1"), locked.total, NOW)

        ledger.write("setup", pay)
        return order

    @pytest.mark.parametrize("full", [False, True])
    def test_a_refund_comes_back_with_every_field(self, ledger: Ledger, bought: Order, full: bool) -> None:
        refund = Refund(
            id="ref_1",
            payment_id="pay_1",
            amount=usd(1500),
            cause=RefundCause.PROVIDER if full else RefundCause.UNDELIVERED,
            created_at=EXACT,
            reason="zurück" if full else "",
            item_ids=[item.id for item in bought.items] if full else [],
            status=RefundStatus.FAILED if full else RefundStatus.PENDING,
            why="account closed" if full else None,
            attention="look" if full else None,
            refund_ref="re_1" if full else None,
            try_no=3 if full else 1,
        )
        expected = shown(refund)

        def store(uow: UnitOfWork) -> None:
            payment = paid(uow, bought)
            payment.refunds.append(refund)

        ledger.write("test", store)
        (read,) = refunds(ledger, bought)
        assert shown(read) == expected

    @pytest.mark.parametrize("currency", ["JPY", "RWF", "KWD"])
    def test_a_sum_comes_back_in_its_own_minor_units(self, ledger: Ledger, bought: Order, currency: str) -> None:
        def pay_back(uow: UnitOfWork) -> None:
            payment = paid(uow, bought)
            payment.received = Money(10**12 + 1, currency)
            payment.open_refund("ref_1", payment.left, RefundCause.REQUESTED, NOW)

        ledger.write("test", pay_back)
        assert [refund.amount for refund in refunds(ledger, bought)] == [Money(10**12 + 1, currency)]

    def test_refunds_keep_their_order(self, ledger: Ledger, bought: Order) -> None:
        for n in range(1, 10):
            ledger.write("test", lambda uow, n=n: open_refund(paid(uow, bought), f"ref_{n}", n) and None)
        assert [refund.amount.minor for refund in refunds(ledger, bought)] == list(range(1, 10))

    def test_an_order_is_found_by_its_refund_also_within_the_unit(self, ledger: Ledger, bought: Order) -> None:
        def pay_back(uow: UnitOfWork) -> None:
            open_refund(paid(uow, bought), "ref_1", 100)
            assert uow.orders.of_refund("ref_1") == bought.id

        ledger.write("test", pay_back)
        assert ledger.read(lambda uow: uow.orders.of_refund("ref_1")) == bought.id
        assert ledger.read(lambda uow: uow.orders.of_refund("pay_1")) is None
        payment, refund = ledger.read(lambda uow: uow.orders.get(bought.id)).refund("ref_1")
        assert (payment.id, refund.amount) == ("pay_1", usd(100))
        with pytest.raises(NotFound):
            bought.refund("ref_1")

    def test_refunds_of_all_payments_are_listed_from_the_newest(self, ledger: Ledger, bought: Order) -> None:
        for n in range(1, 6):
            ledger.write("test", lambda uow, n=n: open_refund(paid(uow, bought), f"ref_{n}", n) and None)
        ledger.write("test", lambda uow: paid(uow, bought).refunds[1].succeed("paid back") and None)

        def page(status: RefundStatus | None, before: str | None, limit: int) -> list[str]:
            return [refund.id for refund in ledger.read(lambda uow: uow.orders.refunds(status, before, limit))]

        assert page(None, None, 2) == ["ref_5", "ref_4"]
        assert page(None, "ref_4", 9) == ["ref_3", "ref_2", "ref_1"]
        assert page(RefundStatus.PENDING, "ref_4", 9) == ["ref_3", "ref_1"]
        assert page(RefundStatus.SUCCEEDED, None, 9) == ["ref_2"]
        assert page(RefundStatus.FAILED, None, 9) == []

    def test_what_a_refund_covers_later_is_kept(self, ledger: Ledger, bought: Order) -> None:
        first, second = (item.id for item in bought.items)
        ledger.write("test", lambda uow: open_refund(paid(uow, bought), "ref_1", 1999, [first]) and None)
        ledger.write("test", lambda uow: paid(uow, bought).refunds[0].cover(second))
        assert refunds(ledger, bought)[0].item_ids == [first, second]

    def test_the_moves_of_a_refund_are_told(self, ledger: Ledger, bought: Order) -> None:
        ledger.write("test", lambda uow: open_refund(paid(uow, bought), "ref_1", 100) and None)
        for _ in range(2):
            ledger.write("provider", lambda uow: paid(uow, bought).refunds[0].succeed("paid back") and None)
        ledger.write("bank", lambda uow: paid(uow, bought).refunds[0].fail("returned") and None)
        assert told(ledger, "ref_1") == [
            ("refund", None, "pending"),
            ("refund", "pending", "succeeded"),
            ("refund", "succeeded", "failed"),
        ]
        last = ledger.read(lambda uow: uow.history.of(["ref_1"]))[-1]
        assert (last.why, last.by) == ("returned", "bank")

    def test_a_savepoint_puts_refunds_back(self, ledger: Ledger, begin: Begin, bought: Order) -> None:
        ledger.write("test", lambda uow: open_refund(paid(uow, bought), "ref_1", 100, [bought.items[0].id]) and None)
        with begin("test") as uow:
            payment = paid(uow, bought)
            (first,) = payment.refunds
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                first.succeed("paid back")
                first.cover(bought.items[1].id)
                open_refund(payment, "ref_2", 200)
                assert uow.orders.of_refund("ref_2")
                raise ZeroDivisionError
            assert (first.status, first.item_ids) == (RefundStatus.PENDING, [bought.items[0].id])
            assert (payment.refunds, payment.left) == ([first], usd(1899))
            open_refund(payment, "ref_3", 300)
            uow.commit()
        assert [refund.id for refund in refunds(ledger, bought)] == ["ref_1", "ref_3"]
        assert told(ledger, "ref_1", "ref_2") == [("refund", None, "pending")]

    def test_one_refund_at_the_provider_is_one_refund_of_its_payment(
        self, ledger: Ledger, begin: Begin, bought: Order
    ) -> None:
        def adopt(uow: UnitOfWork, refund_id: str) -> None:
            open_refund(paid(uow, bought), refund_id, 100).bind("re_1")

        ledger.write("test", lambda uow: adopt(uow, "ref_1"))
        with pytest.raises(ConcurrentChange), begin("test") as uow:
            adopt(uow, "ref_2")
            uow.commit()
        ledger.write("test", lambda uow: open_refund(paid(uow, bought), "ref_3", 100) and None)
        ledger.write("test", lambda uow: open_refund(paid(uow, bought), "ref_4", 100) and None)
        assert [refund.id for refund in refunds(ledger, bought)] == ["ref_1", "ref_3", "ref_4"]

    def test_many_who_ask_together_get_no_more_than_was_paid(self, ledger: Ledger, bought: Order) -> None:
        def ask(n: int) -> str:
            return ledger.write("test", lambda uow: open_refund(paid(uow, bought), f"ref_{n}", 500).id)

        outcomes = in_parallel(THREADS, ask)
        assert sum(isinstance(outcome, str) for outcome in outcomes) == 3
        assert sum(isinstance(outcome, RefundTooLarge) for outcome in outcomes) == THREADS - 3
        assert sum(refund.amount.minor for refund in refunds(ledger, bought)) == 1500

    def test_two_refunds_of_one_payment_that_move_together_both_move(self, ledger: Ledger, bought: Order) -> None:
        for n in range(THREADS):
            ledger.write("test", lambda uow, n=n: open_refund(paid(uow, bought), f"ref_{n}", 100) and None)

        def decide(n: int) -> bool:
            def move(uow: UnitOfWork) -> bool:
                refund = paid(uow, bought).refunds[n]
                return refund.succeed("paid back") if n % 2 else refund.fail("refused")

            return ledger.write("test", move)

        assert in_parallel(THREADS, decide) == [True] * THREADS
        assert [refund.status for refund in refunds(ledger, bought)] == [
            RefundStatus.FAILED,
            RefundStatus.SUCCEEDED,
        ] * (THREADS // 2)
        assert ledger.read(lambda uow: uow.orders.get(bought.id)).payments[0].left == usd(1999 - 400)

    def test_a_refund_told_by_many_is_adopted_once(self, ledger: Ledger, bought: Order) -> None:
        def adopt(n: int) -> bool:
            def take(uow: UnitOfWork) -> bool:
                payment = paid(uow, bought)
                if any(refund.refund_ref == "re_1" for refund in payment.refunds):
                    return False
                open_refund(payment, f"ref_{n}", 100).bind("re_1")
                return True

            return ledger.write("test", take)

        assert sorted(in_parallel(THREADS, adopt), key=str) == [*[False] * (THREADS - 1), True]
        assert len(refunds(ledger, bought)) == 1
