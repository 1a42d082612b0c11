"""`billing jobs`: what it says, and with which exit code."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from billing.adapters.sql import migrations
from billing.application.ledger import Ledger
from billing.domain import JobKind, JobRequest
from billing.entrypoints.container import Container
from billing.entrypoints.settings import load_settings
from tests.contracts.ledger_jobs import an_event
from tests.integration.commands import heard

Command = Callable[..., tuple[int, str]]
KIND = JobKind.ACTIVATE_SUBSCRIPTION


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """On SQLite, with three waiting jobs, three dead ones of two kinds, and one that runs."""
    monkeypatch.chdir(tmp_path)
    migrations.upgrade(f"sqlite:///{tmp_path}/var/billing.sqlite")
    container = Container(settings=load_settings())
    ledger: Ledger = container.ledger()
    for n in range(3):
        ledger.write("test", lambda uow, n=n: uow.jobs.request(JobRequest(JobKind.CHECK_PAYMENT, f"pay_{n}")))
    for n, kind in enumerate((JobKind.PROCESS_EVENT, JobKind.CLOSE_PAYMENT, JobKind.CLOSE_PAYMENT)):
        ledger.write("test", lambda uow, n=n, kind=kind: uow.jobs.request(JobRequest(kind, f"evt_{n}")))
        job = next(iter(ledger.read(lambda uow, n=n: uow.jobs.of_subjects([f"evt_{n}"]))))
        ledger.write("test", lambda uow, job=job, n=n: uow.jobs.lock(job.id).die(f"trouble {n}", uow.now()))
    ledger.write("test", lambda uow: uow.inbox.add_if_new(an_event("evt_0")))
    ledger.write("test", lambda uow: uow.jobs.request(JobRequest(KIND, "itm_1")))
    running = id_of(ledger, "itm_1")
    ledger.write("test", lambda uow: uow.jobs.lock(running).claim(uow.now(), timedelta(hours=1)))
    yield ledger
    container.engine().dispose()


@pytest.fixture
def command(ledger: Ledger) -> Command:
    return partial(heard, "jobs")


def id_of(ledger: Ledger, subject: str) -> str:
    (job,) = ledger.read(lambda uow: uow.jobs.of_subjects([subject]))
    return job.id


def statuses(ledger: Ledger, prefix: str) -> list[str]:
    found = ledger.read(lambda uow: uow.jobs.page(None, None, None, 99))
    return [job.status.value for job in found[::-1] if job.subject.startswith(prefix)]


@pytest.mark.parametrize("command_name", ["retry", "cancel"])
def test_a_running_job_is_refused_with_an_exit_code(ledger: Ledger, command: Command, command_name: str) -> None:
    code, said = command(command_name, id_of(ledger, "itm_1"))
    assert (code, "it is running" in said) == (1, True)
    assert statuses(ledger, "itm") == ["running"]


def test_one_is_retried_by_its_id_and_its_repeat_is_harmless(ledger: Ledger, command: Command) -> None:
    for _ in range(2):
        assert command("retry", id_of(ledger, "evt_0"))[0] == 0
    assert statuses(ledger, "evt") == ["queued", "dead", "dead"]


def test_one_that_is_refused_keeps_none_of_the_others(ledger: Ledger, command: Command) -> None:
    ids = ["job_unknown", id_of(ledger, "evt_0"), id_of(ledger, "itm_1"), id_of(ledger, "evt_1")]
    code, said = command("retry", *ids)
    assert (code, statuses(ledger, "evt"), statuses(ledger, "itm")) == (1, ["queued", "queued", "dead"], ["running"])
    assert ("job_unknown: no job" in said, f"{ids[2]}: job {ids[2]}: it is running" in said) == (True, True)
    code, said = command("retry", *ids, "--json")
    told = json.loads(said.splitlines()[0])
    assert code == 1
    assert {one["id"]: "refused" in one for one in told} == dict(zip(ids, [True, False, True, False], strict=True))


def test_one_is_called_off_and_its_repeat_says_the_same(ledger: Ledger, command: Command) -> None:
    said = {command("cancel", id_of(ledger, "evt_0")) for _ in range(2)}
    ((code, sentence),) = said
    assert (code, "is cancelled: called off by operator" in sentence, "before that: trouble 0" in sentence) == (
        0,
        True,
        True,
    )
    assert statuses(ledger, "evt") == ["cancelled", "dead", "dead"]


def test_the_dead_are_retried_by_kind_and_it_says_how_many(ledger: Ledger, command: Command) -> None:
    assert command("retry", "--kind", "close_payment") == (0, "2 of 2 dead jobs are on their way\n")
    assert command("retry", "--kind", "close_payment") == (0, "0 of 0 dead jobs are on their way\n")
    assert statuses(ledger, "evt") == ["dead", "queued", "queued"]


def test_the_dead_are_retried_by_what_they_died_of(ledger: Ledger, command: Command) -> None:
    code, said = command("retry", "--error", "TROUBLE 1", "--json")
    assert (code, json.loads(said)) == (0, {"found": 1, "on_their_way": 1})
    code, said = command("retry", "--error", "trouble", "--limit", "1", "--json")
    assert (code, json.loads(said)) == (0, {"found": 1, "on_their_way": 1})
    assert statuses(ledger, "evt") == ["queued", "queued", "dead"]


@pytest.mark.parametrize("arguments", [(), ("job_1", "--kind", "close_payment"), ("job_1", "--error", "x")])
def test_it_must_be_said_which(command: Command, arguments: tuple[str, ...]) -> None:
    code, said = command("retry", *arguments)
    assert (code, "name jobs, or say which" in said) == (2, True)


def test_an_unknown_job_is_said_to_be_unknown(command: Command) -> None:
    assert command("cancel", "job_unknown") == (1, "billing: no job job_unknown\n")
