"""The unit of work: all or nothing, savepoints, and what it leaves in the caller's hands."""

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import Conflict, JobKind, JobRequest, NameHeld, NotFound, Order, OrderStatus, Payment
from tests.builders import NOW, a_customer, a_domain, an_attempt, an_order
from tests.contracts.ledger_case import HandClock, LedgerCase, place


class UnitCases(LedgerCase):
    """One transaction."""

    def test_a_unit_that_does_not_commit_leaves_nothing(self, begin: Begin) -> None:
        with begin("test") as uow:
            uow.customers.add(a_customer())
            uow.jobs.request(JobRequest(JobKind.CHECK_PAYMENT, "pay_1"))
        with begin("reader", reading=True) as uow, pytest.raises(NotFound):
            uow.customers.get("cus_1")
        with begin("reader", reading=True) as uow:
            assert not uow.jobs.of_subjects(["pay_1"])

    def test_a_unit_that_raises_leaves_nothing(self, begin: Begin) -> None:
        with pytest.raises(ZeroDivisionError), begin("test") as uow:
            uow.customers.add(a_customer())
            raise ZeroDivisionError
        with begin("reader", reading=True) as uow, pytest.raises(NotFound):
            uow.customers.get("cus_1")

    def test_what_was_changed_and_committed_is_read_again(self, ledger: Ledger, order: Order) -> None:
        ledger.write("test", lambda uow: uow.orders.lock(order.id).cancel())
        assert ledger.read(lambda uow: uow.orders.get(order.id)).status is OrderStatus.CANCELLED

    def test_a_reading_unit_sees_nothing_that_is_not_committed(self, begin: Begin, order: Order) -> None:
        with begin("writer") as uow:
            uow.customers.add(a_customer("cus_2"))
            uow.orders.lock(order.id).cancel()
            with begin("reader", reading=True) as other:
                assert other.orders.get(order.id).status is OrderStatus.PENDING
                with pytest.raises(NotFound):
                    other.customers.get("cus_2")
            uow.commit()

    def test_entities_stay_readable_when_their_unit_is_over(self, ledger: Ledger, begin: Begin, order: Order) -> None:
        read = ledger.read(lambda uow: uow.orders.get(order.id))
        assert (read.items[0].what, read.total, read.payments) == (order.items[0].what, order.total, [])

        def open_attempt(uow: UnitOfWork) -> tuple[Order, Payment]:
            locked = uow.orders.lock(order.id)
            return locked, an_attempt(locked)

        changed, attempt = ledger.write("test", open_attempt)
        assert changed.payments == [attempt]
        assert attempt.amount == changed.total
        with begin("test") as uow:
            left = uow.orders.lock(order.id)
            left.cancel()
        assert left.status is OrderStatus.CANCELLED

    def test_one_entity_is_one_object_within_a_unit(self, begin: Begin, order: Order) -> None:
        with begin("test") as uow:
            locked = uow.orders.lock(order.id)
            assert uow.orders.get(order.id) is locked
            assert uow.orders.lock(order.id) is locked

    def test_a_lock_keeps_what_the_unit_has_changed_before(self, begin: Begin, order: Order) -> None:
        with begin("test") as uow:
            attempt = an_attempt(uow.orders.lock(order.id))
            assert uow.orders.lock(order.id).payments == [attempt]
            assert uow.orders.of_payment(attempt.id) == order.id

    def test_a_unit_is_repeated_where_another_was_faster(self, ledger: Ledger, begin: Begin, order: Order) -> None:
        tries: list[int] = []

        def overtaken_once(uow: UnitOfWork) -> None:
            tries.append(1)
            if len(tries) == 1:
                raise ConcurrentChange("overtaken")
            uow.orders.lock(order.id).cancel()

        ledger.write("test", overtaken_once)
        assert len(tries) == 2
        assert ledger.read(lambda uow: uow.orders.get(order.id)).status is OrderStatus.CANCELLED

    # ------------------------------------------------------------------ savepoints

    def test_a_name_held_inside_a_savepoint_leaves_the_rest_of_the_unit(self, ledger: Ledger, customer: str) -> None:
        late = place(ledger, a_domain("late.rw"), a_domain("free.rw"), order_id="ord_1")
        ledger.write("expiry", lambda uow: uow.orders.lock(late.id).expire(late.expires_at))
        place(ledger, a_domain("late.rw"), order_id="ord_2")

        def revive(uow: UnitOfWork) -> None:
            order = uow.orders.lock(late.id)
            held, free = order.items
            order.paid_at = NOW
            with pytest.raises(NameHeld) as refused, uow.savepoint():
                order.revive_item(held.id)
            assert refused.value.name == "late.rw"
            assert (held.status, held.why) == ("cancelled", "not paid in time")
            assert (order.status, order.paid_at) == ("expired", NOW)
            with uow.savepoint():
                order.revive_item(free.id)
            order.fail_item(held.id, "held")
            uow.jobs.request(JobRequest(JobKind.REGISTER_DOMAIN, free.id))

        ledger.write("test", revive)
        after = ledger.read(lambda uow: uow.orders.get(late.id))
        assert [item.status for item in after.items] == ["failed", "due"]
        assert after.paid_at == NOW
        assert ledger.read(lambda uow: uow.jobs.of_subjects([after.items[1].id]))

    def test_what_fails_inside_a_savepoint_is_undone(self, ledger: Ledger, begin: Begin, order: Order) -> None:
        with begin("test") as uow:
            locked = uow.orders.lock(order.id)
            first = an_attempt(locked)
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                locked.cancel()
                uow.customers.add(a_customer("cus_2"))
                uow.jobs.request(JobRequest(JobKind.CHECK_PAYMENT, "pay_9"))
                raise ZeroDivisionError
            assert locked.status is OrderStatus.PENDING
            assert locked.payments == [first]
            uow.commit()
        read = ledger.read(lambda uow: uow.orders.get(order.id))
        assert [payment.id for payment in read.payments] == [first.id]
        assert read.status is OrderStatus.PENDING
        assert not ledger.read(lambda uow: uow.jobs.of_subjects(["pay_9"]))
        with pytest.raises(NotFound):
            ledger.read(lambda uow: uow.customers.get("cus_2"))

    def test_what_a_savepoint_undid_stays_readable(self, begin: Begin, order: Order) -> None:
        with begin("test") as uow:
            locked = uow.orders.lock(order.id)
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                locked.cancel()
                raise ZeroDivisionError
            uow.commit()
        assert (locked.status, locked.items[0].status, locked.payments) == ("pending", "unpaid", [])

    def test_a_number_given_twice_is_a_conflict_to_be_repeated(self, begin: Begin, order: Order) -> None:
        twin = an_order(a_domain("other.rw"), order_id="ord_2")
        twin.number = order.number
        with pytest.raises(ConcurrentChange), begin("test") as uow:
            uow.orders.add(twin)
            uow.commit()

    @pytest.mark.parametrize("part", ["item", "payment"])
    def test_an_id_of_a_part_given_twice_is_one_too(
        self, begin: Begin, ledger: Ledger, order: Order, part: str
    ) -> None:
        ledger.write("test", lambda uow: an_attempt(uow.orders.lock(order.id), "pay_1") and None)
        other = an_order(a_domain("other.rw"), order_id="ord_2")
        if part == "item":
            other.items[0].id = order.items[0].id
        else:
            an_attempt(other, "pay_1")
        with pytest.raises(ConcurrentChange), begin("test") as uow:
            uow.orders.add(other)
            uow.commit()

    def test_a_reference_of_the_provider_belongs_to_one_payment(self, ledger: Ledger, order: Order) -> None:
        other = place(ledger, a_domain("other.rw"), order_id="ord_2")
        for order_id in (order.id, other.id):
            ledger.write("test", lambda uow, order_id=order_id: an_attempt(uow.orders.lock(order_id)) and None)

        def bind(uow: UnitOfWork, order_id: str) -> None:
            uow.orders.lock(order_id).payments[0].bind("cs_1", None)

        ledger.write("test", lambda uow: bind(uow, order.id))
        with pytest.raises(ConcurrentChange):
            Ledger(ledger.begin, ledger.queue, ledger.telemetry).write("test", lambda uow: bind(uow, other.id))

    def test_errors_that_are_refusals_come_out_as_they_are(self, ledger: Ledger, order: Order) -> None:
        with pytest.raises(Conflict):
            ledger.write("test", lambda uow: [an_attempt(uow.orders.lock(order.id)) for _ in range(2)])

    # ------------------------------------------------------------------ what belongs to the ledger

    def test_the_ledgers_clock_is_the_one_handed_in(self, begin: Begin, clock: HandClock) -> None:
        with begin("test") as uow:
            assert uow.now() == clock()
            clock.advance(seconds=5)
            assert uow.now() == clock()

    def test_the_installation_has_one_name_for_ever(self, begin: Begin) -> None:
        with begin("reader", reading=True) as uow:
            name = uow.installation()
        with begin("test") as uow:
            assert uow.installation() == name
        assert name.startswith("ins_")
