"""How the mail server is reached, and who we are to it."""

from dataclasses import dataclass, field
from email.headerregistry import Address
from enum import StrEnum


class Tls(StrEnum):
    """When the line is made secret, by the scheme that says so; whenever it is, the certificate is verified."""

    OFFERED = "smtp"
    REQUIRED = "smtp+starttls"
    AT_ONCE = "smtps"


@dataclass(frozen=True, kw_only=True)
class SmtpConfig:
    """One server and one sender.

    With `OFFERED` a server without STARTTLS is talked to in the clear, but never told the password. A line is kept for
    `line_mails_max` mails and `line_idle_seconds` between two of them, and at most `idle_lines_max` are kept at a time.
    """

    host: str
    port: int
    tls: Tls
    sender: Address
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    line_mails_max: int
    line_idle_seconds: float
    idle_lines_max: int
