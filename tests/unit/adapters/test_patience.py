"""Asking again while SQLite is busy: after one to two pauses, until the deadline."""

from itertools import count

import pytest

from billing.adapters.sql.errors import Busy
from billing.adapters.sql.patience import Patience


def a_patience(slept: list[float], jitter: float = 0.5, pause_ms: float = 1.0) -> Patience:
    return Patience(20, pause_ms, lambda: sum(slept), slept.append, lambda: jitter)


@pytest.mark.parametrize(("pause_ms", "jitter", "seconds"), [(1, 0, 0.001), (1, 1, 0.002), (0.25, 0.5, 0.000375)])
def test_it_asks_again_after_one_to_two_pauses(pause_ms: float, jitter: float, seconds: float) -> None:
    slept: list[float] = []
    tries = count(1)

    def attempt() -> None:
        if next(tries) < 4:
            raise Busy("another writes")

    a_patience(slept, jitter, pause_ms).insist(attempt)
    assert slept == pytest.approx([seconds] * 3)


def test_at_the_deadline_the_refusal_comes_out() -> None:
    slept: list[float] = []

    def attempt() -> None:
        raise Busy("another writes")

    with pytest.raises(Busy):
        a_patience(slept).insist(attempt)
    assert 0.02 <= sum(slept) < 0.022


def test_what_is_no_refusal_comes_out_at_once() -> None:
    slept: list[float] = []

    def attempt() -> None:
        raise ValueError("a defect")

    with pytest.raises(ValueError, match="a defect"):
        a_patience(slept).insist(attempt)
    assert not slept
