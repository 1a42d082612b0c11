"""A subscription that its provider bills follows it, whatever the order of words; and is dunned by the same rules."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from billing.domain import (
    BillingStands,
    BillingStatus,
    Change,
    ChangeKind,
    Conflict,
    Cycle,
    CycleLine,
    DunningPolicy,
    IllegalMove,
    Money,
    Stage,
    Subscription,
    SubscriptionStatus,
)

MONTH_END = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
PRO = Change(kind=ChangeKind.CHANGE_PLAN, plan="pro", price=Money(999, "USD"))
POLICY = DunningPolicy(grace=7 * DAY, end_after=30 * DAY)


def billed(cycle: Cycle = Cycle.MONTHLY) -> Subscription:
    subscription = Subscription(
        id="sub_1",
        customer_id="cus_1",
        item_id="itm_1",
        plan="starter",
        cycle=cycle,
        price=Money(499, "USD"),
        domain=None,
        auto_renew=True,
        created_at=MONTH_END,
    )
    subscription.activate(MONTH_END)
    subscription.bind("memory", "bill_1")
    return subscription


def stands(**details: object) -> BillingStands:
    usual: dict[str, object] = {
        "billing_ref": "bill_1",
        "status": BillingStatus.ACTIVE,
        "as_of": MONTH_END,
        "anchor": MONTH_END,
        "period_end": datetime(2027, 2, 28, 9, 30, tzinfo=UTC),
        "cancel_at_period_end": False,
        "price": Money(499, "USD"),
        "plan": "starter",
        "cycle": Cycle.MONTHLY,
        "customer_ref": "account_1",
    }
    return BillingStands(**{**usual, **details})  # type: ignore[arg-type]


def shown(subscription: Subscription) -> dict[str, object]:
    return {field.name: getattr(subscription, field.name) for field in fields(subscription)}


# ---------------------------------------------------------------------- following


def test_every_order_of_words_comes_to_the_same() -> None:
    words = [
        stands(),
        stands(as_of=MONTH_END + DAY, cancel_at_period_end=True),
        stands(as_of=MONTH_END + 2 * DAY, status=BillingStatus.PAUSED),
        stands(as_of=MONTH_END + 3 * DAY, plan="pro", price=Money(999, "USD")),
    ]
    results = []
    for order in permutations(words):
        subscription = billed()
        for one in order:
            subscription.follow(one, MONTH_END)
        results.append(shown(subscription))
    assert all(result == results[0] for result in results)
    assert "bills pro" in str(results[0]["attention"])


def test_an_end_is_final_in_whatever_order_it_is_told() -> None:
    end = stands(status=BillingStatus.ENDED, why="cancellation_requested")
    for order in permutations([end, stands(as_of=MONTH_END + DAY), stands(as_of=MONTH_END + 2 * DAY)]):
        subscription = billed()
        for one in order:
            subscription.follow(one, MONTH_END)
        assert subscription.status is SubscriptionStatus.ENDED
        assert subscription.look_at is None


def test_the_provider_s_anchor_is_adopted_once() -> None:
    subscription = billed()
    subscription.adopts_anchor = True
    theirs = MONTH_END + timedelta(seconds=7)
    for later in range(2):
        subscription.follow(stands(anchor=theirs + later * DAY, as_of=MONTH_END + later * DAY), MONTH_END)
    assert subscription.anchor == theirs
    assert subscription.current_period_end == datetime(2027, 2, 28, 9, 30, 7, tzinfo=UTC)


def test_an_anchor_of_ours_stays_ours() -> None:
    subscription = billed()
    subscription.follow(stands(anchor=datetime(2027, 2, 28, 9, 30, tzinfo=UTC)), MONTH_END)
    assert subscription.anchor == MONTH_END


def test_a_status_of_past_due_alone_moves_nothing() -> None:
    subscription = billed()
    subscription.follow(stands(status=BillingStatus.PAST_DUE), MONTH_END)
    assert subscription.status is SubscriptionStatus.ACTIVE
    assert subscription.attention is None


def test_a_price_of_no_plan_of_ours_is_no_doubt_where_it_is_the_one_agreed() -> None:
    subscription = billed()
    subscription.follow(stands(plan=None, cycle=None), MONTH_END)
    assert subscription.attention is None


# ---------------------------------------------------------------------- periods


def test_a_period_ends_where_it_is_counted_from_the_anchor() -> None:
    subscription = billed()
    ends = []
    for month, day in ((3, 31), (4, 30), (5, 31)):
        subscription.renew_until(datetime(2027, month, day, 9, 30, tzinfo=UTC))
        ends.append((subscription.current_period_end, subscription.periods))
    assert [(f"{end:%d %b}", periods) for end, periods in ends] == [("31 Mar", 2), ("30 Apr", 3), ("31 May", 4)]


def test_the_provider_may_round_and_nothing_drifts() -> None:
    subscription = billed()
    subscription.renew_until(datetime(2027, 3, 31, 9, 29, 59, tzinfo=UTC))
    assert subscription.current_period_end == datetime(2027, 3, 31, 9, 30, tzinfo=UTC)


def test_time_once_paid_for_is_kept_whatever_is_told_later() -> None:
    subscription = billed()
    for month in (5, 4, 3):
        subscription.renew_until(datetime(2027, month, 28 + (month == 5) * 3, 9, 30, tzinfo=UTC))
    assert subscription.current_period_end == datetime(2027, 5, 31, 9, 30, tzinfo=UTC)


def test_a_leap_day_is_counted_by_the_year() -> None:
    subscription = billed(Cycle.YEARLY)
    subscription.anchor = datetime(2028, 2, 29, tzinfo=UTC)
    until = [datetime(year, 2, day, tzinfo=UTC) for year, day in ((2029, 28), (2031, 28), (2032, 29))]
    assert [subscription.periods_until(end) for end in until] == [1, 3, 4]
    assert subscription.periods_until(datetime(2032, 2, 27, tzinfo=UTC)) is None


def test_an_end_that_is_counted_otherwise_is_the_new_anchor() -> None:
    subscription = billed()
    subscription.renew_until(datetime(2027, 4, 10, tzinfo=UTC))
    assert subscription.current_period_end == subscription.anchor == datetime(2027, 4, 10, tzinfo=UTC)
    subscription.renew_until(datetime(2027, 5, 10, tzinfo=UTC))
    assert subscription.periods == 1


def test_a_price_is_agreed_for_the_periods_that_begin_under_it() -> None:
    subscription = billed()
    subscription.ask(PRO, MONTH_END)
    subscription.confirm(stands(plan="pro", price=PRO.price), MONTH_END + 10 * DAY)
    line = CycleLine(price=Money(499, "USD"), period_start=MONTH_END, period_end=MONTH_END + 28 * DAY)
    assert subscription.agrees_to(line)
    assert subscription.agrees_to(replace(line, price=Money(999, "USD")))
    assert not subscription.agrees_to(replace(line, period_start=MONTH_END + 28 * DAY))
    assert not subscription.agrees_to(replace(line, price=Money(499, "EUR")))


# ---------------------------------------------------------------------- changes


@pytest.mark.parametrize(
    ("change", "met"),
    [
        (Change(kind=ChangeKind.CANCEL), stands(status=BillingStatus.ENDED)),
        (Change(kind=ChangeKind.CANCEL_AT_PERIOD_END), stands(cancel_at_period_end=True)),
        (PRO, stands(plan="pro", price=PRO.price)),
    ],
)
def test_a_change_is_written_down_until_the_provider_stands_so(change: Change, met: BillingStands) -> None:
    subscription = billed()
    subscription.ask(change, MONTH_END)
    subscription.ask(change, MONTH_END)
    assert (subscription.change, subscription.changes) == (change, 1)
    if change.kind is not ChangeKind.CANCEL:
        subscription.follow(stands(), MONTH_END)
        assert subscription.change == change
    subscription.follow(met, MONTH_END)
    assert subscription.change is None
    assert subscription.attention is None


def test_what_stands_already_is_not_asked() -> None:
    subscription = billed()
    for change in (Change(kind=ChangeKind.RESUME), replace(PRO, plan="starter")):
        subscription.ask(change, MONTH_END)
    assert subscription.changes == 0


def test_a_cancel_of_what_is_over_changes_nothing() -> None:
    subscription = billed()
    subscription.end("unpaid")
    for kind in (ChangeKind.CANCEL, ChangeKind.CANCEL_AT_PERIOD_END):
        subscription.ask(Change(kind=kind), MONTH_END)
    assert (subscription.status, subscription.change) == (SubscriptionStatus.ENDED, None)
    with pytest.raises(Conflict):
        subscription.ask(Change(kind=ChangeKind.RESUME), MONTH_END)


# ---------------------------------------------------------------------- dunning


def test_past_due_suspended_and_back() -> None:
    subscription = billed()
    assert subscription.fall_due(MONTH_END, "not paid")
    assert not subscription.fall_due(MONTH_END + DAY, "not paid")
    assert subscription.past_due_since == MONTH_END
    assert subscription.suspend("nobody paid")
    assert not subscription.suspend("nobody paid")
    assert subscription.recover("paid")
    assert not subscription.recover("paid")
    assert (subscription.status, subscription.past_due_since) == (SubscriptionStatus.ACTIVE, None)


def test_what_was_suspended_for_another_reason_is_not_brought_back_by_a_payment() -> None:
    subscription = billed()
    subscription.suspend("disputed")
    assert not subscription.recover("paid")
    assert subscription.status is SubscriptionStatus.SUSPENDED


def test_what_is_over_is_neither_due_nor_suspended_nor_back() -> None:
    subscription = billed()
    subscription.fall_due(MONTH_END, "not paid")
    subscription.end("unpaid")
    assert not subscription.fall_due(MONTH_END, "x")
    assert not subscription.suspend("x")
    assert not subscription.recover("x")
    with pytest.raises(IllegalMove, match="from ended to active"):
        subscription.activate(MONTH_END)


@pytest.mark.parametrize(
    ("days", "stage"), [(0, None), (6, None), (7, Stage.SUSPEND), (29, Stage.SUSPEND), (30, Stage.END), (99, Stage.END)]
)
def test_each_stage_has_its_day(days: int, stage: Stage | None) -> None:
    subscription = billed()
    subscription.fall_due(MONTH_END, "not paid")
    assert POLICY.due(subscription, MONTH_END + days * DAY) is stage


def test_what_is_suspended_is_due_again_when_it_ends() -> None:
    subscription = billed()
    subscription.fall_due(MONTH_END, "not paid")
    subscription.suspend("nobody paid")
    assert POLICY.due(subscription, MONTH_END + 10 * DAY) is None
    assert POLICY.next_look(subscription, MONTH_END + 10 * DAY) == MONTH_END + 30 * DAY


# ---------------------------------------------------------------------- what a person must look at


def test_concerns_are_minded_one_by_one() -> None:
    subscription = billed()
    assert subscription.mind("b", "second")
    assert subscription.mind("a", "first")
    assert not subscription.mind("a", "first")
    assert subscription.attention == "first; second"
    assert not subscription.mind("a", None)
    assert subscription.attention == "second"
    subscription.mind("b", None)
    assert subscription.attention is None
