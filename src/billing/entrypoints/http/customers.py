"""/v1/customers: who buys."""

from typing import Any

from billing.domain.customer import Customer
from billing.entrypoints.http import auth
from billing.entrypoints.http.api import ApiBlueprint, location_header
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.customers import CustomerChangeSchema, CustomerDetailsSchema, CustomerSchema


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Open, read and change."""
    blp = ApiBlueprint("customers", cases, config, "Who buys.")

    @blp.call("POST", "/customers", CustomerSchema(), 201, location_header("customer"))
    @blp.reads(CustomerDetailsSchema())
    def open_customer(details: dict[str, Any]) -> tuple[Customer, dict[str, str]]:
        """Write a new customer down."""
        customer = cases.open_customer(details, auth.by())
        return customer, {"Location": f"/v1/customers/{customer.id}"}

    @blp.call("GET", "/customers/<id:customer_id>", CustomerSchema())
    def show_customer(customer_id: str) -> Customer:
        """One customer."""
        return cases.ledger.read(lambda uow: uow.customers.get(customer_id))

    @blp.call("PATCH", "/customers/<id:customer_id>", CustomerSchema())
    @blp.reads(CustomerChangeSchema())
    def change_customer(details: dict[str, Any], customer_id: str) -> Customer:
        """Change what is given; null clears phone and country."""
        return cases.change_customer(customer_id, details, auth.by())

    return blp
