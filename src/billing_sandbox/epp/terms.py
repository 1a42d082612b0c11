"""The terms of a registration: years, expiry, renewal window and the statuses that follow from them."""

from __future__ import annotations

import re
import sqlite3
from datetime import datetime, timedelta

from billing_sandbox.epp.desk import Desk
from billing_sandbox.epp.fields import Fields, moment, token

YEARS_MAX = 10
SCHEMA_YEARS_MAX = 99
ADD_GRACE_DAYS = 5
RENEW_GRACE_DAYS = 45
STATUSES = (
    "ok", "inactive", "pendingCreate", "pendingDelete", "pendingRenew", "pendingTransfer", "pendingUpdate",
    *(f"{who}{what}" for who in ("client", "server") for what in (
        "DeleteProhibited", "Hold", "RenewProhibited", "TransferProhibited", "UpdateProhibited")),
)  # fmt: skip
"""The statuses of RFC 5731 §2.3."""
RENEWAL_BARRED = re.compile(r"pending\w+|(client|server)RenewProhibited")


def years(fields: Fields) -> int:
    """The period asked for; one year where none is given."""
    element = fields.child("period")
    if element is None:
        return 1
    text, unit = token(element), element.get("unit")
    if not re.fullmatch(r"[0-9]{1,5}", text) or unit not in ("y", "m"):
        raise fields.wrong("period", text, "a period is a whole number with the unit y or m")
    if not 1 <= int(text) <= SCHEMA_YEARS_MAX:
        raise fields.wrong("period", text, f"a period is 1 to {SCHEMA_YEARS_MAX}", code=2004)
    if unit != "y" or int(text) > YEARS_MAX:
        raise fields.wrong("period", text, f"the registry sells 1 to {YEARS_MAX} whole years", code=2306)
    return int(text)


def plus_years(start: datetime, count: int) -> datetime:
    """The same day so many years on; 29 February becomes the 28th."""
    try:
        return start.replace(year=start.year + count)
    except ValueError:
        return start.replace(year=start.year + count, day=28)


def is_current(expires: str, given: str) -> bool | None:
    """Whether `curExpDate` is this expiry, as a plain date or to the millisecond; `None` if it is neither."""
    at = moment(given)
    if at is None:
        return None
    return given == expires[:10] if len(given) <= len("2027-02-28") else at == moment(expires)


def statuses(row: sqlite3.Row, has_hosts: bool, now: datetime) -> list[str]:
    """The statuses of a domain (RFC 5731 §2.3)."""
    if row["forced_status"]:
        return [row["forced_status"]]
    found = [] if has_hosts else ["inactive"]
    if in_redemption(row, now):
        found.append("pendingDelete")
    return found or ["ok"]


def grace_statuses(row: sqlite3.Row, now: datetime) -> list[str]:
    """The grace periods a domain is in (RFC 3915 §3.1)."""
    created = moment(row["created"])
    if in_redemption(row, now):
        return ["redemptionPeriod"]
    return ["addPeriod"] if created and now <= created + timedelta(days=ADD_GRACE_DAYS) else []


def in_redemption(row: sqlite3.Row, now: datetime) -> bool:
    """Whether the name expired so long ago that a renewal no longer saves it."""
    return now > expiry(row) + timedelta(days=RENEW_GRACE_DAYS)


def expiry(row: sqlite3.Row) -> datetime:
    """The moment the registration ends."""
    return datetime.fromisoformat(row["expires"])


def renewed(row: sqlite3.Row, count: int, fields: Fields, desk: Desk) -> datetime:
    """The expiry after a renewal by so many years, or the error that forbids it."""
    name = row["name"]
    if row["forced_status"] and RENEWAL_BARRED.fullmatch(row["forced_status"]):
        raise fields.wrong("name", name, f"the domain is {row['forced_status']}", code=2304)
    if in_redemption(row, desk.now):
        raise fields.wrong("name", name, f"expired more than {RENEW_GRACE_DAYS} days ago", code=2105)
    later = plus_years(expiry(row), count)
    if later > plus_years(desk.now, YEARS_MAX):
        reason = f"the new expiry would be more than {YEARS_MAX} years ahead"
        raise fields.wrong("period", str(count), reason, code=2306)
    return later
