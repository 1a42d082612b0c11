"""Hosting that Stripe bills, from the first page to a renewal, by both ways in which its billing begins."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from billing.domain import Catalogue, Money, Order, OrderStatus, Purchase, Subscription
from billing.domain.subscription import SubscriptionStatus
from billing.domain.subscription_change import ChangeKind
from tests.builders import a_catalogue, a_domain, a_hosting
from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.stripe_shops import StripeShop
from tests.twins import BY

UNMATCHED_RETRY = timedelta(minutes=10)
FINAL_AFTER = timedelta(minutes=90)
"""A renewal is a draft for an hour."""


ALONE, MIXED = [a_hosting(auto_renew=True)], [a_domain("example.rw"), a_hosting(auto_renew=True)]
both_ways = pytest.mark.parametrize("wanted", [ALONE, MIXED], ids=["alone", "mixed"])
DELIVERIES = {"as told": list, "reversed and doubled": lambda told: [one for one in reversed(told) for _ in range(2)]}


@pytest.fixture(params=DELIVERIES.values(), ids=DELIVERIES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StripeShop]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path, endpoint.url)
    yield StripeShop(sandbox, endpoint, request.param)
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
def test_31_january_is_renewed_on_28_february_and_31_march(shop: StripeShop, wanted: list[Purchase]) -> None:
    order = shop.pay_there(shop.order(*wanted))
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


def sell_pro_for(shop: StripeShop, minor: int) -> None:
    """The dearer plan."""
    document = a_catalogue().to_document()
    document["plans"]["pro"]["monthly"] = {"USD": minor, "RWF": minor}
    shop.ledger.write(BY, lambda uow: uow.catalogues.add(Catalogue.from_document(document)))


@both_ways
def test_a_decline_another_card_another_plan_and_the_end_leave_equal_books(
    shop: StripeShop, wanted: list[Purchase]
) -> None:
    sell_pro_for(shop, 999)
    order = shop.pay_there(shop.order(*wanted))
    change = shop.container.hosting.change_subscription()

    shop.save_card("pm_card_chargeCustomerFail")
    assert renew(shop, order, 1).status is SubscriptionStatus.PAST_DUE
    shop.save_card("pm_card_visa")
    shop.pass_until(shop.now + timedelta(days=1, hours=1))  # Stripe tries again by itself
    recovered = shop.subscription_of(order)
    assert (recovered.status, recovered.periods) == (SubscriptionStatus.ACTIVE, 2)

    change(recovered.id, ChangeKind.CHANGE_PLAN, BY, "pro")
    shop.listen()
    upgraded = renew(shop, order, 1)
    assert (upgraded.plan, upgraded.price, upgraded.periods) == ("pro", Money(999, "USD"), 3)
    *_, last = orders_of(shop)
    assert last.payments[0].received
    assert Money(999, "USD") < last.payments[0].received < Money(999 + 500, "USD")

    change(upgraded.id, ChangeKind.CANCEL_AT_PERIOD_END, BY)
    shop.listen()
    assert shop.subscription_of(order).status is SubscriptionStatus.ACTIVE
    ended = renew(shop, order, 1)
    assert (ended.is_over, ended.periods, len(orders_of(shop))) == (True, 3, 3)
    require_equal_books(shop)
