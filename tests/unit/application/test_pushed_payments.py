"""Payments approved on a phone: the provider only hints, and closes nothing."""

from datetime import timedelta

import pytest

from billing.adapters.memory.hinting import GRACE
from billing.application.outcomes import NeedsPerson, OutcomeUnknown, RetryLater
from billing.domain import (
    AlertKind,
    Conflict,
    Invalid,
    JobKind,
    JobStatus,
    MailKind,
    OrderStatus,
    PaymentStatus,
    RefundStatus,
)
from tests.builders import NOW, a_domain, a_hosting
from tests.twins import BY, KPAY, POLLS, TwoWays

RETRY_AFTER = KPAY.retry_after_seconds
END = POLLS[-1]


@pytest.fixture
def shop() -> TwoWays:
    """A shop with both ways to pay."""
    return TwoWays()


# ---------------------------------------------------------------------- starting


def test_what_is_sent_is_fixed_before_the_provider_hears_of_it(shop: TwoWays) -> None:
    """Elsewhere the reference was saved only after the call."""
    payment = shop.start_push(shop.order(a_domain()))
    customer = shop.ledger.read(lambda uow: uow.customers.get("cus_1"))
    assert payment.options["phone"] == "+250788000123"
    assert (payment.options["email"], payment.options["name"]) == (customer.email, customer.name)
    assert len(payment.options["hint_token"]) >= 20
    assert payment.expires_at == NOW + timedelta(minutes=KPAY.attempt_expiry_minutes)


def test_each_attempt_has_an_address_of_its_own_and_one_with_proof_has_none(shop: TwoWays) -> None:
    first, second = (shop.start_push(shop.order(a_domain(name))) for name in ("a.rw", "b.rw"))
    assert first.options["hint_token"] != second.options["hint_token"]
    assert "hint_token" not in shop.start(shop.order(a_hosting())).options


def test_a_caller_does_not_choose_the_token(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    given = {"phone": "0788000123", "hint_token": "known", "email": "else@where.example"}
    payment = shop.container.start_payment()(order.id, "kpay", given, BY)
    assert payment.options["hint_token"] != "known"
    assert payment.options["email"] != "else@where.example"


def test_options_that_it_can_not_take_are_refused_before_anything_is_written_or_asked(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    shop.start(order)
    for _ in range(2):
        with pytest.raises(Invalid, match="phone"):
            shop.start_push(order, phone="none")
    assert len(shop.read(order).payments) == 1
    assert shop.push.calls == []
    assert [call for call, _ in shop.gateway.calls] == ["start"]  # the older one was not closed for it


def test_a_success_proved_by_the_answer_to_the_start_is_taken_at_once(shop: TwoWays) -> None:
    shop.push.approves_at_once = True
    order = shop.order(a_domain())
    shop.start_push(order)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert [call for call, _ in shop.push.calls] == ["start"]


def test_so_it_is_by_the_start_that_a_job_makes(shop: TwoWays) -> None:
    shop.push.fail_with(OutcomeUnknown("no answer"))
    shop.push.approves_at_once = True
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.wait(60)
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert [call for call, _ in shop.push.calls] == ["start", "start_again"]
    assert shop.push.pushed == [payment.id]


# ---------------------------------------------------------------------- asking


def test_it_is_asked_at_the_ages_of_its_schedule_and_then_expires(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    age = 0
    for n, due in enumerate(POLLS, start=1):
        shop.wait(due - age - 1)
        assert shop.asked(payment) == n - 1
        assert shop.attempt(order).is_open
        shop.wait(1)
        assert shop.asked(payment) == n
        age = due
    assert shop.attempt(order).status is PaymentStatus.EXPIRED
    shop.wait(10 * END)
    assert shop.asked(payment) == len(POLLS)
    assert shop.check_of(payment) is JobStatus.SUCCEEDED


def test_just_asked_for_a_notification_it_is_not_asked_again_for_its_schedule(shop: TwoWays) -> None:
    payment = shop.start_push(shop.order(a_domain()))
    shop.wait(POLLS[0] - 1)
    shop.post_back(payment, shop.push.postback(payment.id))
    shop.work()
    assert shop.asked(payment) == 1
    shop.wait(1)
    assert shop.asked(payment) == 1
    shop.wait(4)
    assert shop.asked(payment) == 2


def test_workers_that_were_away_ask_once_and_go_on_where_the_schedule_is(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.wait(200)
    assert shop.asked(payment) == 1
    shop.wait(99)
    assert shop.asked(payment) == 1
    shop.wait(1)
    assert shop.asked(payment) == 2
    shop.wait(2 * END)
    assert (shop.asked(payment), shop.attempt(order).status) == (3, PaymentStatus.EXPIRED)


def test_an_approval_is_found_by_the_next_poll_without_any_notification(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.approve(payment.id)
    shop.wait(POLLS[0])
    assert shop.statuses(order) == ["completed", "fulfilled"]
    shop.wait(2 * END)
    assert shop.asked(payment) == 1


def test_a_success_after_a_failure_counts_without_any_notification(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.decline(payment.id)
    shop.wait(POLLS[0])
    assert shop.attempt(order).status is PaymentStatus.FAILED
    assert len(shop.mailed(MailKind.PAYMENT_FAILED)) == 1
    shop.push.approve(payment.id)
    shop.wait(POLLS[1])
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_after_its_expiry_a_refresh_finds_a_late_success(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.wait(END)
    assert shop.attempt(order).status is PaymentStatus.EXPIRED
    shop.push.approve(payment.id)
    for _ in range(2):
        shop.container.refresh_payment()(payment.id, BY)
        shop.wait(10)
    assert shop.statuses(order) == ["completed", "fulfilled"]


# ---------------------------------------------------------------------- lost answers


def test_one_whose_answer_was_lost_is_found_and_asks_the_customer_once(shop: TwoWays) -> None:
    shop.push.lose_answer()
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    assert not payment.is_started
    shop.wait(60)
    assert shop.attempt(order).payment_ref == f"tid_{payment.id}"
    assert shop.push.pushed == [payment.id]
    shop.push.approve(payment.id)
    shop.wait(60)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_one_whose_answer_was_lost_and_that_is_paid_is_found_by_who_wants_to_start_another(shop: TwoWays) -> None:
    shop.push.lose_answer()
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.approve(payment.id)
    for _ in range(2):
        with pytest.raises(Conflict, match=r"just been paid|takes no payment"):
            shop.start_push(order)
    assert shop.push.pushed == [payment.id]
    assert len(shop.read(order).payments) == 1
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_page_that_looks_while_the_start_is_under_way_has_nobody_asked_a_second_time(shop: TwoWays) -> None:
    shop.push.lose_answer()  # as the ledger knows it before any answer has come
    payment = shop.start_push(shop.order(a_domain()))
    for _ in range(3):
        shop.container.refresh_payment()(payment.id, "page")
        shop.wait(1)
    assert shop.asked(payment, "start_again") == 0
    shop.wait(60)
    assert shop.asked(payment, "start_again") == 1
    shop.container.refresh_payment()(payment.id, "page")
    shop.wait(10)
    assert shop.asked(payment) >= 1


@pytest.mark.parametrize("ended", [RetryLater, OutcomeUnknown])
def test_a_provider_that_asks_for_a_pause_in_answer_to_a_start_gets_it(
    shop: TwoWays, ended: type[RetryLater] | type[OutcomeUnknown]
) -> None:
    shop.push.fail_with(ended("429", after_seconds=90, answered=True))
    payment = shop.start_push(shop.order(a_domain()))
    shop.wait(80)
    assert shop.asked(payment, "start_again") == 0
    shop.push.fail_with(ended("429", after_seconds=300, answered=True), "start_again")
    shop.wait(10)
    shop.wait(290)
    assert shop.asked(payment, "start_again") == 1
    shop.wait(10)
    assert shop.asked(payment, "start_again") == 2


def test_one_that_stays_unknown_ends_and_nobody_is_alarmed(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    shop.push.fail_with(OutcomeUnknown("no answer"), "start")
    shop.push.fail_with(OutcomeUnknown("no answer"), "start_again", times=2)
    payment = shop.start_push(order)
    shop.wait(60)
    shop.wait(GRACE.total_seconds() + 2 * END)
    shop.wait(END)
    assert not shop.attempt(order).is_open
    assert shop.push.pushed == []
    assert shop.check_of(payment) is JobStatus.SUCCEEDED
    assert shop.alerts() == []


def test_a_lost_attempt_of_a_closed_order_is_not_pushed_to_the_customer(shop: TwoWays) -> None:
    shop.push.fail_with(OutcomeUnknown("no answer"))
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    for _ in range(2):
        shop.container.cancel_order()(order.id, BY)
    shop.wait(60)
    shop.wait(2 * END)
    assert shop.push.pushed == []
    assert shop.attempt(order).status is PaymentStatus.CANCELLED
    assert shop.asked(payment, "start_again") == 0


# ---------------------------------------------------------------------- another one


def test_an_undecided_one_keeps_another_from_being_started_and_says_for_how_long(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    shop.start_push(order)
    shop.pass_time(timedelta(seconds=20.5))
    for _ in range(2):
        with pytest.raises(Conflict, match=r"another can be started in 100 s"):
            shop.start(order)
    assert len(shop.read(order).payments) == 1


def test_after_a_while_it_is_given_up_for_another_at_either_gateway(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    first = shop.start_push(order)
    shop.wait(RETRY_AFTER)
    second = shop.start_push(order)
    assert shop.attempt(order).status is PaymentStatus.CANCELLED
    assert shop.push.pushed == [first.id, second.id]
    shop.wait(RETRY_AFTER)
    third = shop.start(order)
    shop.hear(shop.pay(third))
    shop.work()
    assert [payment.status.value for payment in shop.read(order).payments] == ["cancelled", "cancelled", "succeeded"]
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_one_that_was_declined_lets_another_be_started_at_once(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    shop.push.decline(shop.start_push(order).id)
    assert shop.start_push(order).attempt == 2
    assert shop.attempt(order).status is PaymentStatus.FAILED


@pytest.mark.parametrize("away", [RetryLater("away"), OutcomeUnknown("hangs"), NeedsPerson("nonsense")], ids=repr)
def test_a_provider_that_does_not_answer_does_not_keep_a_customer_from_the_other(
    shop: TwoWays, away: RetryLater | OutcomeUnknown | NeedsPerson
) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.fail_with(away, "close", times=9)
    with pytest.raises(Conflict, match="still being decided"):
        shop.start(order)
    shop.pass_time(timedelta(seconds=RETRY_AFTER))
    assert shop.start(order).is_open
    assert shop.attempt(order).status is PaymentStatus.CANCELLED
    shop.push.mend()
    shop.push.approve(payment.id)
    shop.wait(END)
    assert shop.attempt(order).status is PaymentStatus.SUCCEEDED


def test_a_late_success_of_one_that_was_given_up_pays_the_order(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    first = shop.start_push(order)
    shop.wait(RETRY_AFTER)
    shop.start_push(order)
    shop.push.approve(first.id)
    shop.wait(POLLS[4] - RETRY_AFTER)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_where_both_are_paid_the_second_success_is_paid_back_by_hand(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    first = shop.start_push(order)
    shop.wait(RETRY_AFTER)
    shop.push.approve(shop.start_push(order).id)
    shop.wait(POLLS[0])
    assert shop.statuses(order) == ["completed", "fulfilled"]
    shop.push.approve(first.id)
    shop.wait(END)
    shop.wait(END)
    now = shop.read(order)
    assert (now.payments[0].surplus, now.payments[1].surplus) == (True, False)
    assert [refund.needs_hand for refund in now.payments[0].refunds] == [True]
    assert now.status is OrderStatus.REQUIRES_ATTENTION
    assert shop.asked(first, "refund") == 0
    assert shop.registrar.creates == {"example.rw": 1}


# ---------------------------------------------------------------------- closing


def test_the_customers_cancel_ends_it_here_and_a_late_success_is_paid_back_by_hand(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    for _ in range(2):
        shop.container.cancel_order()(order.id, BY)
        shop.work()
    assert shop.attempt(order).status is PaymentStatus.CANCELLED
    assert shop.asked(payment, "close") == 1
    shop.push.approve(payment.id)
    shop.wait(POLLS[0])
    now = shop.read(order)
    (refund,) = now.payments[0].refunds
    assert (refund.status, refund.amount, refund.needs_hand) == (RefundStatus.PENDING, now.total, True)
    assert "requires_manual_refund" in (now.why or "")
    assert shop.registrar.creates == {}


def test_an_order_that_expires_ends_it_here_and_a_late_success_is_delivered(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    shop.pass_time(order.expires_at - NOW - timedelta(minutes=2))
    payment = shop.start_push(order)
    assert payment.expires_at == order.expires_at
    shop.wait(120)
    assert shop.statuses(order) == ["expired", "cancelled"]
    assert shop.attempt(order).status is PaymentStatus.CANCELLED
    shop.push.approve(payment.id)
    shop.wait(POLLS[4])
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_success_that_comes_out_when_it_is_to_be_closed_is_recorded(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.approve(payment.id)
    shop.container.cancel_order()(order.id, BY)
    shop.work()
    assert shop.attempt(order).surplus
    assert shop.push.calls == [("start", payment.id), ("close", payment.id)]


def test_it_is_asked_to_the_end_of_its_schedule_after_a_cancel(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.container.cancel_order()(order.id, BY)
    age = 0
    for due in POLLS:
        shop.wait(due - age)
        age = due
    assert shop.asked(payment) == len(POLLS)
    assert shop.attempt(order).status is PaymentStatus.CANCELLED
    assert shop.check_of(payment) is JobStatus.SUCCEEDED


def test_a_check_that_died_tells_a_person_and_goes_on_when_it_is_revived(shop: TwoWays) -> None:
    order = shop.order(a_domain())
    payment = shop.start_push(order)
    shop.push.fail_with(NeedsPerson("nonsense"), "check")
    shop.wait(POLLS[0])
    assert shop.read(order).status is OrderStatus.REQUIRES_ATTENTION
    assert [alert.kind for alert in shop.alerts()] == [AlertKind.JOB_DEAD]
    shop.push.approve(payment.id)
    (job,) = shop.jobs(JobKind.CHECK_PAYMENT)
    shop.container.retry_job()(job.id, BY)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
