"""`/v1/billing_portal`: links to the page on which customers look after their cards; nobody has configured it."""

from billing_sandbox.store import Json
from billing_sandbox.stripe import objects
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import PAGING, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Group, Text, Url
from billing_sandbox.stripe.resources.customers import living

_AFTER = Group({"type": Text(required=True), "redirect": Group({"return_url": Url(required=True)})})
_ACCEPTED = {
    "configuration": Text(),
    "customer": Text(required=True),
    "flow_data": Group({"type": Choice(("payment_method_update",), required=True), "after_completion": _AFTER}),
    "locale": Text(length_max=10),
    "return_url": Url(),
}


def _create(ledger: Ledger, call: Call) -> Json:
    living(ledger, call.params["customer"], param="customer", status=400)
    given = {name: value for name, value in call.params.items() if name != "flow_data"}
    flow = call.params.get("flow_data")
    session = objects.portal_session(ledger.now(), given | ({"flow": flow} if flow else {}))
    return ledger.save(session | {"url": f"{call.base_url}/p/session/{session['id']}"})


def _configurations(ledger: Ledger, call: Call) -> Json:
    return page(ledger, "billing_portal.configuration", call)


_BASE = "/v1/billing_portal"

OPERATIONS = (
    Operation("POST", f"{_BASE}/sessions", "billing_portal_sessions.create", _ACCEPTED, _create),
    Operation("GET", f"{_BASE}/configurations", "billing_portal_configurations.list", PAGING, _configurations),
)
