"""`/v1/webhook_endpoints`: where events are posted to, and in the shape of which version."""

import secrets

from billing_sandbox.store import Json
from billing_sandbox.stripe import objects, versions
from billing_sandbox.stripe.endpoints import KIND, keep_secret
from billing_sandbox.stripe.event_types import EVENT_TYPES
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import PAGING, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Flag, Many, Metadata, Text, Unsettable, Url
from billing_sandbox.stripe.updates import update

_EVENTS = Choice(("*", *sorted(EVENT_TYPES)))
_CHANGES = {
    "description": Unsettable(Text()),
    "disabled": Flag(),
    "enabled_events": Many(_EVENTS, length_max=400),
    "metadata": Metadata(),
    "url": Url(),
}
_ACCEPTED = {
    "api_version": Text(),
    "connect": Flag(),
    "description": Unsettable(Text()),
    "enabled_events": Many(_EVENTS, length_max=400, required=True),
    "metadata": Metadata(),
    "url": Url(required=True),
}


def _create(ledger: Ledger, call: Call) -> Json:
    given = {name: value for name, value in call.params.items() if name != "connect"}
    if "api_version" in given:
        versions.check(given["api_version"])
    endpoint = ledger.save(objects.webhook_endpoint(ledger.now(), given))
    secret = f"whsec_{secrets.token_hex(16)}"
    keep_secret(ledger.store, endpoint["id"], secret)
    return endpoint | {"secret": secret}


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get(KIND, call.id, param="webhook_endpoint")


def _update(ledger: Ledger, call: Call) -> Json:
    given = dict(call.params)
    if "disabled" in given:
        given["status"] = "disabled" if given.pop("disabled") else "enabled"
    return update(ledger, _retrieve(ledger, call), given, None, call.cause)


def _list(ledger: Ledger, call: Call) -> Json:
    return page(ledger, KIND, call)


def _delete(ledger: Ledger, call: Call) -> Json:
    endpoint = _retrieve(ledger, call)
    ledger.store.delete(KIND, endpoint["id"])
    return {"id": endpoint["id"], "object": KIND, "deleted": True}


_BASE = "/v1/webhook_endpoints"

OPERATIONS = (
    Operation("POST", _BASE, "webhook_endpoints.create", _ACCEPTED, _create),
    Operation("GET", _BASE, "webhook_endpoints.list", PAGING, _list),
    Operation("GET", f"{_BASE}/<id>", "webhook_endpoints.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "webhook_endpoints.update", _CHANGES, _update),
    Operation("DELETE", f"{_BASE}/<id>", "webhook_endpoints.delete", {}, _delete),
)
