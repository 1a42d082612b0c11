"""What Stripe's events mean: every type that we read, and why."""

from collections.abc import Callable, Mapping

from billing.adapters.stripe_gateway.objects import About, Json, about, metadata, refs_in, why_declined
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
    return PaymentPending(**ids)


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
}
"""Events of any other type are neither kept nor read."""


def read_event(event: Json, installation: str) -> Reading:
    """The facts in an event, whichever API version wrote it."""
    document: Json = event["data"]["object"]
    read = READS.get(event["type"])
    refs, theirs = refs_in(document), metadata(document).get("installation")
    if read is None:
        return Reading(refs=refs, installation=theirs, why=f"nobody reads {event['type']}")
    if document.get("mode", "payment") != "payment":
        why = f"a session in mode {document['mode']} pays no order"
        return Reading(refs=refs, installation=theirs, why=why)
    fact = read(document, about(document, installation))
    why = f"payment_status is {document.get('payment_status')}" if isinstance(fact, PaymentPending) else ""
    return Reading(facts=[fact], refs=refs, installation=theirs, why=why)
