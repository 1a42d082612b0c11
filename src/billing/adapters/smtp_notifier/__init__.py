"""Mails by SMTP, in text and HTML, in the customer's language."""

from billing.adapters.smtp_notifier.config import SmtpConfig, Tls
from billing.adapters.smtp_notifier.notifier import SmtpNotifier

__all__ = ["SmtpConfig", "SmtpNotifier", "Tls"]
