"""Changes of the sandbox's subscriptions: what they cost at once, later, and give back; and invoices made by hand."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import Sandbox
from tests.integration.sandbox.subscribers import (
    Clock,
    a_customer,
    a_price,
    a_subscription,
    at,
    day,
    has_card,
    invoices,
    subscription_of,
    told,
)


def change_price(sandbox: Sandbox, subscription: Any, price: str, **how: Any) -> Any:
    """Another price for what is subscribed to."""
    (item,) = subscription["items"].data
    return sandbox.api.subscriptions.update(subscription.id, {"items": [{"id": item.id, "price": price}], **how})


def halfway(sandbox: Sandbox, amount: int = 3000) -> tuple[Clock, stripe.Customer, Any]:
    """A subscription in the middle of a period of thirty days, 1 April to 1 May 2027."""
    clock = Clock(sandbox, "2027-04-01T00:00")
    customer = a_customer(sandbox, test_clock=clock.id)
    subscription = a_subscription(sandbox, customer, a_price(sandbox, amount))
    clock.move("2027-04-16T00:00")
    return clock, customer, subscription


def amounts(invoice: Any) -> list[int]:
    return [line.amount for line in invoice.lines.data]


def test_a_change_is_put_on_the_next_invoice(sandbox: Sandbox) -> None:
    clock, _, subscription = halfway(sandbox)

    change_price(sandbox, subscription, a_price(sandbox, 6000, name="Pro"))

    assert len(invoices(sandbox, subscription)) == 1
    clock.move("2027-05-01T01:30")
    _, renewal = invoices(sandbox, subscription)
    assert (renewal.billing_reason, amounts(renewal), renewal.amount_paid) == (
        "subscription_cycle", [-1500, 3000, 6000], 7500,
    )  # fmt: skip
    kinds = [line.parent.type for line in renewal.lines.data]
    assert kinds == ["invoice_item_details"] * 2 + ["subscription_item_details"]
    assert [line.parent.invoice_item_details.proration for line in renewal.lines.data[:2]] == [True, True]
    assert renewal.lines.data[1].description == "Remaining time on 1 × Pro after 16 Apr 2027"


def test_a_change_may_be_invoiced_at_once(sandbox: Sandbox) -> None:
    clock, _, subscription = halfway(sandbox)
    dear = a_price(sandbox, 6000)

    preview = sandbox.api.invoices.create_preview(
        {
            "subscription": subscription.id,
            "subscription_details": {
                "items": [{"id": subscription["items"].data[0].id, "price": dear}],
                "proration_behavior": "always_invoice",
            },
        }
    )
    changed = change_price(sandbox, subscription, dear, proration_behavior="always_invoice")

    _, update = invoices(sandbox, subscription)
    assert (update.billing_reason, amounts(update), update.amount_paid) == ("subscription_update", [-1500, 3000], 1500)
    assert (changed.latest_invoice, preview.amount_due) == (update.id, 1500)
    assert changed["items"].data[0].price.id == dear
    clock.move("2027-05-01T01:30")
    assert amounts(invoices(sandbox, subscription)[-1]) == [6000]


def test_a_change_may_cost_nothing_until_the_next_period(sandbox: Sandbox) -> None:
    clock, _, subscription = halfway(sandbox)
    change_price(sandbox, subscription, a_price(sandbox, 6000), proration_behavior="none")
    clock.move("2027-05-01T01:30")
    assert amounts(invoices(sandbox, subscription)[-1]) == [6000]


def test_what_is_given_back_is_the_customers_credit_and_pays_the_next_invoice(sandbox: Sandbox) -> None:
    clock, customer, subscription = halfway(sandbox, 6000)

    change_price(sandbox, subscription, a_price(sandbox, 3000), proration_behavior="always_invoice")

    _, update = invoices(sandbox, subscription)
    assert (update.status, update.total, update.amount_due, update.ending_balance) == ("paid", -1500, 0, -1500)
    assert sandbox.api.customers.retrieve(customer.id).balance == -1500
    clock.move("2027-05-01T01:30")
    renewal = invoices(sandbox, subscription)[-1]
    assert (renewal.total, renewal.amount_due, renewal.amount_paid) == (3000, 1500, 1500)
    assert (renewal.starting_balance, renewal.ending_balance) == (-1500, 0)
    moves = sandbox.api.customers.balance_transactions.list(customer.id).data
    assert [(move.type, move.amount, move.ending_balance) for move in moves] == [
        ("applied_to_invoice", 1500, 0), ("applied_to_invoice", -1500, -1500),
    ]  # fmt: skip


def test_another_interval_begins_a_new_period_now(sandbox: Sandbox) -> None:
    clock, _, subscription = halfway(sandbox)

    changed = change_price(sandbox, subscription, a_price(sandbox, 30_000, "year"))

    _, update = invoices(sandbox, subscription)
    assert (update.billing_reason, amounts(update), update.amount_paid) == (
        "subscription_update", [-1500, 30_000], 28_500,
    )  # fmt: skip
    assert changed.billing_cycle_anchor == at("2027-04-16T00:00")
    assert day(changed["items"].data[0].current_period_end) == "2028-04-16"
    clock.move("2028-04-16T02:00")
    assert amounts(invoices(sandbox, subscription)[-1]) == [30_000]


def test_what_was_free_is_not_given_back(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-04-01T00:00")
    subscription = a_subscription(
        sandbox, a_customer(sandbox, test_clock=clock.id), a_price(sandbox, 3000),
        billing_cycle_anchor=at("2027-05-01T00:00"), proration_behavior="none",
    )  # fmt: skip
    clock.move("2027-04-16T00:00")
    change_price(sandbox, subscription, a_price(sandbox, 6000), proration_behavior="always_invoice")
    assert amounts(invoices(sandbox, subscription)[-1]) == [0, 3000]


def test_a_change_that_can_t_be_paid_leaves_it_past_due_or_is_not_made(sandbox: Sandbox) -> None:
    _, customer, subscription = halfway(sandbox)
    dear = a_price(sandbox, 6000)
    has_card(sandbox, customer, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        change_price(
            sandbox, subscription, dear, proration_behavior="always_invoice", payment_behavior="error_if_incomplete"
        )
    assert subscription_of(sandbox, subscription)["items"].data[0].price.unit_amount == 3000

    changed = change_price(sandbox, subscription, dear, proration_behavior="always_invoice")

    assert (changed.status, changed["items"].data[0].price.id) == ("past_due", dear)


def test_canceling_may_give_back_the_rest_of_the_period(sandbox: Sandbox) -> None:
    _, customer, subscription = halfway(sandbox)
    sandbox.api.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    assert sandbox.api.customers.retrieve(customer.id).balance == -1500


@pytest.mark.parametrize(("behavior", "status"), [("void", "void"), ("keep_as_draft", "draft"),
                                                  ("mark_uncollectible", "uncollectible")])  # fmt: skip
def test_collection_may_be_paused(sandbox: Sandbox, behavior: str, status: str) -> None:
    clock, _, subscription = halfway(sandbox)
    pause: Any = {"pause_collection": {"behavior": behavior, "resumes_at": at("2027-05-10T00:00")}}
    assert sandbox.api.subscriptions.update(subscription.id, pause).status == "active"

    clock.move("2027-05-01T02:00", "2027-06-01T02:00")

    assert [invoice.status for invoice in invoices(sandbox, subscription)] == ["paid", status, "paid"]
    assert subscription_of(sandbox, subscription).pause_collection is None


def test_an_invoice_is_made_by_hand_and_paid(sandbox: Sandbox) -> None:
    customer = a_customer(sandbox)
    put_down: Any = {"customer": customer.id, "amount": 2000, "currency": "usd", "description": "Set-up"}
    item = sandbox.api.invoice_items.create(put_down)
    gone = sandbox.api.invoice_items.create(put_down)
    sandbox.api.invoice_items.delete(gone.id)
    invoice = sandbox.api.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    assert (invoice.status, invoice.amount_due, invoice.billing_reason) == ("draft", 2000, "manual")
    assert sandbox.api.invoice_items.retrieve(item.id).invoice == invoice.id

    paid = sandbox.api.invoices.pay(invoice.id, {"expand": ["payments.data.payment.payment_intent"]})

    assert (paid.status, paid.number) == ("paid", f"{customer.invoice_prefix}-0001")
    assert paid["payments"].data[0].payment.payment_intent.amount_received == 2000
    assert told(sandbox, "invoice.", "invoiceitem") == [
        "invoiceitem.created", "invoiceitem.created", "invoiceitem.deleted", "invoice.created", "invoice.finalized",
        "invoice.updated", "invoice.paid", "invoice.payment_succeeded",
    ]  # fmt: skip
    found = sandbox.api.invoice_payments.list({"invoice": invoice.id}).data
    assert [(payment.status, payment.amount_paid) for payment in found] == [("paid", 2000)]


def test_a_draft_may_be_changed_and_thrown_away(sandbox: Sandbox) -> None:
    customer = a_customer(sandbox)
    invoice = sandbox.api.invoices.create({"customer": customer.id})
    item: Any = {"customer": customer.id, "amount": 500, "currency": "usd", "invoice": invoice.id}
    sandbox.api.invoice_items.create(item)
    assert sandbox.api.invoices.update(invoice.id, {"metadata": {"a": "b"}}).total == 500

    sandbox.api.invoices.delete(invoice.id)

    with pytest.raises(stripe.InvalidRequestError, match="No such invoice"):
        sandbox.api.invoices.retrieve(invoice.id)
    assert sandbox.state()["invoice_items"] == []


def test_the_next_invoice_is_announced_a_week_before(sandbox: Sandbox) -> None:
    clock, _, _ = halfway(sandbox)
    clock.move("2027-04-23T23:59")
    assert told(sandbox, "invoice.upcoming") == []
    clock.move("2027-04-24T00:00")
    assert told(sandbox, "invoice.upcoming") == ["invoice.upcoming"]
