"""The in-memory ledger keeps the contract of the real one."""

import pytest

from billing.adapters.memory.ledger import MemoryLedger
from billing.application.ports import Ids
from billing.application.unit_of_work import ConcurrentChange
from billing.domain import JobKind
from tests.contracts.ledger import LedgerContract
from tests.contracts.ledger_case import RING_AGAIN, HandClock


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def begin(self, clock: HandClock, ids: Ids) -> MemoryLedger:
        return MemoryLedger(ids=ids, now=clock, ring_again=RING_AGAIN)

    def test_of_two_units_that_counted_one_kind_the_slower_is_refused(self, begin: MemoryLedger) -> None:
        """The real ledgers make it wait instead."""
        with pytest.raises(ConcurrentChange), begin("slow") as slow:
            slow.jobs.lock_kind(JobKind.REGISTER_DOMAIN)
            with begin("fast") as fast:
                fast.jobs.lock_kind(JobKind.REGISTER_DOMAIN)
                fast.commit()
            slow.commit()
