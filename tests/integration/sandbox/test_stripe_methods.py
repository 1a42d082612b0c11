"""Payment methods and customers in the sandbox's Stripe: made, given, made the default, taken away."""

from typing import Any

import pytest
import stripe

from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually


@pytest.fixture
def customer(sandbox: Sandbox) -> str:
    return sandbox.api.customers.create({"email": "shop@example.com"}).id


def a_card(number: str = "4242424242424242", **more: Any) -> Any:
    return {"type": "card", "card": {"number": number, "exp_month": 8, "exp_year": 2031, "cvc": "123"}, **more}


def told(endpoint: Endpoint, type: str) -> Any:
    """The one event of this type."""
    (event,) = eventually(lambda: [event for event in endpoint.events() if event["type"] == type])
    return event["data"]


def test_a_card_is_attached_listed_and_detached_for_good(sandbox: Sandbox, endpoint: Endpoint, customer: str) -> None:
    made = sandbox.api.payment_methods.create(a_card(billing_details={"name": "A. Customer"}))
    assert (made.customer, made.billing_details.name) == (None, "A. Customer")
    assert made.card
    assert (made.card.brand, made.card.last4, made.card.exp_month, made.card.exp_year) == ("visa", "4242", 8, 2031)

    attached = sandbox.api.payment_methods.attach(made.id, {"customer": customer})
    again = sandbox.api.payment_methods.attach(made.id, {"customer": customer})

    assert attached.customer == again.customer == customer
    assert told(endpoint, "payment_method.attached")["object"]["id"] == made.id
    other = sandbox.api.payment_methods.attach("pm_card_mastercard", {"customer": customer})
    listed = sandbox.api.payment_methods.list({"customer": customer, "type": "card"}).data
    assert [method.id for method in listed] == [other.id, made.id]
    assert sandbox.api.customers.payment_methods.retrieve(customer, made.id).id == made.id
    assert len(sandbox.api.customers.payment_methods.list(customer).data) == 2

    assert sandbox.api.payment_methods.detach(made.id).customer is None
    detached = told(endpoint, "payment_method.detached")
    assert detached["object"]["customer"] is None
    assert detached["previous_attributes"] == {"customer": customer}
    with pytest.raises(stripe.InvalidRequestError, match="detachment is impossible"):
        sandbox.api.payment_methods.detach(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        sandbox.api.payment_methods.attach(made.id, {"customer": customer})


def test_a_card_belongs_to_one_customer_only(sandbox: Sandbox, customer: str) -> None:
    method = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer})
    other = sandbox.api.customers.create({}).id
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        sandbox.api.payment_methods.attach(method.id, {"customer": other})
    with pytest.raises(stripe.InvalidRequestError, match="does not belong to the customer"):
        sandbox.api.customers.payment_methods.retrieve(other, method.id)


def test_a_declining_card_is_not_attached_but_one_that_fails_later_is(sandbox: Sandbox, customer: str) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.api.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer})
    assert (refusal.value.code, refusal.value.http_status) == ("card_declined", 402)
    assert sandbox.api.payment_methods.list({"customer": customer}).data == []
    assert sandbox.api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer}).customer


def test_an_update_tells_what_was_before(sandbox: Sandbox, endpoint: Endpoint, customer: str) -> None:
    method = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer})
    changes: Any = {"card": {"exp_month": 2, "exp_year": 2040}, "billing_details": {"address": {"country": "RW"}}}
    changed = sandbox.api.payment_methods.update(method.id, changes)
    assert changed.card
    assert changed.billing_details.address
    assert (changed.card.exp_year, changed.billing_details.address.country) == (2040, "RW")
    previous = told(endpoint, "payment_method.updated")["previous_attributes"]
    assert previous == {
        "card": {"exp_month": 12, "exp_year": 2034},
        "billing_details": {"address": {"country": None}},
    }


@pytest.mark.parametrize(
    ("number", "code"),
    [("4242424242424241", "incorrect_number"), ("4111111111111111", "card_declined")],
)
def test_a_card_that_is_no_test_card_is_refused(sandbox: Sandbox, number: str, code: str) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.api.payment_methods.create(a_card(number))
    assert refusal.value.code == code


@pytest.mark.parametrize(("month", "year", "part"), [(13, 2031, "month"), (1, 2020, "year"), (1, 2100, "year")])
def test_a_card_that_expired_or_never_will_is_refused(sandbox: Sandbox, month: int, year: int, part: str) -> None:
    card: Any = {"type": "card", "card": {"number": "4242424242424242", "exp_month": month, "exp_year": year}}
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.api.payment_methods.create(card)
    assert refusal.value.code == f"invalid_expiry_{part}"


def test_a_customers_default_is_one_of_its_own_until_it_is_detached(sandbox: Sandbox, endpoint: Endpoint) -> None:
    settings: Any = {"default_payment_method": "pm_card_visa"}
    given: Any = {"payment_method": "pm_card_visa", "invoice_settings": settings, "email": "own@example.com"}
    customer = sandbox.api.customers.create(given)
    default = default_of(customer)
    assert [method.id for method in sandbox.api.payment_methods.list({"customer": customer.id}).data] == [default]

    stranger = sandbox.api.payment_methods.create(a_card())
    choice: Any = {"invoice_settings": {"default_payment_method": stranger.id}}
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method") as refusal:
        sandbox.api.customers.update(customer.id, choice)
    assert refusal.value.param == "invoice_settings[default_payment_method]"
    sandbox.api.payment_methods.attach(stranger.id, {"customer": customer.id})
    assert default_of(sandbox.api.customers.update(customer.id, choice)) == stranger.id
    changed = told(endpoint, "customer.updated")
    assert changed["previous_attributes"] == {"invoice_settings": {"default_payment_method": default}}

    sandbox.api.payment_methods.detach(stranger.id)
    assert default_of(sandbox.api.customers.retrieve(customer.id)) is None
    expand: Any = {"email": "own@example.com", "expand": ["data.invoice_settings.default_payment_method"]}
    (found,) = sandbox.api.customers.list(expand).data
    assert found.id == customer.id


def test_an_unset_default_is_none(sandbox: Sandbox) -> None:
    settings: Any = {"default_payment_method": "pm_card_visa"}
    customer = sandbox.api.customers.create({"payment_method": "pm_card_visa", "invoice_settings": settings})
    unset: Any = {"invoice_settings": {"default_payment_method": ""}}
    assert default_of(sandbox.api.customers.update(customer.id, unset)) is None


def test_a_source_of_the_older_kind_becomes_the_default(sandbox: Sandbox) -> None:
    customer = sandbox.api.customers.create({"source": "tok_visa"})
    assert str(customer.default_source).startswith("card_")
    (method,) = sandbox.api.payment_methods.list({"customer": customer.id}).data
    assert method.id == customer.default_source


def test_a_deleted_customer_leaves_its_cards_and_is_known_as_deleted_only(
    sandbox: Sandbox, endpoint: Endpoint, customer: str
) -> None:
    method = sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer})
    assert sandbox.api.customers.delete(customer).deleted
    assert told(endpoint, "customer.deleted")["object"]["email"] == "shop@example.com"
    assert sandbox.api.customers.retrieve(customer).deleted
    assert sandbox.api.customers.list({"email": "shop@example.com"}).data == []
    assert sandbox.api.payment_methods.retrieve(method.id).customer is None
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        sandbox.api.payment_methods.attach("pm_card_visa", {"customer": customer})
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        sandbox.api.customers.delete(customer)


def default_of(customer: stripe.Customer) -> Any:
    settings = customer.invoice_settings
    assert settings
    return settings.default_payment_method
