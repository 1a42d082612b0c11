"""/v1/registrations: names that we hold."""

from typing import Any

from billing.domain.errors import NotFound
from billing.domain.registration import Registration
from billing.entrypoints.http import auth
from billing.entrypoints.http.api import ApiBlueprint
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.fields import domain_name
from billing.entrypoints.http.schemas.holdings import RegistrationChangeSchema, RegistrationSchema

_RULE = "/registrations/<string(maxlength=253):name>"


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Held names."""
    blp = ApiBlueprint("registrations", cases, config, "Names that we hold.")

    @blp.call("GET", _RULE, RegistrationSchema())
    def show_registration(name: str) -> Registration:
        """The active registration of a name."""
        wanted = domain_name(name)
        held = cases.ledger.read(lambda uow: uow.registrations.of_name(wanted))
        if held is None:
            raise NotFound("registration", str(wanted))
        return held

    @blp.call("PATCH", _RULE, RegistrationSchema())
    @blp.reads(RegistrationChangeSchema())
    def change_registration(change: dict[str, Any], name: str) -> Registration:
        """Switch automatic renewal on or off."""
        wanted = domain_name(name)
        return cases.set_auto_renew(wanted, change["auto_renew"], auth.by())

    return blp
