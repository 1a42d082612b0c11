"""Who buys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.application.ledger import Ledger
from billing.application.ports import Clock, Ids
from billing.application.unit_of_work import UnitOfWork
from billing.domain.customer import Customer


@dataclass(frozen=True)
class OpenCustomer:
    """Write a new customer down."""

    ledger: Ledger
    clock: Clock
    ids: Ids

    def __call__(self, details: Mapping[str, Any], by: str) -> Customer:
        """Invalid names the wrong detail."""

        def open_(uow: UnitOfWork) -> Customer:
            customer = Customer.open(id=self.ids("cus"), created_at=self.clock(), **details)
            uow.customers.add(customer)
            return customer

        return self.ledger.write(by, open_)


@dataclass(frozen=True)
class ChangeCustomer:
    """Change some details of a customer; what was frozen elsewhere stays."""

    ledger: Ledger

    def __call__(self, customer_id: str, details: Mapping[str, Any], by: str) -> Customer:
        """Invalid names the wrong detail; NotFound."""

        def change(uow: UnitOfWork) -> Customer:
            customer = uow.customers.get(customer_id)
            customer.change(**details)
            return customer

        return self.ledger.write(by, change)
