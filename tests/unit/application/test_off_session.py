"""A saved method pays an order while the customer is not there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.adapters.memory.methods import A_CARD, Saved
from billing.adapters.memory.pages import Told
from billing.application.outcomes import NeedsPerson, Refused
from billing.application.ports import PayLink
from billing.application.telling.notifications import Notices
from billing.domain import Conflict, JobKind, MailKind, Order, Payment, PaymentStatus
from tests.builders import a_domain, a_hosting
from tests.twins import BY, Twins

MINUTE = timedelta(minutes=1)
CARD = {"customer_ref": "account_1", "method_ref": "pm_1"}


@pytest.fixture(autouse=True)
def a_saved_method(shop: Twins) -> None:
    shop.methods.saved["pm_1"] = Saved("pm_1", "account_1", A_CARD)


def charge(shop: Twins, order: Order) -> Payment:
    return shop.container.start_payment()(order.id, "memory", CARD, BY)


def a_link_is_known(shop: Twins) -> None:
    link_by(shop, lambda order_id: f"https://shop.example/pay/{order_id}")


def link_by(shop: Twins, pay_link: PayLink | None) -> None:
    notices: Notices = replace(shop.container.notices(), pay_link=pay_link)
    shop.container.notices.override(providers.Object(notices))
    for part in (shop.container.record_fact, shop.container.take_fact, shop.container.start_payment):
        part.reset()


def test_an_order_is_paid_at_once_and_delivered(shop: Twins) -> None:
    order = shop.order(a_domain(), a_hosting())
    payment = charge(shop, order)
    assert (payment.status, payment.redirect_url) == (PaymentStatus.SUCCEEDED, None)
    shop.hear(shop.gateway.notification(payment.id), shop.gateway.notification(payment.id))
    shop.work()
    assert shop.statuses(order)[0] == "completed"
    assert shop.registrar.creates == {"example.rw": 1}


def test_a_second_charge_of_a_paid_order_is_a_conflict(shop: Twins) -> None:
    order = shop.order(a_domain())
    charge(shop, order)
    with pytest.raises(Conflict, match="takes no payment"):
        charge(shop, order)
    assert len(shop.gateway.pages) == 1


def test_a_declined_charge_fails_with_the_banks_reason_and_the_customer_is_told_once(shop: Twins) -> None:
    shop.gateway.charges["pm_1"] = Told.FAILED
    order = shop.order(a_domain())
    payment = charge(shop, order)
    assert (payment.status, payment.why) == (PaymentStatus.FAILED, "card_declined: no")
    shop.hear(shop.gateway.notification(payment.id))
    shop.work()
    assert shop.statuses(order) == ["pending", "unpaid"]
    assert len(shop.mailed(MailKind.PAYMENT_FAILED)) == 1


def test_after_a_decline_another_method_or_a_page_may_pay(shop: Twins) -> None:
    shop.gateway.charges["pm_1"] = Told.FAILED
    order = shop.order(a_domain())
    charge(shop, order)
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.statuses(order)[0] == "completed"


def test_a_refused_charge_fails_the_attempt(shop: Twins) -> None:
    shop.gateway.refuse("the saved method is gone")
    order = shop.order(a_domain())
    with pytest.raises(Refused, match="gone"):
        charge(shop, order)
    assert shop.read(order).payments[0].status is PaymentStatus.FAILED


# ---------------------------------------------------------------------- the bank wants the customer


def test_a_charge_that_needs_the_customer_stays_open_and_says_why(shop: Twins) -> None:
    shop.gateway.charges["pm_1"] = Told.NEEDS_CUSTOMER
    order = shop.order(a_domain())
    payment = charge(shop, order)
    assert (payment.status, payment.needs_customer) == (PaymentStatus.PENDING, True)
    assert payment.why == "authentication_required: ask"
    assert shop.statuses(order) == ["pending", "unpaid"]


def test_the_customer_is_mailed_the_link_once(shop: Twins) -> None:
    a_link_is_known(shop)
    shop.gateway.charges["pm_1"] = Told.NEEDS_CUSTOMER
    order = shop.order(a_domain())
    payment = charge(shop, order)
    shop.hear(shop.gateway.notification(payment.id), shop.gateway.notification(payment.id))
    shop.work()
    (mail,) = shop.mailed(MailKind.PAYMENT_NEEDS_CUSTOMER)
    assert mail.data["link"] == f"https://shop.example/pay/{order.id}"


def test_without_a_link_nobody_is_mailed(shop: Twins) -> None:
    link_by(shop, None)
    shop.gateway.charges["pm_1"] = Told.NEEDS_CUSTOMER
    charge(shop, shop.order(a_domain()))
    shop.work()
    assert shop.mailed(MailKind.PAYMENT_NEEDS_CUSTOMER) == []


def test_a_new_attempt_calls_it_off_first(shop: Twins) -> None:
    shop.gateway.charges["pm_1"] = Told.NEEDS_CUSTOMER
    order = shop.order(a_domain())
    waiting = charge(shop, order)
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.read(order).payment(waiting.id).status is PaymentStatus.CANCELLED
    assert shop.gateway.pages[waiting.id].state is Told.CANCELLED
    assert shop.statuses(order)[0] == "completed"


def test_word_of_it_that_comes_after_it_was_called_off_changes_nothing(shop: Twins) -> None:
    a_link_is_known(shop)
    shop.gateway.charges["pm_1"] = Told.NEEDS_CUSTOMER
    order = shop.order(a_domain())
    waiting = charge(shop, order)
    late = shop.gateway.notification(waiting.id)
    shop.start(order)
    shop.hear(late)
    shop.work()
    now = shop.read(order).payment(waiting.id)
    assert (now.status, now.needs_customer) == (PaymentStatus.CANCELLED, False)
    assert len(shop.mailed(MailKind.PAYMENT_NEEDS_CUSTOMER)) == 1


def test_it_is_called_off_when_its_time_is_over(shop: Twins) -> None:
    """An intent does not close by itself as a page does, and an order of ours may wait for weeks."""
    shop.gateway.charges["pm_1"] = Told.NEEDS_CUSTOMER
    order = shop.order(a_domain())
    a_month = timedelta(days=30)
    shop.ledger.write(BY, lambda uow: setattr(uow.orders.lock(order.id), "expires_at", shop.now + a_month))
    payment = charge(shop, order)
    shop.pass_time(payment.expires_at - shop.now + 6 * MINUTE)
    for _ in range(2):
        shop.sweep_and_work()
    assert shop.gateway.pages[payment.id].state is Told.CANCELLED
    assert shop.read(order).payment(payment.id).status is PaymentStatus.CANCELLED
    assert shop.statuses(order) == ["pending", "unpaid"]


def test_the_customer_may_cancel_an_order_that_waits_for_consent(shop: Twins) -> None:
    shop.gateway.charges["pm_1"] = Told.NEEDS_CUSTOMER
    order = shop.order(a_domain())
    payment = charge(shop, order)
    for _ in range(2):
        shop.container.cancel_order()(order.id, BY)
        shop.work()
    assert shop.gateway.pages[payment.id].state is Told.CANCELLED
    assert shop.statuses(order) == ["cancelled", "cancelled"]


# ---------------------------------------------------------------------- nobody knows


def test_a_charge_whose_answer_was_lost_is_found_by_its_check_and_made_once(shop: Twins) -> None:
    """killbill#1015: what nobody knew the outcome of was tried again and charged again."""
    order = shop.order(a_domain())
    shop.gateway.lose_answer()
    payment = charge(shop, order)
    assert (payment.status, payment.is_started) == (PaymentStatus.PENDING, False)
    with pytest.raises(Conflict, match="not yet answered"):
        charge(shop, order)
    with pytest.raises(Conflict, match="under way"):
        shop.container.cancel_order()(order.id, BY)
    shop.pass_time(MINUTE)
    shop.sweep_and_work()
    assert shop.statuses(order)[0] == "completed"
    assert len(shop.gateway.pages) == 1


def test_a_charge_that_nobody_heard_of_for_a_day_is_looked_for_and_not_made_anew(shop: Twins) -> None:
    lost, never_sent = shop.order(a_domain("lost.rw")), shop.order(a_domain("never.rw"))
    shop.gateway.lose_answer()
    charge(shop, lost)
    shop.gateway.fail_with(NeedsPerson("away"))
    charge(shop, never_sent)
    shop.pass_time(timedelta(hours=25))
    for _ in range(3):
        shop.sweep_and_work()
    assert len(shop.gateway.pages) == 1
    assert shop.read(lost).payments[0].status is PaymentStatus.SUCCEEDED
    assert shop.statuses(lost)[0] == "completed"
    assert shop.read(never_sent).payments[0].status is PaymentStatus.EXPIRED


def test_a_check_that_was_given_up_leaves_it_to_a_person_and_not_for_failed(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.gateway.lose_answer()
    payment = charge(shop, order)
    shop.gateway.fail_with(NeedsPerson("no such account"), "start")
    shop.pass_time(MINUTE)
    shop.sweep_and_work()
    now = shop.read(order).payment(payment.id)
    assert (now.status, now.attention) == (PaymentStatus.PENDING, "how it stands can't be found out: no such account")
    (check,) = shop.jobs(JobKind.CHECK_PAYMENT)
    shop.container.retry_job()(check.id, BY)
    shop.work()
    assert shop.statuses(order)[0] == "completed"
    assert len(shop.gateway.pages) == 1


def test_a_charge_under_way_at_the_bank_keeps_others_out_until_it_is_decided(shop: Twins) -> None:
    shop.gateway.charges["pm_1"] = Told.SUBMITTED
    order = shop.order(a_domain())
    payment = charge(shop, order)
    assert payment.under_way
    with pytest.raises(Conflict, match="still being decided"):
        shop.start(order)
    shop.hear(shop.gateway.pay(payment.id))
    shop.work()
    assert shop.statuses(order)[0] == "completed"
