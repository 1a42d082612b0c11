"""The sandbox's mailbox, as a process of its own, sent to by the standard library."""

import smtplib
import ssl
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.integration.sandbox.harness import Sandbox, an_order, eventually

CUSTOMER = "aline@example.rw"


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path, "http://127.0.0.1:9/", "--without-epp", "--smtp-login")
    yield sandbox
    sandbox.stop()


def a_mail(subject: str = "Murakoze: «paid»", to: str = CUSTOMER) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Shop <billing@shop.example>", to, subject
    mail["Message-ID"], mail["Auto-Submitted"] = f"<{subject.encode().hex()}@shop.example>", "auto-generated"
    mail.set_content("Muraho Aline,\n.it is paid: https://shop.example/pay?a=1&b=2\n")
    mail.add_alternative("<html><head></head><body><b>é</b><script>steal()</script></body></html>", subtype="html")
    return mail


def connected(sandbox: Sandbox, *, timeout: float = 10.0) -> smtplib.SMTP:
    address = urlsplit(sandbox.settings["BILLING_SMTP_URL"])
    assert address.hostname
    assert address.port
    return smtplib.SMTP(address.hostname, address.port, timeout=timeout)


def send(sandbox: Sandbox, *mails: EmailMessage) -> None:
    with connected(sandbox) as line:
        for mail in mails:
            line.send_message(mail)


def mails(sandbox: Sandbox) -> Any:
    return sandbox.control("GET", "/state").json()["mail"]


def subjects(sandbox: Sandbox) -> list[str]:
    return [mail["subject"] for mail in mails(sandbox)]


def test_a_mail_is_kept_as_it_was_sent(sandbox: Sandbox) -> None:
    send(sandbox, a_mail())

    (kept,) = mails(sandbox)
    assert (kept["from"], kept["sender"]) == ("Shop <billing@shop.example>", "billing@shop.example")
    assert (kept["to"], kept["subject"]) == ([CUSTOMER], "Murakoze: «paid»")
    assert kept["message_id"] == a_mail()["Message-ID"] == kept["headers"]["Message-ID"]
    assert kept["headers"]["Auto-Submitted"] == "auto-generated"
    assert kept["text"].splitlines()[1].startswith(".it is paid: https://shop.example/pay?a=1&b=2")
    assert "<b>é</b>" in kept["html"]
    assert kept["received_at"]
    assert {"BILLING_MAIL_FROM", "BILLING_OPERATOR_EMAIL"} <= sandbox.settings.keys()


def test_mails_are_listed_in_the_order_they_came_and_can_be_forgotten(sandbox: Sandbox) -> None:
    send(sandbox, a_mail("first"), a_mail("second"), a_mail("third"))
    assert subjects(sandbox) == ["first", "second", "third"]

    assert sandbox.control("DELETE", f"/mail/{mails(sandbox)[1]['id']}").json() == {"deleted": 1}
    assert subjects(sandbox) == ["first", "third"]
    assert sandbox.control("DELETE", "/mail/mail_none").status_code == 404
    assert sandbox.control("DELETE", "/mail/").json() == {"deleted": 2}
    assert mails(sandbox) == []


def test_whoever_presses_a_button_sees_a_page_again(sandbox: Sandbox) -> None:
    send(sandbox, a_mail())
    chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
    url, headers = sandbox.settings["SANDBOX_CONTROL_URL"], {"Accept": chrome}
    seen = requests.post(f"{url}/mail/clear", headers=headers, timeout=10)
    assert (seen.url, mails(sandbox)) == (f"{url}/mail/", [])
    session = sandbox.api.checkout.sessions.create(an_order())
    seen = requests.post(f"{url}/stripe/sessions/{session.id}/pay", headers=headers, timeout=10)
    assert seen.url == f"{url}/"


def test_no_mail_is_forgotten_when_the_process_is_killed(sandbox: Sandbox) -> None:
    send(sandbox, a_mail())
    before = sandbox.settings
    sandbox.kill()
    sandbox.start()
    assert sandbox.settings == before
    assert len(mails(sandbox)) == 1
    send(sandbox, a_mail("later"))
    assert subjects(sandbox)[1] == "later"


def test_a_person_reads_a_mail_and_nothing_of_it_runs_or_is_fetched(sandbox: Sandbox) -> None:
    send(sandbox, a_mail("<i>hello</i>"))
    (kept,) = mails(sandbox)
    assert "&lt;i&gt;hello&lt;/i&gt;" in sandbox.control("GET", "/mail/").text
    assert "1 kept" in sandbox.control("GET", "/").text

    page = sandbox.control("GET", f"/mail/{kept['id']}")
    assert 'href="https://shop.example/pay?a=1&amp;b=2"' in page.text
    assert "steal()" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    frame = sandbox.control("GET", f"/mail/{kept['id']}/html")
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy + page.text
    assert "script-src" not in policy
    assert '<base target="_blank">' in frame.text
    assert b"Auto-Submitted: auto-generated" in sandbox.control("GET", f"/mail/{kept['id']}/source").content


def test_a_mail_in_plain_text_has_no_html(sandbox: Sandbox) -> None:
    mail = EmailMessage()
    mail["To"] = CUSTOMER
    mail["From"] = "billing@shop.example"
    mail.set_content("only this")
    send(sandbox, mail)
    (kept,) = mails(sandbox)
    assert (kept["text"], kept["html"], kept["subject"], kept["message_id"]) == ("only this\n", None, "", "")
    assert sandbox.control("GET", f"/mail/{kept['id']}").ok
    assert sandbox.control("GET", f"/mail/{kept['id']}/html").status_code == 404


def test_a_server_that_is_down_refuses_connections_until_it_is_up_again(sandbox: Sandbox) -> None:
    down = {"point": "smtp.connect", "kind": "reject_connect"}
    assert sandbox.control("PUT", "/faults", {"faults": [down]}).ok
    with pytest.raises(ConnectionRefusedError):
        connected(sandbox)
    sandbox.kill()
    sandbox.start()
    with pytest.raises(ConnectionRefusedError):
        connected(sandbox)

    assert sandbox.control("PUT", "/faults", {"faults": []}).ok
    send(sandbox, a_mail())
    assert len(mails(sandbox)) == 1


def test_a_greeting_may_be_a_refusal_or_never_come(sandbox: Sandbox) -> None:
    sandbox.fault("smtp.connect", "refuse")
    with pytest.raises(smtplib.SMTPConnectError) as refusal:
        connected(sandbox)
    assert refusal.value.smtp_code == 421
    sandbox.fault("smtp.connect", "hang")
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        connected(sandbox, timeout=0.3)
    sandbox.fault("smtp.connect", "reject_connect")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        connected(sandbox)
    send(sandbox, a_mail())


def test_a_line_that_was_kept_open_does_not_get_round_a_fault_at_the_greeting(sandbox: Sandbox) -> None:
    with connected(sandbox) as line:
        line.send_message(a_mail("first"))
        line.send_message(a_mail("second"))
        sandbox.fault("smtp.connect", "refuse")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            line.send_message(a_mail("third"))
    with pytest.raises(smtplib.SMTPConnectError):  # it was not used up
        connected(sandbox)
    with connected(sandbox) as line:
        line.send_message(a_mail("fourth"))
        line.send_message(a_mail("fifth"))
    assert subjects(sandbox) == ["first", "second", "fourth", "fifth"]


def test_a_recipient_may_be_refused_by_address(sandbox: Sandbox) -> None:
    gone: Any = {"point": "smtp.rcpt.*@gone.example", "kind": "refuse"}
    full: Any = {"point": "smtp.rcpt.full@example.rw", "kind": "refuse", "code": 452}
    assert sandbox.control("PUT", "/faults", {"faults": [gone, full]}).ok
    for to, code in (("Somebody@gone.example", 550), ("Full@Example.rw", 452)):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
            send(sandbox, a_mail(to=to))
        assert [answer[0] for answer in refusal.value.recipients.values()] == [code]
    send(sandbox, a_mail())
    assert [mail["to"] for mail in mails(sandbox)] == [[CUSTOMER]]


@pytest.mark.parametrize("point", ["smtp.mail", "smtp.data", "smtp.message"])
def test_a_temporary_refusal_keeps_nothing(sandbox: Sandbox, point: str) -> None:
    sandbox.fault(point, "refuse")
    with pytest.raises(smtplib.SMTPResponseException) as refusal:
        send(sandbox, a_mail())
    assert refusal.value.smtp_code == 451
    assert mails(sandbox) == []
    send(sandbox, a_mail())


@pytest.mark.parametrize(
    ("point", "kind", "kept"),
    [("smtp.data", "close", 0), ("smtp.message", "close", 0), ("smtp.message", "lose_answer", 1)],
)
def test_a_connection_may_be_cut_before_and_after_the_mail_is_taken(
    sandbox: Sandbox, point: str, kind: str, kept: int
) -> None:
    sandbox.fault(point, kind)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sandbox, a_mail())
    assert len(mails(sandbox)) == kept


def test_a_slow_server_takes_its_time(sandbox: Sandbox) -> None:
    sandbox.fault("smtp.message", "slow", seconds=0.4)
    begun = time.monotonic()
    send(sandbox, a_mail())
    assert time.monotonic() - begun >= 0.4
    assert len(mails(sandbox)) == 1


def test_what_hangs_is_let_go_when_the_faults_are_lifted(sandbox: Sandbox) -> None:
    sandbox.fault("smtp.mail", "hang")
    with connected(sandbox) as line:
        line.ehlo()
        line.putcmd("mail", "FROM:<billing@shop.example>")
        eventually(lambda: sandbox.control("GET", "/faults").json()["faults"] == [])
        assert sandbox.control("PUT", "/faults", {"faults": []}).ok
        with pytest.raises(smtplib.SMTPServerDisconnected):
            line.getreply()


def test_a_mail_in_clear_text_or_without_login_is_not_taken(secured: Sandbox) -> None:
    address = urlsplit(secured.settings["BILLING_SMTP_URL"])
    assert address.username
    assert address.password
    with connected(secured) as line:
        with pytest.raises(smtplib.SMTPSenderRefused):
            line.send_message(a_mail())
        line.starttls(context=ssl.create_default_context(cafile=secured.settings["BILLING_SMTP_CA_FILE"]))
        with pytest.raises(smtplib.SMTPSenderRefused):
            line.send_message(a_mail())
        with pytest.raises(smtplib.SMTPAuthenticationError):
            line.login(address.username, "wrong")
        line.login(address.username, address.password)
        line.send_message(a_mail())
    secured.fault("smtp.message", "lose_answer")
    with connected(secured) as line:
        line.starttls(context=ssl.create_default_context(cafile=secured.settings["BILLING_SMTP_CA_FILE"]))
        line.login(address.username, address.password)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            line.send_message(a_mail("cut"))
    assert len(mails(secured)) == 2
