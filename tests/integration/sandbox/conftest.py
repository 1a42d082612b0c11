"""A sandbox in a process of its own, and a webhook endpoint that it tells of everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.sandbox.kpay_merchant import Merchant, Shop


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def sandbox(tmp_path: Path, endpoint: Endpoint) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path, endpoint.url)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def merchant(sandbox: Sandbox, shop: Shop) -> Merchant:
    return Merchant(sandbox, shop)
