"""GET /v1/catalogue: prices."""

from typing import Any

from billing.domain.errors import Invalid
from billing.entrypoints.http.api import ApiBlueprint
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.storefront import CatalogueSchema, CurrencyQuerySchema, in_currency


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """The price list."""
    blp = ApiBlueprint("catalogue", cases, config, "What is sold, and for how much.")

    @blp.call("GET", "/catalogue", CatalogueSchema())
    @blp.reads(CurrencyQuerySchema(), "query")
    def show_catalogue(query: dict[str, Any]) -> dict[str, Any]:
        """The price list in force."""
        catalogue = cases.ledger.read(lambda uow: uow.catalogues.current())
        if query["currency"] not in catalogue.currencies:
            raise Invalid("currency", f"we sell in {', '.join(catalogue.currencies)}")
        return in_currency(catalogue, query["currency"])

    return blp
