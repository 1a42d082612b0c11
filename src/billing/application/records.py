"""What the ledger keeps beside its entities."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A move that was made: append-only, written by the unit of work itself."""

    entity: str
    entity_id: str
    before: str | None
    after: str
    why: str | None
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """A caller of the API; the key itself is known to its holder only."""

    id: str
    name: str
    role: str
    digest: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class RememberedAnswer:
    """What a call under an Idempotency-Key was asked and, once finished, what it answered."""

    scope: str
    key: str
    fingerprint: str
    created_at: datetime
    lease_until: datetime
    status: int | None = None
    body: str | None = None
