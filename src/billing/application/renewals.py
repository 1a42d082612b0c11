"""What a customer wants of names that we hold."""

from dataclasses import dataclass

from billing.application.ledger import Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain.domain_name import DomainName
from billing.domain.errors import NotFound
from billing.domain.registration import Registration


@dataclass(frozen=True)
class SetAutoRenew:
    """Whether a name is to be renewed before it expires."""

    ledger: Ledger

    def __call__(self, name: DomainName, auto_renew: bool, by: str) -> Registration:
        """NotFound where we do not hold it."""

        def change(uow: UnitOfWork) -> Registration:
            held = uow.registrations.lock_name(name)
            if held is None:
                raise NotFound("registration", str(name))
            held.auto_renew = auto_renew
            return held

        return self.ledger.write(by, change)
