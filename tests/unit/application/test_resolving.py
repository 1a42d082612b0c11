"""Another sum than was asked: a person decides."""

import pytest

from billing.application.money.resolving import Resolution
from billing.domain import (
    Conflict,
    JobKind,
    Money,
    Order,
    Payment,
)
from tests.builders import a_hosting
from tests.twins import BY, Twins
from tests.unit.application.refunding import ask, paid_back, usd


def mismatched(shop: Twins, amount: Money) -> tuple[Order, Payment]:
    order = shop.order(a_hosting())
    payment = shop.start(order)
    shop.hear(shop.gateway.pay(payment.id, amount))
    shop.work()
    assert shop.statuses(order)[0] == "requires_attention"
    return order, payment


def test_another_sum_is_accepted_by_a_person_and_then_delivered(shop: Twins) -> None:
    order, payment = mismatched(shop, usd(450))
    resolve = shop.container.resolve_payment()
    resolve(payment.id, Resolution.ACCEPT, BY)
    with pytest.raises(Conflict):
        resolve(payment.id, Resolution.ACCEPT, BY)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_another_sum_is_paid_back_whole_and_the_order_can_be_paid_anew(shop: Twins) -> None:
    order, payment = mismatched(shop, usd(450))
    shop.container.resolve_payment()(payment.id, Resolution.REFUND, BY)
    shop.work()
    assert (paid_back(shop, order), shop.statuses(order)) == ([(usd(450), "refund.succeeded")], ["pending", "unpaid"])
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_sum_in_another_currency_can_only_be_paid_back(shop: Twins) -> None:
    order, payment = mismatched(shop, Money(499, "RWF"))
    with pytest.raises(Conflict):
        shop.container.resolve_payment()(payment.id, Resolution.ACCEPT, BY)
    with pytest.raises(Conflict):
        ask(shop, payment, Money(499, "RWF"))
    shop.container.resolve_payment()(payment.id, Resolution.REFUND, BY)
    shop.work()
    assert paid_back(shop, order) == [(Money(499, "RWF"), "refund.succeeded")]


def test_a_payment_under_way_at_a_bank_bars_a_cancel(shop: Twins) -> None:
    order = shop.order(a_hosting())
    payment = shop.start(order)
    shop.hear(shop.gateway.submit(payment.id))
    shop.work()
    with pytest.raises(Conflict):
        shop.container.cancel_order()(order.id, BY)
    shop.hear(shop.gateway.fail(payment.id))
    shop.work()
    shop.container.cancel_order()(order.id, BY)
    assert shop.statuses(order) == ["cancelled", "cancelled"]


def test_a_sum_that_went_back_at_the_desk_can_no_longer_pay_the_order(shop: Twins) -> None:
    order, payment = mismatched(shop, usd(450))
    shop.hear(shop.gateway.refund_at_the_desk(payment.id, usd(50)))
    shop.work()
    with pytest.raises(Conflict):
        shop.container.resolve_payment()(payment.id, Resolution.ACCEPT, BY)
    shop.container.resolve_payment()(payment.id, Resolution.REFUND, BY)
    shop.work()
    assert paid_back(shop, order) == [(usd(50), "refund.succeeded"), (usd(400), "refund.succeeded")]
    assert shop.statuses(order) == ["pending", "unpaid"]


def test_what_cannot_be_delivered_of_an_order_accepted_for_less_goes_back_as_far_as_it_came(shop: Twins) -> None:
    order, payment = mismatched(shop, usd(450))
    shop.container.resolve_payment()(payment.id, Resolution.ACCEPT, BY)
    job = shop.jobs(JobKind.ACTIVATE_SUBSCRIPTION)[0]
    handler = shop.container.handlers()[JobKind.ACTIVATE_SUBSCRIPTION]
    shop.ledger.write(BY, lambda uow: handler.refused(uow, uow.jobs.lock(job.id), "no room"))
    assert shop.read(order).why == (
        "Hosting starter, monthly: its price can't be paid back: "
        "4.99 USD is more than the 4.50 USD that can still be refunded"
    )
    ask(shop, payment)
    assert shop.statuses(order) == ["processing", "failed"]
    shop.work()
    assert (paid_back(shop, order), shop.statuses(order)) == (
        [(usd(450), "refund.succeeded")],
        ["refunded", "refunded"],
    )
