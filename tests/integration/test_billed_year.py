"""The year of a subscription on the real ledgers: locks, flushes and indexes hold what the twin's do."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from billing.adapters.sql.engine import make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.application.ledger import Begin
from tests.builders import NOW
from tests.twins import Twins
from tests.unit.application.billed_year import ThirdLost, a_year, as_told, provider_s
from tests.unit.application.test_billed_year import expected


class TwinsOnSql(Twins):
    """The same shop on a database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        super().__init__()

    def open_ledger(self) -> Begin:
        """On SQLite its clock is the shop's."""
        return SqlLedger(self.engine, ids=self.new_id, clock=self.clock, ring_again=timedelta(seconds=10))


@pytest.fixture
def shop(ledger_url: str) -> Iterator[Twins]:
    engine = make_engine(ledger_url)
    yield TwinsOnSql(engine)
    engine.dispose()


@pytest.mark.parametrize("post", [as_told, ThirdLost(0)], ids=["in order", "a third lost"])
def test_a_year_comes_to_the_same_on_every_ledger(shop: Twins, post) -> None:
    assert shop.now == NOW
    year = a_year(shop, mixed=False, post=post)
    assert year == expected(year)
    assert year.collected == provider_s(shop)
