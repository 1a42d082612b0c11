"""Intake and claims with a million orders in the ledger against a thousand, rounds by turns."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from dependency_injector import providers
from sqlalchemy import select

from bench import ledger
from bench.intake import LINES
from bench.load import drive
from bench.numbers import ratio_of_rounds
from bench.seeding import seed
from bench.signing import stranger, template_of
from bench.stacks import installed, plan_for
from billing.adapters.sql.work_tables import jobs, open_job
from billing.application.ports import JobQueue
from billing.application.work.engine import RunJob
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.job import JobKind
from billing.entrypoints.container import Container, configure_logging
from billing.entrypoints.settings import load_settings
from tests.integration.whole.installation import Installation

SMALL, LARGE = 1_000, 1_000_000
_WORKERS = 4
_JOBS_MAX = 100_000


class _Nothing(Handler):
    """Work that takes no time, so that what is measured is the engine: claim, close, and the rows' indexes."""

    def __call__(self, run: Run) -> Record:
        return lambda uow: None


class _Silence(JobQueue):
    def ring(self, bells: Mapping[str, int]) -> None:
        """Whoever claims here needs no bell."""


def measure(seconds: float, orders: int = LARGE, rounds: int = 4) -> dict[str, Any]:
    """Notifications taken in per second and jobs run per second, in both ledgers."""
    sizes = {"small": SMALL, "large": orders}
    intake: dict[str, list[float]] = {name: [] for name in sizes}
    claims: dict[str, list[float]] = {name: [] for name in sizes}
    with ExitStack() as ends:
        installations = {name: ends.enter_context(installed("postgres")) for name in sizes}
        began = time.monotonic()
        for name, number in sizes.items():
            seed(installations[name].settings["BILLING_DATABASE_URL"], number)
            installations[name].serve()
        seeded = time.monotonic() - began
        engines = {name: _engine_of(one) for name, one in installations.items()}
        for number in range(rounds + 1):
            for name in sorted(sizes, reverse=bool(number % 2)):
                taken = _take_in(installations[name], seconds)
                run = _claim(installations[name], engines[name], seconds)
                if number:  # the first round warms up
                    intake[name].append(taken)
                    claims[name].append(run)
    return {
        "orders": sizes,
        "seeding_seconds": round(seeded, 1),
        "intake_per_second": intake,
        "claims_per_second": claims,
        "intake_median_per_second": {name: median(found) for name, found in intake.items()},
        "claims_median_per_second": {name: median(found) for name, found in claims.items()},
        "intake_ratio": ratio_of_rounds(intake["large"], intake["small"]),
        "claims_ratio": ratio_of_rounds(claims["large"], claims["small"]),
    }


def _take_in(installation: Installation, seconds: float) -> float:
    plan = plan_for(installation, bodies=[template_of(stranger())], seconds=seconds, lines=LINES)
    outcome = drive(plan, installation.folder)
    if set(outcome.statuses) != {"200"}:
        raise RuntimeError(f"answered {outcome.statuses}")
    return round(outcome.rate, 1)


def _engine_of(installation: Installation) -> RunJob:
    """The job engine as a worker has it, with nothing to do in each job and nobody to tell."""
    configure_logging(level="warning", as_json=False)
    container = Container(settings=load_settings(Path(installation.folder) / ".env"))
    container.queue.override(providers.Object(_Silence()))
    container.handlers.override(providers.Object({JobKind.PROCESS_EVENT: _Nothing()}))
    engine: RunJob = container.run_job()
    return engine


def _claim(installation: Installation, run_job: RunJob, seconds: float) -> float:
    """Run the jobs that intake has left, oldest first, by four threads."""
    waiting = iter(_waiting(installation))
    end, start = time.monotonic() + seconds, time.monotonic()

    def work(_: int) -> int:
        done = 0
        while time.monotonic() < end and (job_id := next(waiting, None)) is not None:
            run_job(job_id)
            done += 1
        return done

    with ThreadPoolExecutor(_WORKERS) as workers:
        done = sum(workers.map(work, range(_WORKERS)))
    return round(done / (time.monotonic() - start), 1)


def _waiting(installation: Installation) -> Sequence[str]:
    with ledger.looking(installation) as connection:
        oldest = select(jobs.c.id).where(open_job, jobs.c.kind == JobKind.PROCESS_EVENT).order_by(jobs.c.ring_at)
        return list(connection.scalars(oldest.limit(_JOBS_MAX)))
