"""Lists, newest first, paged by the id of the last or the first object seen."""

from collections.abc import Sequence

from billing_sandbox.store import Condition, Json
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.objects import listing
from billing_sandbox.stripe.operations import Call
from billing_sandbox.stripe.parameters import Text, TimeRange, Whole

PAGING = {"limit": Whole(least=1, most=100), "starting_after": Text(), "ending_before": Text()}
NEWEST_FIRST = {**PAGING, "created": TimeRange()}

_PAGE_DEFAULT = 10
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(ledger: Ledger, kind: str, call: Call, conditions: Sequence[Condition] = ()) -> Json:
    """The page asked for, of the objects that meet the conditions."""
    limit = call.params.get("limit", _PAGE_DEFAULT)
    backwards = "ending_before" in call.params
    wanted = [*conditions, *_created(call), *_beyond(ledger, kind, call)]
    found = ledger.store.find(kind, wanted, newest_first=not backwards, limit=limit + 1)
    shown = found[:limit]
    return listing(call.path, shown[::-1] if backwards else shown, has_more=len(found) > limit)


def _created(call: Call) -> list[Condition]:
    bounds = call.params.get("created", {})
    return [(f"created {_COMPARISONS[bound]} ?", (moment,)) for bound, moment in bounds.items()]


def _beyond(ledger: Ledger, kind: str, call: Call) -> list[Condition]:
    conditions: list[Condition] = []
    for param, side in (("starting_after", "<"), ("ending_before", ">")):
        if param in call.params:
            seen = ledger.get(kind, call.params[param], param=param, status=400)
            position = "(SELECT position FROM documents WHERE kind = ? AND id = ?)"
            conditions.append((f"position {side} {position}", (kind, seen["id"])))
    return conditions
