"""Settings of KPay: how it is reached, what it takes, and how patiently an attempt is asked about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import Range

from billing.entrypoints import setting_formats as formats
from billing.entrypoints.setting_formats import POSITIVE, optional

KPAY = "kpay"
"""The name of the gateway."""

BY_CARD = "cc"
METHODS = ("momo", BY_CARD, "spenn")
"""Mobile money, cards on KPay's page, SPENN."""

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_LIMIT = re.compile(r"(?P<method>[a-z]+):(?P<least>[0-9]+)-(?P<most>[0-9]+)")


@dataclass(frozen=True, kw_only=True)
class KpaySettings:
    """`limits` has the least and the most RWF of each method; `poll_seconds` are ages of an attempt, rising.

    For `grace_seconds` after its start KPay may not know an attempt yet. After `retry_after_seconds` an undecided one
    no longer keeps the customer from another.
    """

    url: str
    username: str
    password: str = field(repr=False)
    api_key: str | None = field(repr=False)
    retailer_id: str
    limits: Mapping[str, tuple[int, int]]
    grace_seconds: float
    retry_after_seconds: float
    poll_seconds: tuple[float, ...]
    attempt_expiry_minutes: float
    hints_max: int


def read_kpay(env: Env) -> KpaySettings | None:
    """None where KPay is not used: BILLING_KPAY_URL is not set."""
    url = optional(env, "KPAY_URL", _private_address)
    if not url:
        return None
    polls = env.list("KPAY_POLL_SECONDS", [10, 30, 60, 120, 300, 900, 3600], subcast=float, validate=_rising)
    return KpaySettings(
        url=url,
        username=env.str("KPAY_USERNAME"),
        password=env.str("KPAY_PASSWORD"),
        api_key=env.str("KPAY_API_KEY", None),
        retailer_id=env.str("KPAY_RETAILER_ID"),
        limits=_limits(env.str("KPAY_LIMITS", "momo:100-5000000,cc:1000-10000000,spenn:100-1000000", validate=_limits)),
        grace_seconds=env.float("KPAY_GRACE_SECONDS", 120, validate=POSITIVE),
        retry_after_seconds=env.float("KPAY_RETRY_AFTER_SECONDS", 120, validate=POSITIVE),
        poll_seconds=tuple(polls or ()),
        attempt_expiry_minutes=env.float("KPAY_ATTEMPT_EXPIRY_MINUTES", 60, validate=POSITIVE),
        hints_max=env.int("KPAY_HINTS_MAX", 20, validate=Range(min=1)),
    )


def _private_address(value: str) -> None:
    """One that nobody listens to on the way, since our password goes there with every call."""
    formats.web_address(value)
    parts = urlsplit(value)
    if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
        raise ValidationError("Must be https://…: our password goes there.")


def _rising(ages: list[float]) -> None:
    if not ages or ages[0] <= 0 or any(later <= sooner for sooner, later in pairwise(ages)):
        raise ValidationError("Must be seconds since the start of an attempt, each more than the one before.")


def _limits(value: str) -> Mapping[str, tuple[int, int]]:
    limits: dict[str, tuple[int, int]] = {}
    for one in value.split(","):
        found = _LIMIT.fullmatch(one.strip())
        if found is None or found["method"] not in METHODS or int(found["least"]) > int(found["most"]):
            raise ValidationError(f"{one.strip()!r} is not <method>:<least>-<most> with one of {', '.join(METHODS)}.")
        limits[found["method"]] = (int(found["least"]), int(found["most"]))
    return limits
