"""/v1/customers/{id}/payment-methods: cards that a customer has saved."""

from typing import Any

from billing.entrypoints.http import auth
from billing.entrypoints.http.api import ApiBlueprint
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.payment_methods import (
    DefaultMethodSchema,
    ForceSchema,
    PageSchema,
    PaymentMethodSchema,
    PortalSchema,
    SetupSchema,
    shown,
)

_RULE = "/customers/<id:customer_id>/payment-methods"


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Save, list, choose and forget."""
    blp = ApiBlueprint("payment_methods", cases, config, "Saved payment methods of customers.")

    def saved(customer_id: str) -> list[dict[str, Any]]:
        return shown(cases.ledger.read(lambda uow: cases.keepers.wallets(uow, customer_id)))

    @blp.call("GET", _RULE, PaymentMethodSchema(many=True))
    def list_payment_methods(customer_id: str) -> list[dict[str, Any]]:
        """Every method that may be charged, those saved first before the others."""
        return saved(customer_id)

    @blp.call("POST", f"{_RULE}/setup", PageSchema(), 201)
    @blp.reads(SetupSchema())
    def save_payment_method(asked: dict[str, Any], customer_id: str) -> dict[str, Any]:
        """Open a page on which the customer saves a method; it is listed as soon as the provider has told of it."""
        options = {name: value for name, value in asked.items() if name != "gateway"}
        page = cases.start_setup(customer_id, asked["gateway"], options, auth.by())
        return {"redirect_url": page.redirect_url}

    @blp.call("PUT", f"{_RULE}/default", PaymentMethodSchema(many=True))
    @blp.reads(DefaultMethodSchema())
    def set_default_payment_method(asked: dict[str, Any], customer_id: str) -> list[dict[str, Any]]:
        """Charge what renews by itself to this one from now on."""
        cases.set_default_method(customer_id, asked["payment_method"], auth.by())
        return saved(customer_id)

    @blp.call("DELETE", f"{_RULE}/<id(prefix='mth'):method_id>", PaymentMethodSchema(many=True))
    @blp.reads(ForceSchema(), location="query")
    def remove_payment_method(asked: dict[str, Any], customer_id: str, method_id: str) -> list[dict[str, Any]]:
        """Forget it; 409 for the last one of a customer of whom something renews by itself, unless forced."""
        cases.remove_method(customer_id, method_id, auth.by(), force=asked["force"])
        return saved(customer_id)

    @blp.call("POST", f"{_RULE}/portal", PageSchema(), 201)
    @blp.reads(PortalSchema())
    def open_portal(asked: dict[str, Any], customer_id: str) -> dict[str, Any]:
        """The provider's own page to look after methods and invoices, good for a few minutes."""
        return {"redirect_url": cases.open_portal(customer_id, asked["gateway"], asked["return_url"], auth.by())}

    return blp
