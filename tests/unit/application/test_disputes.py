"""What banks question and take back, from the provider's notification to the books and the operator."""

from datetime import timedelta

import pytest

from billing.application.outcomes import NeedsPerson
from billing.domain import Conflict, DisputeStands, DisputeStatus, JobKind, JobStatus, Money, RefundStatus
from tests.builders import a_domain, a_hosting
from tests.twins import BY, Twins
from tests.unit.application.disputing import (
    CLOSED,
    LOST,
    WON,
    alerts,
    decide,
    dispute,
    disputes,
    hear_now,
    hosting,
    said,
)
from tests.unit.application.refunding import ask, bought, paid_back, refunds, usd

# ---------------------------------------------------------------------- what is told


def test_a_dispute_is_taken_in_once_and_told_to_the_operator_with_its_deadline(shop: Twins) -> None:
    order, payment = bought(shop)
    ref = dispute(shop, payment)
    shop.hear(shop.gateway.dispute_notification(payment.id, ref))
    shop.work()
    (found,) = disputes(shop, order)
    assert (found.dispute_ref, found.amount, found.withdrawn, found.reason) == (ref, usd(1999), usd(1999), "fraudulent")
    assert alerts(shop) == ["dispute_opened"]
    assert "it is lost without evidence, due by 2027-02-09 09:30 UTC" in said(shop)
    assert shop.statuses(order) == ["requires_attention", "fulfilled", "fulfilled"]
    assert shop.read(order).payments[0].left == usd(0)


@pytest.mark.parametrize(
    ("status", "gone", "stands", "hosts"),
    [(WON, 0, "completed", "active"), (LOST, 1999, "completed", "ended")],
)
def test_the_outcome_is_told_once_and_hosting_follows_it(
    shop: Twins, status: DisputeStatus, gone: int, stands: str, hosts: str
) -> None:
    order, payment = bought(shop)
    ref = dispute(shop, payment)
    assert (hosting(shop, order).status.value, hosting(shop, order).why) == (
        "suspended",
        "its payment is disputed: fraudulent",
    )
    decide(shop, payment, ref, status)
    assert (shop.statuses(order)[0], hosting(shop, order).status.value) == (stands, hosts)
    assert shop.read(order).payments[0].gone == usd(gone)
    assert alerts(shop) == ["dispute_decided", "dispute_opened"]
    held = shop.ledger.read(lambda uow: uow.registrations.of_name(a_domain().domain))
    assert held is not None  # a delivered domain stays registered


def test_an_inquiry_takes_nothing_suspends_nothing_and_can_be_answered_by_a_refund(shop: Twins) -> None:
    order, payment = bought(shop)
    ref = dispute(shop, payment, is_inquiry=True)
    assert (shop.statuses(order)[0], hosting(shop, order).status.value) == ("requires_attention", "active")
    assert shop.read(order).payments[0].left == usd(1999)
    ask(shop, payment, usd(300))
    shop.work()
    decide(shop, payment, ref, CLOSED)
    assert paid_back(shop, order) == [(usd(300), "refund.succeeded")]
    assert (shop.statuses(order)[0], alerts(shop)) == ("completed", ["dispute_decided", "dispute_opened"])
    assert shop.jobs(JobKind.RESTORE_SUBSCRIPTION) == []


def test_an_inquiry_that_becomes_a_chargeback_is_told_anew(shop: Twins) -> None:
    order, payment = bought(shop)
    ref = dispute(shop, payment, is_inquiry=True)
    shop.hear(shop.gateway.withdraw(payment.id, ref), shop.gateway.respond(payment.id, ref))
    shop.work()
    known = disputes(shop, order)[0].id
    assert {alert.occasion for alert in shop.alerts()} == {f"dispute_opened:{known}:inquiry", f"dispute_opened:{known}"}
    assert (disputes(shop, order)[0].status.value, hosting(shop, order).status.value) == ("under_review", "suspended")


def test_the_customer_is_not_mailed_about_a_dispute(shop: Twins) -> None:
    _, payment = bought(shop)
    before = len(shop.notifier.delivered)
    decide(shop, payment, dispute(shop, payment), LOST)
    shop.sweep_and_work()
    assert {mail.kind.value for mail in shop.notifier.delivered[before:]} == {"operator_alerts"}


def test_a_dispute_told_before_its_payment_waits_for_it(shop: Twins) -> None:
    order = shop.order(a_hosting())
    payment = shop.start(order)
    paid = shop.pay(payment)
    dispute(shop, payment)
    assert disputes(shop, order) == []
    shop.hear(paid)
    shop.work()
    shop.pass_time(shop.jobs(JobKind.PROCESS_EVENT)[0].due_at - shop.now)
    shop.sweep_and_work()
    assert [one.amount for one in disputes(shop, order)] == [usd(499)]


def test_another_decision_than_the_first_is_told_and_changes_nothing(shop: Twins) -> None:
    order, payment = bought(shop)
    ref = dispute(shop, payment)
    decide(shop, payment, ref, LOST)
    page = shop.gateway.pages[payment.id].disputes[0]
    page.status, page.reinstated = WON, page.withdrawn
    for _ in range(2):
        shop.hear(shop.gateway.dispute_notification(payment.id, ref))
        shop.work()
    (found,) = disputes(shop, order)
    assert (found.status, shop.read(order).payments[0].left) == (LOST, usd(1999))
    assert f"dispute_decided:{found.id}:lost, then won" in {alert.occasion for alert in shop.alerts()}


def test_a_status_that_nobody_knows_is_for_a_person(shop: Twins) -> None:
    order, payment = bought(shop)
    told = DisputeStands(
        payment_id=payment.id,
        dispute_ref="dp_1",
        amount=usd(500),
        status=DisputeStatus.UNKNOWN,
        reason="noncompliant",
        withdrawn=usd(500),
        reinstated=usd(0),
        why="settled_in_seashells at the bank",
    )
    for _ in range(2):
        shop.ledger.write(BY, lambda uow: shop.container.take_fact()(uow, "memory", told))
    assert "how it stands is not known: settled_in_seashells" in (shop.read(order).why or "")
    assert alerts(shop) == ["dispute_opened"]


def test_a_dispute_in_another_currency_waits_for_a_person_and_breaks_nothing(shop: Twins) -> None:
    order, payment = bought(shop)
    dispute(shop, payment, Money(300, "RWF"), is_inquiry=True)
    assert (disputes(shop, order), shop.statuses(order)[0], alerts(shop)) == ([], "completed", ["event_failed"])


def test_a_provider_tells_of_its_own_payments_only(shop: Twins) -> None:
    order, payment = bought(shop)
    page = shop.gateway.pages[payment.id]
    shop.gateway.open_dispute(payment.id)
    told = page.dispute_fact(page.disputes[0], page.installation)
    with pytest.raises(NeedsPerson, match="it belongs to memory"):
        shop.ledger.write(BY, lambda uow: shop.container.take_fact()(uow, "stripe", told))
    assert disputes(shop, order) == []


# ---------------------------------------------------------------------- money back


def test_a_disputed_payment_is_refunded_by_nobody_until_it_is_decided(shop: Twins) -> None:
    order, payment = bought(shop)
    ref = dispute(shop, payment, usd(500))
    with pytest.raises(Conflict, match="it is disputed"):
        ask(shop, payment, usd(100))
    decide(shop, payment, ref, WON)
    ask(shop, payment, usd(100))
    shop.work()
    assert [refund.status for refund in refunds(shop, order)] == [RefundStatus.SUCCEEDED]


@pytest.mark.parametrize("status", [WON, LOST])
def test_compensation_waits_for_the_bank_and_goes_on_when_it_is_won(shop: Twins, status: DisputeStatus) -> None:
    order = shop.order(a_domain(), a_hosting())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    hear_now(shop)
    shop.ledger.write(BY, lambda uow: uow.orders.lock(order.id).begin_item(order.items[0].id) and None)
    shop.hear(shop.gateway.open_dispute(payment.id))
    hear_now(shop)
    shop.registrar.refuse("taken", "register")
    shop.work()
    assert (shop.statuses(order)[1], refunds(shop, order)) == ("failed", [])
    decide(shop, payment, "dispute_1", status)
    assert shop.statuses(order)[1] == "refunded"
    assert [refund.amount for refund in refunds(shop, order)] == ([usd(1500)] if status is WON else [])


def test_a_refund_that_is_under_way_is_refused_by_the_provider_shown_and_owed_anew_once_it_is_won(shop: Twins) -> None:
    order = shop.order(a_domain(), a_hosting())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    shop.registrar.refuse("taken", "register")
    while shop.jobs(JobKind.REGISTER_DOMAIN) == [] or shop.statuses(order)[1] != "failed":
        shop.run(shop.queue.rung.pop(0)[0])
    ref = dispute(shop, payment)
    while shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.QUEUED:
        shop.pass_time(timedelta(minutes=15))
        shop.sweep_and_work()
    assert (shop.statuses(order)[1], paid_back(shop, order)) == ("failed", [])
    assert "refused: charge_disputed" in (shop.read(order).why or "")
    decide(shop, payment, ref, WON)
    assert paid_back(shop, order) == [(usd(1500), "refund.succeeded")]
    assert shop.statuses(order)[1] == "refunded"
    assert shop.read(order).why is None


def test_surplus_waits_for_the_bank_too(shop: Twins) -> None:
    order = shop.order(a_hosting())
    first = shop.start(order)
    told = shop.pay(first)
    shop.container.cancel_order()(order.id, BY)
    shop.gateway.open_dispute(first.id)
    ref = shop.gateway.pages[first.id].disputes[0].ref
    withdrawn = shop.gateway.withdraw(first.id, ref)
    shop.gateway.refuse("charge_disputed", "refund", times=3)
    shop.hear(told, withdrawn)
    shop.work()
    while shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.QUEUED:
        shop.pass_time(timedelta(minutes=15))
        shop.sweep_and_work()
    assert [refund.status for refund in refunds(shop, order)] == [RefundStatus.FAILED]
    assert "charge_disputed" in (shop.read(order).why or "")
    decide(shop, first, ref, WON)
    assert [(r.amount, r.status) for r in refunds(shop, order)] == [
        (usd(499), RefundStatus.FAILED),
        (usd(499), RefundStatus.SUCCEEDED),
    ]
    assert shop.statuses(order)[0] == "cancelled"
