"""Commands about subscriptions, as an operator types them."""

from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    CycleLine,
    Invoice,
    InvoiceReason,
    InvoiceStands,
    InvoiceStatus,
    Money,
    Subscription,
    SubscriptionStatus,
)
from tests.builders import NOW, a_customer, a_hosting, a_subscription, an_order
from tests.integration.test_cli_money import Desk, desk

__all__ = ["desk"]


def held(desk: Desk) -> Subscription:
    """One that nobody bills, with a paid invoice that waits for a person."""
    order = an_order(a_hosting())
    subscription = a_subscription(order.items[0].id)
    line = CycleLine(price=Money(799, "USD"), period_start=NOW, period_end=NOW.replace(month=3, day=31))
    stands = InvoiceStands(
        billing_ref="bill_1",
        invoice_ref="in_1",
        reason=InvoiceReason.CYCLE,
        status=InvoiceStatus.PAID,
        total=line.price,
        collected=line.price,
        cycle=line,
        payment_ref="pi_1",
    )
    invoice = Invoice.of("inv_1", subscription.id, "stripe", stands, NOW)
    invoice.park("another price")
    subscription.mind("invoice in_1", "another price")
    desk.ledger.write("setup", lambda uow: uow.customers.add(a_customer()))
    desk.ledger.write("setup", lambda uow: uow.orders.add(order))
    desk.ledger.write("setup", lambda uow: uow.subscriptions.add(subscription))
    desk.ledger.write("setup", lambda uow: uow.invoices.add(invoice))
    return subscription


def test_subscriptions_are_listed_by_status_and_by_attention(desk: Desk) -> None:
    held(desk)
    (one,) = desk.told("subscriptions", "list", "--attention")
    assert (one["id"], one["status"], one["why"]) == ("sub_1", "active", "another price")
    assert desk.told("subscriptions", "list", "--status", "ended") == []
    assert "sub_1" in desk.type("subscriptions", "list").text
    assert desk.told("subscriptions", "list", "--before", "sub_1") == []


def test_all_of_one_is_shown(desk: Desk) -> None:
    held(desk)
    shown = desk.told("subscriptions", "show", "sub_1")
    assert (shown["plan"], shown["price"], shown["attention"]) == ("starter", "4.99 USD", "another price")
    assert [(one["provider_id"], one["why"]) for one in shown["invoices"]] == [("in_1", "another price")]
    assert [(move["what"], move["to"]) for move in shown["history"]] == [
        ("subscription sub_1", "active"),
        ("invoice inv_1", "paid"),
    ]
    assert "in_1" in desk.type("subscriptions", "show", "sub_1").text
    assert "no subscription sub_9" in desk.refused("subscriptions", "show", "sub_9")


def test_one_that_was_never_paid_can_be_settled_too(desk: Desk) -> None:
    subscription = held(desk)

    def never_paid(uow: UnitOfWork) -> None:
        pending = uow.subscriptions.lock(subscription.id)
        pending.status, pending.current_period_end = SubscriptionStatus.PENDING, None

    desk.ledger.write("setup", never_paid)
    said = desk.type("subscriptions", "resolve", "sub_1", "refuse")
    assert (said.code, said.out) == (0, "sub_1 is pending, starter at 4.99 USD, not paid yet\n")


def test_what_was_accepted_renews_once(desk: Desk) -> None:
    held(desk)
    for _ in range(2):
        done = desk.told("subscriptions", "resolve", "sub_1", "accept")
        assert done["attention"] is None
    (invoice,) = desk.told("subscriptions", "show", "sub_1")["invoices"]
    order = desk.told("orders", "show", invoice["order"])
    assert (order["status"], order["total"]) == ("paid", "7.99 USD")
    assert [job["kind"] for job in order["jobs"]] == ["renew_subscription"]
    assert len(desk.told("orders", "list")) == 2


def test_what_was_refused_is_owed_back_once(desk: Desk) -> None:
    held(desk)
    for _ in range(2):
        assert "sub_1 is active, starter at 4.99 USD" in desk.type("subscriptions", "resolve", "sub_1", "refuse").text
    (refund,) = desk.told("refunds", "list")
    assert (refund["amount"], refund["cause"], refund["status"]) == ("7.99 USD", "surplus", "pending")
