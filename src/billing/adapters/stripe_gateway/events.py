"""What Stripe's events mean: every type that we read, and why."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from billing.adapters.stripe_gateway.billing_events import BILLING_READS, Billed
from billing.adapters.stripe_gateway.charges import charged, is_off_session, received_by, why_cancelled
from billing.adapters.stripe_gateway.disputes import read_dispute
from billing.adapters.stripe_gateway.invoices import said_of_subscription
from billing.adapters.stripe_gateway.method_events import METHOD_READS, Methods, read_setup_session, saved_with
from billing.adapters.stripe_gateway.objects import WITHOUT_PAYER, About, Json, about, metadata, refs_in, why_declined
from billing.adapters.stripe_gateway.recurring_sessions import is_recurring
from billing.adapters.stripe_gateway.refunds import intent_ref, is_part_of_intent, read_refund
from billing.adapters.stripe_gateway.sessions import is_settled, total_of
from billing.application.outcomes import NeedsPerson
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
    if is_off_session(intent):
        return charged(intent, ids)
    return PaymentDeclined(**ids, why=why_declined(intent) or "declined")


def _intent_waits(intent: Json, ids: About) -> Fact:
    return charged(intent, ids) if is_off_session(intent) else PaymentPending(**ids)


def _intent_cancelled(intent: Json, ids: About) -> Fact:
    return PaymentCancelled(**ids, why=why_cancelled(intent))


_Read = Callable[[Json, About], Fact]

_PAYMENTS: Mapping[str, _Read] = {
    "checkout.session.completed": _session_completed,  # the page is done: paid, or a delayed method is under way
    "checkout.session.async_payment_succeeded": _session_completed,  # the delayed method brought the money
    "checkout.session.async_payment_failed": _session_failed,  # the delayed method did not, and the page is closed
    "checkout.session.expired": _session_expired,  # the page closed and nobody paid on it
    "payment_intent.succeeded": _intent_succeeded,  # often faster than the session's event; tells what came
    "payment_intent.payment_failed": _intent_declined,  # final off session only: on an open page one may try again
    "payment_intent.requires_action": _intent_waits,  # off session nobody is there to give consent: a mail asks for it
    "payment_intent.canceled": _intent_cancelled,  # called off in the dashboard or by Stripe
    "refund.created": read_refund,  # ours, or made in the dashboard
    "refund.updated": read_refund,  # a slow one is decided
    "refund.failed": read_refund,  # did not come through, also long after it had succeeded
    "charge.refund.updated": read_refund,  # before acacia nothing else told that a refund was decided, or failed later
    "charge.refunded": read_refund,  # tells of older accounts' refunds; names none, so all of them are fetched
    "charge.dispute.created": read_dispute,  # the customer's bank asks, or takes the money
    "charge.dispute.updated": read_dispute,  # evidence was sent, or an inquiry became a chargeback
    "charge.dispute.closed": read_dispute,  # won, lost, or an inquiry that came to nothing
    "charge.dispute.funds_withdrawn": read_dispute,  # the money left our balance
    "charge.dispute.funds_reinstated": read_dispute,  # and came back, all or a part of it
}
READS: Mapping[str, object] = {**_PAYMENTS, **METHOD_READS, **BILLING_READS}
"""Events of any other type are neither kept nor read."""


class Parents(Methods, Billed, Protocol):
    """Fetches what an event leaves out."""

    def intent(self, intent_ref: str) -> Json:
        """The intent of that id."""

    def refunds(self, intent_ref: str) -> Sequence[Json]:
        """Every refund of the intent."""

    def dispute(self, dispute_ref: str) -> Json:
        """The dispute of that id, as it is now."""

    def invoice_of(self, intent_ref: str) -> Json | None:
        """The invoice that the intent was to pay, if any."""

    def page(self, session_ref: str) -> Sequence[Fact]:
        """What a session proves, and what it has begun."""


_ODD_SHAPE = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)
"""What reading JSON ends in that is not built as expected."""


def read_event(event: Json, installation: str, parents: Parents) -> Reading:
    """The facts in an event, whichever API version wrote it; NeedsPerson where its shape is none that we know.

    Trying again would not help, and reading half of it could do harm: its body is kept for a replay.
    """
    try:
        return _read(event, installation, parents)
    except _ODD_SHAPE as odd:
        raise NeedsPerson(f"this {event['type']} is built as none that we know: {odd!r}") from odd


def _read(event: Json, installation: str, parents: Parents) -> Reading:
    document: Json = event["data"]["object"]
    if read_method := METHOD_READS.get(event["type"]):
        return read_method(event, parents)
    if read_billing := BILLING_READS.get(event["type"]):
        return read_billing(document, installation, parents)
    read = _PAYMENTS.get(event["type"])
    if read is None:
        return _nothing(document, f"nobody reads {event['type']}")
    if is_part_of_intent(document):
        return _read_part(document, read, installation, parents)
    if document.get("mode") == "setup":
        return read_setup_session(document, parents)
    if is_recurring(document):
        return _read_recurring(document, read, installation, parents)
    if document.get("mode", "payment") != "payment":
        return _nothing(document, f"a session in mode {document['mode']} pays no order")
    fact = read(document, about(document, installation))
    saved = _saved(document, installation, parents) if isinstance(fact, PaymentSucceeded) else []
    return _reading(document, [fact, *saved])


def _saved(session: Json, installation: str, parents: Parents) -> Sequence[Fact]:
    """The method that paid on a page of ours, where it was saved in the customer's account."""
    ref = intent_ref(session)
    if ref is None or session.get("customer") is None or _named(session) != installation:
        return []
    return saved_with(parents.intent(ref), parents)


def _read_recurring(session: Json, read: _Read, installation: str, parents: Parents) -> Reading:
    """A session that begins a subscription: once it is paid, what it began is asked for, and the intent that paid."""
    if _named(session) != installation:
        return _nothing(session, "another's session in mode subscription")
    fact = read(session, about(session, installation))
    if isinstance(fact, PaymentSucceeded):
        return _reading(session, parents.page(str(session["id"])))
    return _reading(session, [fact])


def _reading(document: Json, facts: Sequence[Fact]) -> Reading:
    waits = any(isinstance(fact, PaymentPending) for fact in facts)
    why = f"payment_status is {document.get('payment_status')}" if waits else ""
    # Where nobody wrote on an intent that it is ours, only who knows its own id knows it: an invoice's intent bears
    # nothing of us but our customer, and its invoice tells of it.
    is_nameless = document.get("object") == "payment_intent" and _named(document) is None
    refs = refs_in(document, WITHOUT_PAYER) if is_nameless else refs_in(document)
    return Reading(facts=facts, refs=refs, installation=_named(document), why=why)


def _read_part(document: Json, read: Callable[[Json, About], Fact], installation: str, parents: Parents) -> Reading:
    """A refund, charge or dispute; those not made by us bear no metadata of ours, so their intent is asked."""
    ref = intent_ref(document)
    if ref is None:
        return _nothing(document, "it belongs to no payment intent")
    owner = document if _named(document) == installation else parents.intent(ref)
    theirs = _named(owner) or _named_by_invoice(ref, parents)
    ids: About = {
        "payment_id": metadata(owner).get("payment_id") if theirs == installation else None,
        "session_ref": None,
        "payment_ref": ref,
    }
    refs = refs_in(document) | refs_in(owner)
    meant: Sequence[Json] = ()
    match document["object"]:
        case "refund":
            meant = [document]
        case "dispute":
            meant = [parents.dispute(document["id"])]
        case _ if theirs == installation:
            meant = parents.refunds(ref)
    return Reading(facts=[read(part, ids) for part in meant], refs=refs, installation=theirs)


def _named_by_invoice(intent_ref: str, parents: Parents) -> str | None:
    """An invoice's intent bears nothing of us, and its subscription does."""
    invoice = parents.invoice_of(intent_ref)
    return said_of_subscription(invoice).get("installation") if invoice else None


def _nothing(document: Json, why: str) -> Reading:
    return Reading(refs=refs_in(document), installation=_named(document), why=why)


def _named(document: Json) -> str | None:
    return metadata(document).get("installation")
