"""The day's round of cards that end with this month or the next: who has something that renews is told, once."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from billing.application.expiry.renewal_notices import RenewalNotices
from billing.application.ledger import Ledger
from billing.application.ports import Clock, Telemetry
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain.term import add_months

_MONTHS_AHEAD = 1


@dataclass(frozen=True)
class LookAfterCards:
    """Month by month, a bounded number of cards at once; one mail for each card and expiry."""

    name: ClassVar[str] = "cards"
    ledger: Ledger
    notices: RenewalNotices
    batch: int
    telemetry: Telemetry
    clock: Clock

    def __call__(self, after: str | None) -> str | None:
        """`after` is a number of months from now, and the method that was seen to last."""
        ahead, _, last = (after or "0 ").partition(" ")
        month = add_months(self.clock().replace(day=1), int(ahead))
        found = self.ledger.read(lambda uow: uow.wallets.expiring(month.year, month.month, last, self.batch))
        for method_id, wallet_id in found:
            self._look_after(method_id, wallet_id)
        if len(found) == self.batch:
            return f"{ahead} {found[-1][0]}"
        return f"{int(ahead) + 1} " if int(ahead) < _MONTHS_AHEAD else None

    def _look_after(self, method_id: str, wallet_id: str) -> None:
        tell = partial(_tell, notices=self.notices, method_id=method_id, wallet_id=wallet_id)
        try:
            self.ledger.write("daily round", tell)
        except ConcurrentChange as busy:
            self.telemetry.event("card_put_off", method_id=method_id, why=busy.why)


def _tell(uow: UnitOfWork, notices: RenewalNotices, method_id: str, wallet_id: str) -> None:
    """Of the method that renewals are charged to, and no other."""
    wallet = uow.wallets.get(wallet_id)
    method = wallet.default
    if method is None or method.id != method_id or method.card is None:
        return
    if uow.registrations.renews_for(wallet.customer_id) or uow.subscriptions.renews_for(wallet.customer_id):
        notices.card_expiring(uow, wallet, method, method.card)
