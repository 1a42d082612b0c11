"""What one command works with: its transaction, the time, who asks, and the registry's money."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from billing_sandbox.epp.results import EppError


@dataclass(frozen=True)
class Desk:
    """The surroundings of one command; whatever it writes is committed or rolled back as a whole."""

    db: sqlite3.Connection
    now: datetime
    registrar: str
    suffixes: tuple[str, ...]
    extensions: frozenset[str] = frozenset()

    def charge(self, years: int) -> None:
        """Takes so many years off the account; 2104 when it does not hold them. No balance: no limit."""
        balance = self.db.execute("SELECT balance FROM account").fetchone()[0]
        if balance is None:
            return
        if balance < years:
            raise EppError(2104, f"the account pays for {balance} more years, this takes {years}")
        self.db.execute("UPDATE account SET balance = balance - ?", (years,))


def new_roid(kind: str) -> str:
    """A repository object identifier never given before (RFC 5730 §2.8)."""
    return f"{kind}{secrets.token_hex(8).upper()}-SBX"
