"""What is sent to Stripe for recurring billing, and what its odder answers mean."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import responses

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeBilling, StripeGateway
from billing.application.outcomes import NeedsPerson, NotYet, OutcomeUnknown, Refused
from billing.domain.facts import BillingStatus, InvoiceStatus, PaymentExpired, PaymentSucceeded
from billing.domain.wallet import Wallet
from tests.builders import NOW, a_hosting, a_wallet, an_order
from tests.contracts.payment_gateway import soon
from tests.contracts.recurring_billing import a_running_subscription

FIXTURES = Path(__file__).parents[2] / "fixtures" / "stripe"
API = "https://api.stripe.com/v1"
CUSTOMER, SUBSCRIPTION, INVOICE = "cus_1", "sub_1", "in_1"
SKEWED = timedelta(minutes=10)


def stored(type: str, **changed: Any) -> dict[str, Any]:
    event = json.loads((FIXTURES / f"2026-10-28.endive.{type}.json").read_text())
    return {**event["data"]["object"], **changed}


def a_subscription(**changed: Any) -> dict[str, Any]:
    """As Stripe has just begun it: until 28 February 2027, 9:30, when it is charged for the first time."""
    end = int(datetime(2027, 2, 28, 9, 30, tzinfo=UTC).timestamp())
    begun = {"id": SUBSCRIPTION, "customer": CUSTOMER, "billing_cycle_anchor": end}
    shown = stored("customer.subscription.created", **begun | changed)
    (item,) = shown["items"]["data"]
    item["current_period_end"] = end
    return shown


def an_invoice(status: str) -> dict[str, Any]:
    return stored("invoice.updated", id=INVOICE, status=status)


def listed(*data: dict[str, Any], has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": list(data), "has_more": has_more, "url": "/v1/things"}


def refusal(code: str, type: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"type": type, "code": code, "message": "No."}}


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as api:
        yield api


@pytest.fixture
def billing() -> StripeBilling:
    return StripeBilling(
        api_key="sk_test_example", installation=lambda: "ins_ours", now=lambda: NOW, telemetry=MemoryTelemetry()
    )


def sent(api: responses.RequestsMock, path: str) -> list[dict[str, list[str]]]:
    """The bodies of the writes to a path."""
    posts = [
        call.request for call in api.calls if call.request.method == "POST" and call.request.url == f"{API}/{path}"
    ]
    return [parse_qs(request.body) for request in posts]


def an_account(method: str = "pm_1") -> Wallet:
    wallet = a_wallet(customer_ref=CUSTOMER)
    wallet.keep("mth_1", method, NOW)
    return wallet


def ready_to_begin(api: responses.RequestsMock, **customer: Any) -> None:
    """A customer of whom nothing is billed yet; prices are there."""
    shown = {"id": CUSTOMER, "object": "customer", "invoice_settings": {"default_payment_method": "pm_1"}, **customer}
    price = stored("customer.subscription.created")["items"]["data"][0]["price"]
    product = {"id": "prod_1", "object": "product", "active": True, "name": "Starter"}
    api.get(f"{API}/subscriptions", json=listed())
    api.get(f"{API}/customers/{CUSTOMER}", json=shown)
    api.get(f"{API}/prices", json=listed({**price, "product": product}))


# ---------------------------------------------------------------------- beginning


def test_what_is_there_is_not_begun_again_also_when_its_key_is_long_forgotten(
    api: responses.RequestsMock, billing: StripeBilling
) -> None:
    subscription = a_running_subscription(NOW)
    ours = {"installation": "ins_ours", "item_id": subscription.item_id}
    others = [
        a_subscription(id="sub_7", metadata=ours | {"installation": "ins_other"}),
        a_subscription(id="sub_8", metadata={}),
    ]
    api.get(f"{API}/subscriptions", json=listed(*others, has_more=True))
    api.get(f"{API}/subscriptions", json=listed(a_subscription(metadata=ours)))
    assert billing.begin(subscription, an_account(), soon()).billing_ref == SUBSCRIPTION
    pages = [call.request.params for call in api.calls]  # type: ignore[attr-defined]
    assert [page.get("starting_after") for page in pages] == [None, "sub_8"]
    assert {page["status"] for page in pages} == {"all"}


def test_the_body_of_a_beginning_names_our_anchor_and_charges_nothing_before(
    api: responses.RequestsMock, billing: StripeBilling
) -> None:
    ready_to_begin(api)
    api.post(f"{API}/subscriptions", json=a_subscription())
    subscription = a_running_subscription(NOW.replace(microsecond=123_456))
    billing.begin(subscription, an_account(), soon())
    (body,) = sent(api, "subscriptions")
    anchor = {
        name: body[f"billing_cycle_anchor_config[{name}]"] for name in ("day_of_month", "hour", "minute", "second")
    }
    assert anchor == {"day_of_month": ["31"], "hour": ["9"], "minute": ["30"], "second": ["0"]}
    assert "billing_cycle_anchor_config[month]" not in body
    assert body["proration_behavior"] == ["none"]
    assert "default_payment_method" not in body
    key = api.calls[-1].request.headers["Idempotency-Key"]
    assert key == f"subscription:{subscription.id}"


def test_billed_from_another_day_on_it_is_for_a_person(api: responses.RequestsMock, billing: StripeBilling) -> None:
    ready_to_begin(api)
    api.post(f"{API}/subscriptions", json=stored("customer.subscription.created"))
    with pytest.raises(NeedsPerson, match="paid until 2027-02-28"):
        billing.begin(a_running_subscription(NOW), an_account(), soon())


def test_where_the_paid_period_was_charged_once_more_a_person_is_told(
    api: responses.RequestsMock, billing: StripeBilling
) -> None:
    ready_to_begin(api)
    api.post(f"{API}/subscriptions", json=a_subscription(billing_cycle_anchor=int(NOW.timestamp())))
    with pytest.raises(NeedsPerson, match=r"is billed from 2027-01-31 .* paid until 2027-02-28"):
        billing.begin(a_running_subscription(NOW), an_account(), soon())


def test_what_is_found_on_another_anchor_is_for_a_person_each_time(
    api: responses.RequestsMock, billing: StripeBilling
) -> None:
    subscription = a_running_subscription(NOW)
    ours = {"installation": "ins_ours", "item_id": subscription.item_id}
    found = a_subscription(metadata=ours, billing_cycle_anchor=int(NOW.timestamp()))
    api.get(f"{API}/subscriptions", json=listed(found))
    for _ in range(2):
        with pytest.raises(NeedsPerson, match=r"sub_1 is billed from 2027-01-31 .* paid until 2027-02-28"):
            billing.begin(subscription, an_account(), soon())
    assert {call.request.method for call in api.calls} == {"GET"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("ahead", "waits"),
    [(timedelta(seconds=-1), True), (timedelta(), True), (timedelta(seconds=1), False), (-SKEWED, False)],
    ids=["a moment before", "at the moment", "a moment after", "another clock"],
)
def test_stripes_own_clock_says_whether_the_period_has_begun(
    api: responses.RequestsMock, billing: StripeBilling, ahead: timedelta, waits: bool
) -> None:
    api.get(f"{API}/subscriptions", json=listed())
    shown = {"id": CUSTOMER, "object": "customer", "invoice_settings": {"default_payment_method": "pm_1"}}
    date = f"{NOW + ahead:%a, %d %b %Y %H:%M:%S GMT}"
    api.get(f"{API}/customers/{CUSTOMER}", json=shown, headers={"Date": date})
    ready_to_begin(api)
    api.post(f"{API}/subscriptions", json=a_subscription())
    if waits:
        with pytest.raises(NotYet):
            billing.begin(a_running_subscription(NOW), an_account(), soon())
    else:
        billing.begin(a_running_subscription(NOW), an_account(), soon())
    assert bool(sent(api, "subscriptions")) is not waits


def test_a_customer_who_was_deleted_at_stripe_is_for_a_person(
    api: responses.RequestsMock, billing: StripeBilling
) -> None:
    ready_to_begin(api, deleted=True)
    with pytest.raises(NeedsPerson, match="deleted"):
        billing.begin(a_running_subscription(NOW), an_account(), soon())


def test_without_an_account_it_is_for_a_person(billing: StripeBilling) -> None:
    with pytest.raises(NeedsPerson, match="account"):
        billing.begin(a_running_subscription(NOW), a_wallet(), soon())


def test_a_beginning_whose_answer_was_lost_is_unknown(api: responses.RequestsMock, billing: StripeBilling) -> None:
    ready_to_begin(api)
    api.post(f"{API}/subscriptions", status=500, json=refusal("", "api_error"))
    with pytest.raises(OutcomeUnknown):
        billing.begin(a_running_subscription(NOW), an_account(), soon())


# ---------------------------------------------------------------------- ending and paying


@pytest.mark.parametrize("at_period_end", [True, False])
def test_what_has_ended_is_not_called_off_again(
    api: responses.RequestsMock, billing: StripeBilling, at_period_end: bool
) -> None:
    api.get(f"{API}/subscriptions/{SUBSCRIPTION}", json=a_subscription(status="canceled"))
    stands = billing.cancel(SUBSCRIPTION, at_period_end=at_period_end, deadline=soon())
    assert stands.status is BillingStatus.ENDED
    assert len(api.calls) == 1


def test_whoever_is_second_to_end_it_finds_it_ended(api: responses.RequestsMock, billing: StripeBilling) -> None:
    api.get(f"{API}/subscriptions/{SUBSCRIPTION}", json=a_subscription())
    api.delete(f"{API}/subscriptions/{SUBSCRIPTION}", status=404, json=refusal("resource_missing"))
    api.get(f"{API}/subscriptions/{SUBSCRIPTION}", json=a_subscription(status="canceled"))
    assert billing.cancel(SUBSCRIPTION, at_period_end=False, deadline=soon()).status is BillingStatus.ENDED


def test_an_end_that_is_refused_is_not_taken_for_one(api: responses.RequestsMock, billing: StripeBilling) -> None:
    api.get(f"{API}/subscriptions/{SUBSCRIPTION}", json=a_subscription())
    api.delete(f"{API}/subscriptions/{SUBSCRIPTION}", status=400, json=refusal("not_now"))
    with pytest.raises(Refused, match="not_now"):
        billing.cancel(SUBSCRIPTION, at_period_end=False, deadline=soon())


def test_whoever_is_second_to_pay_finds_it_paid(api: responses.RequestsMock, billing: StripeBilling) -> None:
    api.get(f"{API}/invoices/{INVOICE}", json=an_invoice("open"))
    api.post(f"{API}/invoices/{INVOICE}/pay", status=400, json=refusal("invoice_already_paid"))
    api.get(f"{API}/invoices/{INVOICE}", json=an_invoice("paid"))
    assert billing.pay(INVOICE, "pay:1", soon()).status is InvoiceStatus.PAID


def test_a_try_that_stripe_does_not_make_is_refused(api: responses.RequestsMock, billing: StripeBilling) -> None:
    api.get(f"{API}/invoices/{INVOICE}", json=an_invoice("open"))
    api.post(f"{API}/invoices/{INVOICE}/pay", status=400, json=refusal("no_method"))
    with pytest.raises(Refused, match="no_method"):
        billing.pay(INVOICE, "pay:1", soon())


def test_a_try_and_a_change_are_made_once_under_their_keys(api: responses.RequestsMock, billing: StripeBilling) -> None:
    api.get(f"{API}/invoices/{INVOICE}", json=an_invoice("open"))
    api.post(f"{API}/invoices/{INVOICE}/pay", json=an_invoice("paid"))
    billing.pay(INVOICE, "pay:1", soon())
    price = stored("customer.subscription.created")["items"]["data"][0]["price"]
    api.get(f"{API}/subscriptions/{SUBSCRIPTION}", json=a_subscription())
    api.get(f"{API}/prices/price_2", json=price | {"id": "price_2"})
    api.post(f"{API}/subscriptions/{SUBSCRIPTION}", json=a_subscription())
    billing.change_plan(SUBSCRIPTION, "price_2", "change:1", soon())
    keys = [call.request.headers["Idempotency-Key"] for call in api.calls if call.request.method == "POST"]
    assert keys == ["pay:1", "change:1"]


def test_what_is_in_flight_is_not_tried_beside(api: responses.RequestsMock, billing: StripeBilling) -> None:
    paid_by = {"payment": {"type": "payment_intent", "payment_intent": {"id": "pi_1", "status": "processing"}}}
    api.get(f"{API}/invoices/{INVOICE}", json=an_invoice("open") | {"payments": listed(paid_by)})
    assert billing.pay(INVOICE, "pay:1", soon()).in_flight
    assert len(api.calls) == 1


# ---------------------------------------------------------------------- a page that begins it

SESSIONS = f"{API}/checkout/sessions"
SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "mode": "subscription",
    "status": "complete",
    "payment_status": "paid",
    "amount_total": 499,
    "currency": "usd",
    "subscription": SUBSCRIPTION,
    "invoice": INVOICE,
    "metadata": {"installation": "ins_ours", "payment_id": "pay_1"},
    "url": None,
}


@pytest.fixture
def gateway() -> StripeGateway:
    return StripeGateway(
        api_key="sk_test_example",
        livemode=False,
        webhook_secrets=["whsec_example"],
        installation=lambda: "ins_ours",
        now=lambda: NOW,
        telemetry=MemoryTelemetry(),
    )


def a_page(api: responses.RequestsMock, gateway: StripeGateway) -> Any:
    """An attempt whose page is open."""
    order = an_order(a_hosting(auto_renew=True))
    options = {"success_url": "https://shop.example/thanks", "customer_ref": CUSTOMER}
    payment = order.open_attempt("pay_1", "stripe", options, NOW, NOW + timedelta(hours=2))
    ready_to_begin(api)
    api.post(SESSIONS, json=SESSION | {"status": "open", "url": "https://checkout.stripe.com/c/pay/cs_test_1"})
    started = gateway.start(order, payment, soon())
    payment.bind(started.session_ref, started.payment_ref)
    return payment


def test_a_page_that_begins_a_subscription_names_its_price(api: responses.RequestsMock, gateway: StripeGateway) -> None:
    payment = a_page(api, gateway)
    (body,) = sent(api, "checkout/sessions")
    assert (body["mode"], body["customer"]) == (["subscription"], [CUSTOMER])
    assert body["line_items[0][price]"] == ["price_Bill00000001"]
    assert body["subscription_data[metadata][item_id]"] == ["itm_ord_1_0"]
    assert (payment.session_ref, payment.payment_ref) == ("cs_test_1", None)


def test_once_paid_its_intent_is_found_by_its_invoice(api: responses.RequestsMock, gateway: StripeGateway) -> None:
    payment = a_page(api, gateway)
    paid_by = {"status": "paid", "payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
    invoice = {"id": INVOICE, "object": "invoice", "payments": listed(paid_by)}
    api.get(f"{SESSIONS}/cs_test_1", json=SESSION)
    api.get(f"{SESSIONS}/cs_test_1", json=SESSION | {"subscription": a_subscription(), "invoice": invoice})
    paid, stands = gateway.check(payment, soon())
    assert isinstance(paid, PaymentSucceeded)
    assert (paid.payment_ref, paid.billing_ref) == ("pi_1", SUBSCRIPTION)
    assert getattr(stands, "as_of", None) == NOW


def test_closed_before_anybody_paid_it_began_nothing(api: responses.RequestsMock, gateway: StripeGateway) -> None:
    payment = a_page(api, gateway)
    api.post(f"{SESSIONS}/cs_test_1/expire", json=SESSION | {"status": "expired", "payment_status": "unpaid"})
    (fact,) = gateway.close(payment, soon())
    assert isinstance(fact, PaymentExpired)
