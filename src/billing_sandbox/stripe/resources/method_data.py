"""The parameters that describe a payment method, here and there in Stripe's API."""

from collections.abc import Collection
from datetime import UTC, datetime

from billing_sandbox.store import Json
from billing_sandbox.stripe import cards, methods
from billing_sandbox.stripe.errors import StripeError, no_such
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.parameters import Choice, Group, Metadata, Text, Unsettable, Whole

ADDRESS_LINES = ("city", "country", "line1", "line2", "postal_code", "state")
ADDRESS = Group({line: Unsettable(Text()) for line in ADDRESS_LINES})
BILLING_DETAILS = Group(
    {
        "address": ADDRESS,
        "email": Unsettable(Text(length_max=800)),
        "name": Unsettable(Text()),
        "phone": Unsettable(Text(length_max=20)),
        "tax_id": Text(),
    }
)
REDISPLAY = Choice(("always", "limited", "unspecified"))
METHOD_DATA = {
    "allow_redisplay": REDISPLAY,
    "billing_details": BILLING_DETAILS,
    "card": Group(
        {
            "cvc": Text(length_max=4),
            "exp_month": Whole(least=0, most=99),
            "exp_year": Whole(least=0, most=9999),
            "number": Text(length_max=30),
            "token": Text(),
        }
    ),
    "metadata": Metadata(),
    "type": Choice(("card",), required=True),
}
_ONLY_SAID = (
    "allowed_payment_method_types", "confirm", "payment_method", "payment_method_data", "return_url", "use_stripe_sdk",
)  # fmt: skip
OPTIONS = Group({"card": Group({"request_three_d_secure": Choice(("any", "automatic", "challenge"))})})


def made_from(ledger: Ledger, data: Json, within: str = "") -> Json:
    """The new method that these parameters describe; `within` is the parameter that holds them."""
    card = data.get("card")
    at = f"{within}[card]" if within else "card"
    if card is None:
        raise StripeError(f"Missing required param: {at}.", code="parameter_missing", param=at)
    given = {name: value for name, value in data.items() if name not in ("card", "type")}
    if "token" in card:
        test = cards.by_token(card["token"])
        if test is None:
            raise no_such("token", card["token"], param=f"{at}[token]", status=400)
        return methods.from_card(ledger, test, given)
    for name in ("number", "exp_month", "exp_year"):
        if name not in card:
            param = f"{at}[{name}]"
            raise StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)
    return methods.from_card(ledger, cards.by_number(card["number"]), given, expiry(ledger, card))


def expiry(ledger: Ledger, card: Json) -> Json:
    """The month and year given, of a card that is still good."""
    month, year = card["exp_month"], card["exp_year"]
    year += 2000 if year < 100 else 0
    today = datetime.fromtimestamp(ledger.now(), UTC)
    if not 1 <= month <= 12 or (year == today.year and month < today.month):
        raise _invalid("month")
    if not today.year <= year <= today.year + 50:
        raise _invalid("year")
    return {"exp_month": month, "exp_year": year}


def _invalid(part: str) -> StripeError:
    message = f"Your card's expiration {part} is invalid."
    code, param = f"invalid_expiry_{part}", f"exp_{part}"
    return StripeError(message, status=402, type="card_error", code=code, param=param)


def chosen(ledger: Ledger, given: Json, customer: str | None) -> Json:
    """Of an intent: the method given, with which it is then only to be confirmed; nothing where none is."""
    if "payment_method" in given:
        method = methods.named(ledger, given["payment_method"])
    elif "payment_method_data" in given:
        method = made_from(ledger, given["payment_method_data"], "payment_method_data")
    else:
        return {}
    methods.check_usable(ledger, method, customer)
    return {"next_action": None, "payment_method": method["id"], "status": "requires_confirmation"}


def shown(given: Json, only_said: Collection[str] = ()) -> Json:
    """Of an intent: what it keeps of the parameters, but for those that say what is to happen now."""
    kept = {name: value for name, value in given.items() if name not in {*_ONLY_SAID, *only_said}}
    if "allowed_payment_method_types" in given:
        kept["payment_method_types"] = given["allowed_payment_method_types"]
    return kept
