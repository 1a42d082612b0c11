"""A year of one subscription at the sandbox's Stripe: whatever happens to it, its books agree to the cent."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.sandbox.harness import Sandbox
from tests.integration.sandbox.subscribers import (
    a_customer,
    a_price,
    a_subscription,
    has_card,
    invoices,
    subscription_of,
)

RENEWALS = 12
FAILS = "pm_card_chargeCustomerFail"


def go_to(sandbox: Sandbox, moment: int, hours: float = 2) -> None:
    """Move the sandbox's clock to so many hours after a moment."""
    now = datetime.fromisoformat(sandbox.control("GET", "/state").json()["clock"]["now"])
    wanted = datetime.fromtimestamp(moment, UTC) + timedelta(hours=hours)
    sandbox.control("POST", "/clock/advance", {"seconds": (wanted - now).total_seconds()}).raise_for_status()


def end_of_period(sandbox: Sandbox, subscription: Any) -> int:
    return int(subscription_of(sandbox, subscription)["items"].data[0].current_period_end)


def test_a_year_with_declines_another_card_another_plan_and_an_end(sandbox: Sandbox) -> None:
    customer = a_customer(sandbox)
    subscription = a_subscription(sandbox, customer, a_price(sandbox, 999))
    dear = a_price(sandbox, 1999, name="Pro")
    ends = []
    for renewal in range(1, RENEWALS + 1):
        if renewal == 4:  # declined, and declined again at the first retry
            has_card(sandbox, customer, FAILS)
        if renewal == 8:
            go_to(sandbox, end_of_period(sandbox, subscription), hours=-10 * 24)
            item = subscription_of(sandbox, subscription)["items"].data[0].id
            sandbox.api.subscriptions.update(
                subscription.id, {"items": [{"id": item, "price": dear}], "proration_behavior": "always_invoice"}
            )
        ends.append(end_of_period(sandbox, subscription))
        go_to(sandbox, ends[-1])
        if renewal == 4:
            go_to(sandbox, ends[-1], hours=26)
            assert subscription_of(sandbox, subscription).status == "past_due"
            has_card(sandbox, customer, "pm_card_mastercard")
            go_to(sandbox, ends[-1], hours=50)
        assert subscription_of(sandbox, subscription).status == "active"
    sandbox.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    go_to(sandbox, end_of_period(sandbox, subscription))

    assert subscription_of(sandbox, subscription).status == "canceled"
    found = invoices(sandbox, subscription)
    cycles = [invoice for invoice in found if invoice.billing_reason == "subscription_cycle"]
    assert [cycle.lines.data[-1].period.start for cycle in cycles] == ends
    assert [cycle.amount_paid for cycle in cycles] == [999] * 7 + [1999] * 5
    assert [cycle.attempt_count for cycle in cycles] == [1, 1, 1, 3] + [1] * 8
    assert Counter(invoice.billing_reason for invoice in found) == {
        "subscription_create": 1, "subscription_cycle": RENEWALS, "subscription_update": 1,
    }  # fmt: skip
    agree(sandbox.state())


def test_a_sandbox_that_was_killed_goes_on_billing(sandbox: Sandbox) -> None:
    subscription = a_subscription(sandbox, a_customer(sandbox))
    sandbox.kill()
    sandbox.start()

    go_to(sandbox, end_of_period(sandbox, subscription), hours=0.5)
    sandbox.kill()
    sandbox.start()
    go_to(sandbox, end_of_period(sandbox, subscription))

    assert [invoice.billing_reason for invoice in invoices(sandbox, subscription)] == [
        "subscription_create", "subscription_cycle", "subscription_cycle",
    ]  # fmt: skip
    agree(sandbox.state())


def test_a_period_is_invoiced_once_however_many_look_at_it_ending(sandbox: Sandbox) -> None:
    subscription = a_subscription(sandbox, a_customer(sandbox))
    period = end_of_period(sandbox, subscription) - subscription.start_date
    with ThreadPoolExecutor(8) as people:
        moved = people.submit(sandbox.control, "POST", "/clock/advance", {"seconds": 12 * period})
        for look in [people.submit(invoices, sandbox, subscription) for _ in range(24)]:
            look.result()
        assert moved.result().ok

    starts = [invoice.lines.data[-1].period.start for invoice in invoices(sandbox, subscription)]
    assert len(starts) == len(set(starts)) >= RENEWALS
    assert starts == sorted(starts)


def agree(state: Any) -> None:
    """Everything that was invoiced is paid, by exactly one intent, by exactly one charge, of exactly that sum."""
    charges = {charge["id"]: charge for charge in state["charges"]}
    intents = {intent["id"]: intent for intent in state["payment_intents"]}
    payments = {payment["invoice"]: payment for payment in state["invoice_payments"]}
    assert len(payments) == len(state["invoice_payments"])
    for invoice in state["invoices"]:
        assert (invoice["status"], invoice["amount_remaining"]) == ("paid", 0)
        assert sum(line["amount"] for line in invoice["lines"]["data"]) == invoice["total"]
        assert invoice["amount_paid"] == max(0, invoice["total"] + invoice["starting_balance"])
        if invoice["amount_due"] == 0:
            continue
        payment = payments[invoice["id"]]
        intent = intents[payment["payment"]["payment_intent"]]
        paid = charges[intent["latest_charge"]]
        assert payment["amount_paid"] == intent["amount_received"] == paid["amount_captured"] == invoice["amount_paid"]
    captured = sum(charge["amount_captured"] for charge in charges.values())
    assert captured == sum(invoice["amount_paid"] for invoice in state["invoices"])
    numbers = [invoice["number"] for invoice in state["invoices"]]
    assert len(set(numbers)) == len(numbers)
