"""Every rule holds in hundreds of seeds, and a seed replays exactly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.runs import run_seed

ROOT = Path(__file__).parents[2]
SEEDS, AT_ONCE = 300, 25
DEED = 30
"""Where in a line of the trace it begins: what comes before is when, and who."""
FAULTS = {"sleeps through its lease", "the webhook is lost", "the ledger is away", "the hint is lost"}
LEDGER = {"unit of", "commit of", "after the commit of", "ring"}
CALLS = {
    *("registry: check", "registry: info", "registry: create", "registry: renew"),
    *("provider: start", "provider: check", "provider: close", "provider: refund", "provider: interpret"),
    *("billing: begin", "billing: read", "billing: invoices", "methods: open_account", "methods: set_default"),
    *("books: events", "books: payment"),
    *("kpay: start", "kpay: again start", "kpay: check", "kpay: close"),
    "mail server",
}
ENDS = {"fails", "no answer", "done, and no answer"}


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_every_rule_holds_whatever_the_seed(first: int) -> None:
    broken = [(seed, run_seed(seed).broken) for seed in range(first, first + AT_ONCE)]
    assert [(seed, str(found)) for seed, found in broken if found] == []


def test_processes_die_and_answers_are_lost_at_every_call_outward_and_at_every_commit() -> None:
    missing = FAULTS | {f"is killed at: {where}" for where in LEDGER | CALLS}
    missing |= {f"{call} {end}" for call in CALLS for end in ENDS}
    for seed in range(SEEDS):
        for line in run_seed(seed, traced=True).trace:
            missing -= _faults_in(line, missing)
        if not missing:
            break
    assert missing == set()


def _faults_in(line: str, wanted: set[str]) -> set[str]:
    deed, end = line[DEED:].strip(), line.rpartition(": ")[2]
    if end in ENDS:
        return {f"{call} {end}" for call in CALLS if deed.startswith(call)}
    return {fault for fault in wanted if deed.startswith(fault)}


@pytest.mark.parametrize("seed", [1, 5])
def test_a_seed_replays_exactly_also_in_another_process(seed: int) -> None:
    here, there = run_seed(seed, traced=True).trace, _simulate("--seed", str(seed), "--trace", PYTHONHASHSEED="0")
    assert len(here) > 50
    assert there.splitlines()[:-1] == list(here)


def test_a_run_tells_how_fast_it_was() -> None:
    told = _simulate("--seeds", "3")
    assert "3 seeds in" in told
    assert "seeds/s" in told
    assert told.splitlines()[-1] == "every rule held"


def _simulate(*arguments: str, **environment: str) -> str:
    command = [sys.executable, "-m", "simulation", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
