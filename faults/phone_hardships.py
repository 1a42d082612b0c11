"""What befalls some payments by phone: success that is forged, told before its time, or told at once."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from billing.domain.alert import AlertKind
from faults.hardships import Befallen, Hardship
from faults.shop import Purchase
from faults.site import Site
from tests.integration.whole.installation import a_domain, eventually

_SOME = 6
_DECLINES = "kpay.postbacks.deliver.02"


def _order_some(site: Site, *faults: dict[str, Any]) -> Sequence[Purchase]:
    site.installation.control("PUT", "/faults", {"faults": [{"times": _SOME, **fault} for fault in faults]})
    with ThreadPoolExecutor(_SOME) as many:
        return list(many.map(lambda _: site.phones.order(a_domain(site.phones.new_name())), range(_SOME)))


def _forge(site: Site) -> Befallen:
    """Six phones are asked and nobody approves; each time somebody posts that it was paid."""
    purchases = [site.phones.start(one) for one in _order_some(site, {"point": "kpay.pay", "kind": "forge"})]
    return _never_paid(site, purchases, [str(one.page) for one in purchases])


def _decline_as_paid(site: Site) -> Befallen:
    """Six customers decline; what is posted says each time that it was paid."""
    purchases = [site.phones.start(one) for one in _order_some(site, {"point": _DECLINES, "kind": "forge"})]
    attempts = [str(one.page) for one in purchases]
    return _never_paid(site, [site.phones.decline(one) for one in purchases], attempts)


def _tell_first(site: Site) -> Befallen:
    """Six payments are made at once, and their postbacks come before the answer that names them."""
    purchases = _order_some(site, {"point": "kpay.pay", "kind": "notify_first"})
    return Befallen([site.phones.pay(site.phones.start(one)) for one in purchases], time.time())


def _post_twice(site: Site) -> Befallen:
    """Six payments are approved, and each postback comes twice at once."""
    purchases = _order_some(site, {"point": "kpay.postbacks.deliver", "kind": "duplicate"})
    return Befallen([site.phones.pay(site.phones.start(one)) for one in purchases], time.time())


def _never_paid(site: Site, purchases: Sequence[Purchase], attempts: Sequence[str]) -> Befallen:
    """They stay pending, and operators are told of each."""
    eventually(lambda: site.books.told_of(AlertKind.HINT_CONTRADICTED) >= set(attempts))
    for purchase in purchases:
        purchase.wanted = "pending"
    return Befallen(purchases, time.time())


PHONE_HARDSHIPS = (
    Hardship("KPay's postbacks forged", _forge),
    Hardship("KPay's postbacks claim what was declined", _decline_as_paid),
    Hardship("KPay's postbacks before its answers", _tell_first),
    Hardship("KPay's postbacks doubled", _post_twice),
)
