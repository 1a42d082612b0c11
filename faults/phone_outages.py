"""Outages of KPay under a shop that goes on selling by phone."""

from typing import Any

from faults.breakages import Breakage, world
from faults.outages import Outage, come_back
from faults.shop import Shop
from faults.site import Site

_SECONDS = 3.0
_UNANSWERED, _OPENED = "payment_start_unanswered", "breaker_opened"


def _by_phone(site: Site) -> Shop:
    return site.phones


def _outage(name: str, fault: Breakage, **more: Any) -> Outage:
    return Outage(name, fault, seconds=_SECONDS, shop=_by_phone, **more)


def _every_call(words: str, **how: Any) -> Breakage:
    return world(words, {"point": "kpay.pay", **how}, {"point": "kpay.checkstatus", **how})


PHONE_OUTAGES = (
    _outage("KPay is down", _every_call("every connection is cut, and nothing done", kind="close"), sign=_UNANSWERED,
            is_short=True),
    _outage("KPay does not answer", _every_call("every call hangs for 4 s, and has no effect", kind="hang", seconds=4),
            sign=_UNANSWERED),
    _outage("KPay answers 500", _every_call("every call", kind="refuse", code=500), sign=_UNANSWERED),
    _outage("KPay answers with a web page", _every_call("every call is done, and a page of HTML comes back",
            kind="html"), sign=_UNANSWERED),
    _outage("KPay slower than the deadline", _every_call("each call takes 4 s, and has its effect then", kind="slow",
            seconds=4), sign=_UNANSWERED),
    _outage("KPay refuses our login", _every_call("every call, as with a wrong password", kind="refuse", code=600),
            sign=_OPENED),
    _outage("KPay's answers lost", world("phones are asked, then the line is cut", {"point": "kpay.pay",
            "kind": "lose_answer"}), sign=_UNANSWERED),
    _outage("KPay's postbacks lost", world("no postback is sent; the customers come back to the shop's page",
            {"point": "kpay.postbacks.deliver", "kind": "lose"}), afterwards=come_back),
)  # fmt: skip
