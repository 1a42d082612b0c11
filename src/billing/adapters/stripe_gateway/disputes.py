"""Disputes at Stripe: what is fetched of one, and what it proves.

Source: https://docs.stripe.com/api/disputes/object
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from billing.adapters.stripe_gateway.amounts import from_stripe
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.objects import About, Json
from billing.application.outcomes import Deadline
from billing.domain.dispute import DisputeStatus
from billing.domain.facts import DisputeStands

_STATUSES: Mapping[str, DisputeStatus] = {
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY,
    "warning_closed": DisputeStatus.CLOSED,
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    # Lost as yet: the money stays with the customer until an appeal is won.
    "appeal_needs_response": DisputeStatus.LOST,
    "appeal_under_review": DisputeStatus.LOST,
    # Paid back to the customer before it began or, as old versions of the API tell it, in answer to it.
    "prevented": DisputeStatus.CLOSED,
    "charge_refunded": DisputeStatus.CLOSED,
}


class StripeDisputes:
    """Reads disputes of one account."""

    def __init__(self, api: StripeApi) -> None:
        self._api = api

    def read(self, dispute_ref: str, deadline: Deadline) -> Json:
        """As it is now: its events come in any order, several within the same second."""
        with self._api.reading("dispute_retrieve", deadline) as client:
            return client.v1.disputes.retrieve(dispute_ref).to_dict()


def read_dispute(document: Json, ids: About) -> DisputeStands:
    """What a dispute object proves; a status that we do not know is for a person, and its money counts all the same."""
    told = str(document.get("status"))
    amount = from_stripe(document.get("amount"), document.get("currency"))
    withdrawn, reinstated = _moved(document)
    status = _STATUSES.get(told, DisputeStatus.UNKNOWN)
    if status is DisputeStatus.CLOSED and withdrawn > reinstated:
        status = DisputeStatus.LOST  # what was prevented or refunded otherwise left its money with the customer
    due_by = (document.get("evidence_details") or {}).get("due_by")
    return DisputeStands(
        **ids,
        dispute_ref=str(document["id"]),
        amount=amount,
        status=status,
        reason=str(document.get("reason") or "no reason given"),
        withdrawn=from_stripe(withdrawn, document.get("currency")),
        reinstated=from_stripe(reinstated, document.get("currency")),
        respond_by=datetime.fromtimestamp(due_by, UTC) if type(due_by) is int else None,
        why=f"{told} at Stripe",
    )


def _moved(document: Json) -> tuple[int, int]:
    """What was withdrawn and reinstated, in the currency of the charge; fees are not counted.

    The account's balance may be in another currency: then the part of what was withdrawn that came back is what counts.
    """
    moves = document.get("balance_transactions") or ()
    out = -sum(move["amount"] for move in moves if move["amount"] < 0)
    back = sum(move["amount"] for move in moves if move["amount"] > 0)
    if all(move.get("currency") == document.get("currency") for move in moves):
        return out, back
    return (document["amount"], (2 * document["amount"] * back + out) // (2 * out)) if out else (0, 0)
