"""Failpoints: what is ordered for a step happens there, once, and the program carries on as if it were an accident."""

from pathlib import Path

import pytest

from billing.domain import JobKind
from billing.entrypoints import failpoints
from billing.entrypoints.failpoints import PASSED, Broken, Failpoints
from tests.builders import a_domain, a_hosting
from tests.twins import Twins
from tests.unit.application.billed import hosted_with_a_name


@pytest.fixture
def watched(tmp_path: Path) -> Twins:
    """A shop on twins whose steps are watched."""
    twins = Twins()
    failpoints.install(twins.container, tmp_path)
    twins.container.ledger.reset()  # the twins have used theirs already
    return twins


def test_a_step_without_an_order_is_passed(tmp_path: Path) -> None:
    with Failpoints(tmp_path).around("registrar.register"):
        pass


def test_an_order_is_carried_out_once_by_whoever_comes_first(tmp_path: Path) -> None:
    (tmp_path / "registrar.register:before").write_text("raise\n")
    one, other = Failpoints(tmp_path), Failpoints(tmp_path)
    with pytest.raises(Broken):
        one.pass_by("registrar.register:before")
    other.pass_by("registrar.register:before")
    one.pass_by("registrar.register:before")


def test_an_order_may_wait_for_a_later_passing(tmp_path: Path) -> None:
    (tmp_path / "queue.ring:after").write_text("raise@3")
    points = Failpoints(tmp_path)
    points.pass_by("queue.ring:after")
    points.pass_by("queue.ring:after")
    with pytest.raises(Broken):
        points.pass_by("queue.ring:after")


def test_a_call_that_fails_has_no_after(tmp_path: Path) -> None:
    (tmp_path / "gateway.start:after").write_text("raise")
    with pytest.raises(OSError, match="away"), Failpoints(tmp_path).around("gateway.start"):
        raise OSError("away")
    assert (tmp_path / "gateway.start:after").exists()


@pytest.mark.parametrize("order", ["", "kill twice", "sleep", "kill@"])
def test_an_order_that_nobody_understands_is_said_to_be_one(tmp_path: Path, order: str) -> None:
    (tmp_path / "gateway.start:after").write_text(order)
    with pytest.raises(Broken, match="is not kill, raise or sleep"):
        Failpoints(tmp_path).pass_by("gateway.start:after")


def test_every_step_of_a_purchase_is_told(watched: Twins, tmp_path: Path) -> None:
    order = watched.order(a_domain("example.rw"), a_hosting())
    payment = watched.start(order)
    (tmp_path / PASSED).touch()
    watched.hear(watched.pay(payment))
    watched.work()
    told = [line.split()[2] for line in (tmp_path / PASSED).read_text().splitlines()]
    before, after = ([step for step in told if step.endswith(side)] for side in (":before", ":after"))
    assert len(before) == len(after)
    passed = [step.removesuffix(":before") for step in before]
    assert passed[:3] == ["gateway.verify", "commit:webhook", "queue.ring"]
    assert [step for step in passed if "event" in step or "gateway" in step] == [
        "gateway.verify",
        "commit:claim:process_event",
        "gateway.interpret",
        "commit:process_event",
    ]
    assert [step for step in passed if "register" in step] == [
        "commit:claim:register_domain",
        "commit:register_domain",
        "commit:register_domain",
        "registrar.register",
        "commit:register_domain",
    ]
    assert passed.count("commit:activate_subscription") == 1
    assert passed.count("notifier.send") == passed.count("commit:claim:send_mail") > 0
    assert watched.statuses(order) == ["completed", "fulfilled", "fulfilled"]


@pytest.mark.parametrize("point", ["registrar.register:before", "registrar.register:after"])
def test_a_job_that_is_broken_is_tried_again(watched: Twins, tmp_path: Path, point: str) -> None:
    (tmp_path / point).write_text("raise")
    order = watched.buy(a_domain("example.rw"))
    (job,) = watched.jobs(JobKind.REGISTER_DOMAIN)
    assert job.why is not None and "a failpoint" in job.why
    watched.pass_time(job.due_at - watched.now)
    watched.sweep_and_work()
    assert watched.statuses(order) == ["completed", "fulfilled"]


def test_what_the_ledger_is_asked_beside_units_is_still_answered(watched: Twins) -> None:
    assert watched.container.begin().store.installation
    assert not (hasattr(watched.container.begin(), "nothing"))


def test_what_bills_by_itself_and_what_keeps_cards_are_watched_too(watched: Twins, tmp_path: Path) -> None:
    (tmp_path / PASSED).write_text("")
    hosted_with_a_name(watched)
    passed = [line.split()[2] for line in (tmp_path / PASSED).read_text().splitlines()]
    steps = [point for point in passed if point.startswith(("billing.", "methods."))]
    assert {"billing.begin:before", "billing.begin:after"} <= set(steps)
