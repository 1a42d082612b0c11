"""3-D Secure: when a bank wants to see the cardholder, and how an intent says so.

Source: https://docs.stripe.com/testing#regulatory-cards
"""

from billing_sandbox.store import Json
from billing_sandbox.stripe import methods
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.ledger import Ledger

_RETURN = "return_url"


def asks(ledger: Ledger, method: Json, *, absent: bool) -> bool:
    """Whether the card's bank lets this payment, or this saving of the card, wait for its holder."""
    test = methods.card_of(ledger, method)
    match test.authentication if test else "never":
        case "never":
            return False
        case "always":
            return True
        case "on session":
            return not absent
        case "until set up":
            return not (absent and methods.is_set_up(ledger, method))


def remember_return(ledger: Ledger, intent: Json, url: str | None) -> None:
    """Where the customer goes after the bank's page; by default nowhere: a script waits on the shop's own page."""
    ledger.save({"object": _RETURN, "id": intent["id"], "url": url})


def return_address(ledger: Ledger, intent: Json) -> str | None:
    """What was given as `return_url` with the last confirmation."""
    kept = ledger.store.get(_RETURN, intent["id"])
    return kept["url"] if kept else None


def page_address(ledger: Ledger, intent: Json) -> str:
    """The page on which the holder says yes or no to their bank."""
    return f"{ledger.address}/c/authenticate/{intent['id']}"


def next_action(ledger: Ledger, intent: Json) -> Json:
    """What the customer has to do: go to the bank's page, or let the shop's script lead there."""
    page, back = page_address(ledger, intent), return_address(ledger, intent)
    if back:
        return {"redirect_to_url": {"return_url": back, "url": page}, "type": "redirect_to_url"}
    script = {"source": new_id("src"), "stripe_js": page, "type": "three_d_secure_redirect"}
    return {"type": "use_stripe_sdk", "use_stripe_sdk": script}


def unauthenticated(kind: str, method: Json) -> Json:
    """The error of an intent whose cardholder could not say who they are."""
    attempt = "fulfill this PaymentIntent" if kind == "payment_intent" else "set up this SetupIntent"
    return {
        "code": f"{kind}_authentication_failure",
        "message": "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a "
        f"new PaymentMethod to attempt to {attempt} again.",
        "payment_method": method,
        "type": "invalid_request_error",
    }
