"""The in-memory provider's side of the arrangement keeps the contract."""

from dataclasses import replace

import pytest

from billing.adapters.memory.setup import MemorySetup
from tests.contracts.provider_setup import Account, ProviderSetupContract


class MemoryAccount(Account):
    def __init__(self) -> None:
        self.setup: MemorySetup = MemorySetup()
        self._urls = 0

    def new_url(self) -> str:
        self._urls += 1
        return f"https://billing.example/{self._urls}"

    def spoil(self, ref: str) -> None:
        self.setup.held = [
            replace(one, types=frozenset({"other"}), is_enabled=False) if one.ref == ref else one
            for one in self.setup.held
        ]


@pytest.fixture
def account() -> MemoryAccount:
    return MemoryAccount()


class TestMemorySetup(ProviderSetupContract):
    """Nothing that only it can do."""
