"""What the core refuses: one root, the docstring is the message, the fields are the data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billing.domain.money import Money


class BillingError(Exception):
    """Billing refused this."""

    def __str__(self) -> str:
        return (type(self).__doc__ or "").format(**vars(self))


@dataclass(eq=False)
class Invalid(BillingError):
    """{field}: {why}"""

    field: str
    why: str


@dataclass(eq=False)
class IllegalMove(BillingError):
    """{entity} cannot move from {before} to {after}"""

    entity: str
    before: str
    after: str


@dataclass(eq=False)
class Conflict(BillingError):
    """{what}: {why}"""

    what: str
    why: str
    # The path of the value in what was asked that it is about, where it is about one.
    field: str | None = None


@dataclass(eq=False)
class NameHeld(BillingError):
    """{name} is already in an open order or held by a registration"""

    name: str


@dataclass(eq=False)
class RenewalOpen(BillingError):
    """another renewal of {name} is open"""

    name: str


@dataclass(eq=False)
class RefundTooLarge(BillingError):
    """{amount} is more than the {left} that can still be refunded"""

    amount: "Money"
    left: "Money"


@dataclass(eq=False)
class NotFound(BillingError):
    """no {entity} {id}"""

    entity: str
    id: str


@dataclass(eq=False)
class ClaimLost(BillingError):
    """job {job_id} is no longer held under claim {claim_no}"""

    job_id: str
    claim_no: int


@dataclass(eq=False)
class CurrencyMismatch(BillingError):
    """{left} and {right} cannot be added or compared"""

    left: str
    right: str


@dataclass(eq=False)
class InvalidContact(BillingError):
    """the contact is not usable: {problems}"""

    problems: Mapping[str, str]


@dataclass(eq=False)
class NotRegistrable(BillingError):
    """{name} cannot be registered here: {why}"""

    name: str
    why: str


@dataclass(eq=False)
class NotPriced(BillingError):
    """{what} has no price in {currency}"""

    what: str
    currency: str


@dataclass(eq=False)
class UnknownPlan(BillingError):
    """there is no hosting plan {plan}"""

    plan: str
