"""What must be known of KPay before it can be called: where it is, who we are to it, and what it takes of us."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class KpayAccount:
    """One merchant's account; older ones have no `api_key`.

    `limits` has the least and the most whole RWF of each method.
    """

    url: str
    username: str
    password: str = field(repr=False)
    api_key: str | None = field(default=None, repr=False)
    retailer_id: str
    limits: Mapping[str, tuple[int, int]]
