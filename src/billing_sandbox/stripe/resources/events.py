"""`/v1/events`: what has happened, and whether the endpoint was told."""

from billing_sandbox.store import Condition, Json
from billing_sandbox.stripe import versions
from billing_sandbox.stripe.deliveries import delivered, pending
from billing_sandbox.stripe.generations import render_event
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Flag, Many, Text

_FILTERS = {"delivery_success": Flag(), "type": Text(), "types": Many(Text(), length_max=20)}


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return _shown(ledger, ledger.get("event", call.id))


def _list(ledger: Ledger, call: Call) -> Json:
    asked: list[Condition] = []
    if "delivery_success" in call.params:
        asked.append(delivered(call.params["delivery_success"]))
    types = call.params.get("types", [])
    if "type" in call.params:
        types = [*types, call.params["type"]]
    if types:
        # A type may end in a star, such as `charge.*`.
        asked.append(("(" + " OR ".join(["json_extract(json, '$.type') GLOB ?"] * len(types)) + ")", types))
    found = page(ledger, "event", call, asked)
    return found | {"data": [_shown(ledger, event) for event in found["data"]]}


def _shown(ledger: Ledger, event: Json) -> Json:
    """The event in the shape of the account's version, whatever version endpoints and requests have."""
    return render_event(ledger.store, event, versions.ACCOUNT) | {
        "pending_webhooks": pending(ledger.store, event["id"])
    }


OPERATIONS = (
    Operation("GET", "/v1/events", "events.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", "/v1/events/<id>", "events.retrieve", {}, _retrieve),
)
