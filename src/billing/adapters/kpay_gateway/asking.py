"""What KPay is asked with: options that it can take, and the body of `pay` made of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from billing.adapters.kpay_gateway.account import KpayAccount
from billing.adapters.kpay_gateway.phones import read_phone
from billing.adapters.kpay_gateway.replies import is_web_address
from billing.domain.errors import Invalid
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment

CURRENCY = "RWF"
_BY_CARD = "cc"
_BANKS = {
    ("momo", "MTN"): "63510",
    ("momo", "Airtel"): "63514",
    ("spenn", None): "63502",
    (_BY_CARD, None): "000",
}
"""Institutions: older accounts want one named with each payment, newer ones do not look."""


def prepared(
    total: Money, options: Mapping[str, str], account: KpayAccount, others: Sequence[str]
) -> Mapping[str, str]:
    """The options as they will be sent, with the phone in E.164 and its operator; Invalid for what KPay takes not."""
    if total.currency != CURRENCY:
        instead = " or ".join(others) or "another gateway"
        raise Invalid("gateway", f"KPay takes {CURRENCY} only: pay {total.currency} by {instead}")
    method = options.get("method", "")
    if method not in account.limits:
        raise Invalid("method", f"must be one of {', '.join(account.limits)}")
    least, most = account.limits[method]
    if not least <= total.minor <= most:
        raise Invalid("method", f"{method} takes from {least} to {most} {CURRENCY}, and this is {total}")
    if not is_web_address(options.get("return_url", "")):
        raise Invalid("return_url", "is required: where the customer goes after paying")
    phone = read_phone(options.get("phone", ""))
    if method != _BY_CARD and not phone.is_rwandan_mobile:
        raise Invalid("phone", f"must be a mobile number in Rwanda, such as 0788 123 456, for {method}")
    kept = {name: value for name, value in options.items() if name != "operator"}
    operator = {"operator": phone.operator} if phone.operator else {}
    return {**kept, "phone": phone.e164, **operator}


def body_of(
    order: Order, payment: Payment, account: KpayAccount, postback_url: Callable[[str], str]
) -> Mapping[str, Any]:
    """Made only of what is fixed before the first call, so that a repeat has the same."""
    options = payment.options
    method, msisdn = options["method"], options["phone"].removeprefix("+")
    bank = _BANKS.get((method, options.get("operator"))) or _BANKS.get((method, None))
    return {
        "msisdn": msisdn,
        "email": options["email"],
        "details": f"Order {order.number}",
        "refid": payment.id,
        "amount": payment.amount.minor,
        "currency": payment.amount.currency,
        "cname": options["name"],
        "cnumber": msisdn,
        "pmethod": method,
        "retailerid": account.retailer_id,
        "returl": postback_url(options["hint_token"]),
        "redirecturl": options["return_url"],
        **({"bankid": bank} if bank else {}),
    }


def hidden_of(payment: Payment) -> Sequence[str]:
    """What KPay may echo of the customer, in every way that it is sent."""
    phone = payment.options.get("phone", "")
    names = payment.options.get("name", "")
    return (
        phone,
        phone.removeprefix("+"),
        payment.options.get("email", ""),
        names,
        *(part for part in names.split() if len(part) > 2),
        payment.options.get("hint_token", ""),
    )
