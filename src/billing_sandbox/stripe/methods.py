"""Payment methods: made from cards and test tokens, given to customers, taken away, renewed by their banks.

The number of a card, and what became of it so far, is kept beside the method and shown to nobody.
"""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import cards, objects
from billing_sandbox.stripe.cards import TestCard
from billing_sandbox.stripe.errors import StripeError, no_such
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.updates import earlier, update

_EXPIRY = {"exp_month": 12, "exp_year": 2034}
"""When cards expire for which nobody gave a date."""
_BANK_DEBIT = "pm_sepaDebit"
_VAULT = "vaulted_card"


def from_card(ledger: Ledger, test: TestCard, given: Json, expiry: Json | None = None) -> Json:
    """A new method for a card; it belongs to nobody yet."""
    method = objects.payment_method(ledger.now(), objects.card(test, **(expiry or _EXPIRY)), given)
    _remember(ledger, method, number=test.number)
    return ledger.save(method)


def named(ledger: Ledger, name: str, *, param: str = "payment_method", status: int = 400) -> Json:
    """The method of this id; a new one where it is a test token such as `pm_card_visa`."""
    if name == _BANK_DEBIT:
        return ledger.save(objects.payment_method(ledger.now(), objects.bank_debit(), {}))
    test = cards.by_token(name)
    if test is not None:
        return from_card(ledger, test, {})
    return kept(ledger, name, param=param, status=status)


def typed(ledger: Ledger, card: str) -> Json:
    """A new method for what somebody put into a page: a card's number or a test token."""
    if card[:1].isdigit():
        return from_card(ledger, cards.by_number(card), {})
    return named(ledger, card, param="card")


def kept(ledger: Ledger, id: str, *, param: str, status: int) -> Json:
    """The method of this id, which Stripe calls a PaymentMethod when it has none."""
    method = ledger.store.get("payment_method", id)
    if method is None:
        raise no_such("PaymentMethod", id, param=param, status=status)
    return method


def card_of(ledger: Ledger, method: Json) -> TestCard | None:
    """The card behind the method, or None where it is a bank account."""
    number = _vault(ledger, method)["number"]
    return cards.by_number(number) if number else None


def is_set_up(ledger: Ledger, method: Json) -> bool:
    """Whether its holder has agreed, before the bank, to payments made in absence."""
    return bool(_vault(ledger, method)["set_up"])


def set_up(ledger: Ledger, method: Json) -> None:
    """The holder has agreed to it."""
    _remember(ledger, method, set_up=True)


def spend(ledger: Ledger, method: Json) -> None:
    """The method has paid; unless a customer has it, it never does again."""
    if method["customer"] is None:
        _remember(ledger, method, spent=True)


def check_usable(ledger: Ledger, method: Json, customer: str | None) -> None:
    """Refuse a method that is somebody else's, or nobody's any more."""
    if method["customer"] is not None and method["customer"] != customer:
        message = "The provided PaymentMethod is attached to a Customer, who must be given as `customer` to use it."
        raise StripeError(message, param="payment_method")
    if _vault(ledger, method)["spent"]:
        message = (
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
            "with a connected account without Customer attachment, or was detached from a Customer. It may not be "
            "used again. To use a PaymentMethod multiple times, you must attach it to a Customer first."
        )
        raise StripeError(message)


def attach(ledger: Ledger, method: Json, customer: str, cause: Cause) -> Json:
    """Give the method to a customer; its bank is asked, and may say no."""
    test = card_of(ledger, method)
    if test is not None and test.decline and not test.saves:
        raise cards.declined(test.decline)
    if method["customer"] not in (None, customer):
        raise StripeError("The payment method you provided has already been attached to a customer.")
    return keep(ledger, method, customer, cause)


def keep(ledger: Ledger, method: Json, customer: str, cause: Cause) -> Json:
    """The method is the customer's from now on."""
    check_usable(ledger, method, customer)
    if method["customer"] == customer:
        return method
    method = ledger.save(method | {"customer": customer})
    ledger.tell("payment_method.attached", method, cause)
    return method


def detach(ledger: Ledger, method: Json, cause: Cause) -> Json:
    """Take the method from its customer, for good."""
    customer = method["customer"]
    if customer is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise StripeError(message)
    _remember(ledger, method, spent=True)
    method = ledger.save(method | {"customer": None})
    _forget_default(ledger, customer, method["id"], cause)
    ledger.tell("payment_method.detached", method, cause, {"customer": customer})
    return method


def of_customer(ledger: Ledger, customer: str) -> list[Json]:
    """What the customer has, newest first."""
    return ledger.find("payment_method", [field_is("customer", customer)])


def default_of(ledger: Ledger, customer: Json) -> Json | None:
    """What the customer's invoices are paid with, unless they name another."""
    name = customer["invoice_settings"]["default_payment_method"] or customer["default_source"]
    return ledger.get("payment_method", name) if name else None


def renewed_by_bank(ledger: Ledger, method: Json, card: Json) -> Json:
    """The bank has issued the card anew and told Stripe: another expiry, maybe another number."""
    test = card_of(ledger, method)
    if test is None or method["customer"] is None:
        raise StripeError("Only cards that a customer has are updated by their banks.")
    if "number" in card:
        test = cards.by_number(card["number"])
        _remember(ledger, method, number=test.number)
    expiry = {name: card.get(name, method["card"][name]) for name in _EXPIRY}
    if "exp_year" not in card and "exp_month" not in card:
        expiry["exp_year"] += 3
    shown = objects.card(test, **expiry)["card"] | {"fingerprint": method["card"]["fingerprint"]}
    after = ledger.save(method | {"card": shown})
    ledger.tell("payment_method.automatically_updated", after, NOBODY, earlier(method, after))
    return after


def as_source(ledger: Ledger, token: str) -> Json:
    """A card in the manner of the API's older part, `card_...`; it works like any other method."""
    test = cards.by_token(token)
    if test is None:
        raise no_such("token", token, param="source", status=400)
    if test.decline and not test.saves:
        raise cards.declined(test.decline)
    return from_card(ledger, test, {"id": new_id("card")})


def _forget_default(ledger: Ledger, customer_id: str, method_id: str, cause: Cause) -> None:
    customer = ledger.store.get("customer", customer_id)
    if customer is None or customer.get("deleted"):
        return
    changes: Json = {}
    if customer["invoice_settings"]["default_payment_method"] == method_id:
        changes["invoice_settings"] = customer["invoice_settings"] | {"default_payment_method": None}
    if customer["default_source"] == method_id:
        changes["default_source"] = None
    update(ledger, customer, changes, "customer.updated", cause)


def _vault(ledger: Ledger, method: Json) -> Json:
    known = ledger.store.get(_VAULT, method["id"])
    return known or {"object": _VAULT, "id": method["id"], "number": None, "set_up": False, "spent": False}


def _remember(ledger: Ledger, method: Json, **known: str | bool) -> None:
    ledger.save(_vault(ledger, method) | known)
