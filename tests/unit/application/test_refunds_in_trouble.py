"""What becomes of money when the refund itself fails, or nobody knows how it went."""

from datetime import timedelta

import pytest

from billing.application.outcomes import NeedsPerson, OutcomeUnknown
from billing.domain import (
    Conflict,
    JobKind,
    JobStatus,
    MailKind,
    RefundCause,
    RefundStatus,
)
from tests.twins import BY, Twins
from tests.unit.application.refunding import ask, bought, paid_back, refunds, refused_by_the_registry, usd


def test_a_lost_answer_is_asked_for_again_under_the_same_key(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.lose_answer("refund", times=3)
    ask(shop, payment, usd(300))
    for _ in range(5):
        shop.work()
        shop.pass_time(shop.jobs(JobKind.REFUND_PAYMENT)[0].due_at - shop.now)
        shop.sweep_and_work()
    assert paid_back(shop, order) == [(usd(300), "refund.succeeded")]
    assert [refund.status for refund in refunds(shop, order)] == [RefundStatus.SUCCEEDED]


def test_a_definite_refusal_is_tried_anew_under_another_key_and_then_has_failed(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.refuse("no funds", "refund", times=3)
    ask(shop, payment, usd(300))
    tries = []
    for _ in range(3):
        shop.sweep_and_work()
        tries.append(refunds(shop, order)[0].try_no)
        shop.pass_time(max(shop.jobs(JobKind.REFUND_PAYMENT)[0].due_at - shop.now, shop.now - shop.now))
    now = shop.read(order)
    assert (tries, now.payments[0].left) == ([2, 3, 3], usd(1999))
    assert (now.status.value, refunds(shop, order)[0].status) == ("requires_attention", RefundStatus.FAILED)
    assert shop.jobs(JobKind.REFUND_PAYMENT)[0].attempts == 0


def test_an_outcome_that_nobody_learns_keeps_its_sum_reserved_and_asks_for_a_person(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.fail_with(OutcomeUnknown("silence"), "refund", times=99)
    ask(shop, payment, usd(300))
    while shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.QUEUED:
        shop.sweep_and_work()
        shop.pass_time(max(shop.jobs(JobKind.REFUND_PAYMENT)[0].due_at - shop.now, shop.now - shop.now))
    now = shop.read(order)
    assert shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.DEAD
    assert (now.status.value, now.payments[0].left) == ("requires_attention", usd(1699))
    assert refunds(shop, order)[0].status is RefundStatus.PENDING
    settled = shop.container.settle_refund()
    for _ in range(2):
        settled(refunds(shop, order)[0].id, True, "seen in the dashboard", BY)
    assert (shop.read(order).status.value, refunds(shop, order)[0].status) == ("completed", RefundStatus.SUCCEEDED)


@pytest.mark.parametrize("stands", ["waiting", "dead"])
@pytest.mark.parametrize("why", [None, "the bank returned it"])
def test_a_refund_that_a_notification_decides_needs_its_job_no_more(shop: Twins, stands: str, why: str | None) -> None:
    order, payment = bought(shop)
    shop.gateway.refunds_wait = True
    ask(shop, payment, usd(300))
    shop.work()
    if stands == "dead":
        shop.gateway.fail_with(NeedsPerson("a riddle"), "refund")
        shop.pass_time(timedelta(hours=6))
        shop.sweep_and_work()
        assert shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.DEAD
    shop.hear(shop.gateway.settle_refund(payment.id, refunds(shop, order)[0].refund_ref or "", why))
    shop.work()
    assert shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.SUCCEEDED
    assert not refunds(shop, order)[0].is_pending


def test_a_slow_refund_is_waited_for_as_long_as_banks_take(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.refunds_wait = True
    ask(shop, payment, usd(300))
    for _ in range(14):
        shop.pass_time(timedelta(days=1))
        shop.sweep_and_work()
    (job,) = shop.jobs(JobKind.REFUND_PAYMENT)
    assert (job.status, shop.read(order).status.value) == (JobStatus.QUEUED, "completed")


def test_a_refund_that_the_bank_returns_frees_its_sum_and_its_item_waits_for_a_person(shop: Twins) -> None:
    order = refused_by_the_registry(shop)
    (refund,) = refunds(shop, order)
    returned = shop.gateway.settle_refund(order.payments[0].id, refund.refund_ref or "", "account closed")
    shop.hear(returned, returned)
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "failed", "fulfilled"]
    assert shop.read(order).payments[0].left == usd(1999)
    ask(shop, order.payments[0], None, order.items[0].id)
    shop.work()
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]


def test_who_was_told_of_a_refund_is_told_that_the_bank_returned_it_and_nobody_else(shop: Twins) -> None:
    order, payment = bought(shop)
    told = ask(shop, payment, usd(300))
    shop.work()
    shop.gateway.refunds_wait = True
    untold = ask(shop, payment, usd(200))
    shop.work()
    for refund in (told, untold):
        ref = next(one.refund_ref for one in refunds(shop, order) if one.id == refund.id)
        returned = shop.gateway.settle_refund(payment.id, ref or "", "account closed")
        shop.hear(returned, returned, shop.gateway.refund_notification(payment.id, ref or ""))
        shop.work()
    assert [mail.subject for mail in shop.mailed(MailKind.REFUNDED)] == [told.id]
    (mail,) = shop.mailed(MailKind.REFUND_RETURNED)
    assert (mail.subject, mail.data["amount"]) == (told.id, "3.00 USD")
    assert {refund.status for refund in refunds(shop, order)} == {RefundStatus.FAILED}


def test_a_provider_without_refunds_leaves_them_to_a_person(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.fail_with(NeedsPerson("no refunds here"), "refund")
    refund = ask(shop, payment, usd(300))
    shop.work()
    assert shop.read(order).status.value == "requires_attention"
    shop.container.settle_refund()(refund.id, False, "the customer waives it", BY)
    assert (shop.read(order).status.value, shop.read(order).payments[0].left) == ("completed", usd(1999))
    assert shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.CANCELLED


def test_a_refund_refused_for_good_is_reported(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.refuse("no funds", "refund", times=3)
    ask(shop, payment, usd(300))
    until_over(shop)
    assert [name for name, _ in shop.telemetry.alarms] == ["refund_failed"]
    assert shop.container.settle_refund()(refunds(shop, order)[0].id, False, "seen", BY).attention is None
    assert shop.statuses(order)[0] == "completed"


def test_a_refund_given_up_that_the_provider_pays_after_all_is_counted(shop: Twins) -> None:
    """Its sum was free again: unseen, the same money could go back twice."""
    order, payment = bought(shop)
    shop.gateway.lose_answer("refund", times=99)
    refund = ask(shop, payment, usd(300))
    until_over(shop)
    settle = shop.container.settle_refund()
    settle(refund.id, False, "nothing to be seen", BY)
    assert shop.read(order).payments[0].left == usd(1999)
    told = shop.gateway.refund_notification(payment.id, f"back_{refund.id}:1")
    shop.hear(told, shop.gateway.refund_notification(payment.id, f"back_{refund.id}:1"))
    shop.work()
    assert [(r.cause, r.status) for r in refunds(shop, order)] == [
        (RefundCause.REQUESTED, RefundStatus.FAILED),
        (RefundCause.PROVIDER, RefundStatus.SUCCEEDED),
    ]
    assert shop.read(order).payments[0].left == usd(1699)
    assert shop.telemetry.alarms[-1][0] == "refund_made_elsewhere"


def test_an_item_whose_refund_was_given_up_is_paid_back_when_the_provider_did_it_after_all(shop: Twins) -> None:
    shop.gateway.lose_answer("refund", times=99)
    order = refused_by_the_registry(shop)
    until_over(shop)
    (refund,) = refunds(shop, order)
    shop.container.settle_refund()(refund.id, False, "nothing to be seen", BY)
    assert shop.statuses(order) == ["requires_attention", "failed", "fulfilled"]
    shop.hear(shop.gateway.refund_notification(order.payments[0].id, f"back_{refund.id}:1"))
    shop.work()
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]


def test_nobody_gives_up_what_the_provider_works_on(shop: Twins) -> None:
    shop.gateway.refunds_wait = True
    order, payment = bought(shop)
    refund = ask(shop, payment, usd(300))
    shop.work()
    with pytest.raises(Conflict):
        shop.container.settle_refund()(refund.id, False, "too slow", BY)
    assert shop.read(order).payments[0].left == usd(1699)


def test_a_refund_that_failed_is_not_settled_as_paid(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.refuse("no funds", "refund", times=3)
    refund = ask(shop, payment, usd(300))
    until_over(shop)
    with pytest.raises(Conflict):
        shop.container.settle_refund()(refund.id, True, "I paid it by hand", BY)
    assert shop.read(order).payments[0].left == usd(1999)


def test_hosting_ends_by_the_policy_also_where_a_person_paid_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_REFUNDED_HOSTING", "end")
    shop = Twins()
    shop.gateway.fail_with(NeedsPerson("no refunds here"), "refund")
    order, payment = bought(shop)
    refund = ask(shop, payment)
    shop.work()
    for _ in range(2):
        shop.container.settle_refund()(refund.id, True, "by bank transfer", BY)
    hosting = shop.read(order).items[1].subscription_id or ""
    assert shop.ledger.read(lambda uow: uow.subscriptions.get(hosting)).status == "ended"


def test_a_settled_refund_is_not_paid_by_its_job_any_more(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.fail_with(OutcomeUnknown("silence"), "refund")
    refund = ask(shop, payment, usd(300))
    shop.work()
    shop.container.settle_refund()(refund.id, True, "by bank transfer", BY)
    (job,) = shop.jobs(JobKind.REFUND_PAYMENT)
    shop.run(job.id)
    assert (paid_back(shop, order), job.status) == ([], JobStatus.CANCELLED)
    shop.container.retry_job()(job.id, BY)
    shop.work()
    assert paid_back(shop, order) == []
    assert (shop.statuses(order)[0], refunds(shop, order)[0].why) == (
        "completed",
        "settled by a person: by bank transfer",
    )


def test_nobody_settles_what_a_worker_is_at(shop: Twins) -> None:
    order, payment = bought(shop)
    refund = ask(shop, payment, usd(300))
    (job,) = shop.jobs(JobKind.REFUND_PAYMENT)
    shop.ledger.write(BY, lambda uow: uow.jobs.lock(job.id).claim(uow.now(), timedelta(minutes=1)))
    with pytest.raises(Conflict):
        shop.container.settle_refund()(refund.id, False, "too slow", BY)
    assert refunds(shop, order)[0].status is RefundStatus.PENDING


def test_another_sum_paid_back_than_was_asked_is_shown_to_a_person(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.lose_answer("refund")
    refund = ask(shop, payment, usd(300))
    shop.work()
    shop.gateway.pages[payment.id].refunds[0].amount = usd(200)
    shop.hear(shop.gateway.refund_notification(payment.id, f"back_{refund.id}:1"))
    shop.work()
    assert shop.read(order).why == "refund of 3.00 USD: the provider tells of 2.00 USD"
    assert [alert.kind.value for alert in shop.alerts()] == ["refund_differs"]


def until_over(shop: Twins) -> None:
    """As long as the refund's job is tried again."""
    while shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.QUEUED:
        shop.sweep_and_work()
        shop.pass_time(max(shop.jobs(JobKind.REFUND_PAYMENT)[0].due_at - shop.now, timedelta()))
