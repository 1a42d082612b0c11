"""Stripe Billing against a Stripe that answers over sockets, keeps test clocks, and signs what it sends."""

from collections.abc import Iterator

import pytest

from tests.contracts.recurring_billing import RecurringBillingContract
from tests.integration.sandbox.harness import Endpoint, Sandbox
from tests.integration.stripe_billers import StripeBiller


@pytest.fixture(scope="module")
def biller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeBiller]:
    endpoint = Endpoint()
    sandbox = Sandbox(tmp_path_factory.mktemp("stripe"), endpoint.url)
    yield StripeBiller(sandbox, endpoint)
    sandbox.stop()
    endpoint.close()


class TestStripeBilling(RecurringBillingContract):
    pass
