"""The ledger on SQLite and PostgreSQL keeps the contract."""

from collections.abc import Iterator

import pytest

from billing.adapters.sql.engine import make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.application.ports import Ids
from tests.contracts.ledger import LedgerContract
from tests.contracts.ledger_case import RING_AGAIN, HandClock


class TestSqlLedger(LedgerContract):
    @pytest.fixture
    def begin(self, ledger_url: str, clock: HandClock, ids: Ids) -> Iterator[SqlLedger]:
        engine = make_engine(ledger_url)
        yield SqlLedger(engine, ids=ids, clock=clock, now=clock, ring_again=RING_AGAIN)
        engine.dispose()
