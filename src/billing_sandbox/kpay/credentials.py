"""What a merchant has from KPay: made at random the first time, of the ordinary form."""

import secrets
from dataclasses import dataclass

from billing_sandbox.store import Store

_ID = "kpay_credentials"


@dataclass(frozen=True)
class Credentials:
    """The account's login, key and retailer id."""

    username: str
    password: str
    api_key: str
    retailer_id: str


def credentials(store: Store) -> Credentials:
    """Those of the account."""
    kept = store.get("sandbox", _ID)
    if kept is None:
        kept = {
            "id": _ID,
            "username": f"shop{secrets.randbelow(9000) + 1000}",
            "password": secrets.token_hex(12),
            "api_key": secrets.token_hex(24),
            "retailer_id": f"{secrets.randbelow(98) + 1:02}",
        }
        store.put("sandbox", kept)
    return Credentials(**{name: value for name, value in kept.items() if name != "id"})
