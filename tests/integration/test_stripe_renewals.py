"""Hosting that Stripe bills, from the first page to a renewal, by both ways in which its billing begins."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from billing.domain import Order, OrderStatus, Subscription
from tests.builders import a_domain, a_hosting
from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.stripe_shops import StripeShop

UNMATCHED_RETRY = timedelta(minutes=10)
FINAL_AFTER = timedelta(minutes=90)
"""A renewal is a draft for an hour."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[StripeShop]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path, endpoint.url)
    yield StripeShop(sandbox, endpoint)
    sandbox.stop()
    endpoint.close()


def orders_of(shop: StripeShop) -> Sequence[Order]:
    """Oldest first."""
    return shop.ledger.read(lambda uow: uow.orders.page(None, None, None, 100))[::-1]


def renew(shop: StripeShop, bought: Order, times: int) -> Subscription:
    """So many periods go by."""
    for _ in range(times):
        end = shop.subscription_of(bought).current_period_end
        assert end
        shop.pass_until(end + FINAL_AFTER)
    return shop.subscription_of(bought)


def require_equal_books(shop: StripeShop) -> None:
    """Every payment of ours is a charge of Stripe's of that sum, and the other way round; nobody must look."""
    shop.pass_until(shop.now + UNMATCHED_RETRY)  # what came before that which it is about is read again
    ours = sorted(
        (payment.payment_ref, payment.received.minor)
        for order in orders_of(shop)
        for payment in order.payments
        if payment.received
    )
    theirs = sorted(
        (intent["id"], intent["amount_received"])
        for intent in shop.sandbox.state()["payment_intents"]
        if intent["amount_received"]
    )
    assert ours == theirs
    assert [alert.about for alert in shop.alerts()] == []
    events = shop.ledger.read(lambda uow: uow.inbox.page(None, "stripe", None, None, 1000))
    waiting = [(event.type, event.status) for event in events if not event.is_settled]
    assert events and waiting == []


@pytest.mark.parametrize(
    "wanted",
    [[a_hosting(auto_renew=True)], [a_domain("example.rw"), a_hosting(auto_renew=True)]],
    ids=["alone", "mixed"],
)
def test_31_january_is_renewed_on_28_february_and_31_march(shop: StripeShop, wanted: list[object]) -> None:
    order = shop.pay_there(shop.order(*wanted))  # type: ignore[arg-type]
    assert order.status is OrderStatus.COMPLETED
    begun = shop.subscription_of(order)
    assert begun.billing_ref
    assert f"{begun.current_period_end:%d %b %H:%M}" == "28 Feb 09:30"
    require_equal_books(shop)

    renewed = renew(shop, order, 2)

    assert (renewed.periods, f"{renewed.current_period_end:%d %b %H:%M}") == (3, "30 Apr 09:30")
    assert renewed.attention is None
    _, *renewals = orders_of(shop)
    assert [one.status for one in renewals] == [OrderStatus.COMPLETED] * 2
    assert {one.total.minor for one in renewals} == {499}
    require_equal_books(shop)
