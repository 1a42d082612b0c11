"""What every notifier must do, whatever carries its mails."""

import time
from abc import ABC, abstractmethod

import pytest

from billing.application.outcomes import Deadline, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Notifier
from billing.domain import Mail, MailKind
from tests.builders import NOW

LINE = {"kind": "domain_registration", "domain": "example.rw", "years": "1", "price": "15.00 USD"}
DATA = {
    "name": "Zoë",
    "order": "7K3M",
    "items": [LINE],
    "item": [LINE | {"plan": "starter"}],
    "total": "15.00 USD",
    "amount": "15.00 USD",
    "expires": "2027-02-01",
    "domain": "example.rw",
    "card": "visa ending in 4242",
    "month": "2027-02-01",
    "until": "2028-01-31",
    "paid_back": "yes",
    "cause": "undelivered",
    "plan": "starter",
    "cycle": "monthly",
    "price": "4.99 USD",
    "link": "https://billing.example/pay/a-signed-token",
}


def a_mail(recipient: str = "ada@example.rw", kind: MailKind = MailKind.ORDER_PAID, language: str = "en") -> Mail:
    """One that any template can fill."""
    return Mail.write(
        id="mail_1",
        kind=kind,
        subject="ord_1",
        recipient=recipient,
        language=language,
        data=DATA,
        domain="shop.example",
        created_at=NOW,
    )


def soon(seconds: float = 10.0) -> Deadline:
    return Deadline.after(seconds, time.monotonic)


class NotifierContract(ABC):
    """Taken means delivered once; what is not known is said to be unknown."""

    @pytest.fixture
    @abstractmethod
    def notifier(self) -> Notifier:
        """One whose server works."""

    @abstractmethod
    def delivered(self) -> list[tuple[str, str]]:
        """Recipient and Message-ID of every mail that the server has taken."""

    @abstractmethod
    def refuse(self, recipient: str) -> None:
        """From now on there is no such mailbox."""

    @abstractmethod
    def be_busy(self) -> None:
        """The next mail is not taken now."""

    @abstractmethod
    def lose_answer(self) -> None:
        """The next mail is taken, and the answer is lost."""

    def test_a_mail_that_was_taken_is_delivered_once(self, notifier: Notifier) -> None:
        mail = a_mail()
        notifier.send(mail, soon())
        assert self.delivered() == [("ada@example.rw", mail.message_id)]

    def test_a_mail_sent_again_has_the_same_message_id(self, notifier: Notifier) -> None:
        for _ in range(2):
            notifier.send(a_mail(), soon())
        (first, second) = self.delivered()
        assert first == second

    def test_a_recipient_that_is_not_taken_is_refused_and_others_are_not(self, notifier: Notifier) -> None:
        self.refuse("nobody@example.rw")
        with pytest.raises(Refused, match="550"):
            notifier.send(a_mail("nobody@example.rw"), soon())
        notifier.send(a_mail(), soon())
        assert [recipient for recipient, _ in self.delivered()] == ["ada@example.rw"]

    def test_a_busy_server_is_asked_again_later(self, notifier: Notifier) -> None:
        self.be_busy()
        with pytest.raises(RetryLater):
            notifier.send(a_mail(), soon())
        assert self.delivered() == []
        notifier.send(a_mail(), soon())
        assert len(self.delivered()) == 1

    def test_an_answer_that_was_lost_leaves_the_outcome_unknown(self, notifier: Notifier) -> None:
        self.lose_answer()
        with pytest.raises(OutcomeUnknown):
            notifier.send(a_mail(), soon())
        assert len(self.delivered()) == 1

    def test_without_time_nothing_is_sent(self, notifier: Notifier) -> None:
        with pytest.raises(RetryLater, match="no time left"):
            notifier.send(a_mail(), soon(-1))
        assert self.delivered() == []
