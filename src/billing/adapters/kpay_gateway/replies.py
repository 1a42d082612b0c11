"""KPay's answers, read whichever way they are written: numbers as texts, padded, with more fields or fewer."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from billing.adapters.kpay_gateway.codes import NOT_FOUND, Standing, standing

_TID = re.compile(r"[A-Za-z0-9_-]{2,64}")
"""A letter and digits, and never the bare `E` of what was rejected."""
_SAID_LENGTH_MAX = 80
_URL_LENGTH_MAX = 2000
_NUMBER = re.compile(r"\+?[0-9][0-9 ().-]{4,40}[0-9]")
_ADDRESS = re.compile(r"\S*@\S*")
_UNFIT = re.compile(r"[^A-Za-z0-9 _.,:'/*-]+")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer; a field is empty where KPay left it out or blank. `said` has no number and nobody's name in it."""

    retcode: str = ""
    success: str = ""
    statusid: str = ""
    tid: str = ""
    refid: str = ""
    url: str | None = None
    said: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any], hidden: Collection[str] = ()) -> Self:
        """What it says; `hidden` is what KPay may echo and nobody else shall read."""
        texts = {name: text_of(document.get(name)) for name in ("retcode", "success", "statusid", "tid", "refid")}
        echoes = {name for name, text in texts.items() if any(secret and secret in text for secret in hidden)}
        texts |= dict.fromkeys(echoes - {"refid"}, "?")
        if not _TID.fullmatch(texts["tid"]):
            texts["tid"] = ""
        words = text_of(document.get("statusdesc")) or text_of(document.get("reply"))
        return cls(**texts, url=_page(text_of(document.get("url"))), said=harmless(words, hidden))

    @property
    def is_readable(self) -> bool:
        """Whether it says anything at all."""
        return bool(self.retcode or self.statusid)

    @property
    def is_accepted(self) -> bool:
        """Whether a `pay` was taken, by the only test that holds: the HTTP status says nothing of it."""
        return self.retcode == "0" and (self.success == "1" or self.standing is Standing.PAID)

    @property
    def status(self) -> str:
        """The code of how the payment stands; empty where the question itself was refused."""
        # Both tables of return codes know "not found" by one number only, so it may stand in for the status.
        return self.statusid or (NOT_FOUND if self.retcode == NOT_FOUND else "")

    @property
    def standing(self) -> Standing | None:
        """What that code means; None where there is none."""
        return standing(self.status) if self.status else None


def text_of(value: Any) -> str:
    """A text or a whole number, without what it is padded with; anything else is as good as absent."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip() if isinstance(value, str) or abs(value) < 10**18 else ""


def as_object(text: str) -> Mapping[str, Any] | None:
    """A JSON object; None for anything else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def harmless(words: str, hidden: Collection[str] = ()) -> str:
    """KPay's own words, short, on one line, and without numbers, addresses and what is hidden."""
    for secret in sorted(filter(None, hidden), key=len, reverse=True):
        words = re.sub(re.escape(secret), "***", words, flags=re.IGNORECASE)
    words = _ADDRESS.sub("***", _NUMBER.sub("***", words))
    return " ".join(_UNFIT.sub(" ", words).split())[:_SAID_LENGTH_MAX].strip()


def is_web_address(text: str) -> bool:
    """Whether it names a host that speaks HTTP."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def _page(url: str) -> str | None:
    """An address that a browser may be sent to."""
    is_fit = len(url) <= _URL_LENGTH_MAX and not re.search(r"[\s\x00-\x1f\"<>\\]", url)
    return url if is_fit and is_web_address(url) else None
