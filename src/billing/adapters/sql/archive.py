"""What is no entity: price lists, callers of the API, remembered answers, history."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, tuple_, update

from billing.adapters.sql.records import api_keys, catalogues, remembered_answers, transitions
from billing.adapters.sql.work import Work
from billing.application.records import ApiKey, RememberedAnswer, Transition
from billing.application.unit_of_work import ConcurrentChange, NoPriceList
from billing.domain.catalogue import Catalogue
from billing.domain.errors import NotFound


class SqlCatalogues:
    """Price lists by number; `loaded` keeps the newest read one between units, since none ever changes."""

    def __init__(self, work: Work, loaded: dict[int, Catalogue]) -> None:
        self._work, self._loaded = work, loaded

    def current(self) -> Catalogue:
        number = self._work.connection.scalar(select(func.max(catalogues.c.number)))
        if number is None:
            raise NoPriceList
        return self._loaded.get(number) or self._load(number)

    def _load(self, number: int) -> Catalogue:
        document = select(catalogues.c.document).where(catalogues.c.number == number)
        catalogue = Catalogue.from_document(self._work.connection.scalars(document).one())
        self._loaded.clear()
        self._loaded[number] = catalogue
        return catalogue

    def add(self, catalogue: Catalogue) -> int:
        row = insert(catalogues).values(loaded_at=self._work.now(), document=catalogue.to_document())
        number: int = self._work.connection.scalars(row.returning(catalogues.c.number)).one()
        # Not yet committed: what this unit reads must not be kept for others.
        self._loaded = {}
        return number


class SqlApiKeys:
    """Callers by the digest of their key."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, key: ApiKey) -> None:
        self._work.connection.execute(insert(api_keys), asdict(key))

    def by_digest(self, digest: str) -> ApiKey | None:
        row = self._work.connection.execute(select(api_keys).where(api_keys.c.digest == digest)).mappings().first()
        return None if row is None else ApiKey(**row)

    def all(self) -> Sequence[ApiKey]:
        rows = self._work.connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
        return [ApiKey(**row) for row in rows.mappings()]

    def revoke(self, key_id: str, at: datetime) -> ApiKey:
        k = api_keys.c
        self._work.connection.execute(
            update(api_keys).where(k.id == key_id, k.revoked_at.is_(None)).values(revoked_at=at)
        )
        row = self._work.connection.execute(select(api_keys).where(k.id == key_id)).mappings().first()
        if row is None:
            raise NotFound("key", key_id)
        return ApiKey(**row)


class SqlAnswers:
    """Remembered answers by scope and key."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def claim(self, wanted: RememberedAnswer, now: datetime) -> RememberedAnswer | None:
        if self._work.insert_if_new(remembered_answers, ("scope", "key"), asdict(wanted)):
            return None
        a, same = remembered_answers.c, _under(wanted.scope, wanted.key)
        abandoned = update(remembered_answers).where(same, a.status.is_(None), a.lease_until <= now)
        if self._work.connection.execute(abandoned.values(asdict(wanted))).rowcount:
            return None
        row = self._work.connection.execute(select(remembered_answers).where(same)).mappings().first()
        if row is None:
            raise ConcurrentChange(f"the answer under {wanted.key} has just been forgotten")
        return RememberedAnswer(**row)

    def finish(self, claimed: RememberedAnswer, status: int, body: str) -> None:
        answered = update(remembered_answers).where(_held_by(claimed)).values(status=status, body=body)
        self._work.connection.execute(answered)

    def forget(self, claimed: RememberedAnswer) -> None:
        self._work.connection.execute(delete(remembered_answers).where(_held_by(claimed)))

    def prune(self, older_than: datetime, limit: int) -> int:
        a = remembered_answers.c
        old = select(a.scope, a.key).where(a.created_at < older_than).order_by(a.created_at).limit(limit)
        return self._work.connection.execute(delete(remembered_answers).where(tuple_(a.scope, a.key).in_(old))).rowcount


def _under(scope: str, key: str) -> ColumnElement[bool]:
    return and_(remembered_answers.c.scope == scope, remembered_answers.c.key == key)


def _held_by(claimed: RememberedAnswer) -> ColumnElement[bool]:
    """Every claim has a lease of its own, which is its fence."""
    return and_(_under(claimed.scope, claimed.key), remembered_answers.c.lease_until == claimed.lease_until)


class SqlHistory:
    """Reads the moves; the unit of work writes them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def of(self, entity_ids: Sequence[str]) -> Sequence[Transition]:
        return self._found(transitions.c.entity_id.in_(entity_ids))

    def made_by(self, by: str) -> Sequence[Transition]:
        return self._found(transitions.c.by == by)

    def _found(self, where: ColumnElement[bool]) -> Sequence[Transition]:
        t = transitions.c
        columns = (t.entity, t.entity_id, t.before, t.after, t.why, t.by, t.at)
        found = select(*columns).where(where).order_by(t.at, t.id)
        return [Transition(**row) for row in self._work.connection.execute(found).mappings()]
