"""Refunds of a provider that offers none: a person pays, and says so."""

import pytest

from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    AlertKind,
    Conflict,
    JobKind,
    JobStatus,
    MailKind,
    Order,
    OrderStatus,
    Refund,
    RefundStatus,
)
from tests.builders import a_domain, a_hosting
from tests.twins import BY, TwoWays
from tests.unit.application.refunding import ask, refunds, usd

NUMBER = "+250788000123"


@pytest.fixture
def shop() -> TwoWays:
    """A shop with both ways to pay."""
    return TwoWays()


def pushed(shop: TwoWays) -> Order:
    """Paid by phone."""
    order = shop.order(a_domain(), a_hosting())
    payment = shop.start_push(order)
    shop.post_back(payment, shop.push.approve(payment.id))
    return order


def bought(shop: TwoWays) -> Order:
    """The same, and delivered."""
    order = pushed(shop)
    shop.work()
    return shop.read(order)


def due(shop: TwoWays) -> tuple[Order, Refund]:
    """A refund that waits for a person."""
    order = bought(shop)
    refund = ask(shop, order.payments[0], usd(500))
    shop.work()
    return shop.read(order), refund


def settle(shop: TwoWays, refund: Refund, succeeded: bool = True) -> Refund:
    """A person says how it ended."""
    return shop.container.settle_refund()(refund.id, succeeded, "sent by MoMo, receipt 77", BY)


def test_it_is_left_to_a_person_who_is_told_what_to_pay_to_whom(shop: TwoWays) -> None:
    order, refund = due(shop)
    (now,) = refunds(shop, order)
    assert (now.status, now.needs_hand) == (RefundStatus.PENDING, True)
    assert order.status is OrderStatus.REQUIRES_ATTENTION
    (alert,) = shop.alerts()
    assert (alert.kind, alert.subject) == (AlertKind.REFUND_BY_HAND, refund.id)
    for told in (alert.why, now.attention or "", order.why or ""):
        assert "5.00 USD" in told
        assert "+25***23" in told
        assert order.payments[0].payment_ref or "none" in told
        assert NUMBER not in told
    assert (now.attention or "").startswith("requires_manual_refund: ")
    assert shop.asked(order.payments[0], "refund") == 0


def test_its_job_is_done_and_run_again_it_tells_nobody_twice(shop: TwoWays) -> None:
    order, _ = due(shop)
    (job,) = shop.jobs(JobKind.REFUND_PAYMENT)
    assert job.status is JobStatus.SUCCEEDED

    def again(uow: UnitOfWork) -> None:
        locked = uow.jobs.lock(job.id)
        assert locked is not None
        locked.replay(uow.now())
        uow.jobs.ring(locked)

    shop.ledger.write(BY, again)
    shop.work()
    assert shop.jobs(JobKind.REFUND_PAYMENT)[0].claim_no == 2
    assert len(shop.alerts()) == 1
    assert [refund.needs_hand for refund in refunds(shop, order)] == [True]


def test_once_paid_the_customer_is_told_once_and_nobody_need_look(shop: TwoWays) -> None:
    order, refund = due(shop)
    for _ in range(2):
        settle(shop, refund)
        shop.work()
    assert [(one.status, one.needs_hand, one.attention) for one in refunds(shop, order)] == [
        (RefundStatus.SUCCEEDED, False, None)
    ]
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert len(shop.mailed(MailKind.REFUNDED)) == 1


def test_its_sum_is_reserved_until_then_and_free_again_where_it_was_given_up(shop: TwoWays) -> None:
    order, refund = due(shop)
    left = order.payments[0].left
    assert left == order.total - usd(500)
    for _ in range(2):
        assert settle(shop, refund, succeeded=False).status is RefundStatus.FAILED
    now = shop.read(order)
    assert now.payments[0].left == order.total
    assert now.status is OrderStatus.COMPLETED
    with pytest.raises(Conflict, match="has failed"):
        settle(shop, refund)
    assert shop.mailed(MailKind.REFUNDED) == []


def test_settled_before_its_job_ran_it_is_left_alone(shop: TwoWays) -> None:
    order = bought(shop)
    refund = ask(shop, order.payments[0], usd(500))
    settle(shop, refund)
    shop.work()
    assert [(one.status, one.needs_hand) for one in refunds(shop, order)] == [(RefundStatus.SUCCEEDED, False)]
    assert shop.alerts() == []


def test_what_can_not_be_delivered_is_paid_back_by_hand_and_the_rest_stands(shop: TwoWays) -> None:
    shop.registrar.refuse("taken", "register")
    order = pushed(shop)
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "failed", "fulfilled"]
    (refund,) = refunds(shop, order)
    assert (refund.amount, refund.needs_hand) == (shop.read(order).items[0].price, True)
    settle(shop, refund)
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]


def test_a_provider_that_refunds_is_asked_to(shop: TwoWays) -> None:
    order = shop.buy(a_domain())
    ask(shop, order.payments[0], usd(500))
    shop.work()
    assert [(one.status, one.needs_hand) for one in refunds(shop, order)] == [(RefundStatus.SUCCEEDED, False)]
