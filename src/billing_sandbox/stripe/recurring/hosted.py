"""What a customer does on an invoice's page: pays it with the card on file or with another, which then pays onward."""

from collections.abc import Callable

from billing_sandbox.store import Json
from billing_sandbox.stripe import methods
from billing_sandbox.stripe.errors import NotPossible
from billing_sandbox.stripe.ledger import NOBODY, Ledger
from billing_sandbox.stripe.recurring import collection, invoices, test_clocks
from billing_sandbox.stripe.updates import update

_DECLINED_CARD = "pm_card_chargeDeclined"


def pay(ledger: Ledger, invoice: Json, card: str | None = None) -> Json:
    """With this card, a number or a test token, or with the one on file."""
    if card is None and collection.method_for(ledger, invoice) is None:
        raise NotPossible("there is no card on file")
    return _attempt(ledger, invoice, card)


def decline(ledger: Ledger, invoice: Json, card: str | None = None) -> Json:
    """With a card that its bank refuses."""
    return _attempt(ledger, invoice, card or _DECLINED_CARD)


ACTS: dict[str, Callable[[Ledger, Json, str | None], Json]] = {"pay": pay, "decline": decline}
"""Both, by the names that people and programs ask for them."""


def perform(ledger: Ledger, act: str, id: str, card: str | None = None) -> Json:
    """Let the named act happen to the invoice, wholly or not at all."""
    with ledger.store.transaction():
        invoice = ledger.get("invoice", id)
        if invoice["status"] not in ("open", "uncollectible"):
            raise NotPossible(f"the invoice is {invoice['status']}, not open")
        return ACTS[act](test_clocks.ledger_of(ledger, invoice), invoice, card)


def _attempt(ledger: Ledger, invoice: Json, card: str | None) -> Json:
    if card is None:
        return collection.collect(ledger, invoice, absent=False)
    intent = invoices.intent_of(ledger, invoice)
    assert intent is not None, f"{invoice['id']} asks for nothing"
    update(ledger, intent, {"setup_future_usage": "off_session"}, None, NOBODY)
    collection.pay_onward(ledger, invoice)
    return collection.collect(ledger, invoice, NOBODY, methods.typed(ledger, card), absent=False)
