"""The only clocks, ids and dice of the program; everything below is handed them."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from uuid_utils.compat import uuid7

from billing.domain.errors import Invalid

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [high + low for high in _CROCKFORD for low in _CROCKFORD]


def now() -> datetime:
    """Real time, for leases and signatures."""
    return datetime.now(UTC)


def business_clock(offset_file: Path | None) -> Callable[[], datetime]:
    """Real time, moved by the seconds written in a file, which may change while we run; Invalid where it has others."""

    def shifted() -> datetime:
        if offset_file is None or not offset_file.exists():
            return now()
        text = offset_file.read_text().strip()
        try:
            return now() + timedelta(seconds=float(text or 0))
        except (ValueError, OverflowError) as malformed:
            raise Invalid(str(offset_file), "must hold a number of seconds") from malformed

    return shifted


def new_id(prefix: str) -> str:
    """`ord_01jd…`: a UUIDv7 (RFC 9562) in 26 characters of Crockford's base 32 behind its prefix, as TypeID has it."""
    return f"{prefix}_{_base32(uuid7().int, 26)}"


def new_order_number() -> str:
    """`7K3M-9QX2-HB`: short enough to read out, 50 random bits, so nobody guesses the next."""
    digits = _base32(secrets.randbits(50), 10).upper()
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def new_secret() -> str:
    """A caller's API key: 256 random bits."""
    return f"bk_{secrets.token_urlsafe(32)}"


def new_token() -> str:
    """What nobody guesses: 128 random bits."""
    return secrets.token_urlsafe(16)


def _base32(number: int, length: int) -> str:
    """`length` is even: two digits at a time."""
    pairs = [_PAIRS[number >> shift & 1023] for shift in range(5 * (length - 2), -1, -10)]
    return "".join(pairs)
