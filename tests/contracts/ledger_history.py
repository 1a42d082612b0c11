"""Every move is written once, by the unit that made it."""

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.records import Transition
from billing.application.unit_of_work import UnitOfWork
from billing.domain import Cycle, DomainName, Money, Order, OrderStatus, Registration, Subscription
from tests.builders import NOW, a_domain, an_attempt, an_order
from tests.contracts.ledger_case import HandClock, LedgerCase


def told(ledger: Ledger, *entity_ids: str) -> list[tuple[str, str | None, str]]:
    """The history in short."""
    return [(move.entity, move.before, move.after) for move in ledger.read(lambda uow: uow.history.of(entity_ids))]


class HistoryCases(LedgerCase):
    """Transitions."""

    def test_a_move_tells_from_what_to_what_why_by_whom_and_when(
        self, ledger: Ledger, order: Order, clock: HandClock
    ) -> None:
        item = order.items[0].id
        cancelled = clock.advance(minutes=1)
        ledger.write("storefront", lambda uow: uow.orders.lock(order.id).cancel())
        moved = [
            Transition(entity="item", entity_id=item, before=None, after="unpaid", why=None, by="setup", at=NOW),
            Transition(
                entity="item",
                entity_id=item,
                before="unpaid",
                after="cancelled",
                why="cancelled by the customer",
                by="storefront",
                at=cancelled,
            ),
        ]
        assert ledger.read(lambda uow: uow.history.of([item])) == moved
        assert told(ledger, order.id) == [("order", None, "pending"), ("order", "pending", "cancelled")]
        assert told(ledger, "nobody") == []

    def test_moves_are_found_by_who_made_them(self, ledger: Ledger, order: Order) -> None:
        ledger.write("storefront", lambda uow: uow.orders.lock(order.id).cancel())
        found = ledger.read(lambda uow: uow.history.made_by("storefront"))
        assert {(move.entity, move.after) for move in found} == {("order", "cancelled"), ("item", "cancelled")}
        assert ledger.read(lambda uow: uow.history.made_by("store")) == []

    # ------------------------------------------------------------------ before it is history

    def test_a_unit_knows_what_it_has_moved_before_it_is_committed(
        self, begin: Begin, ledger: Ledger, order: Order
    ) -> None:
        with begin("storefront") as uow:
            assert uow.moves() == []
            uow.orders.lock(order.id).cancel()
            so_far = uow.moves()
            assert {(move.entity, move.before, move.after) for move in so_far} == {
                ("order", "pending", "cancelled"),
                ("item", "unpaid", "cancelled"),
            }
            assert uow.moves() == so_far
            uow.commit()
        written = ledger.read(lambda uow: uow.history.made_by("storefront"))
        assert sorted(map(repr, written)) == sorted(map(repr, so_far))

    def test_looking_at_the_moves_keeps_none_of_them(self, begin: Begin, ledger: Ledger, order: Order) -> None:
        assert ledger.rehearse("test", lambda uow: (uow.orders.lock(order.id).cancel(), len(uow.moves()))[1]) == 2
        assert ledger.read(lambda uow: uow.orders.get(order.id)).status is OrderStatus.PENDING
        assert told(ledger, order.id) == [("order", None, "pending")]

    def test_moves_of_a_unit_are_counted_from_where_things_stood_when_it_began(
        self, begin: Begin, order: Order
    ) -> None:
        with begin("test") as uow:
            locked = uow.orders.lock(order.id)
            locked.park_item(locked.items[0].id, "look at this")
            assert [move.after for move in uow.moves()] == ["requires_attention"]
            locked.resume_item(locked.items[0].id)
            assert uow.moves() == []
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                locked.cancel()
                assert len(uow.moves()) == 2
                raise ZeroDivisionError
            assert uow.moves() == []

    def test_several_moves_in_one_unit_are_told_as_one(self, ledger: Ledger, order: Order) -> None:
        def deliver(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            locked.record_success(an_attempt(locked, "pay_1"), locked.total, NOW)
            assert uow.orders.of_payment("pay_1")
            locked.begin_item(locked.items[0].id)
            assert uow.orders.of_item(locked.items[0].id)
            locked.fulfil_item(locked.items[0].id, "registered")

        ledger.write("test", deliver)
        assert told(ledger, order.id)[1:] == [("order", "pending", "completed")]
        assert told(ledger, order.items[0].id)[1:] == [("item", "unpaid", "fulfilled")]
        assert told(ledger, "pay_1") == [("payment", None, "succeeded")]

    def test_what_is_back_where_it_was_is_not_told(self, ledger: Ledger, order: Order) -> None:
        def there_and_back(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            locked.park_item(locked.items[0].id, "look at this")
            assert locked.status is OrderStatus.REQUIRES_ATTENTION
            assert uow.orders.of_item(locked.items[0].id)
            locked.resume_item(locked.items[0].id)

        ledger.write("test", there_and_back)
        assert len(told(ledger, order.id)) == 1

    def test_every_reason_for_a_person_to_look_is_told(self, ledger: Ledger, order: Order) -> None:
        def pay(uow: UnitOfWork, payment_id: str) -> None:
            locked = uow.orders.lock(order.id)
            locked.record_success(locked.payment(payment_id), locked.total, NOW)

        def fail(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            locked.begin_item(locked.items[0].id)
            locked.fail_item(locked.items[0].id, "taken")

        def attempt_twice(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            an_attempt(locked, "pay_1").expire("nobody came")
            an_attempt(locked, "pay_2")

        ledger.write("test", attempt_twice)
        ledger.write("test", lambda uow: pay(uow, "pay_1"))
        ledger.write("test", fail)
        for _ in range(2):
            ledger.write("test", lambda uow: pay(uow, "pay_2"))
        history = ledger.read(lambda uow: uow.history.of([order.id]))
        assert [(move.before, move.after) for move in history[2:]] == [
            ("paid", "requires_attention"),
            ("requires_attention", "requires_attention"),
        ]
        first, second = (move.why or "" for move in history[2:])
        assert ("taken" in first, "surplus" in first) == (True, False)
        assert ("taken" in second, "surplus" in second) == (True, True)
        (surplus,) = ledger.read(lambda uow: uow.history.of(["pay_2"]))[1:]
        assert "surplus" in (surplus.why or "")

    def test_reasons_that_changed_within_one_unit_are_told_as_one(self, ledger: Ledger, order: Order) -> None:
        item = order.items[0].id
        ledger.write("test", lambda uow: uow.orders.lock(order.id).park_item(item, "first"))

        def change_twice(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            for reason in ("second", "third"):
                locked.park_item(item, reason)
                assert uow.orders.of_item(item)

        def there_and_back(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            for reason in ("fourth", "third"):
                locked.resume_item(item)
                assert uow.orders.of_item(item)
                locked.park_item(item, reason)
                assert uow.orders.of_item(item)

        ledger.write("test", change_twice)
        ledger.write("test", there_and_back)
        history = ledger.read(lambda uow: uow.history.of([order.id]))
        assert [(move.why or "").rpartition(": ")[2] for move in history[1:]] == ["first", "third"]

    def test_a_reason_that_asks_nobody_is_not_told(self, ledger: Ledger, order: Order) -> None:
        ledger.write("test", lambda uow: an_attempt(uow.orders.lock(order.id), "pay_1") and None)
        ledger.write("test", lambda uow: uow.orders.lock(order.id).payment("pay_1").note("card declined"))
        assert told(ledger, "pay_1") == [("payment", None, "pending")]

    def test_a_reason_that_a_savepoint_undid_is_not_told(self, ledger: Ledger, begin: Begin, order: Order) -> None:
        item = order.items[0].id
        ledger.write("test", lambda uow: uow.orders.lock(order.id).park_item(item, "first"))
        with begin("test") as uow:
            locked = uow.orders.lock(order.id)
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                locked.park_item(item, "second")
                assert uow.orders.of_item(item)
                raise ZeroDivisionError
            uow.commit()
        assert len(told(ledger, order.id)) == 2

    def test_a_unit_that_does_not_commit_has_no_history(self, ledger: Ledger, begin: Begin, order: Order) -> None:
        with begin("test") as uow:
            uow.orders.lock(order.id).cancel()
            assert uow.orders.of_item(order.items[0].id)
        assert len(told(ledger, order.id, order.items[0].id)) == 2

    def test_what_a_savepoint_undid_is_not_told(self, ledger: Ledger, begin: Begin, order: Order) -> None:
        with begin("test") as uow:
            locked = uow.orders.lock(order.id)
            try:
                with uow.savepoint():
                    locked.cancel()
                    assert uow.orders.of_item(order.items[0].id)
                    raise ZeroDivisionError
            except ZeroDivisionError:
                uow.commit()
        assert len(told(ledger, order.id, order.items[0].id)) == 2

    def test_what_a_savepoint_never_made_is_not_told(self, ledger: Ledger, begin: Begin, order: Order) -> None:
        with begin("test") as uow:
            try:
                with uow.savepoint():
                    uow.orders.add(an_order(a_domain("other.rw"), order_id="ord_2"))
                    an_attempt(uow.orders.lock(order.id), "pay_1")
                    raise ZeroDivisionError
            except ZeroDivisionError:
                uow.commit()
        assert told(ledger, "ord_2", "pay_1") == []

    def test_holdings_have_a_history_too(self, ledger: Ledger, order: Order) -> None:
        item = order.items[0].id

        def hold(uow: UnitOfWork) -> None:
            subscription = Subscription(
                id="sub_1",
                customer_id="cus_1",
                item_id=item,
                plan="pro",
                cycle=Cycle.MONTHLY,
                price=Money(1, "USD"),
                domain=None,
                auto_renew=False,
                created_at=NOW,
            )
            subscription.activate(NOW)
            uow.subscriptions.add(subscription)
            uow.registrations.add(
                Registration(
                    id="reg_1",
                    name=DomainName("a.rw"),
                    customer_id="cus_1",
                    item_id=item,
                    handle=None,
                    created_at=NOW,
                    expires_at=NOW,
                )
            )

        ledger.write("test", hold)

        def release(uow: UnitOfWork) -> None:
            held = uow.registrations.lock_name(DomainName("a.rw"))
            assert held is not None
            held.release("gone")

        ledger.write("test", release)
        assert told(ledger, "sub_1") == [("subscription", None, "active")]
        assert told(ledger, "reg_1") == [("registration", None, "active"), ("registration", "active", "released")]
