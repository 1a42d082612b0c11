"""Before money goes back for a delivery that was given up: a registry may have made it all the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.application.outcomes import Deadline, Refused
from billing.application.ports import DomainInfo, Registrars
from billing.domain.errors import Conflict
from billing.domain.order_item import OrderItem
from billing.domain.purchase import DomainRenewal
from billing.domain.term import Term


@dataclass(frozen=True)
class MakeSureUndelivered:
    """Asks registries about deliveries that may have taken effect, so that nothing is delivered and paid back."""

    registrars: Registrars
    expiry_rounding: timedelta
    call_deadline_seconds: float
    monotonic: Callable[[], float]

    def __call__(self, items: Sequence[OrderItem]) -> None:
        """Conflict where one was delivered; RetryLater and the like where its registry does not say."""
        deadline = Deadline.after(self.call_deadline_seconds, self.monotonic)
        for item in items:
            info = self._ask(item, deadline)
            if info is not None and self._is_delivered(item, info):
                why = f"the registry shows it as delivered until {info.expires_at:%Y-%m-%d}: retry its job instead"
                raise Conflict(f"item {item.id}", why)

    def _ask(self, item: OrderItem, deadline: Deadline) -> DomainInfo | None:
        if item.domain is None:
            return None
        try:
            return self.registrars.of(item.domain).info(item.domain, deadline)
        except Refused:  # whoever serves it will not have it from us: it is not ours
            return None

    def _is_delivered(self, item: OrderItem, info: DomainInfo) -> bool:
        if isinstance(item.what, DomainRenewal):
            frozen = item.frozen_expiry
            paid_until = frozen and Term.years(item.what.years).end(frozen) - self.expiry_rounding
            return paid_until is not None and info.expires_at >= paid_until
        return item.handle is not None and info.holder == item.handle
