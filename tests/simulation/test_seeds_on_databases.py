"""The same scenarios on SQLite and on PostgreSQL, whose units hold locks."""

import pytest

from billing.adapters.sql.engine import make_engine
from simulation.runs import run_seed
from simulation.scenario import draw
from simulation.sql_books import sql_ledger

SEEDS_MAX, ORDERS_MAX = 50, 3
SEEDS = [seed for seed in range(3 * SEEDS_MAX) if len(draw(seed).orders) <= ORDERS_MAX][:SEEDS_MAX]
"""The smaller ones: on a real database all takes many times as long as on the twin."""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_scenarios_hold_on_real_databases(seed: int, ledger_url: str) -> None:
    engine = make_engine(ledger_url)
    try:
        outcome = run_seed(seed, open_ledger=sql_ledger(engine))
    finally:
        engine.dispose()
    assert outcome.broken is None, outcome.broken
