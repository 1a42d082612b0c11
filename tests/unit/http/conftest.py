import pytest
from tests.unit.http.shop import Shop


@pytest.fixture
def shop() -> Shop:
    """A shop that nobody has been to."""
    return Shop()
