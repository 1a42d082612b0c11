"""Every rule holds in hundreds of seeds, and a seed replays exactly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from billing.adapters.sql.engine import make_engine
from simulation.runs import run_seed
from simulation.sql_books import sql_ledger

ROOT = Path(__file__).parents[2]
SEEDS, AT_ONCE = 300, 25
SEEDS_ON_SQL = 50
FAULTS = ("is killed at", "sleeps through its lease", "no answer", "the webhook is lost", "the ledger is away")


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_every_rule_holds_whatever_the_seed(first: int) -> None:
    broken = [(seed, run_seed(seed).broken) for seed in range(first, first + AT_ONCE)]
    assert [(seed, str(found)) for seed, found in broken if found] == []


@pytest.mark.parametrize("seed", range(SEEDS_ON_SQL))
def test_the_same_scenarios_hold_on_real_databases(seed: int, ledger_url: str) -> None:
    engine = make_engine(ledger_url)
    try:
        outcome = run_seed(seed, open_ledger=sql_ledger(engine))
    finally:
        engine.dispose()
    assert outcome.broken is None, outcome.broken


def test_seeds_meet_every_kind_of_fault() -> None:
    lines = [line for seed in range(20) for line in run_seed(seed, traced=True).trace]
    assert [fault for fault in FAULTS if not any(fault in line for line in lines)] == []


@pytest.mark.parametrize("seed", [1, 5])
def test_a_seed_replays_exactly_also_in_another_process(seed: int) -> None:
    traces = [_trace(seed, hash_seed) for hash_seed in ("0", "1", "random")]
    assert len(traces[0].splitlines()) > 50
    assert traces[0] == traces[1] == traces[2]


def test_a_run_tells_how_fast_it_was() -> None:
    told = _simulate("--seeds", "3")
    assert "3 seeds in" in told
    assert "seeds/s" in told
    assert told.splitlines()[-1] == "every rule held"


def _trace(seed: int, hash_seed: str) -> str:
    return _simulate("--seed", str(seed), "--trace", PYTHONHASHSEED=hash_seed)


def _simulate(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "simulation", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
