"""What can happen to a Checkout Session: the customer pays, saves a card or is declined, or time runs out."""

from collections.abc import Callable

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import attempts, methods, objects, setups
from billing_sandbox.stripe.errors import NotPossible
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.recurring import sessions

_INDEX = """
CREATE INDEX IF NOT EXISTS sessions_by_expiry ON documents (json_extract(json, '$.expires_at'))
    WHERE kind = 'checkout.session' AND json_extract(json, '$.status') = 'open';
CREATE INDEX IF NOT EXISTS sessions_by_setup ON documents (kind, json_extract(json, '$.setup_intent'));
"""
_DUE = (
    "SELECT id FROM documents WHERE kind = 'checkout.session' "
    "AND json_extract(json, '$.status') = 'open' AND json_extract(json, '$.expires_at') <= ?"
)
_CARD = "pm_card_visa"
_DECLINED_CARD = "pm_card_chargeDeclined"
_BANK_DEBIT = "pm_sepaDebit"


def define(ledger: Ledger) -> None:
    """Make the store ready for `expire_due`, and complete sessions by what becomes of their intents."""
    ledger.store.define(_INDEX)
    ledger.upon("payment_intent.succeeded", _follow("paid"))
    ledger.upon("payment_intent.processing", _follow("unpaid"))
    ledger.upon("setup_intent.succeeded", _follow("no_payment_required"))
    ledger.upon("payment_intent.succeeded", _subscribe("paid"))
    ledger.upon("setup_intent.succeeded", _subscribe("no_payment_required"))


def pay(ledger: Ledger, session: Json, card: str | None = None) -> Json:
    """The customer pays by card, or saves it; where a bank refuses or asks for the holder, the session stays open."""
    return _attempt(ledger, session, card or _CARD)


def decline(ledger: Ledger, session: Json, card: str | None = None) -> Json:
    """The customer's card is declined; the session stays open."""
    return _attempt(ledger, session, card or _DECLINED_CARD)


def pay_async(ledger: Ledger, session: Json, card: str | None = None) -> Json:
    """The customer chooses a bank debit: the session completes unpaid."""
    return _attempt(ledger, session, _BANK_DEBIT)


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
    """The session can't be paid any more, nor can its intent."""
    session = ledger.save(_open(session) | {"status": "expired", "url": None})
    intent = intent_of(ledger, session)
    if intent is not None:
        call_off = setups.cancel if intent["object"] == "setup_intent" else attempts.cancel
        call_off(ledger, intent, cause, None)
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


def intent_of(ledger: Ledger, session: Json) -> Json | None:
    """What the session is paid or its card saved by, once there is one."""
    if session["mode"] == "subscription":
        return sessions.intent_of(ledger, session)
    for kind in ("payment_intent", "setup_intent"):
        if session[kind]:
            return ledger.get(kind, session[kind])
    return None


def _open(session: Json) -> Json:
    if session["status"] != "open":
        raise NotPossible(f"the session is {session['status']}, not open")
    return session


def _attempt(ledger: Ledger, session: Json, card: str) -> Json:
    """Try a card on the open session, as its mode will have it; what comes of it is followed by `_follow`."""
    method = methods.typed(ledger, card)
    _TRIES[_open(session)["mode"]](ledger, session, method)
    return ledger.get("checkout.session", session["id"])


def _pay(ledger: Ledger, session: Json, method: Json) -> None:
    attempts.attempt(ledger, _intent(ledger, session), method, NOBODY)


def _set_up(ledger: Ledger, session: Json, method: Json) -> None:
    if method["type"] != "card":
        raise NotPossible("only a card is saved on this page")
    setups.attempt(ledger, ledger.get("setup_intent", session["setup_intent"]), method, NOBODY)


_TRIES: dict[str, Callable[[Ledger, Json, Json], None]] = {
    "payment": _pay,
    "setup": _set_up,
    "subscription": sessions.attempt,
}


def _intent(ledger: Ledger, session: Json) -> Json:
    """The session's intent, made at the first attempt."""
    if session["payment_intent"] is not None:
        return ledger.get("payment_intent", session["payment_intent"])
    given = ledger.get("payment_intent_data", session["id"])["given"]
    wanted = {
        "amount": session["amount_total"],
        "currency": session["currency"],
        "customer": session["customer"] or _new_customer(ledger, session, given),
    }
    intent = attempts.begin(ledger, NOBODY, wanted | given)
    ledger.save(session | {"customer": intent["customer"], "payment_intent": intent["id"]})
    return intent


def _new_customer(ledger: Ledger, session: Json, given: Json) -> str | None:
    """Who pays, made known where the shop asks for it or the card has to be saved for somebody."""
    if session["customer_creation"] != "always" and not given.get("setup_future_usage"):
        return None
    details = objects.customer_details({}, session["customer_email"])
    customer = objects.customer(ledger.now(), {"email": details["email"], "name": details["name"]})
    ledger.tell("customer.created", ledger.save(customer), NOBODY)
    return str(customer["id"])


def _processing(ledger: Ledger, session: Json) -> Json:
    intent = ledger.store.get("payment_intent", session["payment_intent"] or "")
    if intent is None or intent["status"] != "processing":
        raise NotPossible("the session has no payment under way")
    return intent


def _follow(payment_status: str) -> Callable[[Ledger, Json, Cause], None]:
    """Complete the open session of an intent with this word on its payment."""

    def complete(ledger: Ledger, intent: Json, cause: Cause) -> None:
        for session in ledger.find("checkout.session", [field_is(intent["object"], intent["id"])]):
            if session["status"] == "open":
                _complete(ledger, session, payment_status)

    return complete


def _subscribe(payment_status: str) -> Callable[[Ledger, Json, Cause], None]:
    """Begin the subscription of an open session, and complete it with this word on its payment."""

    def complete(ledger: Ledger, intent: Json, cause: Cause) -> None:
        session = sessions.of_intent(ledger, intent)
        if session and session["status"] == "open":
            _complete(ledger, session | sessions.subscribe(ledger, session, intent), payment_status)

    return complete


def _complete(ledger: Ledger, session: Json, payment_status: str) -> None:
    customer = ledger.store.get("customer", session["customer"] or "") or {}
    session |= {
        "customer_details": objects.customer_details(customer, session["customer_email"]),
        "payment_status": payment_status,
        "status": "complete",
        "url": None,
    }
    ledger.save(session)
    ledger.tell("checkout.session.completed", session, NOBODY)
