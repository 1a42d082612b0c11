"""What can befall a payment, as one table: each row is played at every gateway, and the ledgers are then compared."""

from collections.abc import Callable
from datetime import timedelta

from billing.domain import Money, Order, Payment
from tests.alike.tills import Till
from tests.alike.twin_tills import TwinTill
from tests.builders import a_domain, a_hosting, a_renewal, more_of

OTHER = Money(700, "USD")
LAST_MINUTES = timedelta(minutes=40)
"""So long before its order's end an attempt is begun that nobody gives up before."""


def paid_once(till: Till) -> None:
    """The usual case."""
    till.pay_and_tell(_begun(till))


def told_twice(till: Till) -> None:
    """And once more a day later."""
    payment = _begun(till)
    till.pay_and_tell(payment)
    till.tell(payment)
    till.rest()
    till.tell(payment)


def found_by_three_roads(till: Till) -> None:
    """A notification, the customer's return and the comparison of the books all tell of one success."""
    payment = _begun(till)
    till.pay_and_tell(payment)
    for _ in range(2):
        till.refresh(payment)
        till.reconcile()


def found_by_the_customers_return(till: Till) -> None:
    """No notification ever comes."""
    payment = _begun(till)
    till.pay(payment)
    till.refresh(payment)


def found_by_the_books(till: Till) -> None:
    """Neither does the customer."""
    till.pay(_begun(till))
    till.reconcile()


def failed_then_paid(till: TwinTill) -> None:
    """The second attempt succeeds."""
    _paid_by_the_second(till, till.fail)


def late_after_a_failure(till: TwinTill) -> None:
    """It was said to have failed, and the money comes."""
    payment = _begun(till)
    till.fail(payment)
    till.tell(payment)
    till.reopen(payment)
    till.pay_and_tell(payment)


def declined_then_paid(till: Till) -> None:
    """A refused try, then another attempt."""
    _paid_by_the_second(till, till.decline)


def never_paid(till: Till) -> None:
    """The order's time ends."""
    _begun(till)
    till.rest()


def heard_after_expiry(till: Till) -> None:
    """Paid in time, and first heard of when the order has expired."""
    order, payment = _begun_late(till)
    till.pay(payment)
    till.expire(order)
    till.tell(payment)


def late_after_expiry(till: Till) -> None:
    """The order has just expired, and no worker has closed anything yet."""
    order, payment = _begun_late(till)
    till.expire(order)
    till.pay_and_tell(payment)


def late_after_closing(till: TwinTill) -> None:
    """All that could be closed was, and still the money comes."""
    order, payment = _begun_late(till)
    till.submit(payment)
    till.expire(order)
    till.wait(60)
    till.pay_and_tell(payment)


def paid_after_a_cancel(till: Till) -> None:
    """The customer called the order off and paid all the same, before anything was closed."""
    order = _order(till)
    payment = till.start(order)
    till.cancel(order)
    till.pay_and_tell(payment)
    till.see_to_refunds()


def paid_after_a_cancel_and_all_closing(till: TwinTill) -> None:
    """The same, and all that could be closed was."""
    order = _order(till)
    payment = till.start(order)
    till.cancel(order)
    till.wait(60)
    till.reopen(payment)
    till.pay_and_tell(payment)
    till.see_to_refunds()


def both_paid(till: TwinTill) -> None:
    """Two attempts of one order bring money."""
    first = _paid_by_the_second(till, till.fail)
    till.reopen(first)
    till.pay_and_tell(first)
    till.see_to_refunds()


def refused_by_the_registry(till: Till) -> None:
    """Somebody else was faster: the name is paid back, the hosting stays."""
    payment = till.start(till.order(a_domain("raced.rw"), a_hosting()))
    till.occupy("raced.rw")
    till.pay_and_tell(payment)
    till.see_to_refunds()


def mixed(till: Till) -> None:
    """All that can be bought, in one order."""
    till.buy(a_domain("held.rw"), a_hosting())
    (held,) = till.shop.ledger.read(lambda uow: uow.subscriptions.page(None, None, 10))
    till.buy(a_domain("new.rw", years=2), a_hosting("pro"), a_renewal("held.rw"), more_of(held.id, cycles=2))


def another_sum(till: TwinTill) -> None:
    """Where a provider tells a sum, and it is not what was asked."""
    payment = _begun(till)
    till.pay_another_sum(payment, OTHER)
    till.tell(payment)


def answer_lost(till: TwinTill) -> None:
    """Whether the attempt was taken is not known at first."""
    till.lose_answer()
    payment = _begun(till)
    till.wait(60)
    till.pay_and_tell(payment)


def away_then_back(till: TwinTill) -> None:
    """No call goes through for a while."""
    till.go_away()
    payment = _begun(till)
    till.wait(60)
    till.come_back()
    till.wait(600)
    till.pay_and_tell(payment)


def refunded(till: Till) -> None:
    """An operator has a part of it paid back."""
    order = till.buy(a_domain(), a_hosting())
    till.refund(order.payments[0], order.items[1].price)


# ---------------------------------------------------------------------- how they begin


def _order(till: Till) -> Order:
    """A name and hosting."""
    return till.order(a_domain(), a_hosting())


def _begun(till: Till) -> Payment:
    """The first attempt of one."""
    return till.start(_order(till))


def _begun_late(till: Till) -> tuple[Order, Payment]:
    """The same, when the order's time is nearly over."""
    order = _order(till)
    till.wait_until(order.expires_at - LAST_MINUTES)
    return order, till.start(order)


def _paid_by_the_second(till: Till, end: Callable[[Payment], None]) -> Payment:
    """Two attempts, the first of which came to such an end; the first."""
    order = _order(till)
    first = till.start(order)
    end(first)
    till.tell(first)
    till.pay_and_tell(till.start(order))
    return first
