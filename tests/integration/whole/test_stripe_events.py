"""A page for each event that the business first asked for: from Stripe's signed bytes to what the customer sees.

Only the event that a story is about reaches billing, so that nothing else can have done it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.whole.installation import Installation, a_domain, a_hosting, eventually
from tests.integration.whole.stripe_post import Post, the_post_of

RECEIVED, PAID = "We have your order {0}", "Your payment for order {0} has arrived"
REGISTERED, ACTIVE = "example.rw is registered", "Your hosting starter is active"


@pytest.fixture
def post(on_sqlite: Installation) -> Iterator[Post]:
    """A shop at work whose webhooks are in our hands."""
    on_sqlite.serve()
    on_sqlite.work()
    with the_post_of(on_sqlite) as post:
        yield post


def started(shop: Installation) -> tuple[Any, Any]:
    """An order of a domain and hosting, and the customer on the way to Stripe's page."""
    order = shop.order(a_domain("example.rw"), a_hosting("starter"))
    return order, shop.start(order)


def seen(shop: Installation, payment: Any) -> tuple[str, str | None]:
    """What the storefront shows of a payment: how it stands, and what the customer does next."""
    shown = shop.get(f"/v1/payments/{payment['id']}")
    return shown["status"], shown["next"]


def sent(post: Post, order: Any, *subjects: str) -> bool:
    """Whether the customer's mails are exactly these; they may still be on their way."""
    wanted = sorted(subject.format(order["number"]) for subject in subjects)
    return bool(eventually(lambda: sorted(post.subjects()) == wanted))


def test_payment_intent_succeeded_delivers_what_was_paid_whatever_else_is_told_of_it(
    post: Post, on_sqlite: Installation
) -> None:
    shop = on_sqlite
    order, payment = started(shop)
    assert seen(shop, payment) == ("pending", "redirect")
    shop.pay(payment)
    body, signature = post.letter("payment_intent.succeeded")

    # What is not Stripe's is not believed, and nothing of it is kept.
    assert post.send(body.replace(b'"usd"', b'"eur"'), signature) == 400
    assert post.send(body, signature.replace("v1=", "v1=0")) == 400
    assert post.send(body, "") == 400
    assert seen(shop, payment) == ("pending", "redirect")
    assert shop.get(f"/v1/orders/{order['id']}")["status"] == "pending"

    # The real one: the payment is known, the domain is registered, the hosting runs, and the customer is told of each.
    event = post.deliver("payment_intent.succeeded")
    done = shop.until(order, "completed")
    assert done["paid_at"] is not None
    assert [item["status"] for item in done["items"]] == ["fulfilled", "fulfilled"]
    paid = shop.get(f"/v1/payments/{payment['id']}")
    assert (paid["status"], paid["next"], paid["received"]) == ("succeeded", None, order["total"])
    assert shop.get(f"/v1/subscriptions/{done['items'][1]['subscription_id']}")["status"] == "active"
    assert shop.get("/v1/registrations/example.rw")["customer_id"] == shop.customer()
    assert shop.registry("example.rw")["creates"] == 1
    assert sent(post, order, RECEIVED, PAID, REGISTERED, ACTIVE)
    assert post.told(event).status == "processed"

    # Told again, and by the page's own event too: it is the same payment, and everything is as it was.
    assert post.deliver("payment_intent.succeeded")["id"] == event["id"]
    assert post.told(post.deliver("checkout.session.completed")).status == "processed"
    assert shop.get(f"/v1/orders/{order['id']}") == done
    assert shop.get(f"/v1/payments/{payment['id']}") == paid
    assert shop.registry("example.rw")["creates"] == 1
    assert sent(post, order, RECEIVED, PAID, REGISTERED, ACTIVE)


def test_payment_intent_payment_failed_says_why_and_leaves_the_page_open(post: Post, on_sqlite: Installation) -> None:
    shop = on_sqlite
    order, payment = started(shop)
    shop.control("POST", f"/stripe/sessions/{_session_of(shop, payment)}/decline")
    event = post.deliver("payment_intent.payment_failed")
    assert post.told(event).status == "processed"

    # One try was refused: the storefront can say why, the page still takes another card, and no mail says "failed".
    declined = shop.get(f"/v1/payments/{payment['id']}")
    assert (declined["status"], declined["next"]) == ("pending", "redirect")
    assert "declined" in declined["reason"]
    assert declined["redirect_url"] == payment["redirect_url"]
    assert shop.get(f"/v1/orders/{order['id']}")["status"] == "pending"
    assert sent(post, order, RECEIVED)

    # The customer takes another card on that page.
    shop.pay(payment)
    post.deliver("payment_intent.succeeded")
    done = shop.until(order, "completed")
    assert sent(post, order, RECEIVED, PAID, REGISTERED, ACTIVE)

    # The refusal comes once more, late: what was paid stays paid.
    post.deliver("payment_intent.payment_failed")
    assert seen(shop, payment) == ("succeeded", None)
    assert shop.get(f"/v1/orders/{order['id']}") == done

    # A customer whose cards are all refused starts anew, which closes the page before: one of the two can be paid.
    second = shop.order(a_hosting("pro"))
    first_page = shop.start(second)
    shop.control("POST", f"/stripe/sessions/{_session_of(shop, first_page)}/decline")
    assert post.told(post.deliver("payment_intent.payment_failed", 1)).status == "processed"
    next_page = shop.start(second)
    assert seen(shop, first_page)[0] in ("expired", "failed")
    assert seen(shop, next_page) == ("pending", "redirect")
    assert next_page["redirect_url"] != first_page["redirect_url"]


def test_checkout_session_completed_is_believed_where_it_is_paid_and_waited_for_where_it_is_not(
    post: Post, on_sqlite: Installation
) -> None:
    shop = on_sqlite

    # By card the page is done when the money is there.
    order, payment = started(shop)
    shop.pay(payment)
    event = post.deliver("checkout.session.completed")
    assert event["data"]["object"]["payment_status"] == "paid"
    done = shop.until(order, "completed")
    assert [item["status"] for item in done["items"]] == ["fulfilled", "fulfilled"]
    assert shop.get(f"/v1/payments/{payment['id']}")["received"] == order["total"]
    assert sent(post, order, RECEIVED, PAID, REGISTERED, ACTIVE)
    post.deliver("payment_intent.succeeded")
    assert post.deliver("checkout.session.completed")["id"] == event["id"]
    assert shop.get(f"/v1/orders/{order['id']}") == done

    # By bank debit the page is done when the customer has agreed; the money comes days later, or never.
    debit = shop.order(a_hosting("pro"))
    slow = shop.start(debit)
    shop.control("POST", f"/stripe/sessions/{_session_of(shop, slow)}/pay_async")
    event = post.deliver("checkout.session.completed", 1)
    assert event["data"]["object"]["payment_status"] == "unpaid"
    assert "unpaid" in (post.told(event).why or "")
    assert seen(shop, slow) == ("pending", "wait")
    assert shop.get(f"/v1/payments/{slow['id']}")["redirect_url"] is None
    refused = shop.call("POST", f"/v1/orders/{debit['id']}/cancel", {})
    assert (refused.status_code, "under way at the bank" in refused.json()["detail"]) == (409, True)

    shop.control("POST", f"/stripe/sessions/{_session_of(shop, slow)}/succeed_async")
    post.deliver("checkout.session.async_payment_succeeded")
    shop.until(debit, "completed")
    assert seen(shop, slow) == ("succeeded", None)
    wanted = {RECEIVED.format(debit["number"]), PAID.format(debit["number"])}
    assert eventually(lambda: wanted <= set(post.subjects()))


def test_charge_refunded_shows_the_customer_what_went_back_and_the_operator_who_sent_it(
    post: Post, on_sqlite: Installation
) -> None:
    shop = on_sqlite
    order, payment = started(shop)
    shop.pay(payment)
    post.deliver("payment_intent.succeeded")
    shop.until(order, "completed")
    session = _session_of(shop, payment)
    refunds = f"/v1/payments/{payment['id']}/refunds"

    # In Stripe's dashboard somebody pays back 3.00 of it. The event names no refund: billing asks Stripe for them.
    shop.control("POST", f"/stripe/sessions/{session}/refund", {"amount": 300})
    event = post.deliver("charge.refunded")
    (part,) = eventually(lambda: shop.get(refunds))
    assert (part["amount"], part["cause"], part["status"]) == (usd(300), "provider", "succeeded")
    assert part.pop("pay_to") is None  # Stripe pays it: nobody has to
    assert shop.get(f"/v1/payments/{payment['id']}")["refunds"] == [part]
    delivered = shop.get(f"/v1/orders/{order['id']}")
    assert (delivered["status"], [item["status"] for item in delivered["items"]]) == ("completed", ["fulfilled"] * 2)
    back = "3.00 USD of order {0} are paid back"
    assert sent(post, order, RECEIVED, PAID, REGISTERED, ACTIVE, back)
    operator = shop.settings["BILLING_OPERATOR_EMAIL"]
    assert eventually(lambda: post.subjects(operator)) == ["billing: a refund was made at the provider"]

    # What is left can be asked for here, and not a cent more.
    total = order["total"]["amount"]
    too_much = shop.call("POST", refunds, {"amount": usd(total), "reason": "all of it"})
    assert (too_much.status_code, too_much.json()["left"]) == (422, usd(total - 300))

    # The rest goes back in the dashboard too; the first event comes once more, late. Each refund is there once.
    shop.control("POST", f"/stripe/sessions/{session}/refund")
    post.deliver("charge.refunded", 1)
    assert post.deliver("charge.refunded")["id"] == event["id"]
    everything = eventually(lambda: found if len(found := shop.get(refunds)) == 2 else None)
    assert sum(refund["amount"]["amount"] for refund in everything) == total
    rest = f"{(total - 300) / 100:.2f} USD of order {{0}} are paid back"
    assert sent(post, order, RECEIVED, PAID, REGISTERED, ACTIVE, back, rest)
    assert shop.call("POST", refunds, {"reason": "once more"}).status_code == 409

    # Two weeks later the customer's bank returns the first: owed again, the customer is told, and a person is asked.
    at_stripe = shop.control("GET", "/state")["stripe"]["refunds"]
    ref = next(one["id"] for one in at_stripe if one["amount"] == 300)
    shop.control("POST", f"/stripe/refunds/{ref}/fail")
    post.deliver("refund.failed")
    asked = shop.until(order, "requires_attention")
    assert "refund of 3.00 USD" in asked["reason"]
    returned = "Your bank has returned 3.00 USD of order {0} to us"
    assert sent(post, order, RECEIVED, PAID, REGISTERED, ACTIVE, back, rest, returned)
    assert next(one for one in shop.get(refunds) if one["id"] == part["id"])["status"] == "failed"


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


def _session_of(shop: Installation, payment: Any) -> str:
    sessions = shop.control("GET", "/state")["stripe"]["sessions"]
    return next(str(one["id"]) for one in sessions if one["metadata"]["payment_id"] == payment["id"])
