"""The notifier's twin keeps its contract."""

import pytest

from billing.adapters.memory.notifier import MemoryNotifier
from billing.application.outcomes import RetryLater
from tests.contracts.notifier import NotifierContract


class TestMemoryNotifier(NotifierContract):
    @pytest.fixture
    def notifier(self) -> MemoryNotifier:
        self.twin = MemoryNotifier()
        return self.twin

    def delivered(self) -> list[tuple[str, str]]:
        return [(mail.recipient, mail.message_id) for mail in self.twin.delivered]

    def refuse(self, recipient: str) -> None:
        self.twin.unknown.add(recipient)

    def be_busy(self) -> None:
        self.twin.fail_with(RetryLater("451: later"))

    def lose_answer(self) -> None:
        self.twin.lose_answer()
