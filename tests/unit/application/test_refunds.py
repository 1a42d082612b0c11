"""Money back for what can't be delivered, what is surplus, and what somebody asks for."""

import pytest

from billing.adapters.memory.pages import Told
from billing.application.outcomes import NeedsPerson
from billing.domain import (
    Conflict,
    Invalid,
    JobKind,
    JobStatus,
    Money,
    Order,
    Payment,
    RefundTooLarge,
)
from tests.builders import a_domain, a_hosting, a_renewal
from tests.twins import BY, Twins
from tests.unit.application.refunding import ask, bought, paid_back, refunds, refused_by_the_registry, usd


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
    """Seen elsewhere: two pages of one order were both paid, and both sums kept."""
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


@pytest.mark.parametrize("compensation", ["auto", "manual"])
def test_what_cost_nothing_needs_neither_a_refund_nor_a_person(
    monkeypatch: pytest.MonkeyPatch, compensation: str
) -> None:
    monkeypatch.setenv("BILLING_COMPENSATION", compensation)
    shop = Twins()
    order = shop.order(a_domain(), a_hosting())
    shop.ledger.write(BY, lambda uow: setattr(uow.orders.lock(order.id).items[0], "price", usd(0)))
    shop.hear(shop.pay(shop.start(order)))
    shop.registrar.refuse("taken", "register")
    shop.work()
    assert (shop.statuses(order), refunds(shop, order)) == (["partially_completed", "refunded", "fulfilled"], [])
    with pytest.raises(Conflict):
        ask(shop, shop.read(order).payments[0], None, order.items[0].id)


def test_a_partial_refund_does_not_mark_the_whole_order_refunded(shop: Twins) -> None:
    """Seen elsewhere: a part was paid back, and the whole order was called refunded."""
    order, payment = bought(shop)
    ask(shop, payment, None, order.items[1].id)
    shop.work()
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
    assert paid_back(shop, order) == [(usd(499), "refund.succeeded")]


def test_every_refund_is_sent_to_the_provider(shop: Twins) -> None:
    """A refund that was only written down is a customer without money."""
    order, payment = bought(shop)
    for n in (1, 2):
        refund = ask(shop, payment, usd(100 * n))
        assert [job.subject for job in shop.jobs(JobKind.REFUND_PAYMENT)][-1] == refund.id
    shop.work()
    assert paid_back(shop, order) == [(usd(100), "refund.succeeded"), (usd(200), "refund.succeeded")]


def test_an_order_is_not_called_refunded_before_the_money_is_back(shop: Twins) -> None:
    shop.gateway.refunds_wait = True
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    shop.run(shop.queue.rung.pop()[0])
    shop.queue.rung.clear()
    refund = ask(shop, payment)
    shop.work()
    assert shop.statuses(order) == ["processing", "cancelled"]
    shop.hear(shop.gateway.settle_refund(payment.id, f"back_{refund.id}:1"))
    shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]


def test_a_sum_that_leaves_nothing_calls_off_what_was_not_begun_like_a_refund_of_all(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    shop.run(shop.queue.rung.pop()[0])
    delivery = shop.queue.rung.pop()[0]
    ask(shop, payment, usd(1500))
    shop.run(delivery)
    shop.work()
    assert (shop.statuses(order), shop.registrar.creates) == (["refunded", "refunded"], {})


def test_of_what_went_back_whole_nothing_more_can_be_asked(shop: Twins) -> None:
    _, payment = bought(shop)
    ask(shop, payment)
    with pytest.raises(Conflict):
        ask(shop, payment)
    with pytest.raises(RefundTooLarge):
        ask(shop, payment, usd(1))


def test_an_item_of_another_order_is_refused(shop: Twins) -> None:
    _, payment = bought(shop)
    other = shop.order(a_domain("other.rw"))
    with pytest.raises(Invalid):
        ask(shop, payment, None, other.items[0].id)


def test_what_is_called_off_while_its_delivery_is_refused_ends_refunded(shop: Twins) -> None:
    """Its job was refused before the item was touched, and closes after the refund."""
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    shop.run(shop.queue.rung.pop()[0])
    delivery = shop.jobs(JobKind.REGISTER_DOMAIN)[0]
    ask(shop, payment)
    shop.work()
    handler = shop.container.handlers()[JobKind.REGISTER_DOMAIN]
    for told in (handler.refused, handler.buried):
        shop.ledger.write(BY, lambda uow, told=told: told(uow, uow.jobs.lock(delivery.id), "taken"))
        assert shop.statuses(order) == ["refunded", "refunded"]


def test_a_dead_delivery_is_called_off_and_its_revived_job_delivers_nothing(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "register")
    shop.hear(shop.pay(payment))
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "in_progress"]
    ask(shop, payment)
    shop.work()
    shop.container.retry_job()(shop.jobs(JobKind.REGISTER_DOMAIN)[0].id, BY)
    shop.work()
    assert (shop.statuses(order), shop.registrar.creates) == (["refunded", "refunded"], {})


def test_a_renewal_that_is_called_off_frees_its_name(shop: Twins) -> None:
    shop.buy(a_domain("example.com"))
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "renew")
    order = shop.buy(a_renewal())
    assert shop.statuses(order) == ["requires_attention", "in_progress"]
    with pytest.raises(Conflict):
        shop.order(a_renewal())
    ask(shop, order.payments[0])
    shop.work()
    assert shop.statuses(shop.buy(a_renewal())) == ["completed", "fulfilled"]


def test_an_item_whose_money_was_given_back_as_a_courtesy_is_not_owed_again(shop: Twins) -> None:
    order, payment = parked(shop)
    ask(shop, payment, usd(1499))
    shop.work()
    shop.registrar.refuse("taken", "register")
    shop.container.retry_job()(shop.jobs(JobKind.REGISTER_DOMAIN)[0].id, BY)
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "failed", "fulfilled"]
    assert "5.00 USD" in (shop.read(order).why or "")
    ask(shop, payment)  # all that is left
    shop.work()
    assert shop.statuses(order)[0] == "partially_completed"
    assert shop.read(order).payments[0].left == usd(0)


def parked(shop: Twins) -> tuple[Order, Payment]:
    """Delivered hosting beside a domain whose registration waits for a person."""
    order = shop.order(a_domain(), a_hosting())
    payment = shop.start(order)
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "register")
    shop.hear(shop.pay(payment))
    shop.work()
    return order, payment
