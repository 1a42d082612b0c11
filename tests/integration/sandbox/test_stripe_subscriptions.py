"""Subscriptions of the sandbox's Stripe: begun, renewed from their anchor, tried, ended."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.sandbox.subscribers import (
    DAY_SECONDS,
    Clock,
    a_customer,
    a_price,
    a_subscription,
    at,
    day,
    invoices,
    periods,
    subscription_of,
    told,
)


def test_a_subscription_is_paid_at_once_and_told_when_it_stands(sandbox: Sandbox, endpoint: Endpoint) -> None:
    customer = a_customer(sandbox)
    subscription = a_subscription(sandbox, customer, metadata={"item_id": "item_1"}, expand=["latest_invoice.payments"])

    invoice = subscription.latest_invoice
    assert (subscription.status, invoice.status, invoice.billing_reason) == ("active", "paid", "subscription_create")
    assert (invoice.amount_due, invoice.amount_paid, invoice.amount_remaining) == (1000, 1000, 0)
    assert invoice.parent.subscription_details.metadata["item_id"] == "item_1"
    (payment,) = invoice.payments.data
    intent = sandbox.api.payment_intents.retrieve(payment.payment.payment_intent)
    assert (intent.status, intent.amount_received, intent.customer) == ("succeeded", 1000, customer.id)
    eventually(lambda: "customer.subscription.created" in endpoint.types())
    (created,) = [event for event in endpoint.events() if event["type"] == "customer.subscription.created"]
    assert created["data"]["object"]["status"] == "active"
    assert created["data"]["object"]["latest_invoice"] == invoice.id
    assert told(sandbox, "invoice", "customer.subscription") == [
        "invoice.created", "invoice.finalized", "invoice.updated", "invoice.paid", "invoice.payment_succeeded",
        "invoice_payment.paid", "customer.subscription.created",
    ]  # fmt: skip


def test_31_january_renews_on_the_last_of_february_and_on_31_march(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-31T10:00")
    subscription = a_subscription(sandbox, a_customer(sandbox, test_clock=clock.id))

    clock.move("2027-02-28T11:30", "2027-04-01T00:00")

    assert periods(invoices(sandbox, subscription)) == [
        ("2027-01-31", "2027-02-28"),
        ("2027-02-28", "2027-03-31"),
        ("2027-03-31", "2027-04-30"),
    ]
    assert [invoice.status for invoice in invoices(sandbox, subscription)] == ["paid"] * 3


def test_29_february_renews_yearly_on_the_28th_until_the_next_leap_year(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2028-02-29T10:00")
    yearly = a_price(sandbox, interval="year")
    subscription = a_subscription(sandbox, a_customer(sandbox, test_clock=clock.id), yearly)

    clock.move("2029-02-28T11:30", "2030-02-28T11:30", "2032-02-01T00:00", "2032-02-29T11:30")

    ends = [end for _, end in periods(invoices(sandbox, subscription))]
    assert ends == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29", "2033-02-28"]


def test_an_anchor_may_be_the_31st_though_nothing_is_due_before(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-31T10:00:07")
    subscription = a_subscription(
        sandbox,
        a_customer(sandbox, test_clock=clock.id),
        billing_cycle_anchor_config={"day_of_month": 31, "hour": 10, "minute": 0, "second": 0},
        proration_behavior="none",
    )
    (first,) = invoices(sandbox, subscription)
    assert (subscription.status, first.status, first.amount_due) == ("active", "paid", 0)
    assert subscription["items"].data[0].current_period_end == at("2027-02-28T10:00")

    clock.move("2027-02-28T11:30", "2027-03-31T11:30")

    _, *renewals = invoices(sandbox, subscription)
    assert periods(renewals) == [("2027-02-28", "2027-03-31"), ("2027-03-31", "2027-04-30")]
    assert [(invoice.amount_paid, invoice.billing_reason) for invoice in renewals] == [(1000, "subscription_cycle")] * 2


def test_the_time_before_a_later_anchor_is_charged_by_its_share(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-04-01T00:00")
    anchor = at("2027-04-16T00:00")
    subscription = a_subscription(
        sandbox, a_customer(sandbox, test_clock=clock.id), a_price(sandbox, 3100), billing_cycle_anchor=anchor
    )
    (first,) = invoices(sandbox, subscription)
    assert first.amount_paid == 1500  # 15 of the 31 days from 16 March on
    assert subscription["items"].data[0].current_period_end == anchor


def test_periods_that_ended_meanwhile_are_invoiced_in_order_at_their_time(sandbox: Sandbox) -> None:
    subscription = a_subscription(sandbox, a_customer(sandbox))
    began = subscription.start_date

    sandbox.control("POST", "/clock/advance", {"seconds": 93 * DAY_SECONDS})

    found = invoices(sandbox, subscription)
    assert [invoice.billing_reason for invoice in found] == ["subscription_create"] + ["subscription_cycle"] * 3
    assert [invoice.created for invoice in found[1:]] == [invoice.lines.data[-1].period.start for invoice in found[1:]]
    assert found[0].created == began
    assert [invoice.status_transitions.paid_at - invoice.created for invoice in found] == [0, 3600, 3600, 3600]
    paid = sandbox.api.events.list({"type": "invoice.paid", "limit": 10}).data
    assert [event.created for event in paid[::-1]] == [invoice.status_transitions.paid_at for invoice in found]
    assert subscription_of(sandbox, subscription)["items"].data[0].current_period_start == found[3].created


def test_a_renewal_is_a_draft_for_an_hour(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    subscription = a_subscription(sandbox, a_customer(sandbox, test_clock=clock.id))

    clock.move("2027-02-15T10:30")

    _, draft = invoices(sandbox, subscription)
    assert (draft.status, draft.automatically_finalizes_at) == ("draft", at("2027-02-15T11:00"))
    assert subscription_of(sandbox, subscription).status == "active"
    clock.move("2027-02-15T11:00")
    assert invoices(sandbox, subscription)[1].status == "paid"


def test_a_trial_is_free_and_its_end_is_announced(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-01T00:00")
    subscription = a_subscription(sandbox, a_customer(sandbox, test_clock=clock.id), trial_period_days=14)
    assert (subscription.status, day(subscription.trial_end)) == ("trialing", "2027-01-15")
    assert invoices(sandbox, subscription)[0].amount_due == 0

    clock.move("2027-01-12T00:00")
    assert told(sandbox, "customer.subscription.trial") == ["customer.subscription.trial_will_end"]
    clock.move("2027-01-15T01:00")

    first, second = invoices(sandbox, subscription)
    assert (first.status, second.status, second.amount_paid) == ("paid", "paid", 1000)
    assert subscription_of(sandbox, subscription).status == "active"


def test_a_trial_without_a_card_pauses_if_that_was_wanted_and_goes_on_when_paid(sandbox: Sandbox) -> None:
    customer = a_customer(sandbox, None)
    pause: Any = {"end_behavior": {"missing_payment_method": "pause"}}
    subscription = a_subscription(sandbox, customer, trial_period_days=7, trial_settings=pause)

    paused = sandbox.api.subscriptions.update(subscription.id, {"trial_end": "now"})

    assert paused.status == "paused"
    assert told(sandbox, "customer.subscription.p") == ["customer.subscription.paused"]
    method = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    sandbox.api.subscriptions.update(subscription.id, {"default_payment_method": method.id})
    assert sandbox.api.subscriptions.resume(subscription.id).status == "active"
    assert invoices(sandbox, subscription)[-1].amount_paid == 1000
    assert told(sandbox, "customer.subscription.r") == ["customer.subscription.resumed"]


def test_who_does_not_pay_the_first_invoice_in_a_day_has_no_subscription(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-01T00:00")
    customer = a_customer(sandbox, "pm_card_chargeCustomerFail", test_clock=clock.id)
    subscription = a_subscription(sandbox, customer)
    (invoice,) = invoices(sandbox, subscription)
    assert (subscription.status, invoice.status, invoice.attempt_count) == ("incomplete", "open", 1)
    assert invoice.next_payment_attempt is None

    clock.move("2027-01-01T23:30")

    assert subscription_of(sandbox, subscription).status == "incomplete_expired"
    assert invoices(sandbox, subscription)[0].status == "void"


def test_all_or_nothing_leaves_nothing(sandbox: Sandbox) -> None:
    customer = a_customer(sandbox, "pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError, match="declined"):
        a_subscription(sandbox, customer, payment_behavior="error_if_incomplete")
    state = sandbox.state()
    assert (state["subscriptions"], state["invoices"], state["charges"]) == ([], [], [])


def test_an_incomplete_one_is_confirmed_by_its_intent(sandbox: Sandbox) -> None:
    subscription = a_subscription(
        sandbox, a_customer(sandbox, None), payment_behavior="default_incomplete",
        expand=["latest_invoice.confirmation_secret"],
    )  # fmt: skip
    assert subscription.status == "incomplete"
    intent_id = subscription.latest_invoice.confirmation_secret.client_secret.split("_secret_")[0]

    sandbox.api.payment_intents.confirm(intent_id, {"payment_method": "pm_card_visa"})

    assert subscription_of(sandbox, subscription).status == "active"
    assert told(sandbox, "customer.subscription") == ["customer.subscription.created", "customer.subscription.updated"]


def test_a_subscription_ends_with_its_period_unless_its_owner_thinks_again(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    subscription = a_subscription(sandbox, a_customer(sandbox, test_clock=clock.id))
    ending = sandbox.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (ending.cancel_at, ending.status) == (at("2027-02-15T10:00"), "active")
    kept = sandbox.api.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (kept.cancel_at, kept.canceled_at) == (None, None)
    sandbox.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})

    clock.move("2027-02-15T12:00")

    ended = subscription_of(sandbox, subscription)
    assert (ended.status, ended.ended_at) == ("canceled", at("2027-02-15T10:00"))
    assert ended.cancellation_details.reason == "cancellation_requested"
    assert len(invoices(sandbox, subscription)) == 1
    assert told(sandbox, "customer.subscription.deleted") == ["customer.subscription.deleted"]


def test_a_canceled_one_is_not_listed_unless_asked_for(sandbox: Sandbox) -> None:
    customer = a_customer(sandbox)
    subscription = a_subscription(sandbox, customer)
    assert sandbox.api.subscriptions.cancel(subscription.id).status == "canceled"

    listed = sandbox.api.subscriptions.list
    assert listed({"customer": customer.id}).data == []
    assert [found.id for found in listed({"customer": customer.id, "status": "all"}).data] == [subscription.id]
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        sandbox.api.subscriptions.cancel(subscription.id)


def test_one_idempotency_key_makes_one_subscription(sandbox: Sandbox) -> None:
    customer, price = a_customer(sandbox), a_price(sandbox)
    wanted: Any = {"customer": customer.id, "items": [{"price": price}]}
    made = {sandbox.api.subscriptions.create(wanted, {"idempotency_key": "subscription:1"}).id for _ in range(2)}
    assert len(made) == 1
    assert len(sandbox.state()["invoices"]) == 1


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"coupon": "half"}, "coupon"),
        ({"items": []}, "items"),
        ({"items": [{"price": "price_none"}]}, "items[0][price]"),
        ({"customer": "cus_none"}, "customer"),
        ({"default_payment_method": "pm_none"}, "default_payment_method"),
        ({"billing_cycle_anchor": 1}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor_config": {"day_of_month": 32}}, "billing_cycle_anchor_config[day_of_month]"),
    ],
)
def test_what_stripe_would_refuse_is_refused(sandbox: Sandbox, given: dict[str, Any], param: str) -> None:
    customer, price = a_customer(sandbox), a_price(sandbox)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.api.subscriptions.create({"customer": customer.id, "items": [{"price": price}], **given})
    assert refusal.value.param == param


def test_a_test_clock_goes_no_further_than_two_intervals_at_once(sandbox: Sandbox) -> None:
    clock = Clock(sandbox, "2027-01-15T10:00")
    a_subscription(sandbox, a_customer(sandbox, test_clock=clock.id))
    with pytest.raises(stripe.InvalidRequestError, match="two intervals"):
        clock.move("2027-04-01T00:00")
    with pytest.raises(stripe.InvalidRequestError, match="after the test clock"):
        clock.move("2027-01-15T10:00")
    sandbox.api.test_helpers.test_clocks.delete(clock.id)
    assert [found["status"] for found in sandbox.state()["subscriptions"]] == ["canceled"]
