"""The bank's question to the cardholder, answered: yes, it is me, or not."""

from urllib.parse import urlencode, urlsplit

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import attempts, setups
from billing_sandbox.stripe.authentication import return_address
from billing_sandbox.stripe.errors import NotPossible, no_such
from billing_sandbox.stripe.ledger import NOBODY, Ledger
from billing_sandbox.stripe.recurring import invoices, sessions

_KINDS = {"pi": "payment_intent", "seti": "setup_intent"}


def waiting(ledger: Ledger, id: str) -> Json:
    """The intent, as it is at this moment, for payment or setup."""
    kind = _KINDS.get(id.split("_")[0])
    if kind is None:
        raise no_such("payment_intent", id, param="intent")
    return ledger.get(kind, id, param="intent")


def authenticate(ledger: Ledger, id: str) -> Json:
    """The holder is who they should be: the intent goes on, and may be declined all the same."""
    with ledger.store.transaction():
        intent = _asked(ledger, id)
        method = ledger.get("payment_method", intent["payment_method"])
        if intent["object"] == "setup_intent":
            return setups.succeed(ledger, intent, method, NOBODY)
        return attempts.charge(ledger, intent, method, NOBODY, authenticated=True)


def fail(ledger: Ledger, id: str) -> Json:
    """The holder can't say who they are: the intent waits for another attempt."""
    with ledger.store.transaction():
        intent = _asked(ledger, id)
        refuse = setups.refuse_holder if intent["object"] == "setup_intent" else attempts.refuse_holder
        return refuse(ledger, intent, NOBODY)


ACTS = {"authenticate": authenticate, "fail_authentication": fail}
"""Both, by the names that people and programs ask for them."""


def onward(ledger: Ledger, intent: Json) -> str | None:
    """Where the customer goes from the bank's page; None where the shop's own page only has to look again."""
    kind = intent["object"]
    session = _session_of(ledger, intent)
    if session and session["status"] == "complete":
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
    if session:
        return session["url"] and str(session["url"])
    back = return_address(ledger, intent) or invoices.page_of(ledger, intent)
    if back is None:
        return None
    told = {
        kind: intent["id"],
        f"{kind}_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if intent["status"] == "succeeded" else "failed",
    }
    return back + ("&" if urlsplit(back).query else "?") + urlencode(told)


def _session_of(ledger: Ledger, intent: Json) -> Json | None:
    found = ledger.find("checkout.session", [field_is(intent["object"], intent["id"])])
    return found[0] if found else sessions.of_intent(ledger, intent)


def _asked(ledger: Ledger, id: str) -> Json:
    intent = waiting(ledger, id)
    if intent["status"] != "requires_action":
        raise NotPossible(f"the intent is {intent['status']}: no bank is asking its holder anything")
    return intent
