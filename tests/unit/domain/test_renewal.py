from datetime import UTC, datetime, timedelta

import pytest

from billing.domain import DomainName, NameStanding, Registration, Renewal, RenewalPolicy
from billing.domain.renewal import days_until

EXPIRY = datetime(2028, 2, 29, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def before(*days: float) -> list[datetime]:
    return [EXPIRY - one * DAY for one in days]


def a_holding() -> Registration:
    return Registration(
        id="reg_1",
        name=DomainName("example.rw"),
        customer_id="cus_1",
        item_id="itm_1",
        handle=None,
        created_at=EXPIRY - 365 * DAY,
        expires_at=EXPIRY,
    )


@pytest.mark.parametrize(("hour", "days"), [(0, 1), (23, 1)])
def test_days_are_those_of_the_calendar(hour: int, days: int) -> None:
    assert days_until(EXPIRY, EXPIRY.replace(day=28, hour=hour)) == days


@pytest.mark.parametrize(
    ("left", "milestone"), [(31, None), (30, 30), (15, 30), (14, 14), (2, 3), (0.3, 1), (-1, None)]
)
def test_the_last_milestone_that_has_come_is_told(left: float, milestone: int | None) -> None:
    assert RenewalPolicy().milestone(EXPIRY, *before(left)) == milestone


def test_milestones_may_be_named_in_any_order() -> None:
    assert RenewalPolicy(mail_days=(1, 20, 5)).milestone(EXPIRY, *before(6)) == 20


@pytest.mark.parametrize(
    ("tries", "now", "is_due"),
    [
        ((), 30, True),
        ((30,), 30, False),
        ((30,), 29.3, True),  # the day is another, though no whole one has passed
        ((30, 29), 27, False),
        ((30, 29), 26, True),
        ((30, 29, 26, 21, 14), 7, False),  # the schedule is at its end
        ((30, 29, 26, 21, 14), 1, True),  # but for the last day
        ((30, 29, 26, 21, 14, 1), 0.3, False),
        ((3, 2), 1, True),  # three days later would be too late
        ((1,), 0.3, True),
        ((1, 0), -2, False),
        ((1, 0), -3, True),  # within the grace the schedule goes on
    ],
)
def test_a_declined_charge_is_tried_again_by_a_schedule_that_knows_the_expiry(
    tries: tuple[float, ...], now: float, is_due: bool
) -> None:
    assert RenewalPolicy().is_charge_due(before(*tries), EXPIRY, *before(now)) is is_due


@pytest.mark.parametrize(("left", "is_at_risk"), [(4, False), (3, True), (-1, True)])
def test_a_person_is_called_before_it_is_too_late(left: float, is_at_risk: bool) -> None:
    assert RenewalPolicy().is_at_risk(EXPIRY, *before(left)) is is_at_risk


def test_a_renewal_that_was_taken_back_gets_another_order() -> None:
    renewal = Renewal(id="ren_1", subject_id="reg_1", expires_at=EXPIRY, order_id="ord_1", created_at=EXPIRY)
    renewal.withdraw()
    renewal.reopen("ord_2")
    assert (renewal.order_id, renewal.is_withdrawn) == ("ord_2", False)


def test_a_name_expires_once_and_is_active_again_when_renewed() -> None:
    held = a_holding()
    assert [held.expire(moment) for moment in (EXPIRY - DAY, EXPIRY, EXPIRY + DAY)] == [False, True, False]
    assert (held.standing, held.expired_at) == (NameStanding.EXPIRED, EXPIRY)
    held.learn_expiry(EXPIRY)
    assert held.standing is NameStanding.EXPIRED
    held.learn_expiry(EXPIRY + 365 * DAY)
    assert held.standing is NameStanding.ACTIVE


def test_a_name_that_was_lost_is_not_one_that_was_registered_anew() -> None:
    lost, released = a_holding(), a_holding()
    lost.lose(EXPIRY, "nobody renewed it")
    released.release("registered anew")
    assert (lost.standing, released.standing) == (NameStanding.LOST, NameStanding.RELEASED)
    assert not released.expire(EXPIRY + DAY)
