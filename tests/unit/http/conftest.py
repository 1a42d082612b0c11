"""One application for all tests that leave it as it is; each finds it as if nobody had been there."""

from collections.abc import Iterator

import pytest

from tests.unit.http.push_shop import PushShop
from tests.unit.http.shop import Shop


@pytest.fixture(scope="session")
def _shops() -> list[Shop]:
    return [Shop()]


@pytest.fixture
def shop(_shops: list[Shop]) -> Iterator[Shop]:
    """A shop that nobody has been to."""
    shop = _shops[0]
    shop.reset()
    yield shop
    if not shop.is_pristine:
        _shops[0] = Shop()


@pytest.fixture(scope="session")
def _push_shops() -> list[PushShop]:
    return [PushShop()]


@pytest.fixture
def kpay(_push_shops: list[PushShop]) -> PushShop:
    """The same, with KPay beside the usual provider."""
    shop = _push_shops[0]
    shop.reset()
    return shop
