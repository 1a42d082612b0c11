"""One application for all tests that leave it as it is; each finds it as if nobody had been there."""

from collections.abc import Iterator

import pytest

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
