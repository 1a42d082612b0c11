"""Outages of KPay under a shop that goes on selling by phone."""

from faults.breakages import world
from faults.outages import Outage, come_back
from faults.shop import Shop
from faults.site import Site

_SECONDS = 3.0
_UNANSWERED, _OPENED = "payment_start_unanswered", "breaker_opened"


def _by_phone(site: Site) -> Shop:
    return site.phones


PHONE_OUTAGES = (
    Outage("KPay is down", world("every connection is cut, and nothing done", {"point": "kpay.pay", "kind": "close"},
           {"point": "kpay.checkstatus", "kind": "close"}), seconds=_SECONDS, sign=_UNANSWERED, is_short=True,
           shop=_by_phone),
    Outage("KPay does not answer", world("every call hangs for 4 s, and has no effect", {"point": "kpay.pay",
           "kind": "hang", "seconds": 4}, {"point": "kpay.checkstatus", "kind": "hang", "seconds": 4}),
           seconds=_SECONDS, sign=_UNANSWERED, shop=_by_phone),
    Outage("KPay answers 500", world("every call", {"point": "kpay.pay", "kind": "refuse", "code": 500},
           {"point": "kpay.checkstatus", "kind": "refuse", "code": 500}), seconds=_SECONDS, sign=_UNANSWERED,
           shop=_by_phone),
    Outage("KPay answers with a web page", world("every call is done, and a page of HTML comes back",
           {"point": "kpay.pay", "kind": "html"}, {"point": "kpay.checkstatus", "kind": "html"}), seconds=_SECONDS,
           sign=_UNANSWERED, shop=_by_phone),
    Outage("KPay slower than the deadline", world("each call takes 4 s, and has its effect then",
           {"point": "kpay.pay", "kind": "slow", "seconds": 4}, {"point": "kpay.checkstatus", "kind": "slow",
           "seconds": 4}), seconds=_SECONDS, sign=_UNANSWERED, shop=_by_phone),
    Outage("KPay refuses our login", world("every call, as with a wrong password",
           {"point": "kpay.pay", "kind": "refuse", "code": 600}, {"point": "kpay.checkstatus", "kind": "refuse",
           "code": 600}), seconds=_SECONDS, sign=_OPENED, shop=_by_phone),
    Outage("KPay's answers lost", world("phones are asked, then the line is cut", {"point": "kpay.pay",
           "kind": "lose_answer"}), seconds=_SECONDS, sign=_UNANSWERED, shop=_by_phone),
    Outage("KPay's postbacks lost", world("no postback is sent; the customers come back to the shop's page",
           {"point": "kpay.postbacks.deliver", "kind": "lose"}), seconds=_SECONDS, afterwards=come_back,
           shop=_by_phone),
)  # fmt: skip
