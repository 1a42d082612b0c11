"""The circuit breaker as a pure thing: when it opens, for how long, and what closes it."""

from datetime import timedelta

import pytest

from billing.domain import Breaker, BreakerPolicy, BreakerState
from tests.builders import NOW

PAUSE = timedelta(seconds=30)
POLICY = BreakerPolicy(failures_max=3, open_for=PAUSE, open_max=timedelta(minutes=10))
LEASE = timedelta(seconds=40)


def an_open_breaker() -> Breaker:
    breaker = Breaker(name="registrar epp")
    assert [breaker.fail("no answer", NOW, POLICY) for _ in range(3)] == [False, False, True]
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_no_sooner() -> None:
    breaker = Breaker(name="registrar epp")
    for _ in range(2):
        breaker.fail("no answer", NOW, POLICY)
    breaker.succeed()
    for _ in range(2):
        assert not breaker.fail("no answer", NOW, POLICY)
    assert (breaker.state(NOW), breaker.wait(NOW)) == (BreakerState.CLOSED, timedelta())
    assert breaker.fail("no answer", NOW, POLICY)
    assert (breaker.state(NOW), breaker.wait(NOW)) == (BreakerState.OPEN, PAUSE)


def test_one_that_will_have_nothing_of_us_opens_it_at_once_and_is_tried_again_like_any_other() -> None:
    breaker = Breaker(name="gateway kpay")
    assert breaker.shut_out("bad username or password", NOW, POLICY)
    assert (breaker.state(NOW), breaker.wait(NOW)) == (BreakerState.OPEN, PAUSE)
    assert not breaker.shut_out("bad username or password", NOW, POLICY)
    later = NOW + PAUSE
    assert breaker.state(later) is BreakerState.HALF_OPEN
    breaker.succeed()
    assert breaker.is_sound


def test_calls_that_were_under_way_when_it_opened_make_it_no_worse() -> None:
    breaker = an_open_breaker()
    assert not breaker.fail("no answer", NOW + timedelta(seconds=10), POLICY)
    assert breaker.wait(NOW) == PAUSE
    assert breaker.failures == 3


def test_an_answer_that_was_under_way_when_it_opened_closes_it() -> None:
    breaker = an_open_breaker()
    breaker.succeed()
    assert breaker.is_sound
    assert breaker.state(NOW) is BreakerState.CLOSED


def test_after_its_pause_one_may_try_and_the_others_wait_for_it() -> None:
    breaker, later = an_open_breaker(), NOW + PAUSE
    assert (breaker.state(later), breaker.wait(later)) == (BreakerState.HALF_OPEN, timedelta())
    breaker.probe(later, LEASE)
    assert (breaker.state(later), breaker.wait(later)) == (BreakerState.HALF_OPEN, LEASE)


def test_each_try_in_vain_doubles_the_pause_up_to_a_cap() -> None:
    breaker, now, pauses = an_open_breaker(), NOW, []
    for _ in range(6):
        now += breaker.wait(now)
        breaker.probe(now, LEASE)
        assert breaker.fail("no answer", now, POLICY)
        pauses.append(breaker.wait(now).total_seconds())
    assert pauses == [60, 120, 240, 480, 600, 600]
    assert breaker.since == NOW


def test_after_an_outage_the_pauses_start_over() -> None:
    breaker = an_open_breaker()
    breaker.fail("no answer", NOW + PAUSE, POLICY)
    breaker.succeed()
    for _ in range(3):
        breaker.fail("no answer", NOW, POLICY)
    assert breaker.wait(NOW) == PAUSE


def test_a_probe_whose_worker_is_lost_or_that_told_nothing_lets_the_next_try() -> None:
    breaker, later = an_open_breaker(), NOW + PAUSE
    breaker.probe(later, LEASE)
    assert breaker.wait(later + LEASE) == timedelta()
    breaker.leave_probe()
    assert (breaker.state(later), breaker.wait(later)) == (BreakerState.HALF_OPEN, timedelta())


def test_leaving_a_probe_does_not_end_a_pause() -> None:
    breaker = an_open_breaker()
    breaker.leave_probe()
    assert breaker.wait(NOW) == PAUSE


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=3)])
def test_a_clock_that_was_put_back_holds_up_nobody(back: timedelta) -> None:
    breaker = an_open_breaker()
    assert breaker.wait(NOW - back) == timedelta()
    breaker.probe(NOW + PAUSE, LEASE)
    assert breaker.wait(NOW + PAUSE - back) == timedelta()


def test_an_outage_is_told_once_it_has_lasted_and_only_once() -> None:
    breaker, after = an_open_breaker(), timedelta(minutes=10)
    assert not breaker.is_to_be_told(NOW + timedelta(minutes=9), after)
    assert breaker.is_to_be_told(NOW + after, after)
    breaker.tell(NOW + after)
    assert not breaker.is_to_be_told(NOW + timedelta(days=1), after)
    breaker.succeed()
    for _ in range(3):
        breaker.fail("no answer", NOW, POLICY)
    assert breaker.is_to_be_told(NOW + after, after), "the next outage is another one"


def test_a_few_failures_are_no_outage_however_long_ago() -> None:
    breaker = Breaker(name="registrar epp")
    breaker.fail("no answer", NOW, POLICY)
    assert not breaker.is_to_be_told(NOW + timedelta(days=1), timedelta(minutes=10))
