"""What somebody wants changed about a subscription: written down before its provider is told."""

from dataclasses import dataclass
from enum import StrEnum

from billing.domain.facts import BillingStands, BillingStatus
from billing.domain.money import Money


class ChangeKind(StrEnum):
    """What is to become of it."""

    CANCEL = "cancel"  # at once
    CANCEL_AT_PERIOD_END = "cancel_at_period_end"
    RESUME = "resume"  # take a cancel at the period's end back
    CHANGE_PLAN = "change_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One wish; `plan` and `price` are what is billed after a change of plan, at the price in force when it was asked.

    >>> str(Change(kind=ChangeKind.CHANGE_PLAN, plan="pro", price=Money(999, "USD")))
    'change_plan to pro at 9.99 USD'
    """

    kind: ChangeKind
    plan: str | None = None
    price: Money | None = None

    def is_met_by(self, stands: BillingStands) -> bool:
        """Whether the provider has carried it out, whoever told it to."""
        match self.kind:
            case ChangeKind.CANCEL:
                return stands.status is BillingStatus.ENDED
            case ChangeKind.CANCEL_AT_PERIOD_END:
                return stands.cancel_at_period_end
            case ChangeKind.RESUME:
                return not stands.cancel_at_period_end
            case ChangeKind.CHANGE_PLAN:
                return (stands.plan, stands.price) == (self.plan, self.price)

    def __str__(self) -> str:
        return self.kind if self.plan is None else f"{self.kind} to {self.plan} at {self.price}"
