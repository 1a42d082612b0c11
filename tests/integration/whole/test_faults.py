"""The short version of `make faults`: a few kills, outages and a small storm on real processes."""

import pytest

from faults.outcome import Outcome
from faults.runner import Listener, Programme
from faults.site import SERVERS, SQLITE


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stack", [SQLITE, SERVERS])
def test_nothing_is_lost_and_nothing_done_twice(stack: str) -> None:
    """Bounds of time are for a machine that does nothing else; here everything only has to end well in the end."""
    outcomes: list[Outcome] = []
    lacks: list[str] = []
    Programme(short=True, stacks=[stack]).run(Listener(outcomes.append, lambda scenario, why: lacks.append(why)))
    if lacks:
        pytest.skip(lacks[0])
    assert len(outcomes) > 5
    by_phone = {"a postback has KPay asked", "KPay is down"}
    assert by_phone <= {outcome.scenario for outcome in outcomes}
    for outcome in outcomes:
        troubles = [*outcome.tally.duplicates, *outcome.tally.losses, *outcome.bugs]
        assert (outcome.done, troubles) == (outcome.done, [])
        assert outcome.recovered_seconds is not None
