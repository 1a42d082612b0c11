"""Sending: once, or twice under one id where nobody knows; what is refused is dead until a person revives it."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.application.outcomes import Deadline, RetryLater
from billing.application.telling.alerts import raise_alert
from billing.domain import AlertKind, Conflict, Job, JobKind, JobStatus, Mail, MailKind, MailStatus
from tests.builders import a_domain
from tests.twins import BY, Twins

DAY = timedelta(days=1)


DIGEST = MailKind.OPERATOR_ALERTS


def the_mail(shop: Twins) -> Mail:
    (mail,) = shop.ledger.read(lambda uow: [m for m in uow.mails.page(None, None, 99) if m.kind is not DIGEST])
    return mail


def the_job(shop: Twins) -> Job:
    (job,) = shop.ledger.read(lambda uow: uow.jobs.of_subjects([the_mail(shop).id]))
    return job


def digests(shop: Twins) -> list[Mail]:
    return shop.ledger.read(lambda uow: [mail for mail in uow.mails.page(None, None, 99) if mail.kind is DIGEST])


def let_pass(shop: Twins, hours: int = 6) -> None:
    for _ in range(hours):
        shop.pass_time(timedelta(hours=1))
        shop.sweep_and_work()


def test_a_mail_is_sent_and_that_is_written_down(shop: Twins) -> None:
    shop.order(a_domain())
    shop.work()
    mail = the_mail(shop)
    assert (mail.status, mail.sent_at, mail.doubts) == (MailStatus.SENT, shop.now, 0)
    shop.run(the_job(shop).id)
    assert len(shop.notifier.delivered) == 1


def test_while_the_server_is_away_it_waits_and_is_sent_once_it_is_back(shop: Twins) -> None:
    shop.notifier.fail_with(RetryLater("away"), times=7)
    shop.order(a_domain())
    shop.work()
    assert (the_mail(shop).status, the_mail(shop).doubts, the_mail(shop).why) == (MailStatus.QUEUED, 0, "away")
    let_pass(shop, 12)
    assert [mail.id for mail in shop.notifier.delivered] == [the_mail(shop).id]


def test_an_answer_that_was_lost_is_one_repeat_under_the_same_id(shop: Twins) -> None:
    shop.notifier.lose_answer()
    shop.order(a_domain())
    shop.work()
    assert (the_mail(shop).status, the_mail(shop).doubts) == (MailStatus.QUEUED, 1)
    let_pass(shop)
    first, second = shop.notifier.delivered
    assert first.message_id == second.message_id
    assert the_mail(shop).status is MailStatus.SENT


def test_after_a_second_lost_answer_it_is_dead_and_not_sent_again(shop: Twins) -> None:
    shop.notifier.lose_answer(times=9)
    shop.order(a_domain())
    shop.work()
    let_pass(shop, 3)
    assert len([mail for mail in shop.notifier.delivered if mail.kind is not DIGEST]) == 2
    assert (the_mail(shop).status, the_job(shop).status) == (MailStatus.DEAD, JobStatus.DEAD)
    assert "not sent again" in (the_mail(shop).why or "")


def test_a_failure_between_two_lost_answers_costs_no_repeat(shop: Twins) -> None:
    shop.notifier.lose_answer()
    shop.notifier.fail_with(RetryLater("busy"), times=3)
    shop.order(a_domain())
    shop.work()
    let_pass(shop, 12)
    assert len(shop.notifier.delivered) == 2
    assert the_mail(shop).status is MailStatus.SENT


class Killed(BaseException):
    """What SIGKILL looks like from inside: nothing runs any more."""


class Deadly:
    """A server that takes mails; whoever hands over the first ones does not live to tell."""

    def __init__(self, shop: Twins, kills: int) -> None:
        self._shop, self._kills = shop, kills

    def send(self, mail: Mail, deadline: Deadline) -> None:
        """Take it."""
        self._shop.notifier.send(mail, deadline)
        if len(self._shop.notifier.delivered) <= self._kills:
            raise Killed


@pytest.mark.parametrize(("kills", "status"), [(1, MailStatus.SENT), (2, MailStatus.DEAD)])
def test_a_worker_killed_while_sending_leaves_one_repeat(shop: Twins, kills: int, status: MailStatus) -> None:
    shop.container.notifier.override(providers.Object(Deadly(shop, kills)))
    shop.order(a_domain())
    for _ in range(kills):
        with pytest.raises(Killed):
            shop.run(the_job(shop).id)
        shop.pass_time(timedelta(seconds=61))
    shop.run(the_job(shop).id)
    assert the_mail(shop).status is status
    assert {mail.message_id for mail in shop.notifier.delivered} == {the_mail(shop).message_id}
    assert len(shop.notifier.delivered) == 2


def test_a_recipient_that_is_refused_is_dead_and_the_order_is_not_touched(shop: Twins) -> None:
    shop.notifier.unknown.add("aline@example.rw")
    order = shop.order(a_domain())
    shop.work()
    assert (the_mail(shop).status, the_job(shop).status) == (MailStatus.DEAD, JobStatus.DEAD)
    assert (shop.statuses(order), shop.read(order).version) == (["pending", "unpaid"], 1)
    (alert,) = shop.alerts()
    assert (alert.kind, alert.subject) == (AlertKind.MAIL_DEAD, the_mail(shop).id)
    assert "there is no aline@example.rw" in alert.why


def test_a_person_may_revive_it(shop: Twins) -> None:
    shop.notifier.unknown.add("aline@example.rw")
    shop.order(a_domain())
    shop.work()
    shop.notifier.unknown.clear()
    shop.container.retry_job()(the_job(shop).id, BY)
    shop.work()
    assert (the_mail(shop).status, the_job(shop).status) == (MailStatus.SENT, JobStatus.SUCCEEDED)
    with pytest.raises(Conflict):
        shop.container.retry_job()(the_job(shop).id, BY)


def test_a_defect_counts_as_an_unknown_outcome(shop: Twins) -> None:
    shop.notifier.fail_with(ZeroDivisionError("a bug"), times=1, once_done=True)  # type: ignore[arg-type]
    shop.order(a_domain())
    shop.work()
    assert the_mail(shop).doubts == 1
    let_pass(shop)
    assert the_mail(shop).status is MailStatus.SENT


def test_without_a_mail_server_it_waits_and_costs_no_attempt(shop: Twins) -> None:
    shop.container.notifier.override(providers.Object(None))
    shop.order(a_domain())
    shop.work()
    assert (the_job(shop).status, the_job(shop).attempts) == (JobStatus.QUEUED, 0)
    assert (the_mail(shop).status, the_mail(shop).doubts) == (MailStatus.QUEUED, 0)


def test_paid_work_comes_before_mails(shop: Twins) -> None:
    order = shop.order(a_domain())
    shop.hear(shop.pay(shop.start(order)))
    heard = [shop.ledger.read(lambda uow, job_id=job_id: uow.jobs.get(job_id)).kind for job_id in shop.queue.drain()]
    assert heard == [JobKind.PROCESS_EVENT, JobKind.SEND_MAIL]


def test_a_dead_mail_to_the_operator_raises_no_alert(shop: Twins) -> None:
    shop.notifier.unknown.update({"aline@example.rw", "operator@shop.example"})
    shop.order(a_domain())
    shop.work()
    for _ in range(5):
        shop.pass_time(DAY)
        shop.sweep_and_work()
    assert {digest.status for digest in digests(shop)} == {MailStatus.DEAD}
    (alert,) = shop.alerts()
    assert alert.told_by is None
    assert [name for name, _ in shop.telemetry.alarms][:3] == ["job_dead", "mail_dead", "job_dead"]


@pytest.mark.parametrize("given_up", ["dead", "called off"])
def test_what_a_mail_to_the_operator_should_have_told_is_told_by_the_next(shop: Twins, given_up: str) -> None:
    address = "operator@shop.example"
    shop.ledger.write(BY, lambda uow: raise_alert(uow, AlertKind.JOB_DEAD, "job_9", "busy"))
    if given_up == "dead":
        shop.notifier.unknown.add(address)
        shop.sweep_and_work()
        shop.notifier.unknown.clear()
    else:
        shop.container.tell_operator()()
        (job,) = shop.jobs(JobKind.SEND_MAIL)
        shop.container.cancel_job()(job.id, BY)
    shop.pass_time(timedelta(minutes=59))
    shop.sweep_and_work()
    assert [digest.status for digest in digests(shop)] == [MailStatus.DEAD]
    shop.pass_time(timedelta(minutes=1))
    shop.sweep_and_work()
    (told,) = shop.mailed(DIGEST)
    assert [row["subject"] for row in told.data["alerts"]] == ["job_9"]
    let_pass(shop)
    assert len(shop.mailed(DIGEST)) == 1


def test_the_server_may_be_away_for_a_day(shop: Twins) -> None:
    shop.notifier.fail_with(RetryLater("away"), times=90)
    shop.order(a_domain())
    shop.work()
    for _ in range(96):
        shop.pass_time(timedelta(minutes=15))
        shop.sweep_and_work()
    assert the_mail(shop).status is MailStatus.SENT
