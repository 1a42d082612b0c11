"""What happens by itself when money must go back, and what waits for a person."""

from dataclasses import dataclass
from enum import StrEnum


class Compensation(StrEnum):
    """Who pays back an item that can never be delivered."""

    AUTO = "auto"
    MANUAL = "manual"


class RefundedHosting(StrEnum):
    """What becomes of delivered hosting whose price went back."""

    KEEP = "keep"
    END = "end"


@dataclass(frozen=True)
class RefundPolicy:
    """By itself or by a person; a delivered domain stays registered in any case, since no registry takes it back.

    >>> RefundPolicy().compensates
    True
    >>> RefundPolicy(undelivered=Compensation.MANUAL).compensates
    False
    """

    undelivered: Compensation = Compensation.AUTO
    hosting: RefundedHosting = RefundedHosting.KEEP

    @property
    def compensates(self) -> bool:
        """Whether an item refused for good is paid back without being asked."""
        return self.undelivered is Compensation.AUTO

    @property
    def ends_hosting(self) -> bool:
        """Whether hosting ends when its price has gone back."""
        return self.hosting is RefundedHosting.END
