"""Ids of the forms Stripe gives out."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def scramble(length: int) -> str:
    """Random letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_id(prefix: str, length: int = 24) -> str:
    """An id of the usual form: `pi_` and 24 letters and digits."""
    return f"{prefix}_{scramble(length)}"
