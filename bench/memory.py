"""Resident memory of one web and one worker process while 100 000 requests come in, each with a job."""

import time
from collections.abc import Iterator
from statistics import mean
from typing import Any

from bench import ledger
from bench.load import Driving, begin
from bench.processes import held_mb, leaf
from bench.signing import stranger, template_of
from bench.stacks import installed, plan_for
from tests.integration.whole.installation import Installation, eventually

_EVERY_SECONDS = 1.0
_CATCH_UP_SECONDS = 3_600.0


def measure(stack: str, number: int) -> dict[str, Any]:
    """What both hold, sampled every second from the first request to the last job."""
    with installed(stack, BILLING_HTTP_PROCESSES="1") as installation:
        installation.serve()
        installation.work()
        web, worker = (leaf(installation.processes[name].pid) for name in ("web", "worker"))
        plan = plan_for(installation, bodies=[template_of(stranger())], posts=number)
        driving = begin(plan, installation.folder)
        samples = list(_samples(web, worker, driving, installation))
        outcome = driving.outcome()
        jobs = ledger.ends(ledger.traces(installation))
    return {
        "stack": stack,
        "requests": sum(outcome.statuses.values()),
        "statuses": outcome.statuses,
        "requests_per_second": round(outcome.rate, 1),
        "jobs": jobs,
        "seconds": round(samples[-1][0], 1),
        "web_mb": _story([web_mb for at, web_mb, _ in samples if at <= outcome.seconds]),
        "worker_mb": _story([worker_mb for _, _, worker_mb in samples]),
    }


def _samples(
    web: int, worker: int, driving: Driving, installation: Installation
) -> Iterator[tuple[float, float, float]]:
    start = time.monotonic()
    eventually(lambda: ledger.open_jobs(installation) or driving.process.poll() is not None)
    while time.monotonic() < start + _CATCH_UP_SECONDS:
        yield time.monotonic() - start, held_mb(web), held_mb(worker)
        if driving.process.poll() is not None and ledger.open_jobs(installation) == 0:
            return
        time.sleep(_EVERY_SECONDS)


def _story(held: list[float]) -> dict[str, float]:
    """At a tenth of the way, when all is loaded, in the middle and at the end, and the growth over the second half."""
    tenth = max(len(held) // 10, 1)
    middle = len(held) // 2
    early, halfway = mean(held[tenth : 2 * tenth] or held), mean(held[middle : middle + tenth])
    end = mean(held[-tenth:])
    return {
        "early": round(early, 1),
        "halfway": round(halfway, 1),
        "end": round(end, 1),
        "max": round(max(held), 1),
        "second_half_growth_percent": round((end / halfway - 1) * 100, 2),
    }
