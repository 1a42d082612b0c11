"""A mailbox on loopback for everybody: it takes every mail over SMTP, keeps it and shows it."""

from billing_sandbox.mailbox.sandbox import Mailbox

__all__ = ["Mailbox"]
