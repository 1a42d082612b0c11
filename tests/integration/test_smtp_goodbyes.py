"""When a line to the mail server is closed: used up, idle for too long, one too many, and at the end of a process."""

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from billing.adapters.smtp_notifier import SmtpNotifier
from billing.application.outcomes import RetryLater
from tests.contracts.notifier import a_mail, soon
from tests.integration.mail_servers import Clock, Mailbox, Script, a_mail_server, a_notifier
from tests.integration.sandbox_registry import until

IDLE_SECONDS = 15.0
SLACK_SECONDS = 5.0
AT_THE_END = """
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.entrypoints.container import Container
from billing.entrypoints.settings import load_settings
from tests.contracts.notifier import a_mail, soon

Container(settings=load_settings()).notifier().send(a_mail(), soon())
"""


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def port(script: Script) -> Iterator[int]:
    with script.serving() as port:
        yield port


def send(notifier: SmtpNotifier, mails: int = 1) -> None:
    for _ in range(mails):
        notifier.send(a_mail(), soon())


def test_a_line_serves_so_many_mails_and_no_more(script: Script, port: int) -> None:
    with a_notifier(port, line_mails_max=2) as notifier:
        send(notifier, 5)
        assert (len(script.lines), script.taken, script.heard.count("QUIT")) == (3, 5, 2)


def test_a_refused_recipient_counts_as_a_mail(script: Script, port: int) -> None:
    script.once["RCPT"] = b"450 greylisted"
    with a_notifier(port, line_mails_max=2) as notifier:
        with pytest.raises(RetryLater):
            send(notifier)
        send(notifier, 2)
        assert len(script.lines) == 2


def test_with_one_mail_a_line_each_has_its_own(script: Script, port: int) -> None:
    with a_notifier(port, line_mails_max=1) as notifier:
        send(notifier, 3)
        assert (len(script.lines), script.heard.count("QUIT")) == (3, 3)


def test_a_line_is_kept_for_so_long_and_then_left(script: Script, port: int) -> None:
    clock = Clock()
    with a_notifier(port, monotonic=clock, line_idle_seconds=IDLE_SECONDS) as notifier:
        send(notifier)
        clock.seconds += IDLE_SECONDS - 0.5
        send(notifier)
        clock.seconds += IDLE_SECONDS - 0.5
        send(notifier)
        assert (len(script.lines), script.heard.count("QUIT")) == (1, 0)
        clock.seconds += IDLE_SECONDS
        send(notifier)
        assert (len(script.lines), script.heard.count("QUIT")) == (2, 1)


def test_no_more_lines_are_kept_than_may_be_used_at_once(script: Script, port: int) -> None:
    script.together = Barrier(3)
    with a_notifier(port, idle_lines_max=2) as notifier, ThreadPoolExecutor(3) as threads:
        for sent in [threads.submit(send, notifier) for _ in range(3)]:
            sent.result()
        assert (len(script.lines), script.heard.count("QUIT")) == (3, 1)
        script.together = Barrier(2)
        for sent in [threads.submit(send, notifier) for _ in range(2)]:
            sent.result()
        assert (len(script.lines), script.heard.count("QUIT")) == (3, 1)


def test_at_the_end_a_goodbye_is_said_on_every_line(script: Script, port: int) -> None:
    script.together = Barrier(2)
    with a_notifier(port) as notifier, ThreadPoolExecutor(2) as threads:
        for sent in [threads.submit(send, notifier) for _ in range(2)]:
            sent.result()
        assert script.heard.count("QUIT") == 0
    assert script.heard.count("QUIT") == 2


def test_nothing_is_kept_after_the_end(script: Script, port: int) -> None:
    with a_notifier(port) as notifier:
        send(notifier)
        notifier.close()
        send(notifier)
        assert (script.taken, script.heard.count("QUIT")) == (2, 2)


def test_an_answer_to_a_goodbye_is_not_waited_for_long(script: Script, port: int) -> None:
    script.drips_at = "QUIT"
    with a_notifier(port, line_mails_max=1) as notifier:
        started = time.monotonic()
        send(notifier)
        assert time.monotonic() - started < SLACK_SECONDS
    assert script.taken == 1


def test_a_process_that_ends_says_goodbye(script: Script, port: int) -> None:
    settings = {"BILLING_SMTP_URL": f"smtp://127.0.0.1:{port}", "BILLING_MAIL_FROM": "billing@shop.example"}
    subprocess.run([sys.executable, "-c", AT_THE_END], env={**os.environ, **settings}, check=True, timeout=60)
    until(lambda: script.heard.count("QUIT") == 1)
    assert script.taken == 1


def test_a_forked_process_has_lines_of_its_own() -> None:
    mailbox = Mailbox()
    with a_mail_server(mailbox) as port, a_notifier(port) as notifier:
        send(notifier)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads, which is the point
            child = os.fork()
        if child == 0:
            try:
                send(notifier)
                notifier.close()
            finally:
                os._exit(0)
        until(lambda: os.waitpid(child, os.WNOHANG)[0] == child)
        assert (len(mailbox.letters), mailbox.lines) == (2, 2)
        send(notifier)
    assert (len(mailbox.letters), mailbox.lines) == (3, 2)
