"""The test cards, by number and by the names Stripe's test tokens give them.

Source: https://docs.stripe.com/testing
"""

from dataclasses import dataclass, field
from typing import Literal

from billing_sandbox.stripe.errors import StripeError

Authentication = Literal["never", "on session", "until set up", "always"]
Dispute = Literal["fraudulent", "product_not_received", "inquiry"]

_TOKENS = ("pm_card_", "tok_")


@dataclass(frozen=True)
class Decline:
    """Why a bank says no, in Stripe's words."""

    decline_code: str | None
    code: str = "card_declined"
    message: str = "Your card was declined."


@dataclass(frozen=True)
class TestCard:
    """A number, and everything that happens to who pays with it."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    saves: bool = True
    """Whether it can be attached to a customer, or set up."""
    authentication: Authentication = "never"
    """When its bank wants to see the cardholder."""
    dispute: Dispute | None = None
    cvc_check: str = "pass"
    names: tuple[str, ...] = field(default=(), compare=False)
    """What follows `pm_card_` and `tok_` in the tokens that stand for it."""


_FUNDS = Decline("insufficient_funds", message="Your card has insufficient funds.")
_GENERIC = Decline("generic_decline")


def _declined(number: str, decline: Decline, *names: str) -> TestCard:
    return TestCard(number, decline=decline, saves=False, names=names)


def _asking(number: str, when: Authentication, *names: str, decline: Decline | None = None) -> TestCard:
    return TestCard(number, authentication=when, decline=decline, names=names)


_PAYING = (
    TestCard("4242424242424242", names=("visa", "us")),
    TestCard("4000056655665556", funding="debit", names=("visa_debit",)),
    TestCard("5555555555554444", "mastercard", names=("mastercard",)),
    TestCard("2223003122003222", "mastercard"),
    TestCard("5200828282828210", "mastercard", "debit", names=("mastercard_debit",)),
    TestCard("5105105105105100", "mastercard", "prepaid", names=("mastercard_prepaid",)),
    TestCard("378282246310005", "amex", names=("amex",)),
    TestCard("371449635398431", "amex"),
    TestCard("6011111111111117", "discover", names=("discover",)),
    TestCard("3056930009020004", "diners", names=("diners",)),
    TestCard("36227206271667", "diners"),
    TestCard("3566002020360505", "jcb", country="JP", names=("jcb",)),
    TestCard("6200000000000005", "unionpay", country="CN", names=("unionpay",)),
    TestCard("4000008260000000", country="GB", names=("gb",)),
    TestCard("4000002500000003", country="FR", names=("fr",)),
    TestCard("4000002760000016", country="DE", names=("de",)),
    TestCard("4000001240000000", country="CA", names=("ca",)),
    TestCard("4000000000000077", names=("bypassPending",)),
    TestCard("4000000000003055", names=("threeDSecureOptional",)),
    TestCard("4000000000000101", cvc_check="fail", names=("cvcCheckFail",)),
)
_DECLINING = (
    _declined("4000000000000002", _GENERIC, "chargeDeclined", "visa_chargeDeclined"),
    _declined("4000000000009995", _FUNDS, "chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"),
    _declined("4000000000009987", Decline("lost_card"), "visa_chargeDeclinedLostCard"),
    _declined("4000000000009979", Decline("stolen_card"), "visa_chargeDeclinedStolenCard"),
    _declined("4000000000000069", Decline(None, "expired_card", "Your card has expired."), "chargeDeclinedExpiredCard"),
    _declined(
        "4000000000000127",
        Decline(None, "incorrect_cvc", "Your card's security code is incorrect."),
        "chargeDeclinedIncorrectCvc",
    ),
    _declined(
        "4000000000000119",
        Decline(
            None,
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
        "chargeDeclinedProcessingError",
    ),
    _declined("4000000000006975", Decline("card_velocity_exceeded"), "visa_chargeDeclinedVelocityLimitExceeded"),
    _declined("4100000000000019", Decline("fraudulent"), "radarBlock"),
    TestCard("4000000000000341", decline=_GENERIC, names=("chargeCustomerFail",)),
)
_ASKING = (
    _asking("4000002500003155", "until set up", "authenticationRequiredOnSetup"),
    _asking("4000002760003184", "always", "authenticationRequired"),
    _asking("4000003800000446", "on session", "authenticationRequiredSetupForOffSession"),
    _asking("4000008260003178", "on session", "authenticationRequiredChargeDeclinedInsufficientFunds", decline=_FUNDS),
    _asking("4000000000003220", "always", "threeDSecure2Required"),
    _asking("4000000000003063", "always", "threeDSecureRequired"),
    _asking("4000008400001629", "always", "threeDSecureRequiredChargeDeclined", decline=_GENERIC),
)
_DISPUTED = (
    TestCard("4000000000000259", dispute="fraudulent", names=("createDispute",)),
    TestCard("4000000000002685", dispute="product_not_received", names=("createDisputeProductNotReceived",)),
    TestCard("4000000000001976", dispute="inquiry", names=("createDisputeInquiry",)),
)
_CARDS = (*_PAYING, *_DECLINING, *_ASKING, *_DISPUTED)
_BY_NUMBER = {card.number: card for card in _CARDS}
_BY_NAME = {name: card for card in _CARDS for name in card.names}
_LIVE = Decline(
    "test_mode_live_card",
    message="Your card was declined. Your request was in test mode, but used a non test (live) card. "
    "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
)


def by_number(number: str) -> TestCard:
    """The card with this number; one that nobody issued is refused as Stripe's page refuses it."""
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isdecimal() or not 12 <= len(digits) <= 19 or not _adds_up(digits):
        raise StripeError("Your card number is incorrect.", status=402, type="card_error", code="incorrect_number")
    if digits not in _BY_NUMBER:
        raise declined(_LIVE)
    return _BY_NUMBER[digits]


def by_token(token: str) -> TestCard | None:
    """The card that `pm_card_visa` or `tok_visa` stands for; None where it stands for none."""
    for prefix in _TOKENS:
        if token.startswith(prefix):
            return _BY_NAME.get(token.removeprefix(prefix))
    return None


def declined(decline: Decline) -> StripeError:
    """The answer to who tries to save a card that is refused."""
    return StripeError(
        decline.message, status=402, type="card_error", code=decline.code, decline_code=decline.decline_code
    )


def _adds_up(digits: str) -> bool:
    """Luhn's check."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
