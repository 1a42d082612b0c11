"""The lines to the mail server: kept between mails, replaced where they died, and closed in time."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.smtp_notifier import SmtpNotifier, Tls
from billing.application.outcomes import Deadline, OutcomeUnknown, Refused, RetryLater
from billing.domain import BillingError
from billing_sandbox.epp.certificates import Identity, identity
from tests.contracts.notifier import a_mail, soon
from tests.integration.mail_servers import BODY, Clock, Mailbox, Script, Server, a_mail_server, a_notifier
from tests.integration.sql_databases import free_port

DEADLINE_SECONDS = 1.0
SLACK_SECONDS = 5.0
BROKEN: list[bytes | None] = [b"421 closing", None]


def send(notifier: SmtpNotifier, mails: int = 1, recipient: str = "ada@example.rw") -> None:
    for _ in range(mails):
        notifier.send(a_mail(recipient), soon())


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity(tmp_path_factory.mktemp("papers"))


@pytest.fixture
def server(papers: Identity) -> Iterator[Server]:
    with ExitStack() as stack:
        yield Server(stack, papers)


# ---------------------------------------------------------------------- kept between mails


def test_one_line_serves_several_mails(server: Server) -> None:
    telemetry = MemoryTelemetry()
    with a_notifier(server.start(), telemetry=telemetry) as notifier:
        send(notifier, 3)
    assert (len(server.mailbox.letters), server.mailbox.lines) == (3, 1)
    assert [name for name, _ in telemetry.events] == ["mail_line_opened", *["mail_call"] * 3]
    assert telemetry.events[0][1]["tls"] is False


def test_a_secret_line_on_which_we_logged_in_serves_several_mails(server: Server) -> None:
    port = server.start(tls_context=server.context, authenticator=server.authenticate, auth_required=True)
    telemetry = MemoryTelemetry()
    with a_notifier(
        port, ca_file=server.ca_file, username="us", password="s3cret word", telemetry=telemetry
    ) as notifier:
        send(notifier, 3)
    assert server.tried == [(b"us", b"s3cret word")]
    assert server.mailbox.was_secret == [True] * 3
    assert [fields["tls"] for name, fields in telemetry.events if name == "mail_line_opened"] == [True]


def test_a_line_that_is_secret_at_once_serves_several_mails(server: Server) -> None:
    with a_notifier(server.start(context=server.context), Tls.AT_ONCE, ca_file=server.ca_file) as notifier:
        send(notifier, 3)
    assert (len(server.mailbox.letters), server.mailbox.lines) == (3, 1)


def test_after_a_refused_recipient_the_line_is_good_for_the_next_mail(server: Server) -> None:
    server.mailbox.unknown.add("nobody@example.rw")
    with a_notifier(server.start()) as notifier:
        for _ in range(2):
            with pytest.raises(Refused, match="550"):
                send(notifier, recipient="nobody@example.rw")
            send(notifier)
    assert [recipient for recipient, _ in server.mailbox.delivered] == ["ada@example.rw"] * 2
    assert server.mailbox.lines == 1


@pytest.mark.parametrize(("says", "ends"), [(b"550 no such user", Refused), (b"450 greylisted", RetryLater)], ids=str)
@pytest.mark.parametrize(("forgets", "lines"), [(b"250 ok", 1), (b"451 what", 2), (None, 2)], ids=str)
def test_a_line_is_kept_only_where_the_server_has_forgotten_the_refused_mail(
    says: bytes, ends: type[BillingError], forgets: bytes | None, lines: int
) -> None:
    script = Script(RSET=forgets)
    script.once["RCPT"] = says
    with script.serving() as port, a_notifier(port) as notifier:
        with pytest.raises(ends):
            send(notifier)
        send(notifier)
        assert len(script.lines) == lines
        assert script.heard[:4] == ["EHLO", "MAIL", "RCPT", "RSET"]


@pytest.mark.parametrize(
    ("at", "says", "ends"),
    [
        ("MAIL", b"451 later", RetryLater),
        ("MAIL", b"530 log in first", RetryLater),
        ("RCPT", b"503 what", RetryLater),
        ("DATA", b"451 later", RetryLater),
        ("DATA", b"250 what", RetryLater),
        (BODY, b"550 spam", Refused),
        (BODY, b"452 full", RetryLater),
        (BODY, b"421 closing", RetryLater),
        (BODY, b"354 more", OutcomeUnknown),
        (BODY, None, OutcomeUnknown),
    ],
    ids=str,
)
def test_after_anything_odd_a_kept_line_is_dropped_and_the_mail_is_not_tried_on_another(
    at: str, says: bytes | None, ends: type[BillingError]
) -> None:
    script = Script()
    with script.serving() as port, a_notifier(port) as notifier:
        send(notifier)
        script.once[at] = says
        with pytest.raises(ends):
            send(notifier)
        assert len(script.lines) == 1
        send(notifier)
        assert len(script.lines) == 2


def test_many_threads_share_the_lines(server: Server) -> None:
    recipients = [f"ada{n}@example.rw" for n in range(60)]
    with a_notifier(server.start()) as notifier, ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda recipient: send(notifier, recipient=recipient), recipients))
    assert sorted(recipient for recipient, _ in server.mailbox.delivered) == sorted(recipients)
    assert server.mailbox.lines <= 4


# ---------------------------------------------------------------------- replaced where they died


def test_a_line_that_the_server_closed_meanwhile_is_replaced(server: Server) -> None:
    telemetry = MemoryTelemetry()
    with a_notifier(server.start(), telemetry=telemetry) as notifier:
        send(notifier)
        server.mailbox.hang_up()
        send(notifier)
    assert (len(server.mailbox.letters), server.mailbox.lines) == (2, 2)
    assert [name for name, _ in telemetry.events].count("mail_line_died") == 1


def test_a_secret_line_that_the_server_closed_meanwhile_is_replaced(server: Server) -> None:
    with a_notifier(server.start(tls_context=server.context), ca_file=server.ca_file) as notifier:
        send(notifier)
        server.mailbox.hang_up()
        send(notifier)
    assert server.mailbox.was_secret == [True] * 2


def test_a_server_that_starts_anew_between_mails_loses_none() -> None:
    mailbox, port = Mailbox(), free_port()
    with a_notifier(port) as notifier:
        with a_mail_server(mailbox, port=port):
            send(notifier)
        with pytest.raises(RetryLater, match="refused"):
            send(notifier)
        with a_mail_server(mailbox, port=port):
            send(notifier, 2)
    assert len(mailbox.letters) == 3


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("says", BROKEN, ids=str)
def test_a_kept_line_that_ends_before_the_mail_was_sent_is_replaced(at: str, says: bytes | None) -> None:
    script = Script()
    with script.serving() as port, a_notifier(port) as notifier:
        send(notifier)
        script.once[at] = says
        send(notifier)
        send(notifier)
        assert len(script.lines) == 2
        assert script.taken == 3


def test_it_is_replaced_by_a_new_line_and_not_by_another_that_was_kept_too() -> None:
    script = Script()
    script.together = Barrier(2)
    with script.serving() as port, a_notifier(port) as notifier:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(send, [notifier] * 2))
        script.together = None
        script.hang_up()
        send(notifier)
        assert (len(script.lines), script.taken) == (3, 3)


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("says", BROKEN, ids=str)
def test_it_is_replaced_once_and_a_new_line_never(at: str, says: bytes | None) -> None:
    script = Script()
    with script.serving() as port, a_notifier(port) as notifier:
        script.once[at] = says
        with pytest.raises(RetryLater):
            send(notifier)
        assert len(script.lines) == 1
        send(notifier)
        script.says[at] = says
        with pytest.raises(RetryLater):
            send(notifier)
        assert (len(script.lines), script.taken) == (3, 1)


# ---------------------------------------------------------------------- the deadline is the mail's


@pytest.mark.parametrize(("at", "ends"), [("MAIL", RetryLater), ("RCPT", RetryLater), (BODY, OutcomeUnknown)])
def test_a_kept_line_that_drips_is_left_at_the_deadline(at: str, ends: type[BillingError]) -> None:
    script = Script()
    with script.serving() as port, a_notifier(port) as notifier:
        send(notifier)
        script.drips_at = at
        started = time.monotonic()
        with pytest.raises(ends):
            notifier.send(a_mail(), soon(DEADLINE_SECONDS))
        assert time.monotonic() - started < DEADLINE_SECONDS + SLACK_SECONDS
        assert len(script.lines) == 1


def test_a_line_outlives_the_deadline_of_the_mail_that_it_was_opened_for() -> None:
    clock, script = Clock(), Script()
    with script.serving() as port, a_notifier(port, monotonic=clock) as notifier:
        for _ in range(2):
            notifier.send(a_mail(), Deadline.after(5, clock))
            clock.seconds += 10
        assert len(script.lines) == 1
