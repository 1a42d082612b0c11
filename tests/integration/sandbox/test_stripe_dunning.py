"""What the sandbox's Stripe does when an invoice is not paid: retries on their schedule, and the end of them."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import Sandbox
from tests.integration.sandbox.subscribers import (
    DAY_SECONDS,
    Clock,
    a_customer,
    a_subscription,
    at,
    has_card,
    invoices,
    subscription_of,
    told,
)

FAILS = "pm_card_chargeCustomerFail"
HOUR_SECONDS = 3600


def past_due(sandbox: Sandbox, clock: Clock) -> tuple[stripe.Customer, Any]:
    """Somebody who began on 15 January 2027, and whose card fails on 15 February."""
    customer = a_customer(sandbox, test_clock=clock.id)
    subscription = a_subscription(sandbox, customer)
    has_card(sandbox, customer, FAILS)
    clock.move("2027-02-15T11:30")
    return customer, subscription


def test_a_failed_renewal_is_tried_eight_times_more_within_two_weeks_and_then_ended(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    _, subscription = past_due(sandbox, clock)
    _, invoice = invoices(sandbox, subscription)
    assert (subscription_of(sandbox, subscription).status, invoice.status) == ("past_due", "open")
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (1, at("2027-02-16T11:00"))

    clock.move("2027-02-27T11:30")
    _, invoice = invoices(sandbox, subscription)
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (8, at("2027-03-01T11:00"))
    assert subscription_of(sandbox, subscription).status == "past_due"
    clock.move("2027-03-01T11:30")

    _, invoice = invoices(sandbox, subscription)
    ended = subscription_of(sandbox, subscription)
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == ("open", 9, None)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
    assert told(sandbox, "invoice.payment_failed", "customer.subscription.deleted") == (
        ["invoice.payment_failed"] * 9 + ["customer.subscription.deleted"]
    )
    charges = sandbox.api.charges.list({"customer": ended.customer, "limit": 20}).data
    assert [charge.status for charge in charges] == ["failed"] * 9 + ["succeeded"]


@pytest.mark.parametrize(("wish", "status", "drafts"), [("past_due", "past_due", 0), ("unpaid", "unpaid", 1)])
def test_after_the_last_attempt_it_may_be_left_as_it_is(sandbox: Sandbox, wish: str, status: str, drafts: int) -> None:
    body = {"after_retries": wish, "retry_days": [3]}
    assert sandbox.control("PUT", "/stripe/billing", body).json()["draft_seconds"] == HOUR_SECONDS
    clock = Clock(sandbox, "2027-01-15T10:00")
    _, subscription = past_due(sandbox, clock)

    clock.move("2027-02-18T11:30")
    assert subscription_of(sandbox, subscription).status == status
    clock.move("2027-03-15T12:00")

    found = invoices(sandbox, subscription)
    assert [invoice.status for invoice in found].count("draft") == drafts
    assert len(found) == 3


def test_the_schedule_can_be_read_and_nonsense_is_refused(sandbox: Sandbox) -> None:
    assert sum(sandbox.control("GET", "/stripe/billing").json()["retry_days"]) == 14
    for body in ({"retry_days": [0]}, {"after_retries": "hope"}, {"draft_seconds": -1}, {"unknown": 1}, []):
        assert sandbox.control("PUT", "/stripe/billing", body).status_code == 400


def test_another_card_is_charged_at_the_next_attempt(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    customer, subscription = past_due(sandbox, clock)
    has_card(sandbox, customer, "pm_card_mastercard")

    clock.move("2027-02-16T11:30")

    _, invoice = invoices(sandbox, subscription)
    assert (invoice.status, invoice.attempt_count, invoice.amount_paid) == ("paid", 2, 1000)
    assert subscription_of(sandbox, subscription).status == "active"
    clock.move("2027-03-15T12:00")
    assert invoices(sandbox, subscription)[-1].status == "paid"


def test_paying_by_hand_ends_the_retries_and_failing_by_hand_moves_none(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    customer, subscription = past_due(sandbox, clock)
    _, invoice = invoices(sandbox, subscription)
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.api.invoices.pay(invoice.id)
    assert refusal.value.code == "card_declined"
    again = sandbox.api.invoices.retrieve(invoice.id)
    assert (again.attempt_count, again.next_payment_attempt) == (2, at("2027-02-16T11:00"))

    good = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert sandbox.api.invoices.pay(invoice.id, {"payment_method": good.id}).status == "paid"

    assert subscription_of(sandbox, subscription).status == "active"
    clock.move("2027-02-20T00:00")
    assert sandbox.api.invoices.retrieve(invoice.id).attempt_count == 3
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        sandbox.api.invoices.pay(invoice.id)


def test_a_bank_that_wants_to_see_the_cardholder_is_told_of_and_answered_on_its_page(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    customer = a_customer(sandbox, test_clock=clock.id)
    subscription = a_subscription(sandbox, customer)
    has_card(sandbox, customer, "pm_card_authenticationRequired")

    clock.move("2027-02-15T11:30")

    found = sandbox.api.invoices.list({"subscription": subscription.id, "expand": ["data.payments"]}).data
    (payment,) = found[0]["payments"].data
    intent = sandbox.api.payment_intents.retrieve(payment.payment.payment_intent)
    assert (intent.status, found[0].status) == ("requires_action", "open")
    assert told(sandbox, "invoice.payment_action_required", "invoice.payment_failed") == [
        "invoice.payment_failed", "invoice.payment_action_required",
    ]  # fmt: skip
    assert subscription_of(sandbox, subscription).status == "past_due"


def test_a_void_invoice_is_owed_no_more(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    _, subscription = past_due(sandbox, clock)
    _, invoice = invoices(sandbox, subscription)

    assert sandbox.api.invoices.void_invoice(invoice.id).status == "void"

    assert subscription_of(sandbox, subscription).status == "active"
    clock.move("2027-02-20T00:00")
    assert sandbox.api.invoices.retrieve(invoice.id).attempt_count == 1
    with pytest.raises(stripe.InvalidRequestError, match="This one is void"):
        sandbox.api.invoices.pay(invoice.id)


def test_retries_happen_on_the_sandboxs_own_clock_too(sandbox: Sandbox) -> None:
    customer = a_customer(sandbox)
    subscription = a_subscription(sandbox, customer)
    has_card(sandbox, customer, FAILS)
    (item,) = subscription["items"].data
    begun = item.current_period_end - subscription.start_date

    sandbox.control("POST", "/clock/advance", {"seconds": begun + 3 * HOUR_SECONDS})
    assert invoices(sandbox, subscription)[1].attempt_count == 1
    sandbox.control("POST", "/clock/advance", {"seconds": 2 * DAY_SECONDS})
    assert invoices(sandbox, subscription)[1].attempt_count == 3
    has_card(sandbox, customer, "pm_card_visa")
    sandbox.control("POST", "/clock/advance", {"seconds": 2 * DAY_SECONDS})

    assert invoices(sandbox, subscription)[1].status == "paid"
    assert subscription_of(sandbox, subscription).status == "active"


def test_a_card_that_was_taken_away_pays_nothing_more(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    customer = a_customer(sandbox, None, test_clock=clock.id)
    method = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    subscription = a_subscription(sandbox, customer, default_payment_method=method.id)

    sandbox.api.payment_methods.detach(method.id)

    assert subscription_of(sandbox, subscription).default_payment_method is None
    clock.move("2027-02-15T11:30")
    _, invoice = invoices(sandbox, subscription)
    assert (invoice.status, invoice.attempt_count) == ("open", 1)
    assert told(sandbox, "charge.") == ["charge.succeeded"]


def test_who_is_deleted_is_asked_for_nothing(sandbox: Sandbox) -> None:
    customer = a_customer(sandbox)
    subscription = a_subscription(sandbox, customer)
    sandbox.api.invoices.create({"customer": customer.id, "auto_advance": True})

    sandbox.api.customers.delete(customer.id)
    sandbox.control("POST", "/clock/advance", {"seconds": 40 * DAY_SECONDS})

    assert subscription_of(sandbox, subscription).status == "canceled"
    assert [invoice["status"] for invoice in sandbox.state()["invoices"]] == ["paid", "draft"]
