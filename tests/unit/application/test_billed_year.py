"""The same year, however the provider's words of it arrive: the same books, here and there, and every mail once."""

import pytest

from billing.domain import OrderStatus, SubscriptionStatus
from tests.twins import Twins
from tests.unit.application.billed_year import (
    Post,
    ThirdLost,
    Year,
    a_year,
    all_lost,
    as_told,
    provider_s,
    reversed_and_doubled,
)

DIFFERENCE = "13.30 USD"
"""9.99 for a period, and what the dearer plan costs more in the twenty and a half days (of 31) before it."""
POSTS: dict[str, Post] = {
    "in order": as_told,
    "reversed and doubled": reversed_and_doubled,
    "a third lost": ThirdLost(0),
    "another third lost": ThirdLost(1),
    "all lost": all_lost,
}


def expected(year: Year) -> Year:
    """What a year comes to: five periods of one plan, seven of the other, the first of them with the difference."""
    return Year(
        status=SubscriptionStatus.ENDED.value,
        plan="pro",
        until="2028-02-29",
        collected=sorted(["4.99 USD"] * 5 + ["9.99 USD"] * 6 + [DIFFERENCE]),
        orders=[(price, OrderStatus.COMPLETED.value) for price in ["4.99 USD"] * 5 + ["9.99 USD"] * 7],
        mails={
            "subscription_active": 1,
            "subscription_renewed": 12,
            "subscription_past_due": year.mails["subscription_past_due"],
            "payment_action_needed": 0,
            "subscription_suspended": 0,
            "subscription_ended": 1,
            "plan_changed": 1,
        },
    )


@pytest.mark.parametrize("mixed", [False, True], ids=["hosting alone", "with a name"])
@pytest.mark.parametrize("how", POSTS)
def test_a_year_comes_to_the_same_however_it_is_told(shop: Twins, mixed: bool, how: str) -> None:
    year = a_year(shop, mixed=mixed, post=POSTS[how])
    assert year == expected(year)
    assert year.collected == provider_s(shop)
    # a failure that nobody heard of before it was mended is told to nobody
    assert year.mails["subscription_past_due"] in ((2,) if how in ("in order", "reversed and doubled") else (0, 1, 2))
    assert all(bill.is_over for bill in shop.billing.books.bills.values())
    assert [alert.why for alert in shop.alerts()] == []
