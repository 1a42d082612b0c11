"""Steady 100 webhooks/s, of which 10 are new payments, beside two workers and a registry that fails now and then."""

import heapq
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from bench import ledger
from bench.load import begin
from bench.numbers import spread_ms
from bench.processes import computed_seconds
from bench.purchases import Purchase, buy
from bench.stacks import installed, plan_for
from billing.domain.job import JobKind, JobStatus
from tests.integration.whole.installation import Installation, eventually

RATE, NEW_SHARE = 100, 10
FAILING_CALLS = 100
"""One call of so many fails."""
_FAULTS: tuple[dict[str, Any], ...] = ({"kind": "refuse", "code": 2400}, {"kind": "lose_answer"}, {"kind": "close"})
_REPEATS = 8
_WARM = 20
_SEED = 20_270_131
_DRAIN_SECONDS = 180.0


def measure(stack: str, seconds: float, **settings: str) -> dict[str, Any]:
    """Latency of the answers, lag of the jobs, and what came of it."""
    number = round(seconds * RATE / NEW_SHARE)
    with installed(stack, **settings) as installation:
        installation.serve()
        purchases = buy(installation, number + _WARM)
        for name in ("worker-1", "worker-2"):
            installation.work(name)
        _warm_up(installation, purchases[number:])
        faults = failing_calls(number)
        installation.control("PUT", "/faults", {"faults": faults})
        bodies, arrivals = schedule(purchases[:number], seconds)
        started, computed = datetime.now(UTC), computed_seconds(installation)
        outcome = begin(plan_for(installation, bodies=bodies, arrivals=arrivals), installation.folder).outcome()
        ended, drained = datetime.now(UTC), monotonic()
        cores = {
            name: round((used - computed[name]) / outcome.seconds, 2)
            for name, used in computed_seconds(installation).items()
        }
        eventually(lambda: ledger.open_jobs(installation) == 0, _DRAIN_SECONDS)
        return {
            "stack": stack,
            "seconds": seconds,
            "webhooks": len(arrivals),
            "new_payments": number,
            "statuses": outcome.statuses,
            "webhook_ms": spread_ms(outcome.latencies),
            "generator_late_ms_max": round(outcome.late_seconds_max * 1000, 1),
            "cores_used": cores,
            "drained_after_seconds": round(monotonic() - drained, 1),
            "registrar_calls_failed": _failures(faults) - _failures(installation.control("GET", "/faults")["faults"]),
            **_jobs(installation, started, ended),
            "duplicates": ledger.duplicates(installation, number + _WARM),
        }


def _warm_up(installation: Installation, purchases: Sequence[Purchase]) -> None:
    """All processes have everything open, and know the statements."""
    bodies = [purchase.first for purchase in purchases]
    arrivals = [(number / RATE, number) for number in range(len(bodies))]
    begin(plan_for(installation, bodies=bodies, arrivals=arrivals), installation.folder).outcome()
    eventually(lambda: ledger.open_jobs(installation) == 0)


def _jobs(installation: Installation, started: datetime, ended: datetime) -> dict[str, Any]:
    found = [job for job in ledger.traces(installation) if job.created_at > started]
    within = sum(
        started <= job.finished_at <= ended + timedelta(seconds=1) for job in found if job.finished_at is not None
    )
    return {
        "event_to_job_start_ms": spread_ms(ledger.start_lags(found, JobKind.PROCESS_EVENT)),
        "event_to_registration_start_ms": spread_ms(ledger.start_lags(found, JobKind.REGISTER_DOMAIN)),
        "jobs_per_second": round(within / (ended - started).total_seconds(), 1),
        "jobs": ledger.ends(found),
        "needing_a_person": sum(job.status == JobStatus.DEAD for job in found),
    }


# ---------------------------------------------------------------------- what arrives when


def schedule(purchases: Sequence[Purchase], seconds: float) -> tuple[list[str], list[tuple[float, int]]]:
    """Bodies, and the second and body of every arrival: each tenth a new payment, between them what was told before.

    Of each payment a later event and eight repeats follow, some at once and some seconds later.
    """
    dice = random.Random(_SEED)
    bodies = [body for purchase in purchases for body in (purchase.first, purchase.later)]
    owed: list[tuple[float, int, int]] = []
    arrivals = []
    for number in range(round(seconds * RATE)):
        at = number / RATE
        if number % NEW_SHARE == 0:
            index = number // NEW_SHARE * 2
            for turn in range(_REPEATS + 1):
                body = index + 1 if turn == 0 else index + turn % 2
                heapq.heappush(owed, (at + dice.choice((0.02, 0.3, 2.0, 8.0)) * dice.random(), number + turn, body))
        else:
            _, _, index = heapq.heappop(owed)
        arrivals.append((at, index))
    return bodies, arrivals


def failing_calls(purchases: int) -> list[dict[str, Any]]:
    """One of a hundred calls of each kind fails, at uneven distances: refused, cut off, or done and not answered."""
    dice, faults = random.Random(_SEED), []
    for point in ("epp.contact_create", "epp.create"):
        for number in range(2 * purchases // FAILING_CALLS + 1):
            well = dice.randrange(1, 2 * FAILING_CALLS - 1)
            faults.append({"point": point, "kind": "slow", "seconds": 0, "times": well})
            faults.append({"point": point, "times": 1, **_FAULTS[number % len(_FAULTS)]})
    return faults


def _failures(faults: Sequence[dict[str, Any]]) -> int:
    return sum(fault["kind"] != "slow" for fault in faults)
