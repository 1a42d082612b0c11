"""One road for every payment: repeated, reversed, late, surplus, mismatched."""

import json
from datetime import timedelta
from itertools import permutations

import pytest

from billing.application.outcomes import NeedsPerson, OutcomeUnknown, Refused, RetryLater
from billing.domain import (
    AlertKind,
    Conflict,
    DisputeStatus,
    EventStatus,
    Invalid,
    ItemStatus,
    JobKind,
    JobStatus,
    Money,
    Order,
    OrderStatus,
    PaymentStatus,
)
from billing.domain.facts import DisputeStands, Fact, PaymentDeclined, PaymentExpired, PaymentFailed, PaymentSucceeded
from tests.builders import NOW, a_catalogue, a_domain, a_hosting
from tests.twins import BY, Twins

DAY = timedelta(days=1)


def tell(shop: Twins, fact: Fact) -> None:
    shop.ledger.write(BY, lambda uow: shop.container.record_fact()(uow, "memory", fact))


def test_a_notification_delivered_many_times_moves_the_order_once(shop: Twins) -> None:
    order = shop.order(a_domain(), a_hosting())
    told = shop.pay(shop.start(order))
    for _ in range(8):
        shop.hear(told)
        shop.work()
    shop.hear(told)
    shop.work()
    assert shop.statuses(order)[0] == "completed"
    assert shop.registrar.creates == {"example.rw": 1}
    assert len([job for job in shop.jobs() if job.kind is JobKind.PROCESS_EVENT]) == 1


@pytest.mark.parametrize("order_of_facts", list(permutations(range(4))))
def test_facts_in_any_order_and_twice_end_in_one_success(shop: Twins, order_of_facts: tuple[int, ...]) -> None:
    """polar PR 14274: a failure that was told late undid a success."""
    order = shop.order(a_domain())
    payment = shop.start(order)
    told: list[Fact] = [
        PaymentSucceeded(payment_id=payment.id, payment_ref="money_1", received=payment.amount),
        PaymentDeclined(payment_id=payment.id, why="card declined"),
        PaymentFailed(payment_id=payment.id, why="gave up"),
        PaymentExpired(payment_id=payment.id),
    ]
    for n in (*order_of_facts, *order_of_facts):
        tell(shop, told[n])
    now = shop.read(order)
    assert now.payments[0].status is PaymentStatus.SUCCEEDED
    assert now.status is OrderStatus.PAID
    assert len([job for job in shop.jobs() if job.kind is JobKind.REGISTER_DOMAIN]) == 1


def test_a_redelivery_of_what_was_stored_and_never_run_rings_again(shop: Twins) -> None:
    """dj-stripe#832: an event that had failed counted as known, and its repeat was dropped."""
    order = shop.order(a_domain())
    told = shop.pay(shop.start(order))
    shop.queue.silent = True
    shop.hear(told)
    shop.queue.silent = False
    shop.hear(told)
    shop.work()
    assert shop.statuses(order)[0] == "completed"


def test_a_new_price_list_changes_nothing_for_an_order_already_placed(shop: Twins) -> None:
    """Seen elsewhere: yearly renewals failed a check against a price that was worked out anew."""
    order = shop.order(a_domain())
    dearer = a_catalogue().to_document()
    dearer["tlds"]["rw"]["register"]["USD"] = 9900
    shop.container.load_catalogue()(dearer, BY)
    payment = shop.start(order)
    assert payment.amount == Money(1500, "USD")
    shop.hear(shop.pay(payment))
    shop.work()
    assert shop.statuses(order)[0] == "completed"


def test_the_return_page_and_the_webhook_at_once_complete_the_order_once(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    told = shop.pay(payment)
    shop.container.refresh_payment()(payment.id, BY)
    shop.hear(told)
    shop.work()
    assert shop.statuses(order)[0] == "completed"
    assert shop.registrar.creates == {"example.rw": 1}


def test_a_return_page_that_polls_asks_the_provider_once_an_interval(shop: Twins) -> None:
    payment = shop.start(shop.order(a_domain()))
    for _ in range(20):
        shop.container.refresh_payment()(payment.id, BY)
        shop.work()
    assert [call for call in shop.gateway.calls if call[0] == "check"] == [("check", payment.id)]
    shop.pass_time(timedelta(seconds=6))
    shop.sweep_and_work()
    assert len([call for call in shop.gateway.calls if call[0] == "check"]) == 2


def test_a_payment_whose_every_webhook_was_lost_is_found_by_its_check(shop: Twins) -> None:
    """Seen elsewhere: no webhook ever came, and who had paid was shown as unpaid for weeks."""
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.pay(payment)
    shop.pass_time(payment.expires_at - NOW + timedelta(minutes=6))
    for _ in range(2):
        shop.sweep_and_work()
    assert shop.read(order).payments[0].status is PaymentStatus.SUCCEEDED
    assert shop.statuses(order)[0] == "completed"


def test_another_sum_than_asked_parks_the_payment_and_tells_a_person(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.hear(shop.gateway.pay(shop.start(order).id, Money(1, "USD")))
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "unpaid"]
    assert [name for name, _ in shop.telemetry.alarms] == ["payment_needs_attention"]
    assert shop.registrar.creates == {}


def test_an_older_page_is_closed_before_a_new_one_opens(shop: Twins) -> None:
    order = shop.order(a_domain())
    first = shop.start(order)
    second = shop.start(order)
    assert (second.attempt, second.id != first.id) == (2, True)
    assert shop.read(order).payment(first.id).status is PaymentStatus.EXPIRED
    with pytest.raises(Conflict):
        shop.gateway.pay(first.id)


def test_an_older_page_paid_in_that_moment_is_a_conflict_and_the_order_is_paid(shop: Twins) -> None:
    order = shop.order(a_domain())
    first = shop.start(order)
    shop.pay(first)
    with pytest.raises(Conflict, match="just been paid"):
        shop.start(order)
    shop.work()
    assert shop.statuses(order)[0] == "completed"


def test_a_start_whose_answer_was_lost_is_found_again_and_never_opened_twice(shop: Twins) -> None:
    """killbill#1015: what nobody knew the outcome of was tried again and charged again."""
    order = shop.order(a_domain())
    shop.gateway.lose_answer()
    payment = shop.start(order)
    assert (payment.status, payment.redirect_url) == (PaymentStatus.PENDING, None)
    with pytest.raises(Conflict, match="not yet answered"):
        shop.start(order)
    shop.pass_time(timedelta(seconds=31))
    shop.sweep_and_work()
    found = shop.read(order).payment(payment.id)
    assert found.redirect_url is not None
    assert len(shop.gateway.pages) == 1


def test_a_customer_who_polls_through_an_outage_does_not_use_up_the_checks_attempts(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.pay(payment)
    shop.gateway.fail_with(RetryLater("down"), "check", times=40)
    for _ in range(45):
        shop.container.refresh_payment()(payment.id, BY)
        shop.sweep_and_work()
        shop.pass_time(timedelta(seconds=5))
    assert shop.statuses(order)[0] == "completed"
    assert shop.telemetry.alarms == []


def test_an_attempt_that_nobody_could_start_ends_and_another_may_begin(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.gateway.fail_with(OutcomeUnknown("500, replayed"), times=13)
    shop.start(order)
    for _ in range(20):
        shop.pass_time(timedelta(minutes=20))
        shop.sweep_and_work()
    assert shop.read(order).payments[0].status is PaymentStatus.FAILED
    assert shop.start(order).redirect_url is not None


def test_an_attempt_that_never_reached_the_provider_expires(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.gateway.fail_with(RetryLater("down"), times=1000)
    payment = shop.start(order)
    shop.pass_time(payment.expires_at - NOW + DAY)
    for _ in range(3):
        shop.sweep_and_work()
    assert shop.read(order).payment(payment.id).status is PaymentStatus.EXPIRED


def test_a_slow_payment_under_way_keeps_a_second_page_from_opening(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.gateway.submit(shop.start(order).id)
    with pytest.raises(Conflict, match="still being decided"):
        shop.start(order)


def test_a_started_attempt_is_asked_about_only_after_its_page_has_closed(shop: Twins) -> None:
    payment = shop.start(shop.order(a_domain()))
    shop.pass_time(timedelta(minutes=30))
    shop.sweep_and_work()
    assert [call for call, _ in shop.gateway.calls] == ["start"]
    shop.pass_time(payment.expires_at - shop.now + timedelta(minutes=6))
    shop.sweep_and_work()
    assert ("check", payment.id) in shop.gateway.calls


def test_a_payment_that_has_succeeded_is_not_asked_about_again(shop: Twins) -> None:
    order = shop.buy(a_domain())
    shop.pass_time(timedelta(hours=30))
    shop.sweep_and_work()
    assert [call for call, _ in shop.gateway.calls] == ["start"]
    assert {job.status for job in shop.jobs()} == {JobStatus.SUCCEEDED}
    assert order.payments[0].payment_ref is not None


def test_a_payment_of_one_provider_is_not_settled_by_another(shop: Twins) -> None:
    """FOSSBilling#3967: of two gateways on one account the wrong one took the event."""
    payment = shop.start(shop.order(a_domain()))
    fact = PaymentSucceeded(payment_id=payment.id, received=payment.amount)
    with pytest.raises(NeedsPerson, match=r"other tells of payment .* it belongs to memory"):
        shop.ledger.write(BY, lambda uow: shop.container.record_fact()(uow, "other", fact))


def another(told: bytes, **changed: object) -> bytes:
    """The same told of another charge under one payment of ours."""
    document = json.loads(told)
    return json.dumps({**document, "id": "ntf_other", "page": {**document["page"], **changed}}).encode()


@pytest.mark.parametrize("changed", [{"payment_ref": "money_other"}, {"session_ref": "page_other"}], ids=str)
def test_money_that_comes_under_a_second_id_of_the_provider_is_told_to_a_person_once(
    shop: Twins, changed: dict[str, str]
) -> None:
    order = shop.order(a_domain())
    told = shop.pay(shop.start(order))
    shop.hear(told)
    shop.work()
    before = shop.read(order).payments[0]
    for _ in range(3):
        shop.hear(another(told, **changed))
        shop.work()
        shop.pass_time(DAY)
        shop.sweep_and_work()
    (alert,) = shop.alerts()
    known = {"payment_ref": before.payment_ref, "session_ref": before.session_ref}
    (name, ref) = next(iter(changed.items()))
    assert alert.kind is AlertKind.EVENT_FAILED
    assert f"succeeded ({before.amount}): its {name} is {known[name]}, not {ref}" in alert.why
    (event,) = shop.ledger.read(lambda uow: uow.inbox.page(EventStatus.FAILED, None, None, None, 9))
    assert (event.event_id, event.body is not None) == ("ntf_other", True)
    preview = shop.container.preview_event()(event.id, BY)
    assert (preview.becomes, preview.why, preview.moves) == (EventStatus.FAILED, event.why, ())
    job = shop.jobs(JobKind.PROCESS_EVENT)[-1]
    assert (job.status, job.attempts) == (JobStatus.DEAD, 0)
    after = shop.read(order).payments[0]
    assert (after.status, after.payment_ref, after.received) == (before.status, before.payment_ref, before.received)
    assert [entry for entry in shop.telemetry.alarms if "bug" in str(entry)] == []


def test_a_dispute_about_a_second_charge_is_told_to_a_person(shop: Twins) -> None:
    payment = shop.buy(a_domain()).payments[0]
    fact = DisputeStands(
        payment_id=payment.id,
        payment_ref="money_other",
        dispute_ref="dp_1",
        amount=payment.amount,
        status=DisputeStatus.NEEDS_RESPONSE,
        reason="fraudulent",
        withdrawn=payment.amount,
        reinstated=Money.zero("USD"),
        why="",
    )
    with pytest.raises(NeedsPerson, match=f"its payment_ref is {payment.payment_ref}, not money_other"):
        shop.ledger.write(BY, lambda uow: shop.container.take_fact()(uow, "memory", fact))


def test_a_refused_start_ends_the_attempt_and_the_next_may_begin(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.gateway.refuse("amount too small")
    with pytest.raises(Refused, match="too small"):
        shop.start(order)
    assert shop.read(order).payments[0].status is PaymentStatus.FAILED
    assert shop.start(order).attempt == 2


def test_expiry_closes_the_page_at_the_provider(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.pass_time(order.expires_at - NOW)
    shop.sweep_and_work()
    assert shop.statuses(order) == ["expired", "cancelled"]
    assert ("close", payment.id) in shop.gateway.calls
    assert shop.read(order).payments[0].status is PaymentStatus.EXPIRED


def test_a_success_after_expiry_is_honoured_and_delivered(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    told = shop.pay(payment)
    shop.pass_time(order.expires_at - NOW)
    shop.container.expire_orders()()
    assert shop.statuses(order) == ["expired", "cancelled"]
    shop.hear(told)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_after_expiry_a_name_sold_to_somebody_else_fails_and_the_rest_is_delivered(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"), a_hosting())
    told = shop.pay(shop.start(order))
    shop.pass_time(order.expires_at - NOW)
    shop.container.expire_orders()()
    other = shop.order(a_domain("example.rw"))
    shop.hear(told)
    shop.work()
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]
    assert "already in an open order" in (shop.read(order).items[0].why or "")
    assert shop.statuses(other) == ["pending", "unpaid"]


def test_after_expiry_a_name_registered_meanwhile_fails(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"))
    told = shop.pay(shop.start(order))
    shop.pass_time(order.expires_at - NOW)
    shop.container.expire_orders()()
    shop.buy(a_domain("example.rw"))
    shop.hear(told)
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert shop.registrar.creates == {"example.rw": 1}
    assert [call for call, _ in shop.registrar.calls].count("register") == 1


def test_a_success_after_the_customers_cancel_is_surplus(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    told = shop.pay(payment)
    shop.container.cancel_order()(order.id, BY)
    shop.hear(told)
    shop.work()
    now = shop.read(order)
    assert (now.status, now.payments[0].surplus) == (OrderStatus.CANCELLED, True)
    assert now.items[0].status is ItemStatus.CANCELLED


def test_cancel_closes_the_page_and_is_safe_to_repeat(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.start(order)
    for _ in range(2):
        assert shop.container.cancel_order()(order.id, BY).status is OrderStatus.CANCELLED
        shop.work()
    assert [call for call, _ in shop.gateway.calls] == ["start", "close"]


def test_cancelling_a_paid_order_says_what_to_do_instead(shop: Twins) -> None:
    """Seen elsewhere: an order was cancelled although it was paid."""
    order = shop.buy(a_domain())
    with pytest.raises(Conflict, match="refunded, not cancelled"):
        shop.container.cancel_order()(order.id, BY)


def test_a_notification_about_somebody_elses_payment_is_ignored(shop: Twins) -> None:
    other = Twins()
    other.begin.store.installation = "ins_other"
    told = other.pay(other.start(other.order(a_domain())))
    shop.hear(told)
    shop.work()
    (job,) = shop.jobs(JobKind.PROCESS_EVENT)
    event = shop.ledger.read(lambda uow: uow.inbox.get(job.subject))
    assert (event.status, job.status) == (EventStatus.IGNORED, JobStatus.SUCCEEDED)


def test_a_notification_of_ours_that_names_nothing_known_is_unmatched_and_tried_again(shop: Twins) -> None:
    other = Twins()
    told = other.pay(other.start(other.order(a_domain())))
    shop.hear(told)
    shop.work()
    (job,) = shop.jobs(JobKind.PROCESS_EVENT)
    event = shop.ledger.read(lambda uow: uow.inbox.get(job.subject))
    assert (event.status, job.status, job.attempts) == (EventStatus.UNMATCHED, JobStatus.QUEUED, 0)
    for hours in (1, 80):
        shop.pass_time(timedelta(hours=hours))
        shop.sweep_and_work()
    (job,) = shop.jobs(JobKind.PROCESS_EVENT)
    assert job.status is JobStatus.DEAD
    assert [name for name, _ in shop.telemetry.alarms] == ["job_dead", "event_unmatched"]


def test_a_notification_that_lands_before_its_order_is_processed_when_the_order_is_there(shop: Twins) -> None:
    """statamic-cargo#190: a webhook was faster than its order, was answered 200 and forgotten."""
    ahead = Twins()
    order = ahead.order(a_domain())
    told = ahead.pay(ahead.start(order))
    shop.hear(told)
    shop.work()
    shop._ids = ahead._ids  # the same ids on both sides: the order arrives here after its notification
    late: Order = ahead.read(order)
    shop.ledger.write(BY, lambda uow: uow.orders.add(late))
    shop.pass_time(timedelta(minutes=6))
    shop.sweep_and_work()
    assert shop.read(order).payments[0].status is PaymentStatus.SUCCEEDED


def test_an_unknown_gateway_is_named(shop: Twins) -> None:
    with pytest.raises(Invalid, match="gateway: one of memory"):
        shop.container.start_payment()(shop.order(a_domain()).id, "cash", {}, BY)


def test_a_success_spares_the_provider_the_question_about_it(shop: Twins) -> None:
    payment = shop.start(shop.order(a_domain()))
    shop.hear(shop.pay(payment))
    shop.work()
    (check,) = shop.jobs(JobKind.CHECK_PAYMENT)
    assert (check.status, check.why) == (JobStatus.SUCCEEDED, "its payment is known to be paid")
    shop.container.refresh_payment()(payment.id, BY)
    shop.pass_time(timedelta(days=2))
    shop.sweep_and_work()
    assert [call for call, _ in shop.gateway.calls] == ["start"]


def test_a_failure_leaves_the_question_to_be_asked(shop: Twins) -> None:
    payment = shop.start(shop.order(a_domain()))
    shop.hear(shop.gateway.decline(payment.id))
    shop.work()
    (check,) = shop.jobs(JobKind.CHECK_PAYMENT)
    assert check.status is JobStatus.QUEUED


def test_a_success_that_the_check_itself_finds_ends_it_as_any_other(shop: Twins) -> None:
    payment = shop.start(shop.order(a_domain()))
    shop.pay(payment)
    shop.container.refresh_payment()(payment.id, BY)
    shop.work()
    (check,) = shop.jobs(JobKind.CHECK_PAYMENT)
    assert (check.status, check.why) == (JobStatus.SUCCEEDED, None)
