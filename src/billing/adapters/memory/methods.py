"""The in-memory provider's accounts and saved methods: what customers save, what is told of it, and what fails."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.pages import ATTACHED, CHOSEN, DETACHED, NOT_SAVED, UPDATED
from billing.application.outcomes import Deadline, NeedsPerson, Refused
from billing.application.ports import Reading, Started
from billing.application.provider_ports import SavedMethods
from billing.domain.customer import Customer
from billing.domain.facts import MethodStands
from billing.domain.wallet import Card, Wallet

T = TypeVar("T")

A_CARD = Card(brand="visa", last4="4242", exp_month=4, exp_year=2029)


@dataclass
class Saved:
    """A method; `is_attached` until it is forgotten, once and for all."""

    ref: str
    account: str
    card: Card | None
    is_attached: bool = True


class MemoryMethods(SavedMethods, FailsOnOrder):
    """Keeps methods for the gateway whose notifications it writes; ids are counted, so every run is the same.

    `calls` lists what it was asked, `accounts` whose they are, `saved` what was ever in them, `defaults` what each is
    charged to.
    """

    usual_call = "open_account"

    def __init__(self, gateway: MemoryGateway, installation: Callable[[], str]) -> None:
        super().__init__()
        self.gateway, self._notifier, self._installation = gateway.name, gateway, installation
        self.accounts: dict[str, str] = {}
        self.saved: dict[str, Saved] = {}
        self.defaults: dict[str, str] = {}
        self.setups: dict[str, str] = {}
        self._numbers = count(1)
        gateway.charge_what_is_kept_by(self)

    # ------------------------------------------------------------------ the port

    def open_account(self, customer: Customer, deadline: Deadline) -> str:
        """Its id is made of the installation's and the customer's."""

        def open_() -> str:
            account = f"account_{self._installation()}_{customer.id}"
            self.accounts.setdefault(account, customer.email)
            return account

        return self._call("open_account", customer.id, deadline, open_)

    def start_setup(self, wallet: Wallet, key: str, options: Mapping[str, str], deadline: Deadline) -> Started:
        """Its id is made of the key."""

        def start() -> Started:
            ref = f"setup_{key}"
            self.setups.setdefault(ref, self._account(wallet))
            return Started(session_ref=ref, redirect_url=f"https://memory.example/{ref}")

        return self._call("start_setup", key, deadline, start)

    def attached(self, wallet: Wallet, deadline: Deadline) -> Sequence[MethodStands]:
        """In the order in which they were saved."""

        def look() -> Sequence[MethodStands]:
            account = self._account(wallet)
            return [_stands(one) for one in self.saved.values() if one.account == account and one.is_attached]

        return self._call("attached", wallet.id, deadline, look)

    def set_default(self, wallet: Wallet, method_ref: str, deadline: Deadline) -> None:
        """Only one that is in the account."""

        def choose() -> None:
            account = self._account(wallet)
            if not self.is_kept(method_ref, account):
                raise Refused(f"{method_ref} is not in {account}")
            self.defaults[account] = method_ref

        self._call("set_default", method_ref, deadline, choose)

    def detach(self, method_ref: str, deadline: Deadline) -> None:
        """Nothing where that is done."""
        self._call("detach", method_ref, deadline, lambda: self._forget(method_ref))

    def portal_url(self, wallet: Wallet, return_url: str, deadline: Deadline) -> str:
        """Another one each time."""

        def link() -> str:
            return f"https://memory.example/portal/{self._account(wallet)}/{next(self._numbers)}"

        return self._call("portal_url", wallet.id, deadline, link)

    # ------------------------------------------------------------------ what customers and banks do

    def save(self, setup_ref: str, card: Card | None = A_CARD) -> bytes:
        """The customer saves a method on the page; the notification that tells it."""
        return self.keep(self.setups[setup_ref], card)

    def keep(self, account: str, card: Card | None = A_CARD, ref: str | None = None) -> bytes:
        """A method is saved in an account, on whichever page."""
        with self._mutex:
            ref = ref or f"method_{next(self._numbers)}"
            self.saved[ref] = Saved(ref, account, card)
            return self.notification(ref, ATTACHED)

    def fail_to_save(self, setup_ref: str) -> bytes:
        """The customer's bank does not agree."""
        with self._mutex:
            return self._notifier.tell(NOT_SAVED, account=self.setups[setup_ref], why="card_declined: no")

    def forget(self, ref: str) -> bytes:
        """Somebody detaches it at the provider's desk."""
        with self._mutex:
            self._forget(ref)
            return self.notification(ref, DETACHED)

    def choose(self, ref: str) -> bytes:
        """Somebody makes it the default at the provider's desk."""
        with self._mutex:
            self.defaults[self.saved[ref].account] = ref
            return self.notification(ref, CHOSEN)

    def issue_anew(self, ref: str, exp_year: int) -> bytes:
        """The bank gives the card a new date."""
        with self._mutex:
            card = self.saved[ref].card
            if card is not None:
                self.saved[ref].card = replace(card, exp_year=exp_year)
            return self.notification(ref, UPDATED)

    def notification(self, ref: str, type: str) -> bytes:
        """A new notification of that type about a method."""
        with self._mutex:
            return self._notifier.tell(type, method=ref, account=self.saved[ref].account)

    # ------------------------------------------------------------------ what the gateway asks

    def interpret(self, told: Mapping[str, Any]) -> Reading:
        """How the method stands now, whatever it was that was told."""
        with self._mutex:
            if told["type"] == NOT_SAVED:
                return Reading(refs=frozenset({told["account"]}), why=f"the method was not saved: {told['why']}")
            account, is_default = told["account"], told["type"] == CHOSEN
            ref = self.defaults.get(account) if is_default else told["method"]
            if ref is None:
                return Reading(refs=frozenset({account}), why="nobody has chosen what it is charged to")
            fact = replace(_stands(self.saved[ref]), is_default=is_default)
            return Reading(facts=[fact], refs=frozenset({ref, account}))

    def is_kept(self, ref: str, account: str) -> bool:
        """Whether it can be charged for that account."""
        method = self.saved.get(ref)
        return method is not None and method.is_attached and method.account == account

    # ------------------------------------------------------------------ within

    def _account(self, wallet: Wallet) -> str:
        if wallet.customer_ref not in self.accounts:
            raise NeedsPerson(f"there is no account for {wallet.id}")
        return str(wallet.customer_ref)

    def _forget(self, ref: str) -> None:
        if ref not in self.saved:
            raise NeedsPerson(f"there is no method {ref}")
        method = self.saved[ref]
        method.is_attached = False
        if self.defaults.get(method.account) == ref:
            del self.defaults[method.account]


def _stands(method: Saved) -> MethodStands:
    return MethodStands(
        customer_ref=method.account,
        method_ref=method.ref,
        is_attached=method.is_attached,
        kind="card" if method.card else "bank_debit",
        card=method.card,
    )
