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

    With `OFFERED` a server without STARTTLS is talked to in the clear, but never told the password.
    """

    host: str
    port: int
    tls: Tls
    sender: Address
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
