"""Who may call the API: keys shown once, kept as digests, each with a role."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from billing.application.ledger import Ledger
from billing.application.ports import Ids
from billing.application.records import ApiKey
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import Invalid


class Role(StrEnum):
    """An operator may do all that a storefront may."""

    STOREFRONT = "storefront"
    OPERATOR = "operator"

    def includes(self, needed: "Role") -> bool:
        """Whether a caller of this role may do what `needed` may."""
        return self is needed or self is Role.OPERATOR


def digest(secret: str) -> str:
    """SHA-256: the secrets are long and random, so a slow hash would add nothing."""
    return sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class CreateKey:
    """Make a key for a caller; the secret is returned once and never kept."""

    ledger: Ledger
    ids: Ids
    secret: Callable[[], str]

    def __call__(self, name: str, role: Role, by: str) -> tuple[ApiKey, str]:
        """The record and the secret."""
        if not name.strip():
            raise Invalid("name", "needed, so that the history can say who it was")
        secret = self.secret()

        def create(uow: UnitOfWork) -> ApiKey:
            key = ApiKey(id=self.ids("key"), name=name, role=role, digest=digest(secret), created_at=uow.now())
            uow.api_keys.add(key)
            return key

        return self.ledger.write(by, create), secret


@dataclass(frozen=True)
class Authenticate:
    """Who bears this secret."""

    ledger: Ledger

    def __call__(self, secret: str) -> ApiKey | None:
        """None for an unknown or revoked one."""
        key = self.ledger.read(lambda uow: uow.api_keys.by_digest(digest(secret)))
        return key if key is not None and key.revoked_at is None else None


@dataclass(frozen=True)
class RevokeKey:
    """End what a key may do, at once and for ever."""

    ledger: Ledger

    def __call__(self, key_id: str, by: str) -> ApiKey:
        """A repeat changes nothing; NotFound."""
        return self.ledger.write(by, lambda uow: uow.api_keys.revoke(key_id, uow.now()))
