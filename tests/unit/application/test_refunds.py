"""Money back: for what can't be delivered, what is surplus, what somebody asks for, what is made at the provider."""

import pytest

from billing.adapters.memory.pages import Told
from billing.application.ports import NeedsPerson, OutcomeUnknown
from billing.application.resolving import Resolution
from billing.domain import (
    Conflict,
    Invalid,
    JobKind,
    JobStatus,
    Money,
    Order,
    Payment,
    Refund,
    RefundCause,
    RefundStatus,
    RefundTooLarge,
)
from tests.builders import a_domain, a_hosting
from tests.twins import BY, Twins


@pytest.fixture
def shop() -> Twins:
    return Twins()


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def refunds(shop: Twins, order: Order) -> list[Refund]:
    return [refund for payment in shop.read(order).payments for refund in payment.refunds]


def paid_back(shop: Twins, order: Order) -> list[tuple[Money, str]]:
    """What the provider has really paid back."""
    pages = [shop.gateway.pages[payment.id] for payment in shop.read(order).payments]
    return [(back.amount, back.state.value) for page in pages for back in page.refunds]


def bought(shop: Twins) -> tuple[Order, Payment]:
    """A delivered domain with hosting."""
    order = shop.buy(a_domain(), a_hosting())
    return order, order.payments[0]


def ask(shop: Twins, payment: Payment, amount: Money | None = None, *item_ids: str) -> Refund:
    return shop.container.request_refund()(payment.id, amount, item_ids, "as asked", BY)[1]


def refused_by_the_registry(shop: Twins) -> Order:
    """A domain that somebody else was faster to register, with hosting."""
    order = shop.order(a_domain(), a_hosting())
    shop.hear(shop.pay(shop.start(order)))
    shop.registrar.refuse("taken", "register")
    shop.work()
    return shop.read(order)


# ---------------------------------------------------------------------- what can't be delivered


def test_an_item_refused_for_good_is_paid_back_by_exactly_its_price_and_the_rest_stands(shop: Twins) -> None:
    order = refused_by_the_registry(shop)
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]
    assert paid_back(shop, order) == [(usd(1500), "refund.succeeded")]
    shop.sweep_and_work()
    assert len(refunds(shop, order)) == 1


def test_when_a_person_is_to_decide_a_failed_item_waits_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_COMPENSATION", "manual")
    shop = Twins()
    order = refused_by_the_registry(shop)
    assert shop.statuses(order) == ["requires_attention", "failed", "fulfilled"]
    ask(shop, order.payments[0], None, order.items[0].id)
    shop.work()
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]


def test_a_failed_item_with_its_refund_under_way_needs_nobody(shop: Twins) -> None:
    shop.gateway.refunds_wait = True
    order = refused_by_the_registry(shop)
    assert shop.statuses(order) == ["processing", "failed", "fulfilled"]
    (refund,) = refunds(shop, order)
    shop.hear(shop.gateway.settle_refund(order.payments[0].id, refund.refund_ref or ""))
    shop.work()
    assert shop.statuses(order) == ["partially_completed", "refunded", "fulfilled"]


def test_of_two_pages_that_are_both_paid_the_second_is_paid_back(shop: Twins) -> None:
    order = shop.order(a_hosting())
    first = shop.start(order)
    shop.hear(shop.gateway.notification(first.id, Told.EXPIRED))  # told too early: the page is open still
    shop.work()
    second = shop.start(order)
    shop.hear(shop.pay(first), shop.pay(second))
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]
    assert paid_back(shop, order) == [(usd(499), "refund.succeeded")]
    assert len(shop.gateway.pages[second.id].refunds) == 1


# ---------------------------------------------------------------------- what somebody asks for


def test_a_sum_is_paid_back_and_leaves_what_was_delivered_alone(shop: Twins) -> None:
    order, payment = bought(shop)
    ask(shop, payment, usd(300))
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert (paid_back(shop, order), shop.read(order).payments[0].left) == ([(usd(300), "refund.succeeded")], usd(1699))


def test_more_than_is_left_is_refused_with_the_sum_that_is_left(shop: Twins) -> None:
    _, payment = bought(shop)
    ask(shop, payment, usd(1000))
    with pytest.raises(RefundTooLarge) as refused:
        ask(shop, payment, usd(1000))
    assert refused.value.left == usd(999)


def test_an_unpaid_payment_has_nothing_to_refund(shop: Twins) -> None:
    payment = shop.start(shop.order(a_hosting()))
    with pytest.raises(Conflict):
        ask(shop, payment, usd(1))


@pytest.mark.parametrize("amount", [Money(100, "RWF"), usd(0), usd(-5)])
def test_a_sum_that_is_none_of_the_payment_is_refused(shop: Twins, amount: Money) -> None:
    with pytest.raises(Invalid):
        ask(shop, bought(shop)[1], amount)


def test_paying_back_everything_calls_off_what_was_not_begun(shop: Twins) -> None:
    order = shop.order(a_domain(), a_hosting())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    event = shop.queue.rung[-1][0]
    shop.queue.rung.clear()
    shop.run(event)
    ask(shop, payment)
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded", "refunded"]
    assert shop.registrar.creates == {}
    assert {job.status for job in shop.jobs(JobKind.REGISTER_DOMAIN)} == {JobStatus.SUCCEEDED}


def test_an_item_under_delivery_is_not_refunded_until_that_has_ended(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))

    def meanwhile() -> None:
        with pytest.raises(Conflict):
            ask(shop, payment)

    shop.registrar.after_effect = meanwhile
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled"]


def test_the_price_of_an_item_goes_back_once(shop: Twins) -> None:
    order, payment = bought(shop)
    ask(shop, payment, None, order.items[0].id)
    with pytest.raises(Conflict):
        ask(shop, payment, None, order.items[0].id)


def test_refunded_hosting_runs_on_or_ends_as_the_policy_says(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []
    for policy in ("keep", "end"):
        monkeypatch.setenv("BILLING_REFUNDED_HOSTING", policy)
        shop = Twins()
        order, payment = bought(shop)
        ask(shop, payment)
        shop.work()
        hosting = shop.read(order).items[1].subscription_id or ""
        ended.append(shop.ledger.read(lambda uow, id=hosting: uow.subscriptions.get(id)).status.value)
    assert ended == ["active", "ended"]


# ---------------------------------------------------------------------- when the refund itself fails


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


def test_a_provider_without_refunds_leaves_them_to_a_person(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.gateway.fail_with(NeedsPerson("no refunds here"), "refund")
    refund = ask(shop, payment, usd(300))
    shop.work()
    assert shop.read(order).status.value == "requires_attention"
    shop.container.settle_refund()(refund.id, False, "the customer waives it", BY)
    assert (shop.read(order).status.value, shop.read(order).payments[0].left) == ("completed", usd(1999))
    assert shop.jobs(JobKind.REFUND_PAYMENT)[0].status is JobStatus.CANCELLED


# ---------------------------------------------------------------------- made at the provider


def test_a_refund_made_at_the_provider_is_seen_once_and_reported(shop: Twins) -> None:
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


# ---------------------------------------------------------------------- another sum than was asked


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
