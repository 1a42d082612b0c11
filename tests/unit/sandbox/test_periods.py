"""The calendar of the sandbox's subscriptions: periods are counted from their anchor."""

from datetime import UTC, datetime

import pytest

from billing_sandbox.stripe.recurring.periods import Cycle, Rhythm, next_anchor, share

MONTHLY, YEARLY = Rhythm("month"), Rhythm("year")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def shown(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}"


def boundaries(cycle: Cycle, count: int) -> list[str]:
    return [f"{datetime.fromtimestamp(cycle.boundary(number), UTC):%m-%d}" for number in range(count)]


def test_the_31st_is_a_shorter_months_last_day_and_then_the_31st_again() -> None:
    assert boundaries(Cycle(at("2027-01-31T10:00"), MONTHLY), 5) == ["01-31", "02-28", "03-31", "04-30", "05-31"]
    assert boundaries(Cycle(at("2028-01-31T10:00"), MONTHLY), 3) == ["01-31", "02-29", "03-31"]


def test_an_anchor_in_a_short_month_may_mean_the_31st() -> None:
    cycle = Cycle(at("2027-02-28T10:00"), MONTHLY, day=31)
    assert boundaries(cycle, 3) == ["02-28", "03-31", "04-30"]
    assert shown(cycle.boundary(-1)) == "2027-01-31 10:00"


def test_29_february_comes_back_in_leap_years() -> None:
    cycle = Cycle(at("2028-02-29T00:00"), YEARLY)
    ends = [shown(cycle.boundary(number)) for number in (1, 3, 4)]
    assert ends == ["2029-02-28 00:00", "2031-02-28 00:00", "2032-02-29 00:00"]


@pytest.mark.parametrize(
    ("rhythm", "second"),
    [
        (Rhythm("day", 10), "2027-02-10 10:00"),
        (Rhythm("week", 2), "2027-02-14 10:00"),
        (Rhythm("month", 3), "2027-04-30 10:00"),
        (Rhythm("year", 2), "2029-01-31 10:00"),
    ],
)
def test_a_rhythm_may_be_every_so_many(rhythm: Rhythm, second: str) -> None:
    assert shown(Cycle(at("2027-01-31T10:00"), rhythm).boundary(1)) == second


def test_the_moment_a_period_begins_belongs_to_it() -> None:
    cycle = Cycle(at("2027-01-31T10:00"), MONTHLY)
    for number in (-30, -1, 0, 1, 11, 400):
        start, end = cycle.boundary(number), cycle.boundary(number + 1)
        assert cycle.period_at(start) == cycle.period_at(end - 1) == (start, end)
        assert cycle.period_at(end)[0] == end


@pytest.mark.parametrize(
    ("config", "now", "anchor"),
    [
        ({"day_of_month": 31, "hour": 10, "minute": 0, "second": 0}, "2027-01-31T10:00:07", "2027-02-28 10:00"),
        ({"day_of_month": 31, "hour": 10, "minute": 0, "second": 0}, "2027-01-31T09:00", "2027-01-31 10:00"),
        ({"day_of_month": 31}, "2027-01-31T10:00", "2027-01-31 10:00"),
        ({"day_of_month": 5}, "2027-12-20T10:30", "2028-01-05 10:30"),
        ({"day_of_month": 29, "month": 2}, "2028-03-01T00:00", "2029-02-28 00:00"),
        ({"day_of_month": 29, "month": 2}, "2028-02-28T00:00", "2028-02-29 00:00"),
    ],
)
def test_a_config_names_the_next_moment_that_is_like_it(config: dict[str, int], now: str, anchor: str) -> None:
    assert shown(next_anchor(config, at(now))) == anchor


@pytest.mark.parametrize(
    ("amount", "part", "whole", "result"),
    [(1000, 1, 3, 333), (1000, 2, 3, 667), (1, 1, 2, 1), (-1, 1, 2, -1), (-1000, 2, 3, -667), (999, 0, 31, 0)],
)
def test_shares_are_rounded_half_away_from_nothing(amount: int, part: int, whole: int, result: int) -> None:
    assert share(amount, part, whole) == result
