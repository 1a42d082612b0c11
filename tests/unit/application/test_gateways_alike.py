"""Whichever gateway an order is paid by, the same comes of it: one table of scenarios, and both ledgers row by row."""

from collections.abc import Callable, Sequence

import pytest
from dependency_injector import providers

from billing.domain import DispatchPolicy, JobKind, JobRequest, Money, Order
from tests.alike import table
from tests.alike.differences import (
    Difference,
    beyond,
    declined_on_the_page,
    ended_otherwise,
    late_by_a_slow_method,
    nobody_paid,
    requested_by_hand,
    surplus_by_hand,
    undelivered_by_hand,
    unexplained,
)
from tests.alike.rows import differing, ledger_rows
from tests.alike.twin_tills import PageTill, PhoneTill, TwinTill
from tests.twins import TwoWays

NAME, HOSTING = Money(1500, "USD"), Money(499, "USD")
BOTH = NAME + HOSTING
Play = Callable[[TwinTill], None]
DELIVERED = ["completed", "fulfilled", "fulfilled"]
CALLED_OFF = ["cancelled", "cancelled", "cancelled"]

TABLE: Sequence[tuple[Play, Sequence[str], Sequence[Difference]]] = [
    (table.paid_once, DELIVERED, ()),
    (table.told_twice, DELIVERED, ()),
    (table.found_by_three_roads, DELIVERED, ()),
    (table.found_by_the_customers_return, DELIVERED, ()),
    (table.found_by_the_books, DELIVERED, ()),
    (table.failed_then_paid, DELIVERED, ()),
    (table.late_after_a_failure, DELIVERED, ()),
    (table.declined_then_paid, DELIVERED, declined_on_the_page(BOTH, "no")),
    (table.never_paid, ["expired", "cancelled", "cancelled"], nobody_paid(BOTH)),
    (table.heard_after_expiry, DELIVERED, ()),
    (table.late_after_expiry, DELIVERED, ()),
    (table.late_after_closing, DELIVERED, late_by_a_slow_method(BOTH)),
    (table.paid_after_a_cancel, CALLED_OFF, surplus_by_hand(BOTH, "cancelled")),
    (
        table.paid_after_a_cancel_and_all_closing,
        CALLED_OFF,
        (*surplus_by_hand(BOTH, "cancelled"), *ended_otherwise(BOTH)),
    ),
    (table.both_paid, DELIVERED, surplus_by_hand(BOTH, "completed")),
    (
        table.refused_by_the_registry,
        ["partially_completed", "refunded", "fulfilled"],
        undelivered_by_hand(NAME, "raced.rw is taken"),
    ),
    (table.mixed, [*DELIVERED, "completed", *4 * ["fulfilled"]], ()),
    (table.another_sum, ["requires_attention", "unpaid", "unpaid"], ()),
    (table.answer_lost, DELIVERED, ()),
    (table.away_then_back, DELIVERED, ()),
    (table.refunded, DELIVERED, requested_by_hand(HOSTING)),
]
"""What is played, how every order and its items end, and which rows may differ."""


def played(play: Play, till: TwinTill) -> TwinTill:
    play(till)
    till.rest()
    return till


def statuses(shop: TwoWays) -> list[str]:
    orders = shop.ledger.read(lambda uow: uow.orders.page(None, None, None, 100))[::-1]
    return [status for order in orders for status in shop.statuses(order)]


@pytest.mark.parametrize(("play", "end", "differences"), TABLE, ids=[play.__name__ for play, _, _ in TABLE])
def test_the_same_comes_of_it_at_both_gateways(
    play: Play, end: Sequence[str], differences: Sequence[Difference]
) -> None:
    """Jobs were dispatched differently for each payment gateway: what one method had delivered the other forgot."""
    page, phone = (played(play, till) for till in (PageTill(TwoWays()), PhoneTill(TwoWays())))
    assert (statuses(page.shop), statuses(phone.shop)) == (end, end)
    rows = (ledger_rows(page.shop.ledger), ledger_rows(phone.shop.ledger))
    assert unexplained(*rows, differences) == ([], [], [], [])
    assert page.shop.registrar.creates == phone.shop.registrar.creates
    assert page.shop.registrar.renews == phone.shop.registrar.renews


# ---------------------------------------------------------------------- the comparison sees what it is there for


class ByGateway(DispatchPolicy):
    """As it once was: one payment method forgets a kind of item, the other has its own sequence."""

    def jobs_for(self, order: Order) -> list[JobRequest]:
        """By who was paid."""
        jobs = super().jobs_for(order)
        is_paid_by_phone = order.paying is not None and order.paying.gateway == "kpay"
        return self.by_phone(jobs) if is_paid_by_phone else jobs

    def by_phone(self, jobs: list[JobRequest]) -> list[JobRequest]:
        """Whatever the test plants."""
        raise NotImplementedError


class Forgetful(ByGateway):
    """Hosting is not delivered to whom pays by phone."""

    def by_phone(self, jobs: list[JobRequest]) -> list[JobRequest]:
        """The rest."""
        return [job for job in jobs if job.kind is not JobKind.ACTIVATE_SUBSCRIPTION]


class Backwards(ByGateway):
    """All is, in another sequence."""

    def by_phone(self, jobs: list[JobRequest]) -> list[JobRequest]:
        """The last first."""
        return jobs[::-1]


@pytest.mark.parametrize("planted", [Forgetful(), Backwards()], ids=["forgetful", "backwards"])
def test_jobs_dispatched_by_gateway_are_seen(planted: DispatchPolicy) -> None:
    def shop() -> TwoWays:
        new = TwoWays()
        new.container.dispatch_policy.override(providers.Object(planted))
        return new

    page, phone = (played(table.paid_once, till) for till in (PageTill(shop()), PhoneTill(shop())))
    both = [row for rows in differing(ledger_rows(page.shop.ledger), ledger_rows(phone.shop.ledger)) for row in rows]
    assert any(row.startswith("job activate_subscription") for row in both)


def test_what_is_allowed_must_be_there_and_once() -> None:
    allowed = ["job a", "mail b to …"]
    assert beyond(["mail b to me", "job a"], allowed) == ([], [])
    assert beyond(["job a", "job a", "job b"], allowed) == (["job a", "job b"], ["mail b to …"])
