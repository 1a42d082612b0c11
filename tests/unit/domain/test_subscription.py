"""Paid periods are counted from their anchor, and service that is over is not sold."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.domain import Conflict, Cycle, Money, Subscription, SubscriptionStatus

MONTH_END = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
GRACE = timedelta(days=30)


def a_subscription(cycle: Cycle = Cycle.MONTHLY) -> Subscription:
    return Subscription(
        id="sub_1",
        customer_id="cus_1",
        item_id="itm_1",
        plan="starter",
        cycle=cycle,
        price=Money(499, "USD"),
        domain=None,
        auto_renew=False,
        created_at=MONTH_END,
    )


def test_the_first_period_runs_to_the_end_of_a_short_month() -> None:
    subscription = a_subscription()
    subscription.activate(MONTH_END)
    assert subscription.status is SubscriptionStatus.ACTIVE
    assert subscription.current_period_end == datetime(2027, 2, 28, 9, 30, tzinfo=UTC)


def test_renewals_do_not_drift_from_the_31st() -> None:
    """Seen elsewhere: one month after 31 January was 3 March, and periods drifted from then on."""
    subscription = a_subscription()
    subscription.activate(MONTH_END)
    ends = []
    for _ in range(3):
        assert subscription.current_period_end is not None
        subscription.renew(1, subscription.current_period_end, GRACE)
        ends.append(subscription.current_period_end)
    assert [(end.month, end.day) for end in ends if end] == [(3, 31), (4, 30), (5, 31)]


def test_two_cycles_paid_at_once_are_two_periods() -> None:
    subscription = a_subscription(Cycle.YEARLY)
    subscription.activate(MONTH_END)
    subscription.renew(2, MONTH_END, GRACE)
    assert subscription.current_period_end == MONTH_END.replace(year=2030)


def test_a_renewal_long_after_the_end_counts_from_the_payment() -> None:
    """Seen elsewhere: a renewal was counted from the end of a service that had long been over."""
    subscription = a_subscription()
    subscription.activate(MONTH_END)
    late = datetime(2027, 8, 15, tzinfo=UTC)
    subscription.renew(1, late, GRACE)
    assert subscription.current_period_end == datetime(2027, 9, 15, tzinfo=UTC)


def test_a_renewal_within_the_grace_counts_from_the_end_of_the_period() -> None:
    subscription = a_subscription()
    subscription.activate(MONTH_END)
    subscription.renew(1, datetime(2027, 3, 10, tzinfo=UTC), GRACE)
    assert subscription.current_period_end == datetime(2027, 3, 31, 9, 30, tzinfo=UTC)


def test_a_subscription_that_never_began_or_is_over_is_not_renewed() -> None:
    with pytest.raises(Conflict, match="pending"):
        a_subscription().renew(1, MONTH_END, GRACE)
