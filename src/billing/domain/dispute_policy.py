"""What becomes of delivered hosting whose payment a bank questions; a delivered domain stays registered in any case."""

from dataclasses import dataclass
from enum import StrEnum


class DisputedHosting(StrEnum):
    """What becomes of hosting while its payment is disputed."""

    SUSPEND = "suspend"
    KEEP = "keep"


class LostHosting(StrEnum):
    """What becomes of it when the dispute is lost; `keep` lets it run again."""

    END = "end"
    KEEP = "keep"


@dataclass(frozen=True)
class DisputePolicy:
    """Stopped until it is decided, and then for good or not; what is won runs again.

    >>> DisputePolicy().suspends, DisputePolicy(lost=LostHosting.KEEP).ends
    (True, False)
    """

    disputed: DisputedHosting = DisputedHosting.SUSPEND
    lost: LostHosting = LostHosting.END

    @property
    def suspends(self) -> bool:
        """Whether hosting stops while it is disputed."""
        return self.disputed is DisputedHosting.SUSPEND

    @property
    def ends(self) -> bool:
        """Whether hosting ends when its payment is lost."""
        return self.lost is LostHosting.END
