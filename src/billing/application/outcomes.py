"""How a call outward may end, if not with a result: a closed set, and the moment by which it must have ended."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from billing.domain.alert import AlertKind
from billing.domain.errors import BillingError


@dataclass(eq=False)
class _Undecided:
    """Neither yes nor no; `after_seconds` is the pause that the provider asked for."""

    why: str
    after_seconds: float | None = None
    # The provider was there and said this: no outage, whatever it is.
    answered: bool = False

    @property
    def is_answer(self) -> bool:
        """Whether it is what the provider said, and not its silence; who says when to come again has answered."""
        return self.answered or self.after_seconds is not None


@dataclass(eq=False)
class RetryLater(_Undecided, BillingError):
    """{why}"""


@dataclass(eq=False)
class OutcomeUnknown(_Undecided, BillingError):
    """{why}"""


@dataclass(eq=False)
class NotYet(BillingError):
    """{why}"""

    why: str
    after: timedelta
    # Where a person must know of it: what it is, and of whom. Told once a day, however many jobs wait for it.
    alert: AlertKind | None = None
    about: str = ""


@dataclass(eq=False)
class Refused(BillingError):
    """{why}"""

    why: str


@dataclass(eq=False)
class NeedsPerson(BillingError):
    """{why}"""

    why: str


@dataclass(eq=False)
class AccountRefused(NeedsPerson):
    """{why}"""

    # The provider refuses us as such, by our key or our address, and has done nothing.


@dataclass(frozen=True)
class Deadline:
    """A moment on the process's monotonic clock by which an outward call must have ended."""

    at: float
    monotonic: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, monotonic: Callable[[], float]) -> "Deadline":
        """So many seconds from now."""
        return cls(monotonic() + seconds, monotonic)

    def remaining_seconds(self) -> float:
        """What is left; RetryLater where nothing is, since then nothing may be sent."""
        left = self.at - self.monotonic()
        if left <= 0:
            raise RetryLater("no time left to call")
        return left
