"""Jobs: to look at, to send on their way again, to call off."""

from collections.abc import Sequence
from typing import Any

import click

from billing.application.work.interventions import RetryJob
from billing.domain.errors import BillingError
from billing.domain.job import Job, JobKind, JobStatus
from billing.entrypoints.cli.show import AS_JSON, LIMIT, by_status, operator, progress, say, show, show_one
from billing.entrypoints.startup import start_command

_KIND = click.Choice([kind.value for kind in JobKind])


@click.group()
def jobs() -> None:
    """Jobs: what is to be done, is done, or could not be."""


@jobs.command("list")
@by_status(JobStatus)
@click.option("--kind", type=_KIND, help="Only those of a kind.")
@click.option("--before", metavar="ID", help="Only older ones than this job: the next page.")
@LIMIT
@AS_JSON
def list_jobs(status: str | None, kind: str | None, before: str | None, limit: int, as_json: bool) -> None:
    """Newest first."""
    wanted = (JobStatus(status) if status else None, JobKind(kind) if kind else None)
    found = start_command().ledger().read(lambda uow: uow.jobs.page(*wanted, before, limit))
    show(as_json, [job_row(job) for job in found], "jobs")


@jobs.command("show")
@click.argument("job_id")
@AS_JSON
def show_job(job_id: str, as_json: bool) -> None:
    """All that is known of JOB_ID."""
    job = start_command().ledger().read(lambda uow: uow.jobs.get(job_id))
    facts = {
        **job_row(job),
        "dedup_key": job.dedup_key,
        "claim_no": job.claim_no,
        "claimed_at": job.claimed_at,
        "lease_until": job.lease_until,
        "waiting_since": job.waiting_since,
        "context": dict(job.context),
    }
    show_one(as_json, facts)


@jobs.command()
@click.argument("job_ids", metavar="[JOB_ID]...", nargs=-1)
@click.option("--kind", type=_KIND, help="All dead ones of a kind.")
@click.option("--error", metavar="TEXT", help="All dead ones whose reason contains this.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=10_000, show_default=True, help="At most so many.")
@AS_JSON
def retry(job_ids: Sequence[str], kind: str | None, error: str | None, limit: int, as_json: bool) -> None:
    """Send jobs on their way again, with all their attempts, and what was parked for them.

    Those named by JOB_ID, dead, waiting or called off; or all dead ones of a kind, or that died of the same. One that
    runs is refused and the others go on their way; then the exit code is 1.
    """
    if bool(job_ids) == bool(kind or error):
        raise click.UsageError("name jobs, or say which by --kind and --error")
    container = start_command()
    if job_ids:
        _retry_each(container.retry_job(), job_ids, as_json)
        return
    retry_jobs = container.retry_jobs()
    found = retry_jobs.find(JobKind(kind) if kind else None, error, limit)
    with progress(retry_jobs(found, operator()), len(found), as_json) as revived:
        facts = {"found": len(found), "on_their_way": sum(revived)}
    say(as_json, facts, "{on_their_way} of {found} dead jobs are on their way")


def _retry_each(retry_job: RetryJob, job_ids: Sequence[str], as_json: bool) -> None:
    revived: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for job_id in job_ids:
        try:
            revived.append(job_row(retry_job(job_id, operator())))
        except BillingError as refusal:
            refused.append({"id": job_id, "refused": str(refusal)})
    show(as_json, revived + refused if as_json else revived, "on their way")
    for one in refused:
        click.echo(f"billing: {one['id']}: {one['refused']}", err=True)
    if refused:
        raise SystemExit(1)


@jobs.command()
@click.argument("job_id")
@AS_JSON
def cancel(job_id: str, as_json: bool) -> None:
    """Call JOB_ID off while it waits or is dead; what it was to deliver is put before a person."""
    job = start_command().cancel_job()(job_id, operator())
    say(as_json, job_row(job), "{id} ({kind} {subject}) is {status}: {why}")


def job_row(job: Job) -> dict[str, Any]:
    """A job in one line."""
    return {
        "id": job.id,
        "kind": job.kind,
        "subject": job.subject,
        "status": job.status,
        "attempts": job.attempts,
        "due_at": job.due_at,
        "finished_at": job.finished_at,
        "why": job.why,
    }
