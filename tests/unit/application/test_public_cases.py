"""What went wrong in public elsewhere and nothing else here tells of: lost, out of order, half done, told to nobody."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from billing.application.outcomes import NeedsPerson
from billing.application.unit_of_work import LedgerUnavailable
from billing.domain import (
    Catalogue,
    EventStatus,
    JobKind,
    JobStatus,
    MailKind,
    Money,
    Order,
    OrderStatus,
    PaymentStatus,
)
from tests.builders import a_catalogue, a_domain, a_hosting, a_renewal, more_of
from tests.fragile import FragileTwins, Killed, die
from tests.twins import BY, Twins
from tests.unit.application.refunding import refunds, usd

HOUR = timedelta(hours=1)


@pytest.fixture
def fragile() -> FragileTwins:
    return FragileTwins()


def let_pass(shop: Twins, hours: int = 24) -> None:
    for _ in range(hours):
        shop.pass_time(HOUR)
        shop.sweep_and_work()


# ---------------------------------------------------------------------- half done


@pytest.mark.parametrize("error", [LedgerUnavailable("gone"), ZeroDivisionError("a bug"), Killed()], ids=repr)
def test_a_name_whose_record_failed_after_it_was_registered_is_ours_and_not_taken(
    fragile: FragileTwins, error: BaseException
) -> None:
    """Seen elsewhere: a name was registered, its record failed, and its buyer was told that it was taken."""
    order = fragile.order(a_domain("example.rw"))
    fragile.hear(fragile.pay(fragile.start(order)))
    fragile.registrar.after["register"] = fragile.fail_the_record(error)
    try:
        fragile.work()
    except Killed:
        fragile.queue.rung.clear()
    assert fragile.statuses(order) == ["processing", "in_progress"]
    let_pass(fragile)
    assert fragile.statuses(order) == ["completed", "fulfilled"]
    assert fragile.registrar.creates == {"example.rw": 1}
    assert (refunds(fragile, order), fragile.mailed(MailKind.NOT_DELIVERED)) == ([], [])


@pytest.mark.parametrize("error", [LedgerUnavailable("gone"), ZeroDivisionError("a bug"), Killed()], ids=repr)
def test_a_set_up_that_failed_leaves_no_subscription_behind(fragile: FragileTwins, error: BaseException) -> None:
    """FOSSBilling PR 1500: a set-up that failed half way left an account that nobody owned."""
    order = fragile.order(a_hosting())
    fragile.hear(fragile.pay(fragile.start(order)))
    (event_job,) = fragile.jobs(JobKind.PROCESS_EVENT)
    fragile.run(event_job.id)
    (activation,) = fragile.jobs(JobKind.ACTIVATE_SUBSCRIPTION)
    fragile.begin.let_pass, fragile.begin.errors = 1, [error]  # the claim is written, its effect is not
    try:
        fragile.run(activation.id)
    except Killed:
        fragile.queue.rung.clear()
    assert "Subscription" not in {type_name for type_name, _ in map(_entity, fragile.begin.store.rows)}
    let_pass(fragile)
    assert fragile.statuses(order) == ["completed", "fulfilled"]
    kept = [key for key in fragile.begin.store.rows if _entity(key)[0] == "Subscription"]
    assert len(kept) == 1


def _entity(key: object) -> tuple[str, str]:
    kind, row_id = key  # type: ignore[misc]
    return getattr(kind, "__name__", str(kind)), str(row_id)


def test_a_crash_between_the_record_of_a_notification_and_its_bell_loses_nothing(fragile: FragileTwins) -> None:
    """Seen elsewhere: work queued after the commit was lost in between, and the redelivery dropped as known."""
    order = fragile.order(a_domain("example.rw"))
    told = fragile.pay(fragile.start(order))
    fragile.queue.rung.clear()
    fragile.queue.at_next_bell = die
    with pytest.raises(Killed):
        fragile.hear(told)
    assert [job.status for job in fragile.jobs(JobKind.PROCESS_EVENT)] == [JobStatus.QUEUED]
    let_pass(fragile, 1)
    assert fragile.statuses(order) == ["completed", "fulfilled"]


# ---------------------------------------------------------------------- out of order


def test_a_stale_notification_that_comes_after_a_newer_one_changes_nothing(shop: Twins) -> None:
    """cashier#1201: "created" came after "updated"; polar#6134: the old object inside an event was applied."""
    order = shop.order(a_domain("example.rw"))
    payment = shop.start(order)
    under_way = shop.gateway.submit(payment.id)
    paid = shop.pay(payment)
    shop.hear(paid)
    shop.work()
    shop.hear(under_way)
    shop.work()
    (now,) = shop.read(order).payments
    assert (now.status, now.under_way) == (PaymentStatus.SUCCEEDED, False)
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_a_stale_notification_of_a_refund_changes_nothing(shop: Twins) -> None:
    """polar#6134, for refunds: "pending" is told once more after it was paid back."""
    order = shop.buy(a_hosting())
    (payment,) = order.payments
    shop.gateway.refunds_wait = True
    shop.container.request_refund()(payment.id, usd(100), (), "as asked", BY)
    shop.work()
    ref = refunds(shop, order)[0].refund_ref or ""
    pending = shop.gateway.refund_notification(payment.id, ref)
    shop.hear(shop.gateway.settle_refund(payment.id, ref))
    shop.work()
    shop.hear(pending)
    shop.work()
    assert [refund.status.value for refund in refunds(shop, order)] == ["succeeded"]
    assert len(shop.mailed(MailKind.REFUNDED)) == 1


def test_a_payment_that_the_provider_called_off_is_over_and_another_may_begin(shop: Twins) -> None:
    """Seen elsewhere: a cancelled intent that nobody handled left its order pending for ever."""
    order = shop.order(a_domain("example.rw"))
    first = shop.start(order)
    shop.hear(shop.gateway.cancel(first.id))
    shop.work()
    assert shop.read(order).payment(first.id).status is PaymentStatus.CANCELLED
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_what_was_paid_for_one_order_pays_no_other(shop: Twins) -> None:
    """Seen elsewhere: a return page that took any paid session as proof for any order."""
    paid, unpaid = shop.order(a_domain("a.rw")), shop.order(a_domain("b.rw"))
    payments = [shop.start(order) for order in (paid, unpaid)]
    shop.pay(payments[0])
    for payment in payments:
        shop.container.refresh_payment()(payment.id, BY)
    shop.work()
    assert (shop.statuses(paid)[0], shop.statuses(unpaid)[0]) == ("completed", "pending")
    assert shop.registrar.creates == {"a.rw": 1}


# ---------------------------------------------------------------------- money


def test_each_currency_has_a_price_of_its_own_and_none_is_taken_for_another(shop: Twins) -> None:
    """Seen elsewhere: a total in dollars was sent as the same number of francs."""
    prices = a_catalogue().to_document()
    prices["tlds"]["rw"]["register"] = {"USD": 1500, "RWF": 19_500}
    shop.ledger.write(BY, lambda uow: uow.catalogues.add(Catalogue.from_document(prices)))
    order = shop.container.place_order()(
        "cus_1", "RWF", shop.order(a_domain("a.rw")).registrant, [a_domain("b.rw")], BY
    )
    payment = shop.start(order)
    assert (order.total, payment.amount) == (Money(19_500, "RWF"), Money(19_500, "RWF"))
    assert shop.gateway.pages[payment.id].amount == Money(19_500, "RWF")


@pytest.mark.parametrize("came", [Money(1499, "USD"), Money(1501, "USD"), Money(1550, "USD"), Money(1500, "RWF")])
def test_no_difference_is_small_enough_to_be_overlooked(shop: Twins, came: Money) -> None:
    """Seen elsewhere: half a unit more or less passed, and so did the same number of another currency."""
    order = shop.order(a_domain("example.rw"))
    shop.hear(shop.gateway.pay(shop.start(order).id, came))
    shop.work()
    now = shop.read(order)
    assert (now.status, now.payments[0].received) == (OrderStatus.REQUIRES_ATTENTION, came)
    assert shop.registrar.creates == {}


# ---------------------------------------------------------------------- told to nobody


def a_renewal_refused_by_the_registry(shop: FragileTwins) -> Order:
    shop.buy(a_domain("example.rw"))
    shop.registrar.refuse("prohibited", "renew")
    return shop.buy(a_renewal("example.rw"))


def a_renewal_of_hosting_that_has_ended(shop: FragileTwins) -> Order:
    subscription_id = shop.buy(a_hosting()).items[0].subscription_id or ""
    order = shop.order(more_of(subscription_id))
    told = shop.pay(shop.start(order))
    shop.ledger.write(BY, lambda uow: uow.subscriptions.lock(subscription_id).end("over"))
    shop.hear(told)
    shop.work()
    return order


@pytest.mark.parametrize("refused", [a_renewal_refused_by_the_registry, a_renewal_of_hosting_that_has_ended])
def test_a_renewal_that_is_refused_is_told_to_customer_and_operator(
    fragile: FragileTwins, refused: Callable[[FragileTwins], Order]
) -> None:
    """Seen elsewhere: renewals failed, and neither the customer nor anybody else heard of it."""
    order = refused(fragile)
    fragile.work()
    assert fragile.statuses(order) == ["refunded", "refunded"]
    assert [mail.subject for mail in fragile.mailed(MailKind.NOT_DELIVERED)] == [order.items[0].id]
    assert [(alert.kind.value, alert.subject) for alert in fragile.alerts()] == [("not_delivered", order.items[0].id)]


def a_server_that_can_not_be_made(shop: FragileTwins) -> Order:
    shop.out_of_ids = frozenset({"sub"})
    return shop.buy(a_hosting())


def a_puzzle_at_the_registry(shop: FragileTwins) -> Order:
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "register")
    return shop.buy(a_domain("example.rw"))


@pytest.mark.parametrize("stuck", [a_server_that_can_not_be_made, a_puzzle_at_the_registry])
def test_a_delivery_that_never_comes_is_told_and_shown_on_its_order(
    fragile: FragileTwins, stuck: Callable[[FragileTwins], Order]
) -> None:
    """Paymenter#889: a server was paid and never made, and nobody was told; FOSSBilling#2909: paid and active, and the
    registrar was never called.
    """
    order = stuck(fragile)
    let_pass(fragile, 48)
    now = fragile.read(order)
    assert (now.status, bool(now.items[0].attention)) == (OrderStatus.REQUIRES_ATTENTION, True)
    assert [alert.kind.value for alert in fragile.alerts()] == ["job_dead"]
    assert len(fragile.mailed(MailKind.OPERATOR_ALERTS)) == 1


def test_what_a_defect_of_ours_did_to_a_notification_is_never_called_done(fragile: FragileTwins) -> None:
    """Seen elsewhere: handlers that caught everything and answered 200, so that nobody ever tried again."""

    def be_a_bug() -> None:
        raise ZeroDivisionError

    order = fragile.order(a_domain("example.rw"))
    told = fragile.pay(fragile.start(order))
    fragile.gateway.after["interpret"] = be_a_bug
    fragile.hear(told)
    fragile.work()
    (job,) = fragile.jobs(JobKind.PROCESS_EVENT)
    event = fragile.ledger.read(lambda uow: uow.inbox.get(job.subject))
    assert (event.status, event.attempts, job.status) == (EventStatus.RECEIVED, 1, JobStatus.QUEUED)
    let_pass(fragile, 1)
    assert fragile.statuses(order) == ["completed", "fulfilled"]
