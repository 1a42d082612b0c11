"""Price lists, callers, remembered answers and the history of the in-memory ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from billing.adapters.memory.session import Session
from billing.adapters.memory.store import Store
from billing.application.records import ApiKey, RememberedAnswer, Transition
from billing.application.unit_of_work import NoPriceList
from billing.domain.catalogue import Catalogue
from billing.domain.errors import NotFound


class MemoryCatalogues:
    """Price lists by number."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self) -> Catalogue:
        newest = self._session.find(Catalogue, self._count() - 1)
        if newest is None:
            raise NoPriceList
        return newest

    def add(self, catalogue: Catalogue) -> int:
        number = self._count()
        self._session.add(number, catalogue)
        return number + 1

    def _count(self) -> int:
        return sum(1 for _ in self._session.all(Catalogue))


class MemoryApiKeys:
    """Callers of the API."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, key: ApiKey) -> None:
        self._session.add(key.digest, key)

    def by_digest(self, digest: str) -> ApiKey | None:
        return self._session.find(ApiKey, digest)

    def all(self) -> Sequence[ApiKey]:
        return sorted(self._session.all(ApiKey), key=lambda key: (key.created_at, key.id))

    def revoke(self, key_id: str, at: datetime) -> ApiKey:
        known = next(self._session.all(ApiKey, lambda key: key.id == key_id), None)
        if known is None:
            raise NotFound("key", key_id)
        revoked = replace(known, revoked_at=known.revoked_at or at)
        self._session.replace(known.digest, revoked)
        return revoked


class MemoryAnswers:
    """Idempotency keys."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def claim(self, wanted: RememberedAnswer, now: datetime) -> RememberedAnswer | None:
        known = self._session.find(RememberedAnswer, (wanted.scope, wanted.key), lock=True)
        if known is not None and (known.status is not None or known.lease_until > now):
            return known
        self._keep(wanted)
        return None

    def finish(self, claimed: RememberedAnswer, status: int, body: str) -> None:
        if self._is_held_by(claimed):
            self._keep(replace(claimed, status=status, body=body))

    def forget(self, claimed: RememberedAnswer) -> None:
        if self._is_held_by(claimed):
            self._session.remove(RememberedAnswer, (claimed.scope, claimed.key))

    def prune(self, older_than: datetime, limit: int) -> int:
        old = [a for a in self._session.all(RememberedAnswer) if a.created_at < older_than][:limit]
        for answer in old:
            self.forget(answer)
        return len(old)

    def _is_held_by(self, claimed: RememberedAnswer) -> bool:
        known = self._session.find(RememberedAnswer, (claimed.scope, claimed.key), lock=True)
        return known is not None and known.lease_until == claimed.lease_until

    def _keep(self, answer: RememberedAnswer) -> None:
        self._session.replace((answer.scope, answer.key), answer)


class MemoryHistory:
    """Moves that were committed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, entity_ids: Sequence[str]) -> Sequence[Transition]:
        return [move for move in self._store.log if move.entity_id in entity_ids]

    def made_by(self, by: str) -> Sequence[Transition]:
        return [move for move in self._store.log if move.by == by]
