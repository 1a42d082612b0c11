"""How orders are found."""

from datetime import timedelta

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import Money, Order, OrderStatus, RefundCause
from tests.builders import NOW, a_customer, a_domain, a_hosting, an_attempt, an_order
from tests.contracts.ledger_case import LedgerCase


class OrderCases(LedgerCase):
    """Look-ups and pages."""

    def test_an_order_is_found_by_what_belongs_to_it(self, ledger: Ledger, order: Order) -> None:
        def bind(uow: UnitOfWork) -> None:
            attempt = an_attempt(uow.orders.lock(order.id), "pay_1", gateway="stripe")
            attempt.bind("cs_1", "pi_1")

        ledger.write("test", bind)

        def look(uow: UnitOfWork) -> None:
            assert uow.orders.of_item(order.items[0].id) == order.id
            assert uow.orders.of_payment("pay_1") == order.id
            assert uow.orders.of_number(order.number) == order.id
            assert uow.orders.of_number("7K3M") is None
            for refs in ({"cs_1"}, {"pi_1"}, {"ch_9", "pi_1", "cus_9"}):
                assert uow.orders.of_refs("stripe", frozenset(refs)) == "pay_1"
            assert uow.orders.of_refs("kpay", frozenset({"cs_1"})) is None
            assert uow.orders.of_refs("stripe", frozenset({"cs_2"})) is None
            assert uow.orders.of_refs("stripe", frozenset()) is None

        ledger.read(look)

    def test_a_reference_just_learned_is_found_within_the_unit(self, begin: Begin, order: Order) -> None:
        with begin("test") as uow:
            an_attempt(uow.orders.lock(order.id), "pay_1", gateway="stripe").bind("cs_1", None)
            assert uow.orders.of_refs("stripe", frozenset({"cs_1"})) == "pay_1"

    def test_pages_go_from_the_newest_to_the_oldest(self, ledger: Ledger, customer: str) -> None:
        ledger.write("setup", lambda uow: uow.customers.add(a_customer("cus_2")))
        for n in range(7):
            owner = "cus_2" if n == 3 else "cus_1"
            order = an_order(a_domain(f"n{n}.rw"), order_id=f"ord_{n}", customer_id=owner)
            ledger.write("setup", lambda uow, order=order: uow.orders.add(order))
        ledger.write("setup", lambda uow: uow.orders.lock("ord_5").cancel())

        def page(customer_id: str | None, status: OrderStatus | None, before: str | None, limit: int) -> list[str]:
            found = ledger.read(lambda uow: uow.orders.page(customer_id, status, before, limit))
            assert all(order.items for order in found)
            return [order.id for order in found]

        assert page(None, None, None, 3) == ["ord_6", "ord_5", "ord_4"]
        assert page(None, None, "ord_4", 3) == ["ord_3", "ord_2", "ord_1"]
        assert page("cus_2", None, None, 3) == ["ord_3"]
        assert page("cus_1", OrderStatus.PENDING, "ord_6", 3) == ["ord_4", "ord_2", "ord_1"]
        assert page(None, OrderStatus.CANCELLED, None, 3) == ["ord_5"]
        assert page("cus_9", None, None, 3) == []

    def test_overdue_are_the_pending_ones_whose_time_is_over(self, ledger: Ledger, customer: str) -> None:
        for n in range(4):
            order = an_order(a_hosting(), order_id=f"ord_{n}")
            order.expires_at = NOW + timedelta(minutes=n)
            ledger.write("setup", lambda uow, order=order: uow.orders.add(order))
        ledger.write("setup", lambda uow: uow.orders.lock("ord_1").cancel())
        overdue = ledger.read(lambda uow: uow.orders.overdue(NOW + timedelta(minutes=2), 10))
        assert sorted(overdue) == ["ord_0", "ord_2"]
        assert len(ledger.read(lambda uow: uow.orders.overdue(NOW + timedelta(minutes=2), 1))) == 1

    def test_attempts_and_refunds_are_walked_through_by_their_making(self, ledger: Ledger, customer: str) -> None:
        for n, minutes in enumerate((0, 2, 2, 2, 5)):
            made = NOW + timedelta(minutes=minutes)
            order = an_order(a_hosting(), order_id=f"ord_{n}")
            payment = an_attempt(order, f"pay_{n}", at=made)
            order.record_success(payment, order.total, made)
            payment.open_refund(f"ref_{n}", Money(1, "USD"), RefundCause.REQUESTED, made)
            ledger.write("setup", lambda uow, order=order: uow.orders.add(order))

        def walk(since: int, until: int, after: str = "", limit: int = 9) -> list[str]:
            start, end = NOW + timedelta(minutes=since), NOW + timedelta(minutes=until)
            made = ledger.read(lambda uow: uow.orders.attempts_made(start, end, after and f"pay_{after}", limit))
            back = ledger.read(lambda uow: uow.orders.refunds_made(start, end, after and f"ref_{after}", limit))
            assert [one.id[4:] for one in made] == [one.id[4:] for one in back]
            return [one.id[4:] for one in made]

        assert walk(0, 5) == ["0", "1", "2", "3", "4"]
        assert walk(1, 4) == ["1", "2", "3"]
        assert walk(2, 5, limit=2) == ["1", "2"]
        assert walk(2, 5, "2", limit=2) == ["3", "4"]
        assert walk(2, 2, "3") == walk(6, 9) == []
