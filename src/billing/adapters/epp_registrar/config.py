"""What must be known of a registry before it can be called."""

import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from billing.domain.errors import Invalid


class ExpiryFormat(StrEnum):
    """How a registry wants `curExpDate`: RFC 5731 says a date, some compare their whole timestamp."""

    DATE = "date"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, kw_only=True)
class EppConfig:
    """One registry, our account there, and the limits of talking to it.

    `server_name` is the name its certificate must bear, where that is not `host`; without `ca_file` the system's
    authorities are trusted.
    """

    host: str
    username: str
    password: str = field(repr=False)
    port: int = 700
    ca_file: str | None = None
    server_name: str | None = None
    client_cert_file: str | None = None
    client_key_file: str | None = None
    client_key_passphrase: str | None = field(default=None, repr=False)
    connect_timeout_seconds: float = 10.0
    read_timeout_seconds: float = 30.0
    hello_after_seconds: float = 60.0
    hello_timeout_seconds: float = 3.0
    logout_timeout_seconds: float = 2.0
    sessions_max: int = 4
    renew_expiry_format: ExpiryFormat = ExpiryFormat.DATE
    funds_retry: timedelta = timedelta(minutes=15)
    pending_retry: timedelta = timedelta(minutes=15)

    def tls_context(self) -> ssl.SSLContext:
        """TLS that always verifies chain and name; Invalid where a file of it can't be read."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as unreadable:
            raise Invalid("ca_file", f"{self.ca_file} can't be used: {unreadable}") from unreadable
        if self.client_cert_file is not None:
            try:
                context.load_cert_chain(self.client_cert_file, self.client_key_file, self.client_key_passphrase)
            except OSError as unreadable:
                raise Invalid("client_cert_file", f"{self.client_cert_file}: {unreadable}") from unreadable
        return context
