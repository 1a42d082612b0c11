"""HTTP as the adapters' vendors answer it."""

from collections.abc import Iterator

import pytest
import responses


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    """Answers what a test tells it to, and fails a test that told it more than was asked for."""
    with responses.RequestsMock() as api:
        yield api
