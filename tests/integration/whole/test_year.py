"""A year on real processes, however Stripe's words of it arrive: the same books on both sides, and every mail once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import a_domain, a_hosting
from tests.integration.whole.tellings import Tell, Telling, a_third_lost, as_told, reversed_and_doubled
from tests.integration.whole.time_machine import a_shop_on
from tests.integration.whole.walked_year import FINAL_AFTER, Walk
from tests.integration.whole.year_books import Books, books_of, require_agreement

DECLINES = "4000000000000341"  # can be saved, and not charged afterwards
PAYS, PAYS_TOO = "5555555555554444", "4000056655665556"
TRIED_AGAIN = timedelta(days=1, minutes=5)
"""From one try of Stripe's to the next."""
MONTHLY = a_hosting() | {"auto_renew": True}
YEARLY = MONTHLY | {"cycle": "yearly"}
BOUGHT_ON = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
ENDS = [
    "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30", "2027-07-31", "2027-08-31",
    "2027-09-30", "2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29",
]  # fmt: skip
"""Of the thirteen periods."""
RECOVERED_ON = "2027-06-02"
WITH_DIFFERENCE = 1199 + 616 - 256
"""What the dearer plan costs more in the 15 days and 10 hours (of 30 days) before it, too."""

_PRICES = [499] * 8 + [1199] * 5
_RECEIVED = [499] * 8 + [WITH_DIFFERENCE] + [1199] * 4
_TRIES = [1, 1, 1, 1, 3] + [1] * 8
_BEGUN = ["2027-01-31", *ENDS[:-1]]
_MADE = [RECOVERED_ON if day == "2027-05-31" else day for day in _BEGUN]
EXPECTED = Books(
    subscription=("business", "ended", ENDS[-1]),
    orders=[(day, "completed", price, paid) for day, price, paid in zip(_MADE, _PRICES, _RECEIVED, strict=True)],
    invoices=[
        (day, "subscription_cycle" if n else "subscription_create", "paid", paid, tries)
        for n, (day, paid, tries) in enumerate(zip(_BEGUN, _RECEIVED, _TRIES, strict=True))
    ],
    mails={
        "We have your order {order}": 1,
        "Your payment for order {order} has arrived": 1,
        "Your hosting starter is active": 1,
        "Your hosting starter is renewed": 7,
        "Your hosting starter is not paid": 1,
        "Your hosting is now business": 1,
        "Your hosting business is renewed": 5,
        "Your hosting business has ended": 1,
    },
)
"""Computed from the calendar and the price list alone, so that whichever year comes to it is equal to the others."""


def walk_a_year(walk: Walk) -> None:
    """Twelve renewals, one of them declined twice, two new cards, another plan, and the end."""
    walk.buy(MONTHLY)
    assert [walk.end_day, *(walk.renew() for _ in range(3))] == ENDS[:4]

    walk.charge_with(DECLINES)
    walk.go_to(walk.end + FINAL_AFTER)
    walk.see(lambda: walk.now["status"] == "past_due")
    walk.go_to(walk.time.now + TRIED_AGAIN)
    walk.see(lambda: walk.stripe["invoices"][-1]["attempt_count"] == 2)
    assert (walk.now["status"], walk.end_day) == ("past_due", ENDS[3])
    walk.forget(walk.charge_with(PAYS))
    walk.go_to(walk.time.now + TRIED_AGAIN)
    walk.see(lambda: walk.end_day == ENDS[4])
    walk.see(lambda: walk.now["status"] == "active")

    walk.renew()
    walk.forget(walk.charge_with(PAYS_TOO))
    assert [walk.renew() for _ in range(2)] == ENDS[6:8]
    walk.go_to(walk.end - timedelta(days=15, hours=10))
    walk.change("change-plan", plan="business")
    assert [walk.renew() for _ in range(5)] == ENDS[8:]

    walk.change("cancel", at="period_end")
    assert (walk.now["status"], walk.now["cancel_at_period_end"]) == ("active", True)
    walk.go_to(walk.end + FINAL_AFTER)
    walk.see(lambda: walk.now["status"] == "ended")


@pytest.mark.parametrize(
    ("tell", "servers"),
    [(as_told, False), (reversed_and_doubled, True), (a_third_lost, False)],
    ids=["as told", "reversed and doubled, on servers", "a third lost, and reconciled"],
)
def test_a_year_comes_to_the_same_books_however_it_is_told(
    request: pytest.FixtureRequest, install: Install, tmp_path: Path, tell: Tell, servers: bool
) -> None:
    urls = tuple(map(request.getfixturevalue, ("postgres_url", "redis_url"))) if servers else None
    shop, time = a_shop_on(install, tmp_path, BOUGHT_ON, urls)
    with tell(shop) as telling:
        walk = Walk(shop, time, telling)
        walk_a_year(walk)
        assert books_of(walk) == EXPECTED
        require_agreement(walk)


@pytest.mark.parametrize("ends", [["2027-02-28", "2027-03-31", "2027-04-30"], ["2028-02-29", "2028-03-31"]])
def test_31_january_stays_31_through_february_alone_and_with_a_name(
    install: Install, tmp_path: Path, ends: list[str]
) -> None:
    bought_on = datetime(int(ends[0][:4]), 1, 31, 9, 30, tzinfo=UTC)
    shop, time = a_shop_on(install, tmp_path, bought_on)
    alone, mixed = (Walk(shop, time, Telling()) for _ in range(2))
    alone.buy(MONTHLY)
    mixed.buy(a_domain("example.rw"), MONTHLY)
    assert (alone.end_day, mixed.end_day) == (ends[0], ends[0])
    for end in ends[1:]:
        time.go_to(mixed.end + FINAL_AFTER)
        for walk in (alone, mixed):
            walk.see(lambda walk=walk, end=end: walk.end_day == end)
            assert walk.end.time().replace(second=0, microsecond=0) == bought_on.time()
    require_agreement(mixed)


def test_29_february_yearly_is_renewed_on_28_and_every_fourth_year_on_29(install: Install, tmp_path: Path) -> None:
    shop, time = a_shop_on(install, tmp_path, datetime(2028, 2, 29, 9, 30, tzinfo=UTC))
    alone, mixed = (Walk(shop, time, Telling()) for _ in range(2))
    alone.buy(YEARLY)
    mixed.buy(a_domain("example.rw"), YEARLY)
    assert (alone.end_day, mixed.end_day) == ("2029-02-28", "2029-02-28")
    for end in ("2030-02-28", "2031-02-28", "2032-02-29"):
        time.go_to(mixed.end + FINAL_AFTER)
        for walk in (alone, mixed):
            walk.see(lambda walk=walk, end=end: walk.end_day == end)
    require_agreement(mixed)
