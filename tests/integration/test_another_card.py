"""Another card that pays what is owed, on the real ledgers: their order of locks and of methods is the twin's."""

from collections.abc import Iterator

import pytest

from billing.adapters.sql.engine import make_engine
from billing.domain import SubscriptionStatus
from tests.integration.test_billed_year import TwinsOnSql
from tests.twins import BY, Twins
from tests.unit.application.billed import now_of, renewals
from tests.unit.application.test_another_card import PAGES, unpaid, wallet


@pytest.fixture
def shop(ledger_url: str) -> Iterator[Twins]:
    engine = make_engine(ledger_url)
    yield TwinsOnSql(engine)
    engine.dispose()


def test_the_newest_of_several_cards_pays_on_every_ledger(shop: Twins) -> None:
    owing = unpaid(shop)
    page = shop.container.owing.put_in_card()(owing.id, PAGES, BY).session_ref
    for _ in range(2):  # the page was opened twice
        shop.methods.save(str(page))
    for _ in range(3):  # nobody has told of them: they are found, then charged, and then there is nothing to do
        shop.sweep_and_work()
    assert now_of(shop, owing).status is SubscriptionStatus.ACTIVE
    assert len(renewals(shop)) == 1
    assert wallet(shop).default_ref == wallet(shop).usable[-1].ref == list(shop.methods.saved)[-1]
