"""What a shop shows before anybody orders: prices, and whether a name is free."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from billing.application.ledger import Ledger
from billing.application.outcomes import Deadline
from billing.application.ports import Availability, NoRegistrar, Registrars
from billing.application.unit_of_work import UnitOfWork
from billing.domain.catalogue import Catalogue, Operation
from billing.domain.domain_name import DomainName
from billing.domain.errors import Invalid
from billing.domain.money import Money
from billing.domain.offer import TldOffer


@dataclass(frozen=True)
class LoadCatalogue:
    """Put a price list in force; orders placed before keep their frozen prices."""

    ledger: Ledger

    def __call__(self, document: Mapping[str, Any], by: str) -> tuple[int, Catalogue]:
        """Its number and itself; Invalid names the path of what is wrong, and nothing is changed."""
        catalogue = Catalogue.from_document(document)
        return self.ledger.write(by, lambda uow: uow.catalogues.add(catalogue)), catalogue


@dataclass(frozen=True)
class Quote:
    """Whether a name can be had, and its offer; `price` is that of `offer.years_min` years, None where it can't be."""

    availability: Availability
    price: Money | None
    offer: TldOffer


@dataclass(frozen=True)
class CheckDomain:
    """Ask the registry whether a name is free, and the catalogue what its shortest registration costs."""

    ledger: Ledger
    registrars: Registrars
    call_deadline_seconds: float
    monotonic: Callable[[], float]

    def __call__(self, name: DomainName, currency: str) -> Quote:
        """NotRegistrable or NotPriced where the catalogue does not sell it so, Invalid where no registrar serves it.

        NoPriceList while there is no catalogue; how else the registry fails is of the ports' closed set.
        """

        def look(uow: UnitOfWork) -> tuple[TldOffer, Money, bool]:
            offer = uow.catalogues.current().offer_for(name)
            price = offer.price(Operation.REGISTER, offer.years_min, currency)
            return offer, price, uow.registrations.of_name(name) is not None

        offer, price, held = self.ledger.read(look)
        answer = Availability(name=name, available=False, why="registered with us") if held else self._ask(name)
        return Quote(answer, price if answer.available and not answer.premium else None, offer)

    def _ask(self, name: DomainName) -> Availability:
        try:
            registrar = self.registrars.of(name)
        except NoRegistrar as unserved:
            raise Invalid("domain", unserved.why) from unserved
        deadline = Deadline.after(self.call_deadline_seconds, self.monotonic)
        return registrar.check([name], deadline)[0]
