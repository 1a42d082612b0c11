"""KPay's postbacks on real wires, with everything switched on: each form of them gets in, and none is believed."""

from typing import Any, get_args

import pytest

from billing_sandbox.kpay.switches import Form
from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, a_hosting, eventually
from tests.integration.whole.phone_payer import BY_PHONE, PhonePayer

FORMS = get_args(Form)
PAID = "01"
NEVER = "3000"
"""Seconds after which KPay would be asked without any word of its own; no test takes as long."""


@pytest.fixture
def shop(install: Install, tmp_path) -> Installation:
    urls = f"sqlite:///{tmp_path}/ledger.sqlite", f"sqlite:///{tmp_path}/queue.sqlite"
    shop = install(*urls, BILLING_KPAY_POLL_SECONDS=NEVER)
    shop.serve()
    shop.work()
    return shop


def asked(shop: Installation, order: Any) -> str:
    """The payment that a phone was asked for."""
    body = {"gateway": "kpay", "method": "momo", "phone": BY_PHONE["phone"], "return_url": f"{shop.url}/thanks"}
    return str(shop.post(f"/v1/orders/{order['id']}/payments", body)["id"])


def at_kpay(shop: Installation, payment_id: str) -> Any:
    (known,) = [one for one in PhonePayer(shop).pushes() if one["refid"] == payment_id]
    return known


def told(shop: Installation, payment_id: str) -> list[Any]:
    """Its postbacks, once all of them have been answered."""

    def look() -> Any:
        postbacks = at_kpay(shop, payment_id)["postbacks"]
        return postbacks if postbacks and all(one["state"] == "delivered" for one in postbacks) else None

    return list(eventually(look))


def test_a_postback_in_any_form_gets_in_and_has_kpay_asked(shop: Installation) -> None:
    """Elsewhere protection against forged forms turned postbacks away, and JSON labelled as a form was not read."""
    for form in FORMS:
        shop.control("PUT", "/kpay/switches", {"postbacks": form})
        order = shop.order(a_hosting(), currency="RWF")
        payment_id = asked(shop, order)
        shop.control("POST", f"/kpay/payments/{payment_id}/approve")
        shop.until(order, "completed")
        ((status, attempts),) = [(one["answers"][0]["status"], one["attempts"]) for one in told(shop, payment_id)]
        assert (form, status, attempts) == (form, 200, 1)
        assert at_kpay(shop, payment_id)["checks"] >= 1


def test_a_postback_that_is_not_true_pays_nothing_and_a_person_is_told(shop: Installation) -> None:
    order = shop.order(a_hosting(), currency="RWF")
    payment_id = asked(shop, order)
    shop.control("POST", f"/kpay/payments/{payment_id}/postback", {"statusid": PAID})
    assert [one["statusid"] for one in told(shop, payment_id)] == [PAID]
    eventually(lambda: "hint_contradicted" in shop.command("alerts", "list", "--json"))
    assert shop.get(f"/v1/orders/{order['id']}")["status"] == "pending"
    shop.control("POST", f"/kpay/payments/{payment_id}/approve")
    shop.until(order, "completed")
