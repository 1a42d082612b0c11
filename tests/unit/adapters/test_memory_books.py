"""The in-memory provider's books keep the contract."""

import pytest

from billing.adapters.memory.feed import MemoryFeed
from billing.adapters.memory.statements import MemoryStatements
from billing.application.outcomes import RetryLater
from tests.contracts.books import BooksContract, BooksProvider
from tests.unit.adapters.test_memory_gateway import MemoryProvider


class MemoryBooks(MemoryProvider, BooksProvider):
    def __init__(self) -> None:
        super().__init__()
        self.feed: MemoryFeed = MemoryFeed(self.gateway)
        self.statements = MemoryStatements(self.gateway)

    def lose_next_page(self) -> None:
        self.feed.fail_with(RetryLater("no answer"))


@pytest.fixture
def provider() -> MemoryBooks:
    return MemoryBooks()


class TestMemoryBooks(BooksContract):
    """Nothing that only it can do."""
