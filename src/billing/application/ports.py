"""What the core needs from outside, cut by capability so that no adapter must lie.

A call outward ends in a result or in one of a closed set (`outcomes`). Every such call takes a `Deadline` and, but for
a mail, is safe to repeat.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from billing.application.outcomes import Deadline, NeedsPerson, Refused
from billing.domain.contact import Contact
from billing.domain.domain_name import DomainName
from billing.domain.errors import BillingError
from billing.domain.facts import Fact
from billing.domain.mail import Mail
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.refund import Refund

Clock = Callable[[], datetime]
"""The business clock: terms, expiry, milestones. Technical time is the ledger's `now()`."""

OrderNumbers = Callable[[], str]
"""A new order's number, which people read out."""

PayLink = Callable[[str], str]
"""The address of our own page about an order (or another thing of ours, by its id), good as long as that is."""

Ids = Callable[[str], str]
"""A new id with the given prefix: `ids("ord")` is `ord_…`, a UUIDv7 behind it."""


# ---------------------------------------------------------------------- payment gateways


@dataclass(eq=False)
class Forged(BillingError):
    """the notification is not proven to be the provider's: {why}"""

    why: str


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A notification proven genuine and not yet understood; `readable` is False for types that nobody reads."""

    event_id: str
    type: str
    api_version: str | None
    verdict: str
    readable: bool


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a stored notification says: facts, every provider id in it, and the installation named in its metadata."""

    facts: Sequence[Fact] = ()
    refs: frozenset[str] = frozenset()
    installation: str | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Started:
    """An attempt that the provider has taken: its ids, and where the customer goes, if anywhere.

    `facts` is what it proved at once, as of a saved method that was charged.
    """

    session_ref: str | None = None
    payment_ref: str | None = None
    redirect_url: str | None = None
    facts: tuple[Fact, ...] = ()


HINT_TOKEN = "hint_token"
"""The option of an attempt that only the sender of its notifications knows."""


class Claim(StrEnum):
    """What an unsigned notification says came of an attempt; nobody need believe it."""

    PAID = "paid"
    UNPAID = "unpaid"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What an unsigned notification claims, and of which attempt, by our own id.

    `said` is the claim in the provider's words; `answer` is the JSON document that its sender wants to read.
    """

    payment_id: str
    payment_ref: str | None
    claim: Claim
    said: str
    answer: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a provider works where providers differ: what it can't do, we make up for.

    `closes`: an open attempt can be made unpayable; where it can't, it is given up here and a late success counts.
    `refunds`: it pays back by a call; where it doesn't, a person does by hand.
    """

    closes: bool = True
    refunds: bool = True


class PaymentGateway(ABC):
    """Takes money from customers through one provider.

    What its notifications are worth is told by its class: those of a `SignedGateway` prove what they tell, those of a
    `HintingGateway` only hint at asking.
    """

    name: str
    manner: Manner = Manner()

    def require_reachable(self) -> None:
        """NotYet where it is known that a call would be in vain; calls nobody."""

    def prepare(self, total: Money, options: Mapping[str, str]) -> Mapping[str, str]:
        """An attempt's options as they will be sent; Invalid where it can't take that sum, or these. Calls nobody."""
        return options

    @abstractmethod
    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """Open the attempt at the provider; repeated for the same payment it gives the same attempt.

        Off session (`options` of the payment name a `method_ref` of the account `customer_ref`) that method is charged
        and no page opened; one that is declined is no Refused: PaymentFailed, with the bank's reason.
        """

    def start_again(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """The same after an answer was lost; a provider that has no idempotency keys is asked first."""
        return self.start(order, payment, deadline)

    @abstractmethod
    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Ask how a started attempt stands; off session also one without an id, PaymentExpired if there is none."""

    @abstractmethod
    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Make an attempt unpayable, known as for `check`; where it turns out paid, PaymentSucceeded comes back.

        Where the provider closes nothing (`manner`), the same as `check`.
        """

    @abstractmethod
    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        """Pay a refund, and say how it stands; a repeat of the same try (`refund.try_no`) pays nothing more.

        Refused where the provider has definitely not paid; NeedsPerson where it offers no refunds (`manner`).
        """


class SignedGateway(PaymentGateway):
    """One whose notifications prove what they tell."""

    @abstractmethod
    def verify(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """Prove a notification genuine, or Forged. Reads no ledger and calls nobody."""

    @abstractmethod
    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        """Say in facts what a stored notification means, whichever API version wrote it; may fetch."""


class HintingGateway(PaymentGateway):
    """One whose notifications anybody could have sent: they wake the check of their attempt and nothing else.

    The address that its provider sends them to holds `options[HINT_TOKEN]` of the attempt, which nobody can guess.
    """

    @abstractmethod
    def hint(self, body: bytes) -> Hint:
        """What a notification claims; Forged where it is none of this provider's. Calls nobody."""


# ---------------------------------------------------------------------- registrars


@dataclass(frozen=True, kw_only=True)
class Availability:
    """Whether a name can be registered now; premium names are never sold at the catalogue's price."""

    name: DomainName
    available: bool
    premium: bool = False
    why: str | None = None


@dataclass(frozen=True, kw_only=True)
class DomainInfo:
    """What the registry holds; `holder` is the registrant handle where the registry has handles."""

    name: DomainName
    expires_at: datetime
    holder: str | None
    pending: bool = False


@dataclass(eq=False)
class HeldElsewhere(Refused):
    """{why}"""


class Registrar(ABC):
    """Holds names at one registry or reseller."""

    @abstractmethod
    def check(self, names: Sequence[DomainName], deadline: Deadline) -> Sequence[Availability]:
        """One answer per name, in the order asked."""

    @abstractmethod
    def info(self, name: DomainName, deadline: Deadline) -> DomainInfo | None:
        """None where the name is not registered; HeldElsewhere where it is, and is not shown to us."""

    @abstractmethod
    def register(
        self,
        name: DomainName,
        years: int,
        registrant: Contact,
        nameservers: Sequence[str],
        key: str,
        deadline: Deadline,
    ) -> DomainInfo:
        """Register for `key`; a name held under that key is done, under any other `Refused`.

        `pending` in the result: accepted, not yet granted; ask again by the same call.
        """

    @abstractmethod
    def renew(self, name: DomainName, years: int, current_expiry: datetime, key: str, deadline: Deadline) -> DomainInfo:
        """Extend from exactly `current_expiry`; where the registry has a guard, another expiry is `Refused`."""


@dataclass(eq=False)
class NoRegistrar(NeedsPerson):
    """{why}"""


class Registrars(Protocol):
    """Which registrar serves a name."""

    def of(self, name: DomainName) -> Registrar:
        """By longest suffix; NoRegistrar where none is configured for it."""


# ---------------------------------------------------------------------- mails, bell and reports


class Notifier(ABC):
    """Hands mails to whoever delivers them."""

    @abstractmethod
    def send(self, mail: Mail, deadline: Deadline) -> None:
        """Returns once it was taken over, under the mail's own Message-ID; repeated, it is sent again.

        Refused where this mail or its recipient is not taken; RetryLater where no mail would be.
        """


class JobQueue(ABC):
    """The bell: tells some worker that a job is due. The ledger is the truth."""

    @abstractmethod
    def ring(self, bells: Mapping[str, int]) -> None:
        """Ring for jobs by their ids, each with its priority, within a deadline.

        A failure is counted and never raised: the sweep rings again.
        """


class Telemetry(ABC):
    """Where the core reports what happened; logs and counters stand behind it."""

    @abstractmethod
    def event(self, name: str, *, seconds: float | None = None, **fields: object) -> None:
        """Something happened, and how long it took."""

    @abstractmethod
    def bound(self, context: Mapping[str, str]) -> AbstractContextManager[object]:
        """Put these ids on everything reported inside."""

    @abstractmethod
    def alarm(self, name: str, **fields: object) -> None:
        """Something happened that a person must know of; inside an `except` the exception goes along."""
