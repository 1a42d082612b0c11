"""An idle system: how long after a payment's event arrives the registrar is called."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bench import ledger
from bench.load import Outcome, drive
from bench.numbers import spread_ms
from bench.purchases import Purchase, buy
from bench.stacks import installed, plan_for
from billing.domain.job import JobKind
from tests.integration.whole.installation import Installation, eventually

_APART_SECONDS = 0.7
_WARM = 6
_WORKERS = ("worker-1", "worker-2")


def measure(stack: str, purchases: int) -> dict[str, Any]:
    """One payment at a time, its event delivered once; when the first command was sent stands in the log."""
    with installed(stack, BILLING_LOG_LEVEL="debug") as installation:
        installation.serve()
        bought = buy(installation, purchases + _WARM)
        for name in _WORKERS:
            installation.work(name)
        _tell(installation, bought[:_WARM])
        started = datetime.now(UTC)
        outcome = _tell(installation, bought[_WARM:])
        found = [job for job in ledger.traces(installation) if job.created_at > started]
        heard = {job.subject: job.heard_at for job in found if job.kind == JobKind.REGISTER_DOMAIN}
        called = dict(_first_calls(installation))
        lags = [called[item] - at.timestamp() for item, at in heard.items() if at is not None and item in called]
        return {
            "stack": stack,
            "payments": len(lags),
            "statuses": outcome.statuses,
            "webhook_ms": spread_ms(outcome.latencies),
            "event_to_job_start_ms": spread_ms(ledger.start_lags(found, JobKind.PROCESS_EVENT)),
            "event_to_registrar_call_ms": spread_ms(lags),
        }


def _tell(installation: Installation, purchases: Sequence[Purchase]) -> Outcome:
    bodies = [purchase.first for purchase in purchases]
    arrivals = [(number * _APART_SECONDS, number) for number in range(len(bodies))]
    outcome = drive(plan_for(installation, bodies=bodies, arrivals=arrivals), installation.folder)
    eventually(lambda: ledger.open_jobs(installation) == 0)
    return outcome


def _first_calls(installation: Installation) -> Iterator[tuple[str, float]]:
    """By the item registered, the moment its first command was sent: a command is logged when it was answered."""
    lines = [json.loads(line) for name in _WORKERS for line in installation.log(name).splitlines() if line[:1] == "{"]
    items = {
        line["job_id"]: line["subject"]
        for line in lines
        if line.get("event") == "job_ran" and line["kind"] == JobKind.REGISTER_DOMAIN
    }
    commands = [line for line in lines if line.get("event") == "epp_command" and line.get("job_id") in items]
    for line in sorted(commands, key=lambda line: _sent_at(line), reverse=True):  # the first of each job wins
        yield items[line["job_id"]], _sent_at(line)


def _sent_at(line: dict[str, Any]) -> float:
    return datetime.fromisoformat(line["timestamp"]).timestamp() - float(line["seconds"])
