"""Renewals that we offer by ourselves, and how far the rounds of the day are, in memory."""

from datetime import datetime

from billing.adapters.memory.session import Session
from billing.domain.daily_round import DailyRound
from billing.domain.renewal import Renewal


class MemoryRenewals:
    """By what is renewed and when its term ends, and by order."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, renewal: Renewal) -> None:
        self._session.add(renewal.id, renewal)
        self._session.require_unique()

    def of(self, subject_id: str, expires_at: datetime) -> Renewal | None:
        return self._session.claimant(Renewal, "renewal_at", f"{subject_id} {expires_at.isoformat()}")

    def of_order(self, order_id: str) -> Renewal | None:
        return self._session.claimant(Renewal, "renewal_by", order_id)


class MemoryDailyRounds:
    """By name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str) -> DailyRound | None:
        return self._session.find(DailyRound, name)

    def lock(self, name: str) -> DailyRound:
        found = self._session.find(DailyRound, name, lock=True)
        if found is None:
            found = DailyRound(name=name)
            self._session.add(name, found)
        return found
