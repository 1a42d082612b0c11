"""/v1/registrations: names that we hold."""

from typing import Any

from billing.application.unit_of_work import UnitOfWork
from billing.domain.domain_name import DomainName
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
        return _known(cases.ledger.read(lambda uow: uow.registrations.of_name(wanted)), wanted)

    @blp.call("PATCH", _RULE, RegistrationSchema())
    @blp.reads(RegistrationChangeSchema())
    def change_registration(change: dict[str, Any], name: str) -> Registration:
        """Switch automatic renewal on or off."""
        wanted = domain_name(name)

        def switch(uow: UnitOfWork) -> Registration:
            registration = _known(uow.registrations.lock_name(wanted), wanted)
            registration.auto_renew = change["auto_renew"]
            return registration

        return cases.ledger.write(auth.by(), switch)

    return blp


def _known(registration: Registration | None, name: DomainName) -> Registration:
    if registration is None:
        raise NotFound("registration", str(name))
    return registration
