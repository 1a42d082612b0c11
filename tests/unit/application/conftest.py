"""One shop on its twins for each test."""

import pytest

from tests.twins import Twins


@pytest.fixture
def shop() -> Twins:
    """A shop nobody has bought in yet."""
    return Twins()
