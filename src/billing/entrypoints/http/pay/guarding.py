"""What stands before a form: it was shown to this very browser, and it is not sent without end."""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from flask import Response, request
from itsdangerous import Signer

from billing.entrypoints.http.pay.links import PayLinks

_SALT = b"billing pay form"
_COOKIE = "pay_form"
_COOKIE_CHARS_MAX = 64
_KEYS_MAX = 10_000


class FormSeal:
    """A double-submit cookie: a random value in the browser, and in the form our signature of it and of the subject.

    Somebody who has a page of another site send the form has neither.
    """

    def __init__(self, keys: Sequence[str], new_value: Callable[[], str], is_secure: bool, path: str = "/pay") -> None:
        self._signer = Signer(list(reversed(keys)), salt=_SALT, key_derivation="hmac", digest_method=sha256)
        self._new_value, self._is_secure, self._path = new_value, is_secure, path

    def value(self) -> str:
        """The browser's value, or a new one for it."""
        known = request.cookies.get(_COOKIE, "")
        return known if 0 < len(known) <= _COOKIE_CHARS_MAX else self._new_value()

    def seal(self, value: str, subject_id: str) -> str:
        """What the form sends along."""
        return self._signer.get_signature(_sealed(value, subject_id)).decode()

    def set_cookie(self, response: Response, value: str) -> None:
        """Have the browser keep it until it is closed."""
        response.set_cookie(_COOKIE, value, path=self._path, httponly=True, samesite="Lax", secure=self._is_secure)

    def is_broken(self, subject_id: str) -> bool:
        """Whether what was sent was not this browser's form."""
        value, sent = request.cookies.get(_COOKIE, ""), request.form.get("seal", "")
        return not value or not self._signer.verify_signature(_sealed(value, subject_id), sent)


def _sealed(value: str, subject_id: str) -> bytes:
    return f"{value} {subject_id}".encode()


class RateLimit:
    """So many times within a window for each key, in this process; keys that were not heard of longest are forgotten.

    >>> seconds = iter([0.0, 1.0, 2.0, 61.0])
    >>> limit = RateLimit(2, 60.0, lambda: next(seconds))
    >>> limit.wait_seconds("ord_1"), limit.wait_seconds("ord_1"), limit.wait_seconds("ord_1")
    (0.0, 0.0, 58.0)
    >>> limit.wait_seconds("ord_1")
    0.0
    """

    def __init__(self, times_max: int, window_seconds: float, monotonic: Callable[[], float]) -> None:
        self._times_max, self._window, self._monotonic = times_max, window_seconds, monotonic
        self._mutex = Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def forget(self) -> None:
        """Begin anew."""
        with self._mutex:
            self._times.clear()

    def wait_seconds(self, key: str) -> float:
        """0 where it may go on, which is then counted; else how long it must wait."""
        now = self._monotonic()
        with self._mutex:
            times = self._times.setdefault(key, deque())
            self._times.move_to_end(key)
            while times and times[0] <= now - self._window:
                times.popleft()
            if len(times) >= self._times_max:
                return times[0] + self._window - now
            times.append(now)
            if len(self._times) > _KEYS_MAX:
                self._times.popitem(last=False)
            return 0.0


@dataclass(frozen=True)
class PayGate:
    """All that stands before the page: whose links lead in, whose forms are taken, and how often."""

    links: PayLinks
    seal: FormSeal
    limit: RateLimit
