"""A KPay whose every answer is given beforehand, and what a shop asks of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.adapters.kpay_gateway import KpayAccount, KpayGateway
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.ports import Telemetry
from billing.domain.order import Order
from billing.domain.payment import Payment
from tests.contracts.payment_gateway import an_order_to_pay

URL = "https://pay.kpay.example/"
NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)
GRACE = timedelta(seconds=120)
PASSWORD, KEY = "pass-w0rd-of-ours", "key-of-ours-0123456789"
TID, PHONE, NAME, TOKEN = "A123456789", "+250788123456", "Aline Uwase", "token-that-nobody-guesses"
OPTIONS: Mapping[str, str] = {
    "method": "momo",
    "phone": PHONE,
    "operator": "MTN",
    "return_url": "https://shop.example/thanks",
    "email": "aline@example.rw",
    "name": NAME,
    "hint_token": TOKEN,
}
ACCOUNT: Mapping[str, Any] = {
    "url": URL,
    "username": "shop1234",
    "password": PASSWORD,
    "api_key": KEY,
    "retailer_id": "02",
    "limits": {"momo": (100, 5_000_000), "cc": (1_000, 10_000_000), "spenn": (100, 1_000_000)},
}


def a_gateway(
    telemetry: Telemetry | None = None, now: datetime = NOW, others: tuple[str, ...] = ("stripe",), **account: Any
) -> KpayGateway:
    return KpayGateway(
        KpayAccount(**{**ACCOUNT, **account}),
        postback_url=lambda token: f"https://shop.example/webhooks/kpay/{token}",
        grace=GRACE,
        others=others,
        now=lambda: now,
        telemetry=telemetry or MemoryTelemetry(),
    )


def to_pay(**options: str) -> tuple[Order, Payment]:
    """An order of 1800 RWF and an open attempt, as it is committed before the call."""
    return an_order_to_pay(NOW, "kpay", "RWF", {**OPTIONS, **options})


def a_started_payment() -> Payment:
    _, payment = to_pay()
    payment.bind(None, TID)
    return payment


def accepted(payment: Payment, **more: Any) -> dict[str, Any]:
    """What `pay` answers: it waits for the payer."""
    known = {"reply": "PENDING", "url": " ", "success": 1, "authkey": "x", "tid": TID, "refid": payment.id}
    return {**known, "retcode": 0, **more}


def rejected(payment: Payment, retcode: Any = 606, **more: Any) -> dict[str, Any]:
    """What `pay` answers, with HTTP's 200 as ever: it does not take it."""
    known = {"reply": "TARGET_AUTHORIZATION_ERROR", "url": " ", "success": 0, "authkey": "", "tid": "E"}
    return {**known, "refid": payment.id, "retcode": retcode, **more}


def stands(payment: Payment, statusid: Any, desc: str = "", **more: Any) -> dict[str, Any]:
    """What `checkstatus` answers, and a postback tells."""
    known = {"tid": TID, "refid": payment.id, "momtransactionid": "", "payaccount": PHONE.removeprefix("+")}
    return {**known, "statusid": statusid, "statusdesc": desc, **more}


def unknown(statusid: Any = "611") -> dict[str, Any]:
    """What `checkstatus` answers of a payment that KPay has never heard of."""
    blank = dict.fromkeys(("tid", "refid", "momtransactionid"), "")
    return {**blank, "statusid": statusid, "statusdesc": "Transaction not found"}
