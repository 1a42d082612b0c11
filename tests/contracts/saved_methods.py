"""What everybody who keeps payment methods must do, run on the twin and on the real one."""

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from itertools import count

import pytest

from billing.application.outcomes import Deadline, NeedsPerson, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import PaymentGateway, Reading
from billing.application.provider_ports import SavedMethods
from billing.domain.customer import Customer
from billing.domain.facts import MethodStands
from billing.domain.wallet import Wallet
from tests.builders import NOW, a_customer
from tests.contracts.payment_gateway import soon

_numbers = count(1)
PAGES = {
    "success_url": "https://shop.example/saved",
    "cancel_url": "https://shop.example/account",
    "currency": "USD",
}


class MethodsProvider(ABC):
    """The outside of a keeper: its customers, its desk, its notifications, its faults."""

    methods: SavedMethods
    gateway: PaymentGateway

    @abstractmethod
    def save(self, session_ref: str) -> None:
        """The customer saves a card on the page."""

    @abstractmethod
    def refuse_to_save(self, session_ref: str) -> None:
        """The customer's bank does not agree to it."""

    @abstractmethod
    def forget_at_the_desk(self, method_ref: str) -> None:
        """Somebody detaches it elsewhere."""

    @abstractmethod
    def issue_anew(self, method_ref: str, exp_year: int) -> None:
        """The bank gives the card a new date."""

    @abstractmethod
    def choose_at_the_desk(self, account: str, method_ref: str) -> None:
        """Somebody makes it the default elsewhere."""

    @abstractmethod
    def default_of(self, account: str) -> str | None:
        """What is charged to by itself there."""

    @abstractmethod
    def count_accounts(self, customer: Customer) -> int:
        """How many there are for a customer."""

    @abstractmethod
    def count_pages(self, account: str) -> int:
        """How many pages to save a method were ever opened in it."""

    @abstractmethod
    def lose_next(self, call: str) -> None:
        """The next call of that name takes effect, and its answer is lost."""

    @abstractmethod
    def told(self, what: str, about: str) -> bytes:
        """The notification that a method was attached, detached, updated or chosen; or not saved in an account."""


def somebody() -> Customer:
    """Another customer each time."""
    number = next(_numbers)
    return a_customer(f"cus_{number}", f"aline{number}@example.rw")


class SavedMethodsContract:
    """The suite; a subclass has a fixture `provider`."""

    def a_wallet(self, provider: MethodsProvider, customer: Customer | None = None) -> Wallet:
        """With an account."""
        customer = customer or somebody()
        wallet = Wallet(
            id=f"wal_{customer.id}", customer_id=customer.id, gateway=provider.methods.gateway, created_at=NOW
        )
        wallet.bind(provider.methods.open_account(customer, soon()))
        return wallet

    def save(self, provider: MethodsProvider, wallet: Wallet) -> MethodStands:
        """What is told of a newly saved card."""
        before = {known.method_ref for known in provider.methods.attached(wallet, soon())}
        page = provider.methods.start_setup(wallet, f"set_{next(_numbers)}", PAGES, soon())
        provider.save(str(page.session_ref))
        (new,) = [one for one in provider.methods.attached(wallet, soon()) if one.method_ref not in before]
        return new

    def read(self, provider: MethodsProvider, what: str, about: str) -> Reading:
        """What such a notification says."""
        return provider.gateway.interpret(provider.told(what, about), soon())

    # ------------------------------------------------------------------ accounts

    def test_an_account_is_opened_once_however_often_it_is_asked_for(self, provider: MethodsProvider) -> None:
        customer = somebody()
        first, second = (provider.methods.open_account(customer, soon()) for _ in range(2))
        assert first == second
        assert provider.count_accounts(customer) == 1

    def test_after_a_lost_answer_the_same_account_is_found(self, provider: MethodsProvider) -> None:
        customer = somebody()
        provider.lose_next("open_account")
        with pytest.raises(OutcomeUnknown):
            provider.methods.open_account(customer, soon())
        assert provider.methods.open_account(customer, soon())
        assert provider.count_accounts(customer) == 1

    def test_another_customer_with_the_same_address_has_another_account(self, provider: MethodsProvider) -> None:
        one = somebody()
        other = a_customer(f"{one.id}_2", one.email)
        assert provider.methods.open_account(one, soon()) != provider.methods.open_account(other, soon())

    def test_nothing_is_sent_when_no_time_is_left(self, provider: MethodsProvider) -> None:
        customer, over = somebody(), Deadline(time.monotonic(), time.monotonic)
        with pytest.raises(RetryLater):
            provider.methods.open_account(customer, over)
        assert provider.count_accounts(customer) == 0

    def test_a_wallet_without_an_account_is_for_a_person(self, provider: MethodsProvider) -> None:
        wallet = Wallet(id="wal_0", customer_id="cus_0", gateway=provider.methods.gateway, created_at=NOW)
        with pytest.raises(NeedsPerson):
            provider.methods.start_setup(wallet, "set_0", PAGES, soon())
        with pytest.raises(NeedsPerson):
            provider.methods.attached(wallet, soon())

    # ------------------------------------------------------------------ saving

    def test_a_page_to_save_a_method_is_opened_once_a_key(self, provider: MethodsProvider) -> None:
        wallet, key = self.a_wallet(provider), f"set_{next(_numbers)}"
        first, second = (provider.methods.start_setup(wallet, key, PAGES, soon()) for _ in range(2))
        assert first == second
        assert first.redirect_url
        assert provider.count_pages(str(wallet.customer_ref)) == 1

    def test_a_saved_card_is_in_the_account_and_shows_what_may_be_shown(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        assert list(provider.methods.attached(wallet, soon())) == []
        saved = self.save(provider, wallet)
        assert (saved.customer_ref, saved.is_attached, saved.kind) == (wallet.customer_ref, True, "card")
        assert saved.card
        assert (saved.card.brand, saved.card.last4) == ("visa", "4242")

    def test_its_notification_says_the_same(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        saved = self.save(provider, wallet)
        reading = self.read(provider, "attached", saved.method_ref)
        assert list(reading.facts) == [saved]
        assert {wallet.customer_ref, saved.method_ref} <= reading.refs

    def test_a_method_that_was_not_saved_is_told_with_the_reason_and_is_no_fact(
        self, provider: MethodsProvider
    ) -> None:
        wallet = self.a_wallet(provider)
        page = provider.methods.start_setup(wallet, f"set_{next(_numbers)}", PAGES, soon())
        provider.refuse_to_save(str(page.session_ref))
        reading = self.read(provider, "not_saved", str(wallet.customer_ref))
        assert list(reading.facts) == []
        assert "not saved" in reading.why
        assert list(provider.methods.attached(wallet, soon())) == []

    def test_a_card_that_was_issued_anew_is_told_with_its_new_date(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        saved = self.save(provider, wallet)
        provider.issue_anew(saved.method_ref, 2041)
        (fact,) = self.read(provider, "updated", saved.method_ref).facts
        assert isinstance(fact, MethodStands)
        assert fact.card
        assert fact.card.exp_year == 2041
        assert list(provider.methods.attached(wallet, soon())) == [fact]

    # ------------------------------------------------------------------ the default

    def test_another_default_takes_the_place_of_the_first_and_again_the_same(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        one, other = self.save(provider, wallet), self.save(provider, wallet)
        for chosen in (one, other, other):
            provider.methods.set_default(wallet, chosen.method_ref, soon())
            assert provider.default_of(str(wallet.customer_ref)) == chosen.method_ref

    def test_what_is_not_in_the_account_is_never_its_default(self, provider: MethodsProvider) -> None:
        wallet, others = self.a_wallet(provider), self.a_wallet(provider)
        theirs = self.save(provider, others)
        with pytest.raises(Refused):
            provider.methods.set_default(wallet, theirs.method_ref, soon())
        assert provider.default_of(str(wallet.customer_ref)) is None

    def test_a_default_that_was_chosen_elsewhere_is_told_as_it_is_now(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        one, other = self.save(provider, wallet), self.save(provider, wallet)
        provider.choose_at_the_desk(str(wallet.customer_ref), one.method_ref)
        told = provider.told("chosen", one.method_ref)
        assert list(provider.gateway.interpret(told, soon()).facts) == [replace(one, is_default=True)]
        provider.methods.set_default(wallet, other.method_ref, soon())
        for _ in range(2):
            assert list(provider.gateway.interpret(told, soon()).facts) == [replace(other, is_default=True)]

    # ------------------------------------------------------------------ forgetting

    def test_what_is_forgotten_is_gone_and_stays_so(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        saved, kept = self.save(provider, wallet), self.save(provider, wallet)
        for _ in range(2):
            provider.methods.detach(saved.method_ref, soon())
        assert list(provider.methods.attached(wallet, soon())) == [kept]

    def test_after_a_lost_answer_forgetting_again_does_no_harm(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        saved = self.save(provider, wallet)
        provider.lose_next("detach")
        with pytest.raises(OutcomeUnknown):
            provider.methods.detach(saved.method_ref, soon())
        provider.methods.detach(saved.method_ref, soon())
        assert list(provider.methods.attached(wallet, soon())) == []

    def test_what_was_detached_elsewhere_is_told_with_the_account_that_it_was_in(
        self, provider: MethodsProvider
    ) -> None:
        wallet = self.a_wallet(provider)
        saved = self.save(provider, wallet)
        provider.forget_at_the_desk(saved.method_ref)
        (fact,) = self.read(provider, "detached", saved.method_ref).facts
        assert isinstance(fact, MethodStands)
        assert (fact.customer_ref, fact.method_ref) == (wallet.customer_ref, saved.method_ref)
        assert not fact.is_attached

    def test_an_older_notification_says_how_it_stands_now(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        saved = self.save(provider, wallet)
        told = provider.told("attached", saved.method_ref)
        provider.methods.detach(saved.method_ref, soon())
        for _ in range(2):
            (fact,) = provider.gateway.interpret(told, soon()).facts
            assert isinstance(fact, MethodStands)
            assert (fact.customer_ref, fact.is_attached) == (wallet.customer_ref, False)

    # ------------------------------------------------------------------ the portal

    def test_the_portal_has_an_address(self, provider: MethodsProvider) -> None:
        wallet = self.a_wallet(provider)
        for _ in range(2):
            assert provider.methods.portal_url(wallet, "https://shop.example/account", soon()).startswith("http")
