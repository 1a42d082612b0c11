"""The in-memory keeper of payment methods keeps the contract."""

import pytest

from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.methods import MemoryMethods
from billing.adapters.memory.pages import ATTACHED, CHOSEN, DETACHED, UPDATED
from billing.application.outcomes import Refused
from billing.domain.customer import Customer
from tests.builders import NOW
from tests.contracts.payment_gateway import an_order_to_pay, soon
from tests.contracts.saved_methods import MethodsProvider, SavedMethodsContract


class MemoryProvider(MethodsProvider):
    def __init__(self) -> None:
        self.gateway: MemoryGateway = MemoryGateway(installation=lambda: "ins_ours", now=lambda: NOW)
        self.methods: MemoryMethods = MemoryMethods(self.gateway, lambda: "ins_ours")
        self._failures: dict[str, bytes] = {}

    def save(self, session_ref: str) -> None:
        self.methods.save(session_ref)

    def refuse_to_save(self, session_ref: str) -> None:
        self._failures[self.methods.setups[session_ref]] = self.methods.fail_to_save(session_ref)

    def forget_at_the_desk(self, method_ref: str) -> None:
        self.methods.forget(method_ref)

    def issue_anew(self, method_ref: str, exp_year: int) -> None:
        self.methods.issue_anew(method_ref, exp_year)

    def choose_at_the_desk(self, account: str, method_ref: str) -> None:
        self.methods.choose(method_ref)

    def default_of(self, account: str) -> str | None:
        return self.methods.defaults.get(account)

    def count_accounts(self, customer: Customer) -> int:
        return list(self.methods.accounts.values()).count(customer.email)

    def count_pages(self, account: str) -> int:
        return list(self.methods.setups.values()).count(account)

    def lose_next(self, call: str) -> None:
        self.methods.lose_answer(call)

    def told(self, what: str, about: str) -> bytes:
        types = {"attached": ATTACHED, "detached": DETACHED, "updated": UPDATED, "chosen": CHOSEN}
        return self.methods.notification(about, types[what]) if what in types else self._failures[about]


@pytest.fixture
def provider() -> MemoryProvider:
    return MemoryProvider()


class TestMemoryMethods(SavedMethodsContract):
    def test_its_gateway_charges_only_what_is_kept(self, provider: MemoryProvider) -> None:
        wallet = self.a_wallet(provider)
        saved = self.save(provider, wallet)
        order, payment = an_order_to_pay(NOW)
        payment.options = {"customer_ref": str(wallet.customer_ref), "method_ref": saved.method_ref}
        provider.methods.detach(saved.method_ref, soon())
        with pytest.raises(Refused, match="gone"):
            provider.gateway.start(order, payment, soon())
        assert provider.gateway.pages == {}

    def test_what_was_charged_before_the_method_was_forgotten_is_told_again(self, provider: MemoryProvider) -> None:
        wallet = self.a_wallet(provider)
        saved = self.save(provider, wallet)
        order, payment = an_order_to_pay(NOW)
        payment.options = {"customer_ref": str(wallet.customer_ref), "method_ref": saved.method_ref}
        first = provider.gateway.start(order, payment, soon())
        provider.methods.detach(saved.method_ref, soon())
        assert provider.gateway.start(order, payment, soon()) == first
