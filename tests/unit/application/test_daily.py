"""Rounds of the day: once, late, in steps, by several workers, and after days on which nobody made them."""

from datetime import timedelta

import pytest

from billing.application.unit_of_work import LedgerUnavailable
from billing.application.work.daily import DailyLimits, OnceADay
from tests.builders import NOW
from tests.twins import Twins

LIMITS = DailyLimits(begins=timedelta(hours=4), lease=timedelta(minutes=1))
DAY = timedelta(days=1)


class Letters:
    """A round through the letters a to c, one in each step."""

    name = "letters"

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.fails = False

    def __call__(self, after: str | None) -> str | None:
        if self.fails:
            raise LedgerUnavailable("away")
        letter = "a" if after is None else chr(ord(after) + 1)
        self.seen.append(letter)
        return letter if letter < "c" else None


@pytest.fixture
def letters() -> Letters:
    return Letters()


def once_a_day(shop: Twins, letters: Letters) -> OnceADay:
    return OnceADay(shop.ledger, letters, LIMITS, shop.telemetry, shop.clock)


def test_a_day_s_round_is_made_once_in_steps(shop: Twins, letters: Letters) -> None:
    step = once_a_day(shop, letters)
    assert [step() for _ in range(5)] == [True, True, True, False, False]
    assert letters.seen == ["a", "b", "c"]
    shop.pass_time(DAY - timedelta(hours=6))  # before the hour at which the next day begins
    assert not step()
    shop.pass_time(timedelta(hours=1))
    assert step()


def test_days_of_standstill_are_one_round(shop: Twins, letters: Letters) -> None:
    step = once_a_day(shop, letters)
    step()
    shop.pass_time(9 * DAY)
    assert [step() for _ in range(5)] == [True, True, True, False, False]
    assert letters.seen == ["a", "a", "b", "c"]


def test_several_workers_take_turns(shop: Twins, letters: Letters) -> None:
    first, second = once_a_day(shop, letters), once_a_day(shop, letters)
    took = [worker() for _ in range(3) for worker in (first, second)]
    assert took.count(True) == 3
    assert letters.seen == ["a", "b", "c"]


def test_a_step_that_another_worker_is_at_is_left_to_it(shop: Twins, letters: Letters) -> None:
    first, second = once_a_day(shop, letters), once_a_day(shop, letters)

    def while_at_it(after: str | None) -> str | None:
        assert not second()
        return letters(after)

    while_at_it.name = "letters"  # type: ignore[attr-defined]
    busy = OnceADay(shop.ledger, while_at_it, LIMITS, shop.telemetry, shop.clock)  # type: ignore[arg-type]
    assert busy()
    assert first()
    assert letters.seen == ["a", "b"]


def test_a_worker_that_dies_in_a_step_loses_nothing(shop: Twins, letters: Letters) -> None:
    step = once_a_day(shop, letters)
    step()
    letters.fails = True
    with pytest.raises(LedgerUnavailable):
        step()
    letters.fails = False
    assert not step()
    shop.pass_time(LIMITS.lease)
    assert [step() for _ in range(3)] == [True, True, False]
    assert letters.seen == ["a", "b", "c"]


def test_a_slow_worker_does_not_set_back_what_another_has_reached(shop: Twins, letters: Letters) -> None:
    quick = once_a_day(shop, letters)

    def slow(after: str | None) -> str | None:
        shop.pass_time(LIMITS.lease)
        while quick():
            pass
        return "a"

    slow.name = "letters"  # type: ignore[attr-defined]
    assert OnceADay(shop.ledger, slow, LIMITS, shop.telemetry, shop.clock)()  # type: ignore[arg-type]
    assert not quick()
    assert letters.seen == ["a", "b", "c"]


def test_a_clock_that_is_set_back_begins_no_day_again(shop: Twins, letters: Letters) -> None:
    step = once_a_day(shop, letters)
    while step():
        pass
    shop.now = NOW - 3 * DAY
    assert not step()
    assert letters.seen == ["a", "b", "c"]


def test_keeping_house_makes_every_round(shop: Twins) -> None:
    for _ in range(3):
        shop.container.keep_house()()
    done = {fields["round"] for name, fields in shop.telemetry.events if name == "daily_round_done"}
    assert done == {"names", "hosting", "cards"}
