"""When to try again, and when to stop."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite

from billing.domain.errors import Invalid

# 2.0 ** 1024 overflows a float; any cap is reached long before.
_DOUBLINGS_MAX = 1000


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015).

    >>> RetryPolicy(attempts_max=8, base_seconds=2, cap_seconds=600).is_exhausted(8)
    True
    """

    attempts_max: int
    base_seconds: float
    cap_seconds: float

    def __post_init__(self) -> None:
        if type(self.attempts_max) is not int or self.attempts_max < 1:
            raise Invalid("attempts_max", f"must be a whole number from 1, not {self.attempts_max!r}")
        if not 0 < self.base_seconds < float("inf"):
            raise Invalid("base_seconds", f"must be more than 0, not {self.base_seconds!r}")
        if not isfinite(self.cap_seconds) or self.cap_seconds < self.base_seconds:
            raise Invalid("cap_seconds", f"must be at least base_seconds, not {self.cap_seconds!r}")

    def delay(
        self, attempts_spent: int, random: Callable[[], float], retry_after_seconds: float | None = None
    ) -> timedelta:
        """How long to wait after that many spent attempts (from 1); random gives [0, 1), and the wait is never
        shorter than what the provider asked for in Retry-After (RFC 9110 §10.2.3).

        >>> policy = RetryPolicy(attempts_max=8, base_seconds=2, cap_seconds=600)
        >>> policy.delay(3, random=lambda: 0.5).total_seconds()
        4.0
        >>> policy.delay(3, random=lambda: 0.5, retry_after_seconds=30).total_seconds()
        30.0
        """
        if attempts_spent < 1:
            raise Invalid("attempts_spent", f"must be at least 1, not {attempts_spent!r}")
        doublings = min(attempts_spent - 1, _DOUBLINGS_MAX)
        ceiling_seconds = min(self.cap_seconds, self.base_seconds * 2.0**doublings)
        return timedelta(seconds=max(random() * ceiling_seconds, retry_after_seconds or 0))

    def is_exhausted(self, attempts_spent: int) -> bool:
        """Whether no attempt is left.

        >>> RetryPolicy(attempts_max=3, base_seconds=1, cap_seconds=60).is_exhausted(2)
        False
        """
        return attempts_spent >= self.attempts_max
