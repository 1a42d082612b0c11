"""Settings of mails: the server they go out by, who sends them, and who is told of trouble."""

from dataclasses import dataclass, field
from email.utils import getaddresses
from urllib.parse import unquote, urlsplit

from environs import Env
from marshmallow import ValidationError

from billing.domain.contact import email_problem
from billing.entrypoints.setting_formats import POSITIVE, existing_file, optional

_PORTS = {"smtp": 587, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where mails are handed over; `scheme` says when the line is made secret."""

    scheme: str
    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)

    @classmethod
    def of(cls, url: str) -> "SmtpServer":
        """From `smtp://user:password@host:port`; ValueError where it is none."""
        parts = urlsplit(url)
        rest = parts.path.strip("/") or parts.query or parts.fragment
        if parts.scheme not in _PORTS or not parts.hostname or rest or parts.port == 0:
            raise ValueError
        username, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
        if (username is None) != (password is None) or not f"{username}{password}".isascii():
            raise ValueError
        port = parts.port or _PORTS[parts.scheme]
        return cls(scheme=parts.scheme, host=parts.hostname, port=port, username=username, password=password)


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """How mails go out, and who is told of trouble; without `operator` nobody is."""

    server: SmtpServer
    ca_file: str | None
    line_mails_max: int
    line_idle_seconds: float
    sender_name: str
    sender: str
    operator: str | None
    alert_interval_minutes: float
    alerts_listed_max: int


def read_mails(env: Env) -> MailSettings | None:
    """None where no mail server is set up."""
    url = optional(env, "SMTP_URL", _smtp_url)
    if not url:
        optional(env, "OPERATOR_EMAIL", _needs_server)
        return None
    ((sender_name, sender),) = getaddresses([env.str("MAIL_FROM", validate=_sender) or ""]) or [("", "")]
    return MailSettings(
        server=SmtpServer.of(url),
        ca_file=optional(env, "SMTP_CA_FILE", existing_file),
        line_mails_max=env.int("SMTP_LINE_MAILS_MAX", 100, validate=POSITIVE),
        line_idle_seconds=env.float("SMTP_LINE_IDLE_SECONDS", 15, validate=POSITIVE),
        sender_name=sender_name,
        sender=sender,
        operator=optional(env, "OPERATOR_EMAIL", _mail_address),
        alert_interval_minutes=env.float("ALERT_INTERVAL_MINUTES", 15, validate=POSITIVE),
        alerts_listed_max=env.int("ALERTS_LISTED_MAX", 20, validate=POSITIVE),
    )


def _smtp_url(value: str) -> None:
    try:
        SmtpServer.of(value)
    except ValueError:
        raise ValidationError(
            "Must be smtp://, smtp+starttls:// or smtps:// and a host, with user:password@ or neither, in ASCII."
        ) from None


def _sender(value: str) -> None:
    senders = getaddresses([value])
    if len(senders) != 1 or email_problem(senders[0][1]) or not senders[0][0].isprintable():
        raise ValidationError("Must be an address such as billing@shop.example, or Shop <billing@shop.example>.")


def _mail_address(value: str) -> None:
    if email_problem(value):
        raise ValidationError("Must be an address such as operator@shop.example.")


def _needs_server(_value: str) -> None:
    raise ValidationError("Needs BILLING_SMTP_URL, or nobody is told.")
