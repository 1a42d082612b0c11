"""Providers that are away for long: a person is told."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from billing.application.ledger import Ledger
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import UnitOfWork
from billing.domain.alert import AlertKind


@dataclass(frozen=True)
class TellOutages:
    """Tell a person of every provider that is away for long, once an outage."""

    ledger: Ledger
    after: timedelta

    def __call__(self) -> int:
        """How many outages were told."""

        def overdue(uow: UnitOfWork) -> list[str]:
            now = uow.now()
            return [breaker.name for breaker in uow.breakers.all() if breaker.is_to_be_told(now, self.after)]

        return sum(self.ledger.write("outages", partial(self._tell, name=n)) for n in self.ledger.read(overdue))

    def _tell(self, uow: UnitOfWork, name: str) -> bool:
        breaker, now = uow.breakers.lock(name), uow.now()
        if not breaker.is_to_be_told(now, self.after):
            return False
        breaker.tell(now)
        since = f"{breaker.since:%Y-%m-%d %H:%M} UTC"
        raise_alert(uow, AlertKind.PROVIDER_UNREACHABLE, name, f"no answer since {since}: {breaker.why}", once=since)
        return True
