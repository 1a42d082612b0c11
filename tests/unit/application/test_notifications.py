"""What customers are told: each occasion once, whatever is retried, and never at the cost of the work."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.application.outcomes import RetryLater
from billing.domain import Customer, JobKind, MailKind, Money
from billing.domain.facts import PaymentExpired, PaymentFailed, RefundSucceeded
from tests.builders import a_domain, a_hosting, a_renewal, more_of
from tests.twins import BY, Twins

HOUR = timedelta(hours=1)


def kinds(shop: Twins) -> list[str]:
    return sorted(mail.kind.value for mail in shop.notifier.delivered)


def test_an_order_is_told_of_from_its_receipt_to_its_delivery(shop: Twins) -> None:
    order = shop.buy(a_domain("example.rw"), a_hosting("starter"))
    assert kinds(shop) == ["domain_registered", "order_paid", "order_received", "subscription_active"]
    (received,) = shop.mailed(MailKind.ORDER_RECEIVED)
    assert (received.recipient, received.language) == ("aline@example.rw", "en")
    assert (received.data["order"], received.data["total"]) == (order.number, "19.99 USD")
    (registered,) = shop.mailed(MailKind.DOMAIN_REGISTERED)
    assert registered.data["until"] == "2028-01-31"
    assert registered.subject == order.items[0].id


def test_renewals_are_told_with_what_they_renew(shop: Twins) -> None:
    first = shop.buy(a_domain("kept.com"), a_hosting("pro", name="kept.com"))
    subscription_id = first.items[1].subscription_id
    assert subscription_id is not None
    shop.notifier.delivered.clear()
    shop.buy(a_renewal("kept.com"), more_of(subscription_id))
    assert kinds(shop) == ["domain_renewed", "order_paid", "order_received", "subscription_renewed"]
    (renewed,) = shop.mailed(MailKind.SUBSCRIPTION_RENEWED)
    (line,) = renewed.data["item"]
    assert isinstance(line, dict)
    assert (line["plan"], line["domain"]) == ("pro", "kept.com")


def test_whatever_is_repeated_each_occasion_is_told_once(shop: Twins) -> None:
    """pay#612: the receipt came more than once."""
    order = shop.order(a_domain("example.rw"))
    payment = shop.start(order)
    told = shop.pay(payment)
    shop.registrar.lose_answer("register")
    for _ in range(3):
        shop.hear(told, shop.gateway.notification(payment.id))
        shop.container.refresh_payment()(payment.id, BY)
        shop.work()
        shop.pass_time(HOUR)
        shop.sweep_and_work()
    for job in shop.jobs():
        shop.run(job.id)
    assert kinds(shop) == ["domain_registered", "order_paid", "order_received"]


def test_a_customer_is_written_to_in_their_language(shop: Twins) -> None:
    chloe = Customer.open(id="cus_2", name="Chloé", email="chloe@example.rw", created_at=shop.now, language="fr")
    shop.ledger.write(BY, lambda uow: uow.customers.add(chloe))
    shop.buy(a_hosting(), customer_id="cus_2")
    assert {(mail.recipient, mail.language) for mail in shop.notifier.delivered} == {("chloe@example.rw", "fr")}


def test_what_can_not_be_delivered_is_told_and_again_when_it_is_paid_back(shop: Twins) -> None:
    shop.registrar.refuse("taken", "register")
    shop.buy(a_domain("example.rw"))
    shop.work()
    (failed,) = shop.mailed(MailKind.NOT_DELIVERED)
    assert failed.data["paid_back"] == "yes"
    (refunded,) = shop.mailed(MailKind.REFUNDED)
    assert (refunded.data["amount"], refunded.data["cause"]) == ("15.00 USD", "undelivered")
    assert [alert.kind.value for alert in shop.alerts()] == ["not_delivered"]


def test_an_item_lost_to_somebody_else_after_expiry_is_told(shop: Twins) -> None:
    order = shop.order(a_domain("example.rw"), a_hosting())
    told = shop.pay(shop.start(order))
    shop.pass_time(order.expires_at - shop.now)
    shop.container.expire_orders()()
    shop.order(a_domain("example.rw"))
    shop.hear(told)
    shop.work()
    (failed,) = shop.mailed(MailKind.NOT_DELIVERED)
    assert failed.subject == order.items[0].id
    assert len(shop.mailed(MailKind.ORDER_PAID)) == 1


def test_a_refund_made_at_the_provider_is_told_to_both_sides(shop: Twins) -> None:
    order = shop.buy(a_hosting())
    payment = order.payments[0]
    fact = RefundSucceeded(payment_id=payment.id, refund_ref="re_1", amount=Money(100, "USD"))
    for _ in range(2):
        shop.ledger.write(BY, lambda uow: shop.container.record_fact()(uow, "memory", fact))
        shop.work()
    (refunded,) = shop.mailed(MailKind.REFUNDED)
    assert (refunded.data["amount"], refunded.data["cause"]) == ("1.00 USD", "provider")
    assert [alert.kind.value for alert in shop.alerts()] == ["refund_made_elsewhere"]


def test_a_payment_that_came_to_nothing_is_told_once(shop: Twins) -> None:
    order = shop.order(a_domain())
    payment = shop.start(order)
    for _ in range(2):
        fact = PaymentFailed(payment_id=payment.id, why="insufficient_funds")
        shop.ledger.write(BY, lambda uow, fact=fact: shop.container.record_fact()(uow, "memory", fact))
        shop.work()
    (failed,) = shop.mailed(MailKind.PAYMENT_FAILED)
    assert failed.subject == payment.id
    assert "insufficient_funds" not in str(failed.data)


def test_a_page_that_nobody_paid_on_is_nobodys_failure(shop: Twins) -> None:
    payment = shop.start(shop.order(a_domain()))
    fact = PaymentExpired(payment_id=payment.id)
    shop.ledger.write(BY, lambda uow: shop.container.record_fact()(uow, "memory", fact))
    shop.work()
    assert kinds(shop) == ["order_received"]


def test_a_late_failure_of_a_paid_order_is_not_told(shop: Twins) -> None:
    payment = shop.buy(a_domain()).payments[0]
    fact = PaymentFailed(payment_id=payment.id, why="told late")
    shop.ledger.write(BY, lambda uow: shop.container.record_fact()(uow, "memory", fact))
    shop.work()
    assert shop.mailed(MailKind.PAYMENT_FAILED) == []


def test_an_attempt_that_the_provider_could_not_be_asked_to_start_is_told(shop: Twins) -> None:
    shop.gateway.fail_with(RetryLater("down"), times=100)
    shop.start(shop.order(a_domain()))
    for _ in range(20):
        shop.pass_time(timedelta(minutes=20))
        shop.sweep_and_work()
    assert len(shop.mailed(MailKind.PAYMENT_FAILED)) == 1


def test_what_a_mail_says_is_fixed_when_it_is_written(shop: Twins) -> None:
    shop.notifier.fail_with(RetryLater("busy"))
    shop.order(a_domain())
    shop.work()
    shop.container.change_customer()("cus_1", {"name": "Aline M.", "email": "new@example.rw"}, BY)
    shop.pass_time(HOUR)
    shop.sweep_and_work()
    (received,) = shop.mailed(MailKind.ORDER_RECEIVED)
    assert (received.recipient, received.data["name"]) == ("aline@example.rw", "Aline Uwase")


@pytest.mark.parametrize("faults", ["refused", "away"])
def test_mails_that_fail_never_fail_the_work(shop: Twins, faults: str) -> None:
    if faults == "refused":
        shop.notifier.unknown.add("aline@example.rw")
    else:
        shop.notifier.fail_with(RetryLater("away"), times=100)
    order = shop.buy(a_domain("example.rw"), a_hosting())
    assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]


def test_without_a_mail_server_no_mail_is_written(shop: Twins) -> None:
    shop.container.sender_domain.override(providers.Object(None))
    shop.container.reset_singletons()
    shop.buy(a_domain("example.rw"))
    assert shop.jobs(JobKind.SEND_MAIL) == []
    assert shop.ledger.read(lambda uow: uow.mails.page(None, None, 9)) == []
