"""A year on real processes, however Stripe's words of it arrive: the same books, here and there, and every mail once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, a_domain, a_hosting
from tests.integration.whole.stripe_post import the_post_of
from tests.integration.whole.tellings import ReversedAndDoubled, Telling, ThirdLost
from tests.integration.whole.time_machine import a_shop_on
from tests.integration.whole.walked_year import Walk
from tests.integration.whole.year_books import Books, books_of, require_agreement

DECLINES = "4000000000000341"  # can be saved, and not charged afterwards
PAYS, PAYS_TOO = "5555555555554444", "4000056655665556"
TRIED_AGAIN = timedelta(days=1, minutes=5)
"""From one try of Stripe's to the next."""
PROMPT = {"BILLING_UNMATCHED_RETRY_SECONDS": "1", "BILLING_CARD_POLL_SECONDS": "1"}

HOSTING = a_hosting() | {"auto_renew": True}
ALONE, MIXED = [HOSTING], [a_domain("example.rw"), HOSTING]


@contextmanager
def as_told(shop: Installation) -> Iterator[Telling]:
    yield Telling()


@contextmanager
def reversed_and_doubled(shop: Installation) -> Iterator[Telling]:
    with the_post_of(shop) as post:
        yield ReversedAndDoubled(post)


@contextmanager
def a_third_lost(shop: Installation) -> Iterator[Telling]:
    yield ThirdLost(shop)


def a_year(walk: Walk) -> Books:
    """Bought on 31 January: twelve renewals, one declined twice, two new cards, another plan, and the end."""
    walk.buy(*ALONE)
    assert [walk.renew() for _ in range(3)] == ["31 Mar 2027 09:30", "30 Apr 2027 09:30", "31 May 2027 09:30"]

    walk.charge_with(DECLINES)
    walk.go_to(walk.end + timedelta(minutes=90))
    walk.see(lambda: walk.now["status"] == "past_due")
    walk.go_to(walk.time.now + TRIED_AGAIN)
    walk.see(lambda: [one["attempt_count"] for one in walk.stripe["invoices"]][-1] == 2)
    assert walk.now["status"] == "past_due"
    walk.forget(walk.charge_with(PAYS))
    walk.go_to(walk.time.now + TRIED_AGAIN)
    walk.see(lambda: f"{walk.end:%d %b %Y %H:%M}" == "30 Jun 2027 09:30")
    assert walk.now["status"] == "active"

    assert [walk.renew() for _ in range(2)] == ["31 Jul 2027 09:30", "31 Aug 2027 09:30"]
    walk.charge_with(PAYS_TOO)
    assert walk.renew() == "30 Sep 2027 09:30"
    walk.go_to(walk.end - timedelta(days=15, hours=12))
    walk.change("change-plan", plan="business")
    assert [walk.renew() for _ in range(5)][-1] == "29 Feb 2028 09:30"

    walk.change("cancel", at="period_end")
    assert walk.now["status"] == "active"
    walk.go_to(walk.end + timedelta(hours=2))
    walk.see(lambda: walk.now["status"] in ("ended", "cancelled"))
    return books_of(walk)


@pytest.mark.parametrize("how", [as_told, reversed_and_doubled, a_third_lost])
def test_a_year(install: Install, tmp_path: Path, how) -> None:
    shop, time = a_shop_on(install, tmp_path, None, datetime(2027, 1, 31, 9, 30, tzinfo=UTC), **PROMPT)
    with how(shop) as telling:
        walk = Walk(shop, time, telling)
        books = a_year(walk)
        import pprint

        pprint.pprint(books)
        require_agreement(walk)
