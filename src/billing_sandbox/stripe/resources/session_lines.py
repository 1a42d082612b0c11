"""What is bought on a Checkout Session's page: lines at prices that exist, or that are made for it."""

from billing_sandbox.store import Json
from billing_sandbox.stripe import objects
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.money import check_chargeable
from billing_sandbox.stripe.operations import Call
from billing_sandbox.stripe.parameters import Group, Metadata, Text, Whole
from billing_sandbox.stripe.recurring import prices
from billing_sandbox.stripe.recurring.beginnings import Wanted

_PRICE = prices.InlinePrice(prices.PRICE_DATA | {"product_data": prices.PRODUCT_DATA, "recurring": prices.RECURRING})
LINE = Group({"price": Text(), "price_data": _PRICE, "quantity": Whole(least=1, required=True), "metadata": Metadata()})


def lines_to_pay(ledger: Ledger, call: Call) -> list[Json]:
    """What is paid once."""
    given, now = call.params, ledger.now()
    lines, currency = [], given.get("currency")
    for index, line in enumerate(_some_lines(given)):
        at = f"line_items[{index}]"
        price, product = _sold(ledger, line, at)
        currency = currency or price["currency"]
        if price["currency"] != currency:
            message = "All line items of a Checkout Session must have the same currency"
            raise StripeError(f"{message}: {currency}.", param=f"{at}[price_data][currency]")
        check_chargeable(price["unit_amount"], currency, f"{at}[price_data][unit_amount]")
        made = objects.line_item(now, currency, price["unit_amount"], line["quantity"], product)
        lines.append(made | {"price": price} if "id" in price else made)
    return lines


def lines_to_subscribe_to(ledger: Ledger, call: Call) -> list[Wanted]:
    """What is paid again and again, at prices that exist from now on at the latest."""
    wanted = []
    for index, line in enumerate(_some_lines(call.params)):
        price = _price(ledger, call, line, f"line_items[{index}]")
        wanted.append(Wanted(price, line["quantity"]))
    if call.params.get("currency", wanted[0].price["currency"]) != wanted[0].price["currency"]:
        raise StripeError("The price specified is of another currency.", param="line_items[0][price]")
    return wanted


def _some_lines(given: Json) -> list[Json]:
    lines: list[Json] = given.get("line_items", [])
    if not lines:
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    for index, line in enumerate(lines):
        if ("price" in line) == ("price_data" in line):
            message = "You must specify either `price` or `price_data` for each line item."
            raise StripeError(message, code="parameter_missing", param=f"line_items[{index}][price]")
    return lines


def _sold(ledger: Ledger, line: Json, at: str) -> tuple[Json, Json]:
    """What a line is sold at once: its price, which has an id where it exists for itself, and its product."""
    if "price" in line:
        price = prices.usable(ledger, line["price"], f"{at}[price]")
        product = ledger.get("product", price["product"])
    else:
        price = line["price_data"]
        product = price.get("product_data") or ledger.get(
            "product", price["product"], param=f"{at}[price_data][product]", status=400
        )
    if price.get("recurring"):
        message = "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or"
        raise StripeError(f"{message} use only one-time prices.", param=at)
    return price, product


def _price(ledger: Ledger, call: Call, line: Json, at: str) -> Json:
    """What a line is subscribed to at."""
    if "price" in line:
        return prices.usable(ledger, line["price"], f"{at}[price]")
    return prices.inline(ledger, call.cause, line["price_data"], f"{at}[price_data]")
