"""SIGTERM while a registry keeps silent: the worker goes in time, and what it could not finish is another's at once."""

import signal
import time

import pytest

from billing.domain import Job, JobKind, JobStatus
from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, a_domain, eventually

STOP_SECONDS = 2.0
PATIENT = {
    "BILLING_JOB_LEASE_SECONDS": "120",
    "BILLING_JOB_CALL_DEADLINE_SECONDS": "90",
    "BILLING_WORKER_SHUTDOWN_SECONDS": str(STOP_SECONDS),
}
"""Nobody who waits for a lease or a deadline comes to an end within these tests."""

COMMANDS = {
    "billing worker": ["-m", "billing", "worker"],
    "plain Huey": ["-m", "huey.bin.huey_consumer", "billing.entrypoints.worker.huey", "-g", "TERM", "-m", "0.2"],
    "Huey told nothing": ["-m", "huey.bin.huey_consumer", "billing.entrypoints.worker.huey"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_what_still_runs_when_a_worker_has_to_go_is_handed_back_and_done_once(
    install: Install, postgres_url: str, redis_url: str, command: str
) -> None:
    """huey#418, huey#559, huey#571, huey#598, huey#733: a killed worker took its task along."""
    installation = install(postgres_url, redis_url, **PATIENT)
    installation.serve()
    installation.control("PUT", "/faults", {"faults": [{"point": "epp.create", "kind": "hang", "times": 1}]})
    installation.launch("worker", *COMMANDS[command])
    order = installation.buy(a_domain("example.rw"))
    eventually(lambda: installation.registry("example.rw"))
    assert delivery_of(installation).status is JobStatus.RUNNING

    told_at = time.monotonic()
    assert installation.stop("worker") == 0, installation.log("worker")
    assert time.monotonic() - told_at < STOP_SECONDS + 1.5, "a process needs a moment to end in"
    left = delivery_of(installation)
    assert (left.status, left.attempts, left.claim_no) == (JobStatus.QUEUED, 0, 1), installation.log("worker")

    installation.work("worker-2")
    installation.until(order, "completed")
    assert installation.registry("example.rw")["creates"] == 1
    done = delivery_of(installation)
    assert (done.status, done.attempts, done.claim_no) == (JobStatus.SUCCEEDED, 0, 2)


def test_a_ledger_that_does_not_answer_holds_up_no_worker_that_has_to_go(
    install: Install, postgres_url: str, redis_url: str
) -> None:
    installation = install(postgres_url, redis_url, **PATIENT)
    installation.serve()
    installation.control("PUT", "/faults", {"faults": [{"point": "epp.create", "kind": "hang", "times": 1}]})
    installation.work()
    installation.buy(a_domain("example.rw"))
    eventually(lambda: installation.registry("example.rw"))
    with installation.container.begin()("a test") as holding:
        holding.jobs.lock(delivery_of(installation).id)
        told_at = time.monotonic()
        assert installation.stop("worker") == 0, installation.log("worker")
        assert time.monotonic() - told_at < STOP_SECONDS + 1.5
    assert delivery_of(installation).status is JobStatus.RUNNING, "its lease decides"


def test_a_worker_that_is_interrupted_waits_for_nothing_and_still_hands_back(
    install: Install, postgres_url: str, redis_url: str
) -> None:
    installation = install(postgres_url, redis_url, **{**PATIENT, "BILLING_WORKER_SHUTDOWN_SECONDS": "60"})
    installation.serve()
    installation.control("PUT", "/faults", {"faults": [{"point": "epp.create", "kind": "hang", "times": 1}]})
    installation.work()
    installation.buy(a_domain("example.rw"))
    eventually(lambda: installation.registry("example.rw"))
    installation.processes["worker"].send_signal(signal.SIGINT)
    assert installation.ended("worker") == 0, installation.log("worker")
    assert delivery_of(installation).status is JobStatus.QUEUED, installation.log("worker")


def delivery_of(installation: Installation) -> Job:
    """The one registration's job."""
    ledger = installation.container.ledger()
    (job,) = ledger.read(lambda uow: uow.jobs.page(None, JobKind.REGISTER_DOMAIN, None, 10))
    return job
