"""Orders paid at the sandbox's Stripe and at its KPay, over HTTP and on real ledgers: the same comes of both."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from billing.domain import Money
from tests.alike import table
from tests.alike.differences import Difference, declined_on_the_page, undelivered_by_hand, unexplained
from tests.alike.rows import ledger_rows
from tests.alike.tills import Till
from tests.integration.sql_databases import empty
from tests.integration.wired_tills import KpayTill, StripeTill, WiredTill, a_wired_shop

NAME, HOSTING = Money(1500, "RWF"), Money(499, "RWF")
DECLINED = "the payment was declined or not approved: try again (KPay 02 FAILED: failed)"

DELIVERED = ["completed", "fulfilled", "fulfilled"]

TABLE: Sequence[tuple[Callable[[Till], None], Sequence[str], Sequence[Difference]]] = [
    (table.paid_once, DELIVERED, ()),
    (
        table.declined_then_paid,
        DELIVERED,
        declined_on_the_page(NAME + HOSTING, DECLINED),
    ),
    (table.heard_after_expiry, DELIVERED, ()),
    (
        table.refused_by_the_registry,
        ["partially_completed", "refunded", "fulfilled"],
        undelivered_by_hand(NAME, "raced.rw is taken"),
    ),
]
"""What is played, how the order and its items end, and which rows may differ."""


def rows_of(
    kind: type[WiredTill], play: Callable[[Till], None], end: Sequence[str], folder: Path, url: str
) -> list[str]:
    """The whole ledger after it."""
    with a_wired_shop(folder, url) as shop:
        till = kind(shop)
        play(till)
        till.rest()
        (order,) = shop.ledger.read(lambda uow: uow.orders.page(None, None, None, 10))
        assert shop.statuses(order) == end
        return ledger_rows(shop.ledger)


def compare(
    play: Callable[[Till], None], end: Sequence[str], differences: Sequence[Difference], new: "NewLedger"
) -> None:
    page, phone = (rows_of(kind, play, end, *new(kind.gateway)) for kind in (StripeTill, KpayTill))
    assert unexplained(page, phone, differences) == ([], [], [], [])


NewLedger = Callable[[str], tuple[Path, str]]
"""A folder and the URL of an empty ledger."""


@pytest.fixture
def on_sqlite(_sqlite_template: Path, tmp_path: Path) -> NewLedger:
    def new(name: str) -> tuple[Path, str]:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(_sqlite_template, folder / "ledger.db")
        return folder, f"sqlite:///{folder / 'ledger.db'}"

    return new


@pytest.fixture
def on_postgres(postgres_ledger_url: str, tmp_path: Path) -> NewLedger:
    def new(name: str) -> tuple[Path, str]:
        folder = tmp_path / name
        folder.mkdir()
        empty(postgres_ledger_url)
        return folder, postgres_ledger_url

    return new


@pytest.mark.parametrize(("play", "end", "differences"), TABLE, ids=[play.__name__ for play, _, _ in TABLE])
def test_the_same_comes_of_it_on_real_wires(
    play: Callable[[Till], None], end: Sequence[str], differences: Sequence[Difference], on_sqlite: NewLedger
) -> None:
    compare(play, end, differences, on_sqlite)


def test_and_on_a_server(on_postgres: NewLedger) -> None:
    compare(table.paid_once, DELIVERED, (), on_postgres)
