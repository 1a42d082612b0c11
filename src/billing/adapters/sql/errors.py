"""What a database refuses, in billing's words: listens to every statement, commit and connection of an engine."""

import re
import sqlite3

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable
from billing.domain.errors import BillingError, NameHeld, RenewalOpen

LIVE_NAME = "uq_order_items_live_registration"
UNPAID_RENEWAL = "uq_order_items_unpaid_renewal"
HELD_NAME = "uq_registrations_active_name"

# Serialization failure, deadlock, lock timeout: https://www.postgresql.org/docs/current/errcodes-appendix.html
_OVERTAKEN = {"40001", "40P01", "55P03"}
_INTEGRITY, _UNIQUE_VIOLATION = "23", "23505"
_UNDEFINED_TABLE = "42P01"
# "Key (domain)=(example.rw) already exists.", in whatever language
_KEY = re.compile(r"\([^()]*\)=\(([^(),]*)")


class Busy(LedgerUnavailable):
    """the ledger can't be reached: {why}"""


def translate(context: ExceptionContext) -> BaseException | None:
    """The error to raise instead, or None for a defect, which stays what it is."""
    error, original = context.sqlalchemy_exception, context.original_exception
    said = str(original)
    # The bare DatabaseError is SQLite's for a file that is damaged or no database.
    is_away = isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError
    instead = named(original, is_away=is_away or context.is_disconnect)
    if error:
        error.args = (str(error.args[0]).replace(said, str(original)),)
    return instead


def named(original: BaseException, *, is_away: bool) -> BillingError | None:
    """What a driver's error is for billing; `is_away` where its kind says that the database is to blame."""
    _hide_the_row(original)
    why, state = str(original), getattr(original, "sqlstate", None) or ""
    if isinstance(original, sqlite3.IntegrityError) or state.startswith(_INTEGRITY):
        return _violated(original, why)
    if state in _OVERTAKEN:
        return ConcurrentChange(why)
    if is_busy(original):
        return Busy(why)
    if state == _UNDEFINED_TABLE or why.startswith("no such table"):
        return LedgerUnavailable(f"{why}: run billing db upgrade")
    return LedgerUnavailable(why) if is_away else None


def is_busy(error: BaseException) -> bool:
    """Whether SQLite would have done it, had nobody else been at it."""
    code = getattr(error, "sqlite_errorcode", 0)
    return isinstance(error, Busy) or code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _hide_the_row(original: BaseException) -> None:
    """PostgreSQL quotes what it refused in the detail of its message, which a log must not."""
    message = getattr(getattr(original, "diag", None), "message_primary", None)
    if message:
        original.args = (message,)


def _violated(original: BaseException, why: str) -> BillingError | None:
    """What a unique key refused; foreign keys and checks are broken by defects only."""
    if isinstance(original, sqlite3.IntegrityError):
        unique = original.sqlite_errorcode in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
        return ConcurrentChange(why) if unique else None
    if getattr(original, "sqlstate", None) != _UNIQUE_VIOLATION:
        return None
    diagnosis = getattr(original, "diag", None)
    found = _KEY.search(getattr(diagnosis, "message_detail", None) or "")
    name = found[1] if found else ""
    constraint = getattr(diagnosis, "constraint_name", None)
    if constraint in (LIVE_NAME, HELD_NAME):
        return NameHeld(name)
    return RenewalOpen(name) if constraint == UNPAID_RENEWAL else ConcurrentChange(why)
