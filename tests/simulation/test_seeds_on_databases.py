"""The same scenarios on SQLite and on PostgreSQL, whose units hold locks."""

import pytest

from billing.adapters.sql.engine import make_engine
from simulation.runs import run_seed
from simulation.sql_books import sql_ledger

SEEDS_ON_SQL = 50


@pytest.mark.parametrize("seed", range(SEEDS_ON_SQL))
def test_the_same_scenarios_hold_on_real_databases(seed: int, ledger_url: str) -> None:
    engine = make_engine(ledger_url)
    try:
        outcome = run_seed(seed, open_ledger=sql_ledger(engine))
    finally:
        engine.dispose()
    assert outcome.broken is None, outcome.broken
