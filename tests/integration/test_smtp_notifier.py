"""The notifier by SMTP: the contract on a real server, its secrets, and how each fault ends."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.smtp_notifier import SmtpNotifier, Tls
from billing.application.outcomes import OutcomeUnknown, Refused, RetryLater
from billing.domain import BillingError
from billing_sandbox.epp.certificates import Identity, identity
from tests.contracts.notifier import NotifierContract, a_mail, soon
from tests.integration.mail_servers import BODY, GREETING, Mailbox, Script, Server, a_mail_server, a_notifier
from tests.integration.sql_databases import free_port

DEADLINE_SECONDS = 0.5
SLACK_SECONDS = 1.0


def send(port: int, tls: Tls = Tls.OFFERED, seconds: float = 10.0, **details: Any) -> None:
    """One mail by a notifier of its own."""
    with a_notifier(port, tls, **details) as notifier:
        notifier.send(a_mail(), soon(seconds))


class TestSmtpNotifier(NotifierContract):
    @pytest.fixture
    def notifier(self) -> Iterator[SmtpNotifier]:
        self.mailbox = Mailbox()
        with a_mail_server(self.mailbox) as port, a_notifier(port) as notifier:
            yield notifier

    def delivered(self) -> list[tuple[str, str]]:
        return self.mailbox.delivered

    def refuse(self, recipient: str) -> None:
        self.mailbox.unknown.add(recipient)

    def be_busy(self) -> None:
        self.mailbox.busy = True

    def lose_answer(self) -> None:
        self.mailbox.deaf = True


# ---------------------------------------------------------------------- secrets


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("papers"))


@pytest.fixture
def server(papers: Identity) -> Iterator[Server]:
    with ExitStack() as stack:
        yield Server(stack, papers)


def test_the_line_is_made_secret_where_that_is_offered(server: Server) -> None:
    port = server.start(tls_context=server.context)
    send(port, ca_file=server.ca_file)
    assert server.mailbox.was_secret == [True]


def test_it_is_secret_at_once_where_that_is_wanted(server: Server) -> None:
    port = server.start(context=server.context)
    send(port, Tls.AT_ONCE, ca_file=server.ca_file)
    assert len(server.mailbox.letters) == 1


def test_where_secrecy_is_required_nothing_is_sent_in_the_clear(server: Server) -> None:
    port = server.start()
    with pytest.raises(RetryLater, match="no TLS, which is required"):
        send(port, Tls.REQUIRED)
    assert server.mailbox.letters == []


@pytest.mark.parametrize("tls", [Tls.OFFERED, Tls.AT_ONCE])
def test_a_certificate_of_somebody_else_is_not_taken(server: Server, tls: Tls) -> None:
    port = server.start(context=server.context) if tls is Tls.AT_ONCE else server.start(tls_context=server.context)
    with pytest.raises(RetryLater, match="CERTIFICATE_VERIFY_FAILED"):
        send(port, tls)
    assert server.mailbox.letters == []


def test_we_log_in_with_our_account(server: Server) -> None:
    port = server.start(tls_context=server.context, authenticator=server.authenticate, auth_required=True)
    send(port, ca_file=server.ca_file, username="us", password="s3cret word")
    assert server.tried == [(b"us", b"s3cret word")]
    assert len(server.mailbox.letters) == 1


def test_a_wrong_password_is_not_the_mails_fault(server: Server) -> None:
    port = server.start(tls_context=server.context, authenticator=server.authenticate, auth_required=True)
    with pytest.raises(RetryLater, match="535") as failed:
        send(port, ca_file=server.ca_file, username="us", password="wr0ng")
    assert "wr0ng" not in str(failed.value)


def test_an_account_that_was_forgotten_is_not_the_mails_fault(server: Server) -> None:
    port = server.start(tls_context=server.context, authenticator=server.authenticate, auth_required=True)
    with pytest.raises(RetryLater, match="530"):
        send(port, ca_file=server.ca_file)


def test_a_password_is_never_told_in_the_clear() -> None:
    script = Script(EHLO=b"250-here\r\n250 AUTH PLAIN")
    with script.serving() as port, pytest.raises(RetryLater, match="not sent in the clear"):
        send(port, username="us", password="s3cret")
    assert "AUTH" not in script.heard


def test_authorities_that_can_not_be_read_are_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError), a_notifier(25, ca_file=str(tmp_path / "none.pem")):
        pass


# ---------------------------------------------------------------------- how each fault ends


@pytest.mark.parametrize(
    ("says", "ends"),
    [
        ({GREETING: b"554 not you"}, RetryLater),
        ({GREETING: None}, RetryLater),
        ({"EHLO": b"421 closing", "HELO": b"421 closing"}, RetryLater),
        ({"MAIL": b"550 sender unknown"}, RetryLater),
        ({"MAIL": b"452 full"}, RetryLater),
        ({"RCPT": b"550 no such user"}, Refused),
        ({"RCPT": b"554 blocked"}, Refused),
        ({"RCPT": b"450 greylisted"}, RetryLater),
        ({"RCPT": b"530 log in first"}, RetryLater),
        ({"RCPT": None}, RetryLater),
        ({"DATA": b"451 later"}, RetryLater),
        ({"DATA": b"554 no"}, Refused),
        ({"DATA": None}, RetryLater),
        ({BODY: b"550 spam"}, Refused),
        ({BODY: b"452 full"}, RetryLater),
        ({BODY: None}, OutcomeUnknown),
        ({BODY: b"nonsense"}, OutcomeUnknown),
        ({BODY: b"354 more"}, OutcomeUnknown),
    ],
    ids=str,
)
def test_each_answer_ends_in_one_of_a_closed_set(says: dict[str, bytes | None], ends: type[BillingError]) -> None:
    with Script(**says).serving() as port, pytest.raises(ends):
        send(port)


def test_what_was_taken_is_sent_although_the_goodbye_is_not_answered() -> None:
    with Script(QUIT=None).serving() as port:
        send(port, line_mails_max=1)


def test_a_server_that_is_away_is_asked_later() -> None:
    with pytest.raises(RetryLater, match="refused"):
        send(free_port())


def test_a_host_that_has_no_address_is_asked_later() -> None:
    with pytest.raises(RetryLater):
        send(25, host="no-such-host.invalid")


@pytest.mark.parametrize(
    ("at", "ends"),
    [(GREETING, RetryLater), ("EHLO", RetryLater), ("RCPT", RetryLater), ("DATA", RetryLater), (BODY, OutcomeUnknown)],
)
def test_a_server_that_drips_its_answer_is_left_at_the_deadline(at: str, ends: type[BillingError]) -> None:
    script = Script()
    script.drips_at = at
    with script.serving() as port:
        started = time.monotonic()
        with pytest.raises(ends):
            send(port, seconds=DEADLINE_SECONDS)
        assert time.monotonic() - started < DEADLINE_SECONDS + SLACK_SECONDS


def test_a_line_that_begins_with_a_dot_arrives_as_it_was_written() -> None:
    mailbox = Mailbox()
    mail = a_mail()
    mail.data = {**mail.data, "name": ".\r\nQUIT"}
    with a_mail_server(mailbox) as port, a_notifier(port) as notifier:
        notifier.send(mail, soon())
    assert len(mailbox.letters) == 1
    assert b"Hello . QUIT" in mailbox.letters[0][1]


def test_each_call_is_counted_with_how_it_ended() -> None:
    telemetry = MemoryTelemetry()
    with pytest.raises(RetryLater):
        send(free_port(), telemetry=telemetry)
    ((name, fields),) = telemetry.events
    assert (name, fields["kind"], fields["outcome"]) == ("mail_call", "order_paid", "RetryLater")
