"""What can happen to a Checkout Session: the customer pays or is declined, or time runs out."""

from collections.abc import Callable

from billing_sandbox.store import Json
from billing_sandbox.stripe import attempts, methods, objects
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger

_INDEX = """
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON documents (json_extract(json, '$.expires_at'))
    WHERE kind = 'checkout.session' AND json_extract(json, '$.status') = 'open';
"""
_DUE = (
    "SELECT id FROM documents WHERE kind = 'checkout.session' "
    "AND json_extract(json, '$.status') = 'open' AND json_extract(json, '$.expires_at') <= ?"
)
_CARD = "pm_card_visa"
_DECLINED_CARD = "pm_card_chargeDeclined"
_BANK_DEBIT = "pm_sepaDebit"
_COMPLETED = {"succeeded": "paid", "processing": "unpaid"}
"""In which states of its intent a session is complete, and what it then says of the payment."""


class NotPossible(Exception):
    """The session is not in a state in which this can happen."""


def define(ledger: Ledger) -> None:
    """Make the store ready for `expire_due`."""
    ledger.store.define(_INDEX)


def pay(ledger: Ledger, session: Json, card: str | None = None) -> Json:
    """The customer pays by card; where its bank refuses, or wants to see the holder first, the session stays open."""
    return _attempt(ledger, _open(session), card or _CARD)


def decline(ledger: Ledger, session: Json, card: str | None = None) -> Json:
    """The customer's card is declined; the session stays open."""
    return _attempt(ledger, _open(session), card or _DECLINED_CARD)


def pay_async(ledger: Ledger, session: Json, card: str | None = None) -> Json:
    """The customer chooses a bank debit: the session completes unpaid."""
    return _attempt(ledger, _open(session), _BANK_DEBIT)


def succeed_async(ledger: Ledger, session: Json, card: str | None = None) -> Json:
    """The bank debit of a completed session arrives."""
    attempts.settle(ledger, _processing(ledger, session), NOBODY)
    session = ledger.save(session | {"payment_status": "paid"})
    ledger.tell("checkout.session.async_payment_succeeded", session, NOBODY)
    return session


def fail_async(ledger: Ledger, session: Json, card: str | None = None) -> Json:
    """The bank debit of a completed session fails."""
    attempts.bounce(ledger, _processing(ledger, session), NOBODY)
    ledger.tell("checkout.session.async_payment_failed", session, NOBODY)
    return session


def expire(ledger: Ledger, session: Json, cause: Cause = NOBODY) -> Json:
    """The session can't be paid any more."""
    session = ledger.save(_open(session) | {"status": "expired", "url": None})
    ledger.tell("checkout.session.expired", session, cause)
    return session


def expire_due(ledger: Ledger) -> None:
    """Expire the open sessions whose time has come."""
    if not ledger.store.execute(_DUE, (ledger.now(),)):
        return
    with ledger.store.transaction():
        for row in ledger.store.execute(_DUE, (ledger.now(),)):
            expire(ledger, ledger.get("checkout.session", row["id"]))


ACTS: dict[str, Callable[[Ledger, Json, str | None], Json]] = {
    "pay": pay,
    "decline": decline,
    "expire": lambda ledger, session, _: expire(ledger, session),
    "pay_async": pay_async,
    "succeed_async": succeed_async,
    "fail_async": fail_async,
}
"""Everything above that can be asked for by name."""


def perform(ledger: Ledger, act: str, session_id: str, card: str | None = None) -> Json:
    """Let the named act happen to the session, wholly or not at all; `card` is a number or a test token."""
    expire_due(ledger)
    with ledger.store.transaction():
        return ACTS[act](ledger, ledger.get("checkout.session", session_id), card)


def _open(session: Json) -> Json:
    if session["status"] != "open":
        raise NotPossible(f"the session is {session['status']}, not open")
    return session


def _attempt(ledger: Ledger, session: Json, card: str) -> Json:
    intent = attempts.attempt(ledger, _intent(ledger, session), methods.typed(ledger, card), NOBODY)
    if intent["status"] not in _COMPLETED:
        return ledger.save(session | {"payment_intent": intent["id"]})
    return _complete(ledger, session, intent, payment_status=_COMPLETED[intent["status"]])


def _intent(ledger: Ledger, session: Json) -> Json:
    """The session's intent, made at the first attempt."""
    if session["payment_intent"] is not None:
        return ledger.get("payment_intent", session["payment_intent"])
    given = ledger.get("payment_intent_data", session["id"])["given"]
    wanted = {
        "amount": session["amount_total"],
        "currency": session["currency"],
        "customer": session["customer"],
    }
    return attempts.begin(ledger, NOBODY, wanted | given)


def _processing(ledger: Ledger, session: Json) -> Json:
    intent = ledger.store.get("payment_intent", session["payment_intent"] or "")
    if intent is None or intent["status"] != "processing":
        raise NotPossible("the session has no payment under way")
    return intent


def _complete(ledger: Ledger, session: Json, intent: Json, *, payment_status: str) -> Json:
    customer = ledger.store.get("customer", session["customer"] or "") or {}
    session |= {
        "customer_details": objects.customer_details(customer, session["customer_email"]),
        "payment_intent": intent["id"],
        "payment_status": payment_status,
        "status": "complete",
        "url": None,
    }
    ledger.save(session)
    ledger.tell("checkout.session.completed", session, NOBODY)
    return session
