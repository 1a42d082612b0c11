"""Renewals that we offer by ourselves, and how far the rounds of the day are."""

from datetime import datetime

from billing.adapters.sql.renewal_tables import daily_rounds
from billing.adapters.sql.work import Work
from billing.domain.daily_round import DailyRound
from billing.domain.renewal import Renewal


class SqlRenewals:
    """By what is renewed and when its term ends, and by order."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, renewal: Renewal) -> None:
        self._work.add(renewal)

    def of(self, subject_id: str, expires_at: datetime) -> Renewal | None:
        return self._work.find(Renewal, subject_id=subject_id, expires_at=expires_at)

    def of_order(self, order_id: str) -> Renewal | None:
        return self._work.find(Renewal, order_id=order_id)


class SqlDailyRounds:
    """A few rows that are read often."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def get(self, name: str) -> DailyRound | None:
        return self._work.find(DailyRound, name=name)

    def lock(self, name: str) -> DailyRound:
        found = self._work.find(DailyRound, name=name, lock=True)
        if found is None:
            self._work.insert_if_new(daily_rounds, ("name",), {"name": name, "is_done": False, "version": 1})
            found = self._work.find(DailyRound, name=name, lock=True)
        assert found is not None, "rounds are never deleted"
        return found
