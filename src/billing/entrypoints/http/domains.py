"""GET /v1/domains/{name}: whether a name can be had."""

from typing import Any

from billing.entrypoints.http.api import ApiBlueprint
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.fields import domain_name
from billing.entrypoints.http.schemas.storefront import CurrencyQuerySchema, DomainSchema


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Availability."""
    blp = ApiBlueprint("domains", cases, config, "Whether a name can be registered.")

    @blp.call("GET", "/domains/<string(maxlength=253):name>", DomainSchema())
    @blp.reads(CurrencyQuerySchema(), "query")
    def check_domain(query: dict[str, Any], name: str) -> dict[str, Any]:
        """Ask the registry now; 503 where it is away."""
        quote = cases.check_domain(domain_name(name), query["currency"])
        answer = quote.availability
        return {
            "name": str(answer.name),
            "available": answer.available,
            "premium": answer.premium,
            "price": quote.price,
            "reason": answer.why,
            "years_min": quote.offer.years_min,
            "years_max": quote.offer.years_max,
        }

    return blp
