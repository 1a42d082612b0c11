"""The in-memory ledger keeps the contract of the real one."""

import pytest

from billing.adapters.memory.ledger import MemoryLedger
from billing.application.ports import Ids
from tests.contracts.ledger import LedgerContract
from tests.contracts.ledger_case import RING_AGAIN, HandClock


class TestMemoryLedger(LedgerContract):
    @pytest.fixture
    def begin(self, clock: HandClock, ids: Ids) -> MemoryLedger:
        return MemoryLedger(ids=ids, now=clock, ring_again=RING_AGAIN)
