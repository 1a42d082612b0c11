"""What a shop shows before anybody orders: prices, and whether a name is free."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from billing.application.ledger import Ledger
from billing.application.ports import Availability, Deadline, Refused, Registrars
from billing.application.unit_of_work import UnitOfWork
from billing.domain.catalogue import Catalogue, Operation
from billing.domain.domain_name import DomainName
from billing.domain.errors import Invalid
from billing.domain.money import Money


@dataclass(frozen=True)
class LoadCatalogue:
    """Put a price list in force; orders placed before keep their frozen prices."""

    ledger: Ledger

    def __call__(self, document: Mapping[str, Any], by: str) -> tuple[int, Catalogue]:
        """Its number and itself; Invalid names the path of what is wrong, and nothing is changed."""
        catalogue = Catalogue.from_document(document)
        return self.ledger.write(by, lambda uow: uow.catalogues.add(catalogue)), catalogue


@dataclass(frozen=True)
class CheckDomain:
    """Ask the registry whether a name is free, and the catalogue what a year costs."""

    ledger: Ledger
    registrars: Registrars
    call_deadline_seconds: float
    monotonic: Callable[[], float]

    def __call__(self, name: DomainName, currency: str) -> tuple[Availability, Money]:
        """Invalid where we do not sell such names; RetryLater or OutcomeUnknown where the registry is away."""

        def look(uow: UnitOfWork) -> tuple[Money, bool]:
            catalogue = uow.catalogues.current()
            years = catalogue.offer_for(name).years_min
            price = catalogue.price_domain(Operation.REGISTER, name, years, currency)
            return price, uow.registrations.of_name(name) is not None

        price, held = self.ledger.read(look)
        if held:
            return Availability(name=name, available=False, why="registered with us"), price
        try:
            registrar = self.registrars.of(name)
        except Refused as unserved:
            raise Invalid("domain", unserved.why) from unserved
        deadline = Deadline.after(self.call_deadline_seconds, self.monotonic)
        return registrar.check([name], deadline)[0], price
