"""Mails and alerts: one for each occasion, in order, and told once."""

from datetime import timedelta

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import Alert, AlertKind, Mail, MailKind, MailStatus, NotFound
from tests.builders import NOW
from tests.contracts.ledger_case import LedgerCase, in_parallel
from tests.contracts.ledger_entities import EXACT, shown

THREADS = 8


def a_mail(
    number: int = 1,
    kind: MailKind = MailKind.ORDER_PAID,
    subject: str = "ord_1",
    recipient: str = "ada@example.rw",
    hours: int = 0,
) -> Mail:
    """One to be sent."""
    return Mail.write(
        id=f"mail_{number:03}",
        kind=kind,
        subject=subject,
        recipient=recipient,
        language="fr",
        data={"name": "Zoë", "items": [{"kind": "hosting", "plan": "pro"}]},
        domain="shop.example",
        created_at=NOW + timedelta(hours=hours),
    )


def an_alert(subject: str = "job_1", once: str | None = None, hours: int = 0) -> Alert:
    """One that nobody was told of."""
    return Alert.about(AlertKind.JOB_DEAD, subject, "busy", NOW + timedelta(hours=hours), once)


def add(ledger: Ledger, *mails: Mail) -> list[bool]:
    return ledger.write("test", lambda uow: [uow.mails.add_if_new(mail) for mail in mails])


def raise_all(ledger: Ledger, *alerts: Alert) -> list[bool]:
    return ledger.write("test", lambda uow: [uow.alerts.raise_once(alert) for alert in alerts])


class CorrespondenceCases(LedgerCase):
    """What people are told."""

    def test_a_mail_comes_back_with_every_field(self, ledger: Ledger) -> None:
        mail = a_mail()
        mail.status, mail.why, mail.doubts, mail.sent_at = MailStatus.DEAD, "refused", 2, EXACT
        expected = shown(mail)
        assert add(ledger, mail) == [True]
        assert shown(ledger.read(lambda uow: uow.mails.get("mail_001"))) == expected
        assert shown(ledger.write("test", lambda uow: uow.mails.lock("mail_001"))) == expected

    def test_an_occasion_has_one_mail_for_each_recipient(self, ledger: Ledger) -> None:
        assert add(ledger, a_mail(1), a_mail(2)) == [True, False]
        assert add(ledger, a_mail(3)) == [False]
        others = [a_mail(4, MailKind.ORDER_RECEIVED), a_mail(5, subject="ord_2"), a_mail(6, recipient="b@example.rw")]
        assert add(ledger, *others) == [True, True, True]

    def test_a_mail_that_was_changed_is_read_so(self, ledger: Ledger) -> None:
        add(ledger, a_mail())
        ledger.write("test", lambda uow: uow.mails.lock("mail_001").send(EXACT))
        read = ledger.read(lambda uow: uow.mails.get("mail_001"))
        assert (read.status, read.sent_at, read.version) == (MailStatus.SENT, EXACT, 2)

    def test_mails_are_found_by_what_they_are_about(self, ledger: Ledger) -> None:
        add(ledger, a_mail(2), a_mail(1, MailKind.REFUNDED, "ref_1", hours=1), a_mail(3, subject="ord_9"))
        found = ledger.read(lambda uow: uow.mails.of_subjects(["ord_1", "ref_1"]))
        assert [mail.id for mail in found] == ["mail_002", "mail_001"]

    def test_pages_of_mails_tell_them_by_status(self, ledger: Ledger) -> None:
        for number, status in enumerate([*MailStatus, MailStatus.QUEUED]):
            mail = a_mail(number, subject=f"ord_{number}")
            mail.status = status
            add(ledger, mail)

        def page(status: MailStatus | None = None, before: str | None = None, limit: int = 9) -> list[str]:
            return [mail.id for mail in ledger.read(lambda uow: uow.mails.page(status, before, limit))]

        assert page(limit=2) == ["mail_003", "mail_002"]
        assert page(before="mail_002") == ["mail_001", "mail_000"]
        assert page(MailStatus.QUEUED) == ["mail_003", "mail_000"]
        assert page(MailStatus.SENT) == ["mail_001"]
        assert page(MailStatus.DEAD) == ["mail_002"]

    def test_the_last_digest_is_the_youngest(self, ledger: Ledger) -> None:
        assert ledger.read(lambda uow: uow.mails.last_digest()) is None
        for number, hours in ((1, 2), (2, 3), (3, 1)):
            add(ledger, a_mail(number, MailKind.OPERATOR_ALERTS, f"after_{number}", hours=hours))
        add(ledger, a_mail(9, hours=9))
        last = ledger.read(lambda uow: uow.mails.last_digest())
        assert last is not None
        assert last.id == "mail_002"

    # ------------------------------------------------------------------ alerts

    def test_an_alert_is_raised_once(self, ledger: Ledger, begin: Begin) -> None:
        with begin("test") as uow:
            assert uow.alerts.raise_once(an_alert())
            assert not uow.alerts.raise_once(an_alert())
            assert [alert.occasion for alert in uow.raised] == ["job_dead:job_1"]
            uow.commit()
        assert raise_all(ledger, an_alert(), an_alert(once="2")) == [False, True]
        (alert, _) = ledger.read(lambda uow: uow.alerts.untold(9))
        assert shown(alert) == shown(an_alert())

    def test_an_alert_that_a_savepoint_undid_was_not_raised(self, begin: Begin) -> None:
        with begin("test") as uow:
            uow.alerts.raise_once(an_alert("job_1"))
            with pytest.raises(ZeroDivisionError), uow.savepoint():
                uow.alerts.raise_once(an_alert("job_2"))
                raise ZeroDivisionError
            assert [alert.subject for alert in uow.raised] == ["job_1"]
            assert [alert.subject for alert in uow.alerts.untold(9)] == ["job_1"]

    def test_alerts_come_in_the_order_of_their_time(self, ledger: Ledger) -> None:
        raise_all(ledger, an_alert("b", hours=1), an_alert("c"), an_alert("a", hours=2))
        assert [alert.subject for alert in ledger.read(lambda uow: uow.alerts.untold(2))] == ["c", "b"]
        assert [alert.subject for alert in ledger.read(lambda uow: uow.alerts.newest(2))] == ["a", "b"]
        assert len(ledger.read(lambda uow: uow.alerts.untold(9))) == 3

    def test_what_was_told_is_told_no_more(self, ledger: Ledger) -> None:
        raise_all(ledger, an_alert("a"), an_alert("b"))
        add(ledger, a_mail())
        both = ["job_dead:a", "job_dead:b"]
        assert ledger.write("test", lambda uow: uow.alerts.mark_told("mail_001", both)) == 2
        assert ledger.write("test", lambda uow: uow.alerts.mark_told("mail_001", both)) == 0
        assert ledger.read(lambda uow: uow.alerts.untold(9)) == []
        assert {alert.told_by for alert in ledger.read(lambda uow: uow.alerts.newest(9))} == {"mail_001"}
        assert raise_all(ledger, an_alert("a")) == [False]

    def test_only_what_was_told_is_told_no_more(self, ledger: Ledger) -> None:
        raise_all(ledger, an_alert("a"), an_alert("b"))
        add(ledger, a_mail())
        assert ledger.write("test", lambda uow: uow.alerts.mark_told("mail_001", ["job_dead:b", "job_dead:c"])) == 1
        assert [alert.subject for alert in ledger.read(lambda uow: uow.alerts.untold(9))] == ["a"]

    def test_what_a_mail_should_have_told_is_untold_again(self, ledger: Ledger) -> None:
        raise_all(ledger, an_alert("a"), an_alert("b"), an_alert("c"))
        add(ledger, a_mail(1), a_mail(2, subject="ord_2"))
        ledger.write("test", lambda uow: uow.alerts.mark_told("mail_001", ["job_dead:a", "job_dead:b"]))
        ledger.write("test", lambda uow: uow.alerts.mark_told("mail_002", ["job_dead:c"]))
        assert ledger.write("test", lambda uow: uow.alerts.untell("mail_001")) == 2
        assert [alert.subject for alert in ledger.read(lambda uow: uow.alerts.untold(9))] == ["a", "b"]

    def test_what_is_unknown_to_correspondence_is_not_found(self, begin: Begin) -> None:
        with begin("test") as uow:
            for look in (uow.mails.get, uow.mails.lock):
                with pytest.raises(NotFound):
                    look("nobody")

    # ------------------------------------------------------------------ many at once

    def test_of_many_mails_of_one_occasion_one_is_written(self, ledger: Ledger) -> None:
        """FOSSBilling#3726: one occasion was written about four times."""

        def write(number: int) -> bool:
            return add(ledger, a_mail(number))[0]

        assert sorted(in_parallel(THREADS, write)) == [*[False] * (THREADS - 1), True]

    def test_of_many_alerts_of_one_occasion_one_is_raised(self, ledger: Ledger) -> None:
        assert sorted(in_parallel(THREADS, lambda _: raise_all(ledger, an_alert())[0])) == [
            *[False] * (THREADS - 1),
            True,
        ]

    def test_an_alert_is_told_by_one_of_many(self, ledger: Ledger) -> None:
        raise_all(ledger, an_alert("a"), an_alert("b"))
        add(ledger, *(a_mail(number, subject=f"ord_{number}") for number in range(THREADS)))

        def tell(number: int) -> int:
            def told(uow: UnitOfWork) -> int:
                return uow.alerts.mark_told(f"mail_{number:03}", ["job_dead:a", "job_dead:b"])

            return ledger.write("test", told)

        assert sorted(in_parallel(THREADS, tell)) == [*[0] * (THREADS - 1), 2]
