"""What operators are told: every occasion once, a storm in one mail, and by one of many workers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import cast

import pytest
from dependency_injector import providers

from billing.application.outcomes import RetryLater
from billing.application.telling.alerts import OperatorMail, raise_alert
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import AlertKind, DomainName, InboxEvent, JobKind, JobRequest, MailKind, Money
from billing.domain.mail import Mail
from tests.builders import a_domain
from tests.twins import BY, MAILS, Twins

MINUTE = timedelta(minutes=1)
INTERVAL = MINUTE * MAILS.alert_interval_minutes


def trouble(shop: Twins, *subjects: str, once: str | None = None) -> list[bool]:
    def raise_all(uow: UnitOfWork) -> list[bool]:
        kind = AlertKind.PROVIDER_UNREACHABLE
        return [raise_alert(uow, kind, subject, "no answer", once) for subject in subjects]

    return shop.ledger.write(BY, raise_all)


def digests(shop: Twins) -> list[Mail]:
    return shop.mailed(MailKind.OPERATOR_ALERTS)


def listed(digest: Mail) -> list[str]:
    return [row["subject"] for row in cast("list[Mapping[str, str]]", digest.data["alerts"])]


def test_the_first_alert_after_a_quiet_time_is_told_at_once(shop: Twins) -> None:
    trouble(shop, "epp")
    shop.sweep_and_work()
    (digest,) = digests(shop)
    assert (digest.recipient, listed(digest), digest.data["more"]) == ("operator@shop.example", ["epp"], "")


def test_a_storm_is_one_mail_and_one_more_at_the_end_of_the_interval(shop: Twins) -> None:
    trouble(shop, "first")
    shop.sweep_and_work()
    for n in range(50):
        trouble(shop, f"storm_{n:02}")
        shop.pass_time(timedelta(seconds=10))
        shop.sweep_and_work()
    assert len(digests(shop)) == 1
    shop.pass_time(INTERVAL)
    shop.sweep_and_work()
    (_, digest) = digests(shop)
    assert listed(digest) == ["storm_00", "storm_01", "storm_02"]
    assert (digest.data["count"], digest.data["more"]) == ("50", "47")
    shop.pass_time(INTERVAL)
    shop.sweep_and_work()
    assert len(digests(shop)) == 2


def test_an_occasion_is_told_once_for_ever(shop: Twins) -> None:
    assert trouble(shop, "epp", "epp") == [True, False]
    shop.sweep_and_work()
    shop.pass_time(INTERVAL)
    assert trouble(shop, "epp") == [False]
    assert trouble(shop, "epp", once="2027-02-01") == [True]
    shop.sweep_and_work()
    assert [listed(digest) for digest in digests(shop)] == [["epp"], ["epp"]]


def test_of_two_workers_that_tell_at_once_one_does(shop: Twins) -> None:
    """The second comes in between the first one's look and its commit."""
    trouble(shop, "epp")
    tell = shop.container.tell_operator()
    lost: list[ConcurrentChange] = []
    with shop.begin("slow worker") as slow:
        assert tell._tell(slow, "operator@shop.example") == 1
        assert tell() == 1
        try:
            slow.commit()
        except ConcurrentChange as overtaken:
            lost.append(overtaken)
    assert lost
    assert tell() == 0
    shop.work()
    assert len(digests(shop)) == 1


def test_a_digest_that_another_worker_has_begun_is_not_written_beside_it(shop: Twins) -> None:
    trouble(shop, "epp")
    shop.sweep_and_work()
    shop.pass_time(INTERVAL)
    trouble(shop, "other")
    (first,) = digests(shop)
    post = shop.container.postbox()
    taken = shop.ledger.write(
        BY, lambda uow: post.put(uow, MailKind.OPERATOR_ALERTS, first.id, "operator@shop.example", "en", first.data)
    )
    assert taken is not None
    assert shop.container.tell_operator()() == 0
    assert [alert.told_by for alert in shop.alerts()] == [first.id, None]


@pytest.mark.parametrize("missing", ["operator", "server"])
def test_where_nobody_is_to_be_told_alerts_are_kept_and_reported(shop: Twins, missing: str) -> None:
    if missing == "operator":
        nobody = OperatorMail(recipient=None, interval=INTERVAL, listed_max=3)
        shop.container.operator_mail.override(providers.Object(nobody))
    else:
        shop.container.sender_domain.override(providers.Object(None))
    trouble(shop, "epp")
    shop.sweep_and_work()
    assert shop.jobs(JobKind.SEND_MAIL) == []
    assert [alert.told_by for alert in shop.alerts()] == [None]
    assert shop.telemetry.alarms == [("provider_unreachable", {"subject": "epp", "why": "no answer"})]


def test_an_alert_of_a_unit_that_did_not_commit_is_not_reported(shop: Twins) -> None:
    def fail(uow: UnitOfWork) -> None:
        raise_alert(uow, AlertKind.JOB_DEAD, "job_1", "busy")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        shop.ledger.write(BY, fail)
    assert (shop.telemetry.alarms, list(shop.alerts())) == ([], [])


def test_an_alert_is_reported_once_however_often_its_unit_is_repeated(shop: Twins) -> None:
    tries: list[int] = []

    def overtaken_once(uow: UnitOfWork) -> None:
        raise_alert(uow, AlertKind.JOB_DEAD, "job_1", "busy")
        tries.append(1)
        if len(tries) == 1:
            raise ConcurrentChange("overtaken")

    shop.ledger.write(BY, overtaken_once)
    assert len(shop.telemetry.alarms) == 1


# ---------------------------------------------------------------------- what is told


def test_a_dead_job_is_told_and_again_when_it_dies_again(shop: Twins) -> None:
    shop.registrar.fail_with(RetryLater("unreachable"), "register", times=100)
    shop.buy(a_domain())
    for _ in range(2):
        for _ in range(20):
            shop.pass_time(timedelta(hours=1))
            shop.sweep_and_work()
        (job,) = shop.jobs(JobKind.REGISTER_DOMAIN)
        shop.container.retry_job()(job.id, BY)
    assert [alert.kind for alert in shop.alerts()] == [AlertKind.JOB_DEAD] * 2
    assert {alert.subject for alert in shop.alerts()} == {job.id}
    assert "unreachable" in shop.alerts()[0].why
    assert [listed(digest) for digest in digests(shop)] == [[job.id], [job.id]]


def test_a_payment_of_another_sum_is_told(shop: Twins) -> None:
    payment = shop.start(shop.order(a_domain()))
    shop.hear(shop.gateway.pay(payment.id, Money(1, "USD")))
    shop.work()
    (alert,) = shop.alerts()
    assert (alert.kind, alert.subject) == (AlertKind.PAYMENT_NEEDS_ATTENTION, payment.id)
    assert "0.01 USD received, 15.00 USD asked" in alert.why


def test_a_registrar_out_of_funds_is_told_once_a_day_however_many_jobs_wait(shop: Twins) -> None:
    shop.registrar.set_funds(False)
    shop.buy(a_domain("one.rw"))
    shop.buy(a_domain("two.rw"))
    shop.sweep_and_work()
    (alert,) = shop.alerts()
    assert (alert.kind, alert.subject) == (AlertKind.REGISTRAR_OUT_OF_FUNDS, "memory")
    shop.pass_time(timedelta(days=1))
    shop.sweep_and_work()
    assert [alert.occasion[-10:] for alert in shop.alerts()] == ["2027-01-31", "2027-02-01"]
    shop.registrar.set_funds(True)
    shop.pass_time(timedelta(hours=1))
    shop.sweep_and_work()
    assert shop.registrar.info(DomainName("two.rw"), shop.soon()) is not None


def test_a_notification_that_stays_unmatched_is_told(shop: Twins) -> None:
    other = Twins()
    shop.hear(other.pay(other.start(other.order(a_domain()))))
    shop.work()
    for hours in (1, 80):
        shop.pass_time(timedelta(hours=hours))
        shop.sweep_and_work()
    (alert,) = shop.alerts()
    assert alert.kind is AlertKind.EVENT_UNMATCHED
    assert "memory ntf_1" in alert.why


def test_a_notification_that_can_not_be_understood_is_told(shop: Twins) -> None:
    event = InboxEvent(
        id="evt_1",
        gateway="memory",
        event_id="ntf_9",
        type="paid",
        api_version=None,
        verdict="signed",
        body=b"nonsense",
        received_at=shop.now,
    )

    def store(uow: UnitOfWork) -> None:
        uow.inbox.add_if_new(event)
        uow.jobs.request(JobRequest(JobKind.PROCESS_EVENT, event.id))

    shop.ledger.write(BY, store)
    for _ in range(15):
        shop.sweep_and_work()
        shop.pass_time(timedelta(hours=1))
    (alert,) = shop.alerts()
    assert (alert.kind, alert.subject) == (AlertKind.EVENT_FAILED, "evt_1")
