"""A name has one live purchase, one unpaid renewal, one active registration."""

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import (
    DomainName,
    ItemStatus,
    NameHeld,
    Order,
    OrderStatus,
    Registration,
    RegistrationStatus,
    RenewalOpen,
)
from tests.builders import NOW, a_domain, a_renewal, an_attempt, an_order
from tests.contracts.ledger_case import LedgerCase, place
from tests.contracts.ledger_entities import EXACT


class NameCases(LedgerCase):
    """Who holds a name."""

    def test_a_name_held_by_another_order_is_refused_at_once(self, ledger: Ledger, begin: Begin, order: Order) -> None:
        with begin("test") as uow, pytest.raises(NameHeld) as refused:
            uow.orders.add(an_order(a_domain("free.rw"), a_domain("example.rw"), order_id="ord_2"))
        assert refused.value.name == "example.rw"

    def test_a_name_is_bought_once_within_an_order(self, begin: Begin, customer: str) -> None:
        with begin("test") as uow, pytest.raises(NameHeld) as refused:
            uow.orders.add(an_order(a_domain("free.rw"), a_domain("twice.rw"), a_domain("twice.rw")))
        assert refused.value.name == "twice.rw"

    def test_a_name_has_one_active_registration(self, ledger: Ledger, begin: Begin, customer: str) -> None:
        order = place(ledger, a_domain("a.rw"), a_domain("b.rw"), a_renewal("c.rw"))
        name = DomainName("x.rw")

        def holding(n: int) -> Registration:
            item = order.items[n]
            return Registration(
                id=f"reg_{n}",
                name=name,
                customer_id=customer,
                item_id=item.id,
                handle=item.handle,
                created_at=NOW,
                expires_at=EXACT,
            )

        ledger.write("test", lambda uow: uow.registrations.add(holding(0)))
        with begin("test") as uow, pytest.raises(NameHeld) as refused:
            uow.registrations.add(holding(1))
        assert refused.value.name == "x.rw"

        def succeed(uow: UnitOfWork) -> None:
            former = uow.registrations.lock_name(name)
            assert former is not None
            former.release("registered anew")
            uow.registrations.add(holding(1))

        ledger.write("test", succeed)
        found = ledger.read(lambda uow: uow.registrations.of_name(name))
        assert found is not None
        assert (found.id, found.status) == ("reg_1", RegistrationStatus.ACTIVE)

    def test_an_item_has_one_registration_and_one_handle_of_its_own(
        self, ledger: Ledger, begin: Begin, customer: str
    ) -> None:
        order = place(ledger, a_domain("a.rw"), a_domain("b.rw"))
        with pytest.raises(ConcurrentChange), begin("test") as uow:
            for item in uow.orders.lock(order.id).items:
                item.handle = "B000000000000001"
            uow.commit()

        def register(uow: UnitOfWork, n: int) -> None:
            name, item_id = DomainName(f"{n}.rw"), order.items[0].id
            dates = {"created_at": NOW, "expires_at": EXACT}
            uow.registrations.add(
                Registration(id=f"reg_{n}", name=name, customer_id=customer, item_id=item_id, handle=None, **dates)
            )

        ledger.write("test", lambda uow: register(uow, 1))
        with pytest.raises(ConcurrentChange), begin("test") as uow:
            register(uow, 2)
            uow.commit()

    def test_an_item_that_no_longer_claims_its_name_frees_it(self, ledger: Ledger, order: Order) -> None:
        ledger.write("test", lambda uow: uow.orders.lock(order.id).cancel())
        again = place(ledger, order_id="ord_2")
        assert (again.items[0].status, again.status) == (ItemStatus.UNPAID, OrderStatus.PENDING)

    def test_a_name_has_one_unpaid_renewal(self, ledger: Ledger, begin: Begin, customer: str) -> None:
        name = DomainName("example.com")
        assert not ledger.read(lambda uow: uow.registrations.has_unpaid_renewal(name))
        first = place(ledger, a_renewal("example.com"))
        assert ledger.read(lambda uow: uow.registrations.has_unpaid_renewal(name))
        with begin("test") as uow, pytest.raises(RenewalOpen) as refused:
            uow.orders.add(an_order(a_domain("example.com"), a_renewal("example.com"), order_id="ord_2"))
            uow.commit()
        assert refused.value.name == "example.com"

        def pay(uow: UnitOfWork) -> None:
            order = uow.orders.lock(first.id)
            order.record_success(an_attempt(order), order.total, NOW)

        ledger.write("test", pay)
        assert not ledger.read(lambda uow: uow.registrations.has_unpaid_renewal(name))
        place(ledger, a_renewal("example.com"), order_id="ord_2")

    def test_a_name_can_be_renewed_while_a_registration_of_it_is_live(self, ledger: Ledger, order: Order) -> None:
        assert place(ledger, a_renewal("example.rw"), order_id="ord_2").items[0].domain == DomainName("example.rw")
