"""How often seeds have what only some of them have, as docs/simulation.md says it."""

from collections.abc import Callable

import pytest

from simulation.scenario import Scenario, draw

SEEDS = 2000
SHARES: dict[str, tuple[float, Callable[[Scenario], bool]]] = {
    "months that are billed": (3 / 10, lambda scenario: scenario.months > 0),
    "names that renew by themselves": (1 / 7, lambda scenario: bool(scenario.keepers)),
    "payments on the phone": (1 / 4, lambda scenario: scenario.by_phone),
    "somebody who reconciles meanwhile": (1 / 5, lambda scenario: scenario.reconciles),
}


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    return [draw(seed) for seed in range(SEEDS)]


@pytest.mark.parametrize("what", SHARES)
def test_as_many_seeds_have_it_as_is_said(scenarios: list[Scenario], what: str) -> None:
    said, has_it = SHARES[what]
    assert sum(map(has_it, scenarios)) / SEEDS == pytest.approx(said, abs=0.04)
