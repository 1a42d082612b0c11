"""What Stripe's events tell of saved methods: as these stand now, so that the order of delivery does not matter."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from billing.adapters.stripe_gateway.methods import read_method
from billing.adapters.stripe_gateway.objects import Json, id_of, metadata, refs_in
from billing.application.ports import Reading
from billing.domain.facts import MethodStands


class Methods(Protocol):
    """Fetches how methods and their setups stand."""

    def method(self, method_ref: str) -> Json | None:
        """The payment method of that id; None where it is gone."""

    def setup(self, setup_ref: str) -> Json:
        """The setup intent of that id."""

    def customer(self, customer_ref: str) -> Json:
        """The customer of that id."""


def _method_told(event: Json, methods: Methods) -> Reading:
    told: Json = event["data"]["object"]
    before: Json = event["data"].get("previous_attributes") or {}
    account = id_of(told.get("customer")) or id_of(before.get("customer"))
    return _reading(told, account, str(told["id"]), methods)


def _setup_succeeded(event: Json, methods: Methods) -> Reading:
    return read_setup(event["data"]["object"], methods)


def _setup_failed(event: Json, methods: Methods) -> Reading:
    told: Json = event["data"]["object"]
    error = told.get("last_setup_error") or {}
    code = error.get("decline_code") or error.get("code") or "no reason given"
    return _nothing(told, f"the method was not saved: {code}")


def _customer_told(event: Json, methods: Methods) -> Reading:
    told: Json = event["data"]["object"]
    before: Json = event["data"].get("previous_attributes") or {}
    if "default_payment_method" not in (before.get("invoice_settings") or {}):
        return _nothing(told, "it is charged to the same as before")
    settings = methods.customer(str(told["id"])).get("invoice_settings") or {}
    ref = id_of(settings.get("default_payment_method"))
    if ref is None:
        return _nothing(told, "nobody has chosen what it is charged to")
    chosen = replace(_stands(str(told["id"]), ref, methods.method(ref)), is_default=True)
    return Reading(facts=[chosen], refs=refs_in(told) | {ref}, installation=metadata(told).get("installation"))


METHOD_READS: Mapping[str, Callable[[Json, Methods], Reading]] = {
    "payment_method.attached": _method_told,  # saved, on whichever page
    "payment_method.detached": _method_told,  # forgotten, by the portal or in the dashboard too
    "payment_method.updated": _method_told,  # another expiry, given by the customer
    "payment_method.automatically_updated": _method_told,  # the bank issued the card anew
    "customer.updated": _customer_told,  # another default, chosen in the portal or in the dashboard
    "setup_intent.succeeded": _setup_succeeded,  # the bank agrees to charges while the customer is not there
    "setup_intent.setup_failed": _setup_failed,  # it does not: nothing was saved, and an operator can see why
}
"""Events about saved methods."""


def read_setup(setup: Json, methods: Methods) -> Reading:
    """The method that a setup intent saved; none where it has no customer."""
    method_ref, account = id_of(setup.get("payment_method")), id_of(setup.get("customer"))
    if method_ref is None or setup.get("status") != "succeeded":
        return _nothing(setup, f"the setup is {setup.get('status')}")
    return _reading(setup, account, method_ref, methods)


def read_setup_session(session: Json, methods: Methods) -> Reading:
    """What a page in setup mode came to."""
    ref = id_of(session.get("setup_intent"))
    if ref is None or session.get("status") != "complete":
        return _nothing(session, "nothing was saved on the page")
    reading = read_setup(methods.setup(ref), methods)
    named = metadata(session).get("installation")
    return Reading(facts=reading.facts, refs=reading.refs | refs_in(session), installation=named, why=reading.why)


def saved_with(intent: Json, methods: Methods) -> list[MethodStands]:
    """The method that was saved by paying with it, if one was."""
    method_ref, account = id_of(intent.get("payment_method")), id_of(intent.get("customer"))
    if account is None or method_ref is None or not intent.get("setup_future_usage"):
        return []
    return [_stands(account, method_ref, methods.method(method_ref))]


def _reading(told: Json, account: str | None, method_ref: str, methods: Methods) -> Reading:
    if account is None:
        return _nothing(told, "it belongs to no account")
    fact = _stands(account, method_ref, methods.method(method_ref))
    refs = refs_in(told) | {account, method_ref}
    return Reading(facts=[fact], refs=refs, installation=metadata(told).get("installation"))


def _stands(account: str, method_ref: str, method: Json | None) -> MethodStands:
    if method is None:
        return MethodStands(customer_ref=account, method_ref=method_ref, is_attached=False)
    return read_method(method, account)


def _nothing(told: Json, why: str) -> Reading:
    return Reading(refs=refs_in(told), installation=metadata(told).get("installation"), why=why)
