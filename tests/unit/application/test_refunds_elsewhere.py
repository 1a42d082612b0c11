"""Refunds that were made at the provider: in its dashboard, or by itself."""

from datetime import timedelta

import pytest

from billing.application.outcomes import NeedsPerson, OutcomeUnknown
from billing.domain import (
    JobKind,
    JobStatus,
    Money,
    RefundCause,
    RefundStatus,
)
from billing.domain.facts import RefundSucceeded
from tests.builders import a_domain, a_hosting, a_renewal
from tests.twins import BY, Twins
from tests.unit.application.refunding import ask, bought, paid_back, refunds, refused_by_the_registry, usd


def test_a_refund_made_in_the_dashboard_is_seen_once_and_reported(shop: Twins) -> None:
    """Seen elsewhere: a refund made in the provider's dashboard went unnoticed."""
    order, payment = bought(shop)
    told = shop.gateway.refund_at_the_desk(payment.id, usd(500))
    again = shop.gateway.refund_notification(payment.id, "desk_1")
    shop.hear(told, told, again)
    shop.work()
    assert [(r.amount, r.cause, r.status) for r in refunds(shop, order)] == [
        (usd(500), RefundCause.PROVIDER, RefundStatus.SUCCEEDED)
    ]
    assert [name for name, _ in shop.telemetry.alarms] == ["refund_made_elsewhere"]
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]


def test_paying_everything_back_at_the_provider_calls_off_what_was_not_begun(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    first = shop.queue.rung[-1][0]
    shop.queue.rung.clear()
    shop.run(first)
    delivery = shop.queue.rung[-1][0]
    shop.queue.rung.clear()
    shop.hear(shop.gateway.refund_at_the_desk(payment.id))
    shop.work()
    shop.run(delivery)
    assert (shop.statuses(order), shop.registrar.creates) == (["refunded", "refunded"], {})


def test_a_refund_told_before_its_payment_waits_for_it(shop: Twins) -> None:
    order = shop.order(a_hosting())
    payment = shop.start(order)
    paid = shop.pay(payment)
    shop.hear(shop.gateway.refund_at_the_desk(payment.id, usd(100)))
    shop.work()
    assert refunds(shop, order) == []
    shop.hear(paid)
    shop.work()
    shop.pass_time(shop.jobs(JobKind.PROCESS_EVENT)[0].due_at - shop.now)
    shop.sweep_and_work()
    assert [refund.amount for refund in refunds(shop, order)] == [usd(100)]


def test_our_refund_told_by_a_webhook_before_its_job_wrote_anything_down_is_one_refund(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.lose_answer("refund")
    refund = ask(shop, payment, usd(300))
    shop.work()
    shop.hear(shop.gateway.refund_notification(payment.id, f"back_{refund.id}:1"))
    shop.work()
    shop.pass_time(shop.jobs(JobKind.REFUND_PAYMENT)[0].due_at - shop.now)
    shop.sweep_and_work()
    assert paid_back(shop, order) == [(usd(300), "refund.succeeded")]
    assert [(r.cause, r.status, r.refund_ref) for r in refunds(shop, order)] == [
        (RefundCause.REQUESTED, RefundStatus.SUCCEEDED, f"back_{refund.id}:1")
    ]
    assert shop.telemetry.alarms == []


def test_what_went_back_at_the_desk_is_not_paid_a_second_time_by_ours(shop: Twins) -> None:
    """Ours was refused since nothing was left: the item is paid back all the same."""
    shop.gateway.fail_with(OutcomeUnknown("silence"), "refund")
    order = refused_by_the_registry(shop)
    payment = order.payments[0]
    shop.hear(shop.gateway.refund_at_the_desk(payment.id, usd(1999)))
    shop.work()
    while shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.QUEUED:
        shop.pass_time(max(shop.jobs(JobKind.REFUND_PAYMENT)[0].due_at - shop.now, timedelta()))
        shop.sweep_and_work()
    assert paid_back(shop, order) == [(usd(1999), "refund.succeeded")]
    assert shop.statuses(order) == ["requires_attention", "refunded", "fulfilled"]
    ours = next(refund for refund in refunds(shop, order) if refund.status is RefundStatus.FAILED)
    shop.container.settle_refund()(ours.id, False, "seen: it was done at the desk", BY)
    assert shop.statuses(order)[0] == "partially_completed"


@pytest.mark.parametrize("price", [1500, 499])
def test_a_desk_refund_of_exactly_the_price_of_a_failed_item_pays_it_back(
    monkeypatch: pytest.MonkeyPatch, price: int
) -> None:
    monkeypatch.setenv("BILLING_COMPENSATION", "manual")
    shop = Twins()
    order = refused_by_the_registry(shop)
    shop.hear(shop.gateway.refund_at_the_desk(order.payments[0].id, usd(price)))
    shop.work()
    assert shop.statuses(order)[1] == ("refunded" if price == 1500 else "failed")


def test_of_two_failed_items_a_desk_refund_pays_back_the_one_whose_price_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BILLING_COMPENSATION", "manual")
    shop = Twins()
    order = shop.order(a_domain("a.rw"), a_domain("b.rw", 2), a_hosting())
    payment = shop.start(order)
    shop.registrar.refuse("taken", "register", times=2)
    shop.hear(shop.pay(payment))
    shop.work()
    shop.hear(shop.gateway.refund_at_the_desk(payment.id, usd(3000)))
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "failed", "refunded", "fulfilled"]
    shop.hear(shop.gateway.refund_at_the_desk(payment.id, usd(1500)))
    shop.work()
    assert shop.statuses(order) == ["partially_completed", "refunded", "refunded", "fulfilled"]


def test_a_delivery_that_fails_after_all_was_paid_back_at_the_desk_owes_nothing_more(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.registrar.refuse("taken", "register")
    shop.hear(shop.pay(payment))
    shop.run(shop.queue.rung.pop()[0])
    shop.ledger.write(BY, lambda uow: uow.orders.lock(order.id).begin_item(order.items[0].id) and None)
    shop.hear(shop.gateway.refund_at_the_desk(payment.id))
    shop.run(shop.queue.rung.pop()[0])
    assert shop.statuses(order) == ["processing", "in_progress"]
    shop.sweep_and_work()
    assert (shop.statuses(order), len(refunds(shop, order))) == (["refunded", "refunded"], 1)


def test_a_desk_refund_that_had_failed_when_we_first_heard_of_it_calls_nothing_off(shop: Twins) -> None:
    shop.gateway.refunds_wait = True
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    shop.run(shop.queue.rung.pop()[0])
    shop.gateway.refund_at_the_desk(payment.id)
    shop.hear(shop.gateway.settle_refund(payment.id, "desk_1", "account closed"))
    shop.run(shop.queue.rung.pop()[0])
    assert [(r.status, r.item_ids) for r in refunds(shop, order)] == [(RefundStatus.FAILED, [])]
    shop.sweep_and_work()
    assert shop.statuses(order)[1:] == ["fulfilled"]


def test_a_refund_in_another_currency_waits_for_a_person_and_breaks_nothing(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.refund_at_the_desk(payment.id, usd(300))
    shop.gateway.pages[payment.id].refunds[0].amount = Money(300, "RWF")
    shop.hear(shop.gateway.refund_notification(payment.id, "desk_1"))
    shop.work()
    assert (refunds(shop, order), shop.statuses(order)[0]) == ([], "completed")
    assert [alert.kind.value for alert in shop.alerts()] == ["event_failed"]


def test_a_renewal_that_is_paid_back_at_the_desk_frees_its_name(shop: Twins) -> None:
    shop.buy(a_domain("example.com"))
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "renew")
    order = shop.buy(a_renewal())
    shop.hear(shop.gateway.refund_at_the_desk(order.payments[0].id))
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert shop.statuses(shop.buy(a_renewal())) == ["completed", "fulfilled"]


def test_a_refund_is_matched_by_an_id_that_was_stored_when_the_payment_came(shop: Twins) -> None:
    """One from the dashboard bears none of our ids, and the id of the money is told by its success only."""
    order, _ = bought(shop)
    ref = shop.read(order).payments[0].payment_ref
    assert ref
    for known, adopted in (("money_of_nobody", 0), (ref, 1), (ref, 1)):
        told = RefundSucceeded(payment_ref=known, refund_ref="desk_9", amount=usd(100))
        shop.ledger.write(BY, lambda uow, told=told: shop.container.record_fact()(uow, "memory", told))
        assert len(refunds(shop, order)) == adopted
