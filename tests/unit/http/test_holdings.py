from datetime import timedelta

import pytest

from billing.domain.domain_name import DomainName
from billing.domain.registration import Registration
from billing.domain.subscription import Subscription
from tests.builders import a_subscription


@pytest.fixture
def registration(shop) -> Registration:
    held = Registration(
        id="reg_1",
        name=DomainName("xn--bcher-kva.rw"),
        customer_id="cus_1",
        item_id="itm_1",
        handle="BSECRETHANDLE",
        created_at=shop.now,
        expires_at=shop.now + timedelta(days=365),
    )
    shop.ledger.write("test", lambda uow: uow.registrations.add(held))
    return held


@pytest.fixture
def subscription(shop) -> Subscription:
    held = a_subscription(at=shop.now)
    shop.ledger.write("test", lambda uow: uow.subscriptions.add(held))
    return held


def test_a_subscription_shows_until_when_it_is_paid(shop, subscription):
    shown = shop.get("/v1/subscriptions/sub_1").json
    assert (shown["status"], shown["cycle"], shown["domain"]) == ("active", "monthly", None)
    assert shown["current_period_end"] == "2027-02-28T09:30:00+00:00"
    assert shown["price"] == {"amount": 499, "currency": "USD"}


def test_a_subscription_is_renewed_by_an_order_that_names_it(shop, subscription):
    order = shop.place({"kind": "subscription_renewal", "subscription_id": "sub_1", "cycles": 3}).json
    assert (order["total"]["amount"], order["items"][0]["subscription_id"]) == (3 * 499, "sub_1")


@pytest.mark.parametrize("name", ["bücher.rw", "xn--bcher-kva.rw", "XN--BCHER-KVA.RW"])
def test_a_registration_is_found_by_its_name_in_any_spelling(shop, registration, name):
    answer = shop.get(f"/v1/registrations/{name}")
    assert (answer.json["name"], answer.json["status"]) == ("xn--bcher-kva.rw", "active")
    assert registration.handle not in answer.get_data(as_text=True)


def test_automatic_renewal_is_switched(shop, registration):
    path = f"/v1/registrations/{registration.name}"
    for wanted in (True, True, False):
        assert shop.call("PATCH", path, {"auto_renew": wanted}).json["auto_renew"] is wanted
    assert shop.get(path).json["auto_renew"] is False


@pytest.mark.parametrize("change", [{}, {"auto_renew": "true"}, {"auto_renew": None}, {"expires_at": "2099-01-01"}])
def test_nothing_else_of_a_registration_is_changed(shop, registration, change):
    answer = shop.call("PATCH", f"/v1/registrations/{registration.name}", change)
    assert answer.status_code == 422
    assert shop.stored(Registration)[0].version == 1


@pytest.mark.parametrize("path", ["/v1/registrations/other.rw", "/v1/subscriptions/sub_404"])
def test_what_nobody_holds_is_not_found(shop, path):
    assert shop.get(path).status_code == 404


def test_a_name_that_nobody_holds_is_not_changed(shop):
    assert shop.call("PATCH", "/v1/registrations/other.rw", {"auto_renew": True}).status_code == 404
