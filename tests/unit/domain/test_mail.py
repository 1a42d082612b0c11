"""A mail is sent once, twice at most where nobody knows, and what was sent stays sent."""

import pytest

from billing.domain import Alert, AlertKind, Conflict, Mail, MailKind, MailStatus
from billing.domain.mail import message_id
from tests.builders import NOW


def a_mail() -> Mail:
    return Mail.write(
        id="mail_1",
        kind=MailKind.ORDER_PAID,
        subject="ord_1",
        recipient="ada@example.rw",
        language="en",
        data={},
        domain="shop.example",
        created_at=NOW,
    )


def test_its_message_id_is_made_of_occasion_and_recipient_alone() -> None:
    mail = a_mail()
    assert mail.message_id == message_id("order_paid:ord_1", "ada@example.rw", "shop.example")
    others = {
        message_id("order_paid:ord_2", "ada@example.rw", "shop.example"),
        message_id("order_paid:ord_1", "eve@example.rw", "shop.example"),
        mail.message_id,
    }
    assert len(others) == 3


def test_of_unknown_outcome_it_is_sent_twice_and_no_more() -> None:
    mail = a_mail()
    assert [mail.begin() for _ in range(4)] == [True, True, False, False]


def test_a_sending_known_to_have_failed_does_not_count() -> None:
    mail = a_mail()
    for _ in range(50):
        assert mail.begin()
        mail.was_not_sent("busy")
    assert (mail.doubts, mail.why) == (0, "busy")


def test_a_failure_after_a_doubt_leaves_the_doubt() -> None:
    mail = a_mail()
    mail.begin()
    mail.begin()
    mail.was_not_sent("busy")
    assert [mail.begin(), mail.begin()] == [True, False]


def test_what_was_sent_stays_sent() -> None:
    mail = a_mail()
    mail.begin()
    mail.send(NOW)
    mail.die("too late")
    mail.revive()
    assert (mail.status, mail.why, mail.sent_at, mail.doubts) == (MailStatus.SENT, None, NOW, 0)
    for again in (mail.begin, lambda: mail.send(NOW), lambda: mail.was_not_sent("no")):
        with pytest.raises(Conflict, match="is sent"):
            again()


def test_a_revived_mail_may_be_sent_again() -> None:
    mail = a_mail()
    mail.begin()
    mail.begin()
    mail.die("in doubt")
    with pytest.raises(Conflict, match="is dead"):
        mail.begin()
    mail.revive()
    assert (mail.status, mail.begin()) == (MailStatus.QUEUED, True)


def test_an_occasion_is_a_kind_a_subject_and_at_times_a_date() -> None:
    alert = Alert.about(AlertKind.PROVIDER_UNREACHABLE, "epp", "no answer", NOW)
    assert alert.occasion == "provider_unreachable:epp"
    again = Alert.about(AlertKind.PROVIDER_UNREACHABLE, "epp", "no answer", NOW, once="2027-01-31")
    assert again.occasion == "provider_unreachable:epp:2027-01-31"
