"""`/v1/test_helpers/test_clocks`: time that is moved on for some customers only."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Text, Whole
from billing_sandbox.stripe.recurring import advancing, shapes
from billing_sandbox.stripe.recurring.test_clocks import KIND

_BASE = "/v1/test_helpers/test_clocks"


def _create(ledger: Ledger, call: Call) -> Json:
    clock = shapes.test_clock(ledger.now(), call.params["frozen_time"], call.params.get("name"))
    ledger.save(clock)
    ledger.tell("test_helpers.test_clock.created", clock, call.cause)
    return clock


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get(KIND, call.id, param="test_clock")


def _advance(ledger: Ledger, call: Call) -> Json:
    return advancing.advance(ledger, _retrieve(ledger, call), call.params["frozen_time"], call.cause)


def _delete(ledger: Ledger, call: Call) -> Json:
    return advancing.delete(ledger, _retrieve(ledger, call), call.cause)


def _list(ledger: Ledger, call: Call) -> Json:
    return page(ledger, KIND, call)


OPERATIONS = (
    Operation("POST", _BASE, "test_clocks.create", {"frozen_time": Whole(required=True), "name": Text()}, _create),
    Operation("GET", _BASE, "test_clocks.list", NEWEST_FIRST, _list),
    Operation("GET", f"{_BASE}/<id>", "test_clocks.retrieve", {}, _retrieve),
    Operation("DELETE", f"{_BASE}/<id>", "test_clocks.delete", {}, _delete),
    Operation("POST", f"{_BASE}/<id>/advance", "test_clocks.advance", {"frozen_time": Whole(required=True)}, _advance),
)
