"""The whole story on twins: a paid order becomes a registered name and an active subscription."""

from datetime import timedelta

import pytest

from billing.domain import Conflict, DomainName, Invalid, JobKind, JobStatus, OrderStatus, SubscriptionStatus
from billing.domain.order_item import registrant_handle
from tests.builders import a_domain, a_hosting, a_renewal, more_of
from tests.twins import Twins


def test_a_paid_order_becomes_a_registered_name_and_an_active_subscription(shop: Twins) -> None:
    order = shop.buy(a_domain("example.rw"), a_hosting("starter"))

    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert shop.registrar.creates == {"example.rw": 1}
    held = shop.ledger.read(lambda uow: uow.registrations.of_name(DomainName("example.rw")))
    assert held is not None
    assert (held.customer_id, held.handle) == ("cus_1", registrant_handle(order.items[0].id))
    subscription_id = order.items[1].subscription_id
    assert subscription_id is not None
    subscription = shop.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))
    assert subscription.status is SubscriptionStatus.ACTIVE


def test_a_mixed_order_dispatches_exactly_its_four_jobs_and_completes(shop: Twins) -> None:
    """Seen elsewhere: an order that could only be of one type left the hosting in it aside."""
    first = shop.buy(a_domain("kept.com"), a_hosting("pro"))
    subscription_id = first.items[1].subscription_id
    assert subscription_id is not None
    before = len(shop.jobs())

    order = shop.buy(a_domain("example.rw"), a_hosting(), a_renewal("kept.com"), more_of(subscription_id))

    assert order.status is OrderStatus.COMPLETED
    delivered = [job.kind for job in shop.jobs()[before:] if job.subject.startswith("itm")]
    assert sorted(delivered) == sorted(
        [
            JobKind.REGISTER_DOMAIN,
            JobKind.RENEW_DOMAIN,
            JobKind.ACTIVATE_SUBSCRIPTION,
            JobKind.RENEW_SUBSCRIPTION,
        ]
    )
    assert shop.registrar.renews == {"kept.com": 1}


def test_the_history_tells_every_move_and_why(shop: Twins) -> None:
    order = shop.buy(a_domain("example.rw"))
    moves = shop.ledger.read(lambda uow: uow.history.of([order.id]))
    assert [(move.before, move.after) for move in moves] == [
        (None, "pending"),
        ("pending", "paid"),
        ("paid", "processing"),
        ("processing", "completed"),
    ]
    item_moves = shop.ledger.read(lambda uow: uow.history.of([order.items[0].id]))
    assert item_moves[-1].why is not None
    assert item_moves[-1].why.startswith("registered until")
    assert item_moves[-1].by.startswith("register_domain job_")


def test_a_lost_bell_is_rung_again_by_the_sweep(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"))
    payment = shop.start(order)
    shop.queue.silent = True
    shop.hear(shop.pay(payment))
    assert shop.statuses(order)[0] == "pending"
    shop.queue.silent = False
    shop.pass_time(timedelta(seconds=11))
    shop.sweep_and_work()
    assert shop.statuses(order)[0] == "completed"


def test_a_bell_rung_twice_is_one_piece_of_work(shop: Twins) -> None:
    order = shop.buy(a_domain("example.rw"))
    for job in shop.jobs():
        if job.status is JobStatus.SUCCEEDED:
            shop.run(job.id)
            shop.run(job.id)
    assert shop.registrar.creates == {"example.rw": 1}
    assert shop.statuses(order)[0] == "completed"


def test_a_name_server_inside_the_name_is_refused_before_anybody_pays(shop: Twins) -> None:
    with pytest.raises(Invalid, match=r"items\.0\.nameservers"):
        shop.order(a_domain("example.rw", nameservers=("ns1.example.rw",)))


def test_a_name_live_in_another_order_is_not_sold_twice(shop: Twins) -> None:
    """FOSSBilling#1493: a name could be ordered again while an order for it was open."""
    shop.order(a_domain("example.rw"))
    with pytest.raises(Conflict, match=r"items\.0\.domain"):
        shop.order(a_domain("example.rw"))
