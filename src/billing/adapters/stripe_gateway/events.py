"""What Stripe's events mean: every type that we read, and why."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from billing.adapters.stripe_gateway.disputes import read_dispute
from billing.adapters.stripe_gateway.objects import About, Json, about, metadata, refs_in, why_declined
from billing.adapters.stripe_gateway.refunds import intent_ref, is_part_of_intent, read_refund
from billing.adapters.stripe_gateway.sessions import is_settled, received_by, total_of, why_cancelled
from billing.application.ports import Reading
from billing.domain.facts import (
    Fact,
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentSucceeded,
)


def _session_completed(session: Json, ids: About) -> Fact:
    if is_settled(session):
        return PaymentSucceeded(**ids, received=total_of(session))
    return PaymentPending(**ids, under_way=True)


def _session_failed(session: Json, ids: About) -> Fact:
    return PaymentFailed(**ids, why="the delayed payment did not come")


def _session_expired(session: Json, ids: About) -> Fact:
    return PaymentExpired(**ids)


def _intent_succeeded(intent: Json, ids: About) -> Fact:
    return PaymentSucceeded(**ids, received=received_by(intent))


def _intent_declined(intent: Json, ids: About) -> Fact:
    return PaymentDeclined(**ids, why=why_declined(intent) or "declined")


def _intent_cancelled(intent: Json, ids: About) -> Fact:
    return PaymentCancelled(**ids, why=why_cancelled(intent))


READS: Mapping[str, Callable[[Json, About], Fact]] = {
    "checkout.session.completed": _session_completed,  # the page is done: paid, or a delayed method is under way
    "checkout.session.async_payment_succeeded": _session_completed,  # the delayed method brought the money
    "checkout.session.async_payment_failed": _session_failed,  # the delayed method did not, and the page is closed
    "checkout.session.expired": _session_expired,  # the page closed and nobody paid on it
    "payment_intent.succeeded": _intent_succeeded,  # often faster than the session's event; tells what came
    "payment_intent.payment_failed": _intent_declined,  # not final: the customer may try again on an open page
    "payment_intent.canceled": _intent_cancelled,  # called off in the dashboard or by Stripe
    "refund.created": read_refund,  # ours, or made in the dashboard
    "refund.updated": read_refund,  # a slow one is decided
    "refund.failed": read_refund,  # did not come through, also long after it had succeeded
    "charge.refund.updated": read_refund,  # the same to older accounts, which have no other word of it
    "charge.refunded": read_refund,  # tells of older accounts' refunds; names none, so all of them are fetched
    "charge.dispute.created": read_dispute,  # the customer's bank asks, or takes the money
    "charge.dispute.updated": read_dispute,  # evidence was sent, or an inquiry became a chargeback
    "charge.dispute.closed": read_dispute,  # won, lost, or an inquiry that came to nothing
    "charge.dispute.funds_withdrawn": read_dispute,  # the money left our balance
    "charge.dispute.funds_reinstated": read_dispute,  # and came back, all or a part of it
}
"""Events of any other type are neither kept nor read."""


class Parents(Protocol):
    """Fetches what an event leaves out."""

    def intent(self, intent_ref: str) -> Json:
        """The intent of that id."""

    def refunds(self, intent_ref: str) -> Sequence[Json]:
        """Every refund of the intent."""

    def dispute(self, dispute_ref: str) -> Json:
        """The dispute of that id, as it is now."""


def read_event(event: Json, installation: str, parents: Parents) -> Reading:
    """The facts in an event, whichever API version wrote it."""
    document: Json = event["data"]["object"]
    read = READS.get(event["type"])
    if read is None:
        return _nothing(document, f"nobody reads {event['type']}")
    if is_part_of_intent(document):
        return _read_part(document, read, installation, parents)
    if document.get("mode", "payment") != "payment":
        return _nothing(document, f"a session in mode {document['mode']} pays no order")
    fact = read(document, about(document, installation))
    why = f"payment_status is {document.get('payment_status')}" if isinstance(fact, PaymentPending) else ""
    return Reading(facts=[fact], refs=refs_in(document), installation=_named(document), why=why)


def _read_part(document: Json, read: Callable[[Json, About], Fact], installation: str, parents: Parents) -> Reading:
    """A refund, charge or dispute; those not made by us bear no metadata of ours, so their intent is asked.

    Of a dispute everything is asked anew: its events come several at once, in any order.
    """
    if document["object"] == "dispute":
        document = parents.dispute(document["id"])
    ref = intent_ref(document)
    if ref is None:
        return _nothing(document, "it belongs to no payment intent")
    owner = document if _named(document) == installation else parents.intent(ref)
    theirs = _named(owner)
    ids: About = {
        "payment_id": metadata(owner).get("payment_id") if theirs == installation else None,
        "session_ref": None,
        "payment_ref": ref,
    }
    refs = refs_in(document) | refs_in(owner)
    meant: Sequence[Json] = ()
    match document["object"]:
        case "refund" | "dispute":
            meant = [document]
        case _ if theirs == installation:
            meant = parents.refunds(ref)
    return Reading(facts=[read(part, ids) for part in meant], refs=refs, installation=theirs)


def _nothing(document: Json, why: str) -> Reading:
    return Reading(refs=refs_in(document), installation=_named(document), why=why)


def _named(document: Json) -> str | None:
    return metadata(document).get("installation")
