"""Notifications are lost, doubled and reversed, and reconciliation finds what is missing: once, and never by force."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from billing.application.books.reconciliation import Difference, Done, Scope
from billing.application.guarding.breakers import Unreachable
from billing.application.guarding.guarded_books import GuardedFeed, GuardedStatements
from billing.application.money.attempts import check_of, close_of
from billing.application.outcomes import Deadline, NeedsPerson, NotYet, OutcomeUnknown, RetryLater
from billing.domain import AlertKind, EventStatus, JobKind, Money, Order, Payment, PaymentStatus, Refund, RefundStatus
from billing.domain.errors import Conflict
from tests.builders import a_domain, a_hosting
from tests.twins import BY, Twins
from tests.unit.application.test_payments import another

DAYS = timedelta(days=3)


def reconcile(shop: Twins, *, dry_run: bool = False) -> Sequence[Difference]:
    """All that differs in the last three days."""
    scope = Scope(since=shop.now - DAYS, until=shop.now, by=BY, deadline=shop.soon, dry_run=dry_run)
    return [difference for look in shop.container.comparing.reconcile()(scope) for difference in look.differences]


def told(differences: Sequence[Difference]) -> list[tuple[str, str, str, str]]:
    """Each in short."""
    return [(one.about, one.ours, one.theirs.split(" of 20")[0], one.done.value) for one in differences]


def repaired_and_then_nothing(shop: Twins) -> Sequence[Difference]:
    """The first run repairs; the second, whether or not a worker has been at it, finds nothing."""
    found = reconcile(shop)
    assert reconcile(shop) == []
    shop.sweep_and_work()
    assert reconcile(shop) == []
    return found


def an_attempt_to_pay(shop: Twins, *wanted: object) -> tuple[Order, Payment]:
    order = shop.order(*(wanted or (a_domain(), a_hosting())))  # type: ignore[arg-type]
    return order, shop.start(order)


def stands(shop: Twins, order: Order) -> list[str]:
    return [payment.status.value for payment in shop.read(order).payments]


# ---------------------------------------------------------------------- notifications that never came


def test_a_payment_whose_every_notification_was_lost_is_completed(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.pay(payment)
    assert told(repaired_and_then_nothing(shop)) == [
        ("memory event ntf_1", "not in the inbox", "payment.paid", "repaired"),
        (f"payment {payment.id}", "pending, its order pending", "succeeded (19.99 USD)", "repaired"),
    ]
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert len(shop.jobs(JobKind.REGISTER_DOMAIN)) == 1
    (event,) = shop.ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 9))
    assert (event.status, event.verdict) == (EventStatus.PROCESSED, "fetched from the feed by a test")


def test_the_event_alone_completes_it_where_its_job_is_faster(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.pay(payment)
    scope = Scope(since=shop.now - DAYS, until=shop.now, by=BY, deadline=shop.soon)
    for look in shop.container.comparing.reconcile()(scope):
        shop.work()
        assert not [one for one in look.differences if "payment" in one.about]
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]


def test_notifications_that_came_doubled_and_reversed_leave_nothing_to_repair(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    declined, paid = shop.gateway.decline(payment.id), shop.pay(payment)
    shop.hear(paid, paid, declined, declined)
    shop.sweep_and_work()
    assert reconcile(shop) == []
    assert shop.statuses(order)[0] == "completed"


def test_a_notification_that_comes_late_after_all_changes_nothing(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    paid = shop.pay(payment)
    reconcile(shop)
    shop.sweep_and_work()
    shop.hear(paid, paid)
    shop.sweep_and_work()
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert len(shop.jobs(JobKind.PROCESS_EVENT)) == len(shop.jobs(JobKind.REGISTER_DOMAIN)) == 1


def test_what_happened_before_is_not_looked_for(shop: Twins) -> None:
    _, payment = an_attempt_to_pay(shop)
    shop.pay(payment)
    shop.pass_time(DAYS + timedelta(hours=1))
    assert reconcile(shop) == []


def test_a_dry_run_tells_the_same_and_changes_nothing(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.pay(payment)
    before = shop.begin.store.log.copy(), shop.jobs(), list(shop.queue.drain())
    for _ in range(2):
        rehearsed = reconcile(shop, dry_run=True)
        assert [one.done for one in rehearsed] == [Done.WOULD_BE_REPAIRED] * 2
        assert rehearsed[0].how == "it would be processed (PaymentSucceeded)"
        assert f"payment {payment.id}: pending → succeeded" in rehearsed[1].how
    assert [job.id for job in shop.jobs()] == [job.id for job in before[1]]
    assert (shop.begin.store.log, list(shop.queue.drain())) == (before[0], [])
    assert stands(shop, order) == ["pending"]
    assert shop.ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 9)) == []
    assert [(one.about, one.theirs) for one in reconcile(shop)] == [(one.about, one.theirs) for one in rehearsed]


def test_a_dry_run_says_of_an_event_that_only_a_person_can_take_in_that_its_job_would_fail(shop: Twins) -> None:
    order = shop.buy(a_domain())
    shop.gateway.told.append((shop.now, another(shop.gateway.told[-1][1], payment_ref="money_other")))
    shop.pass_time(timedelta(hours=1))
    (found,) = reconcile(shop, dry_run=True)
    assert found.done is Done.WOULD_BE_REPAIRED
    known = order.payments[0].payment_ref
    assert found.how.startswith("its job would fail: ")
    assert found.how.endswith(f"its payment_ref is {known}, not money_other")


# ---------------------------------------------------------------------- attempts


@pytest.mark.parametrize(
    ("end", "status", "theirs"),
    [
        ("cancel", PaymentStatus.CANCELLED, "cancelled (called off)"),
        ("expire", PaymentStatus.EXPIRED, "expired"),
    ],
)
def test_an_attempt_that_ended_at_its_provider_ends_here(
    shop: Twins, end: str, status: PaymentStatus, theirs: str
) -> None:
    order, payment = an_attempt_to_pay(shop)
    getattr(shop.gateway, end)(payment.id)
    shop.gateway.told.clear()
    assert told(repaired_and_then_nothing(shop)) == [
        (f"payment {payment.id}", "pending, its order pending", theirs, "repaired")
    ]
    assert stands(shop, order) == [status]


def test_money_that_came_after_an_attempt_had_ended_here_is_taken_in(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.ledger.write(BY, lambda uow: uow.orders.lock(order.id).payment(payment.id).fail("nobody could ask"))
    shop.pay(payment)
    shop.gateway.told.clear()
    assert told(repaired_and_then_nothing(shop)) == [
        (f"payment {payment.id}", "failed, its order pending", "succeeded (19.99 USD)", "repaired")
    ]
    assert shop.statuses(order)[0] == "completed"


def test_an_open_attempt_that_is_open_there_too_is_as_it_should_be(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.gateway.decline(payment.id)
    shop.gateway.told.clear()
    assert reconcile(shop) == []
    shop.gateway.submit(payment.id)
    shop.gateway.told.clear()
    assert reconcile(shop) == []
    assert stands(shop, order) == ["pending"]


def test_a_page_that_is_open_for_an_attempt_that_ended_here_is_closed(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.ledger.write(BY, lambda uow: uow.orders.lock(order.id).payment(payment.id).fail("nobody could ask"))
    (rehearsed,) = reconcile(shop, dry_run=True)
    assert (rehearsed.done, shop.gateway.pages[payment.id].state) == (Done.WOULD_BE_REPAIRED, "payment.open")
    assert told(repaired_and_then_nothing(shop)) == [
        (f"payment {payment.id}", "failed, its order pending", "pending", "repaired")
    ]
    with pytest.raises(Conflict):
        shop.pay(payment)


def test_a_page_that_its_job_is_about_to_close_is_left_to_it(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.container.cancel_order()(order.id, BY)
    assert reconcile(shop) == []
    job = shop.ledger.read(lambda uow: uow.jobs.of_subjects([payment.id]))[-1]
    assert job.kind is close_of(payment.id).kind
    shop.container.cancel_job()(job.id, BY)
    assert [one.done for one in repaired_and_then_nothing(shop)] == [Done.REPAIRED]
    assert stands(shop, order) == ["expired"]


def test_another_sum_than_was_asked_is_taken_in_and_needs_a_person(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.gateway.pay(payment.id, Money(1, "USD"))
    shop.gateway.told.clear()
    (found,) = reconcile(shop)
    assert (found.done, found.is_settled) == (Done.NEEDS_PERSON, False)
    assert stands(shop, order) == ["requires_attention"]
    assert [alert.kind for alert in shop.alerts()] == [AlertKind.PAYMENT_NEEDS_ATTENTION]
    assert reconcile(shop) == []


def test_an_attempt_that_its_provider_does_not_know_needs_a_person_once_a_day(shop: Twins) -> None:
    _, payment = an_attempt_to_pay(shop)
    shop.gateway.fail_with(NeedsPerson("no such page"), "check", times=9)
    for dry_run in (True, False, False):
        (found,) = reconcile(shop, dry_run=dry_run)
        assert (found.done, found.theirs, found.how) == (Done.NEEDS_PERSON, "it will not say", "no such page")
        assert len(shop.alerts()) == (not dry_run)
    shop.pass_time(timedelta(days=1))
    reconcile(shop)
    assert [(alert.kind, alert.subject) for alert in shop.alerts()] == [
        (AlertKind.BOOKS_DIFFER, f"payment {payment.id}")
    ] * 2


# ---------------------------------------------------------------------- payments and refunds


@pytest.fixture
def paid(shop: Twins) -> Payment:
    """A payment whose order was delivered; nothing differs."""
    order = shop.buy(a_domain(), a_hosting())
    assert reconcile(shop) == []
    return order.payments[0]


def now(shop: Twins, payment: Payment) -> Payment:
    return shop.ledger.read(lambda uow: uow.orders.get(payment.order_id)).payment(payment.id)


def test_a_refund_that_was_made_at_the_desk_is_taken_in(shop: Twins, paid: Payment) -> None:
    shop.gateway.refund_at_the_desk(paid.id, Money(499, "USD"))
    shop.gateway.told.clear()
    (rehearsed,) = reconcile(shop, dry_run=True)
    assert (rehearsed.done, now(shop, paid).refunds) == (Done.WOULD_BE_REPAIRED, [])
    assert told(repaired_and_then_nothing(shop)) == [
        (f"refund desk_1 of payment {paid.id}", "not known", "4.99 USD succeeded", "repaired")
    ]
    assert [(one.status, one.amount) for one in now(shop, paid).refunds] == [
        (RefundStatus.SUCCEEDED, Money(499, "USD"))
    ]


def test_a_slow_refund_that_was_decided_is_decided_here(shop: Twins, paid: Payment) -> None:
    shop.gateway.refunds_wait = True
    _, refund = shop.container.request_refund()(paid.id, Money(499, "USD"), [], "asked for", BY)
    shop.work()
    assert reconcile(shop) == []
    shop.gateway.settle_refund(paid.id, f"back_{refund.id}:1")
    shop.gateway.told.clear()
    assert told(repaired_and_then_nothing(shop)) == [
        (f"refund back_{refund.id}:1 of payment {paid.id}", "4.99 USD pending", "4.99 USD succeeded", "repaired")
    ]


def test_a_refund_that_the_bank_sent_back_later_has_failed_here(shop: Twins, paid: Payment) -> None:
    _, refund = shop.container.request_refund()(paid.id, Money(499, "USD"), [], "asked for", BY)
    shop.work()
    shop.gateway.settle_refund(paid.id, f"back_{refund.id}:1", "account closed")
    shop.gateway.told.clear()
    assert [one.done for one in repaired_and_then_nothing(shop)] == [Done.REPAIRED]
    assert [one.status for one in now(shop, paid).refunds] == [RefundStatus.FAILED]
    assert [alert.kind for alert in shop.alerts()] == [AlertKind.REFUND_FAILED]


def test_a_refund_of_a_payment_from_long_ago_is_compared_too(shop: Twins, paid: Payment) -> None:
    shop.pass_time(timedelta(days=90))
    shop.gateway.refunds_wait = True
    _, refund = shop.container.request_refund()(paid.id, Money(499, "USD"), [], "asked for", BY)
    shop.work()
    shop.gateway.settle_refund(paid.id, f"back_{refund.id}:1")
    shop.gateway.told.clear()
    assert len(repaired_and_then_nothing(shop)) == 1
    assert [one.status for one in now(shop, paid).refunds] == [RefundStatus.SUCCEEDED]


def test_a_refund_that_the_provider_does_not_know_needs_a_person(shop: Twins, paid: Payment) -> None:
    shop.container.request_refund()(paid.id, Money(499, "USD"), [], "asked for", BY)
    shop.work()
    shop.gateway.pages[paid.id].refunds.clear()
    (found,) = reconcile(shop)
    assert (found.ours, found.theirs, found.done) == ("4.99 USD succeeded", "not known", Done.NEEDS_PERSON)
    assert [one.status for one in now(shop, paid).refunds] == [RefundStatus.SUCCEEDED]
    assert [alert.kind for alert in shop.alerts()] == [AlertKind.BOOKS_DIFFER]


def test_a_refund_that_a_person_has_paid_by_hand_needs_no_person(shop: Twins, paid: Payment) -> None:
    _, refund = shop.container.request_refund()(paid.id, Money(499, "USD"), [], "asked for", BY)
    assert reconcile(shop) == []  # its job is about to pay it
    shop.container.settle_refund()(refund.id, True, "by bank transfer", BY)
    assert reconcile(shop) == []


def test_a_refund_that_nobody_pays_any_more_needs_a_person(shop: Twins, paid: Payment) -> None:
    _, refund = shop.container.request_refund()(paid.id, Money(499, "USD"), [], "asked for", BY)
    (job,) = shop.jobs(JobKind.REFUND_PAYMENT)
    shop.container.cancel_job()(job.id, BY)
    (found,) = reconcile(shop)
    assert (found.about, found.done) == (f"refund {refund.id} of payment {paid.id}", Done.NEEDS_PERSON)


def test_a_refund_that_failed_here_and_went_through_there_needs_a_person(shop: Twins, paid: Payment) -> None:
    _, refund = shop.container.request_refund()(paid.id, Money(499, "USD"), [], "asked for", BY)
    shop.work()
    shop.ledger.write(BY, lambda uow: _fail(uow.orders.lock(paid.order_id).refund(refund.id)[1]))
    for _ in range(2):
        (found,) = reconcile(shop)
        assert (found.ours, found.theirs, found.done) == ("4.99 USD failed", "4.99 USD succeeded", Done.NEEDS_PERSON)
    assert [one.status for one in now(shop, paid).refunds] == [RefundStatus.FAILED]


def _fail(refund: Refund) -> None:
    refund.fail("given up")


@pytest.mark.parametrize(("state", "theirs"), [("payment.open", "nothing received"), (None, "5.00 USD received")])
def test_money_that_the_provider_does_not_show_needs_a_person(
    shop: Twins, paid: Payment, state: str | None, theirs: str
) -> None:
    page = shop.gateway.pages[paid.id]
    page.state = type(page.state)(state) if state else page.state
    page.amount = Money(500, "USD")
    (found,) = reconcile(shop)
    assert (found.ours, found.theirs, found.done) == ("19.99 USD received", theirs, Done.NEEDS_PERSON)
    assert now(shop, paid).status is PaymentStatus.SUCCEEDED
    assert [alert.kind for alert in shop.alerts()] == [AlertKind.BOOKS_DIFFER]


def test_what_cost_nothing_is_in_no_books(shop: Twins, paid: Payment) -> None:
    shop.ledger.write(BY, lambda uow: _received_nothing(uow.orders.lock(paid.order_id).payment(paid.id)))
    shop.gateway.pages.clear()
    assert reconcile(shop) == []


def _received_nothing(payment: Payment) -> None:
    payment.received = Money.zero("USD")


# ---------------------------------------------------------------------- providers that do not answer


@pytest.mark.parametrize("failure", [RetryLater("no answer"), OutcomeUnknown("no answer")])
def test_what_can_not_be_compared_now_is_told_and_the_rest_goes_on(shop: Twins, failure: Exception) -> None:
    orders = [an_attempt_to_pay(shop, a_domain(f"n{n}.rw")) for n in range(3)]
    for _, payment in orders:
        shop.pay(payment)
    shop.gateway.told.clear()
    shop.gateway.fail_with(failure, "check")  # type: ignore[arg-type]
    found = reconcile(shop)
    assert [one.done for one in found] == [Done.NOT_COMPARED, Done.REPAIRED, Done.REPAIRED]
    assert len(reconcile(shop)) == 1


def test_a_provider_that_is_away_is_told_once_and_the_others_are_compared(shop: Twins) -> None:
    order, payment = an_attempt_to_pay(shop)
    shop.pay(payment)
    shop.feed.fail_with(NotYet("gateway memory is away", timedelta(minutes=1)))
    first, second = reconcile(shop)
    assert (first.about, first.done, first.how) == ("memory events", Done.NOT_COMPARED, "gateway memory is away")
    assert second.done is Done.REPAIRED
    assert stands(shop, order) == ["succeeded"]


def test_a_check_that_nobody_makes_any_more_is_no_longer_needed(shop: Twins) -> None:
    """The provider could not be asked for so long that its check died; reconciliation settles it and its order."""
    order, payment = an_attempt_to_pay(shop)
    shop.pay(payment)
    shop.gateway.told.clear()
    check = shop.ledger.read(lambda uow: uow.jobs.of_subjects([payment.id]))[0]
    assert check.dedup_key == check_of(payment.id).dedup_key
    shop.ledger.write(BY, lambda uow: _die(uow.jobs.lock(check.id), shop))
    reconcile(shop)
    assert shop.ledger.read(lambda uow: uow.jobs.get(check.id)).status == "succeeded"
    assert stands(shop, order) == ["succeeded"]


def _die(job: object, shop: Twins) -> None:
    job.die("away for days", shop.now)  # type: ignore[attr-defined]


def test_nothing_is_asked_without_a_deadline(shop: Twins) -> None:
    _, payment = an_attempt_to_pay(shop)
    shop.pay(payment)
    over = Deadline.after(0, shop.monotonic)
    scope = Scope(since=shop.now - DAYS, until=shop.now, by=BY, deadline=lambda: over)
    found = [difference for look in shop.container.comparing.reconcile()(scope) for difference in look.differences]
    assert {one.done for one in found} == {Done.NOT_COMPARED}


# ---------------------------------------------------------------------- providers left in peace


def test_a_feed_that_does_not_answer_is_left_in_peace_with_its_gateway(shop: Twins) -> None:
    guard = shop.container.guard("gateway memory")
    feed, statements = GuardedFeed(shop.feed, guard), GuardedStatements(shop.statements, guard)
    assert (feed.gateway, feed.kept, statements.gateway) == ("memory", shop.feed.kept, "memory")
    order = shop.buy(a_domain())
    assert feed.page(shop.now - DAYS, shop.now, None, shop.soon()).events
    assert statements.of(order.payments[0], shop.soon()).received == order.total
    shop.feed.fail_with(RetryLater("no answer"), times=9)
    for _ in range(9):
        with pytest.raises((RetryLater, Unreachable)):
            feed.page(shop.now - DAYS, shop.now, None, shop.soon())
    with pytest.raises(Unreachable):
        statements.of(order.payments[0], shop.soon())
