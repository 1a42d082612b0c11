"""Customers' accounts at providers that keep payment methods: opened once, found again, and what is done in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from billing.application.ledger import Ledger
from billing.application.outcomes import Deadline
from billing.application.ports import Clock, Ids, Started
from billing.application.provider_ports import SavedMethods
from billing.application.unit_of_work import UnitOfWork
from billing.domain.customer import Customer
from billing.domain.errors import Invalid, NotFound
from billing.domain.wallet import PaymentMethod, Wallet


@dataclass(frozen=True)
class MethodKeepers:
    """The providers that keep payment methods, by the name of their gateway, and how long a call to them may take."""

    by_gateway: Mapping[str, SavedMethods]
    call_deadline_seconds: float
    monotonic: Callable[[], float]

    def of(self, gateway: str) -> SavedMethods:
        """Invalid where it keeps none."""
        if gateway not in self.by_gateway:
            raise Invalid("gateway", f"one of {', '.join(sorted(self.by_gateway))}, which keep payment methods")
        return self.by_gateway[gateway]

    def wallets(self, uow: UnitOfWork, customer_id: str) -> Sequence[Wallet]:
        """What a customer keeps at them; NotFound for nobody's."""
        uow.customers.get(customer_id)
        found = (uow.wallets.of_customer(customer_id, gateway) for gateway in self.by_gateway)
        return [wallet for wallet in found if wallet is not None]

    def deadline(self) -> Deadline:
        """By when a call that is made now must have ended."""
        return Deadline.after(self.call_deadline_seconds, self.monotonic)


def read_method(uow: UnitOfWork, customer_id: str, method_id: str) -> tuple[Wallet, PaymentMethod]:
    """A usable method of this customer and the wallet that it is in; NotFound."""
    wallet_id = uow.wallets.of_method(method_id)
    wallet = uow.wallets.get(wallet_id) if wallet_id else None
    if wallet is None or wallet.customer_id != customer_id:
        raise NotFound("payment method", method_id)
    return wallet, wallet.method(method_id)


@dataclass(frozen=True)
class EnsureAccount:
    """A customer's account at a provider, opened at the first call: the ledger knows of the wallet before it does."""

    ledger: Ledger
    keepers: MethodKeepers
    clock: Clock
    ids: Ids

    def __call__(self, customer_id: str, gateway: str, by: str) -> Wallet:
        """With the account's id on it. Invalid for a gateway that keeps no methods; NotFound; as the provider ends."""
        keeper = self.keepers.of(gateway)
        known = self.ledger.read(lambda uow: uow.wallets.of_customer(customer_id, gateway))
        if known is not None and known.customer_ref is not None:
            return known
        customer, wallet = self.ledger.write(by, lambda uow: self._open(uow, customer_id, gateway))
        customer_ref = keeper.open_account(customer, self.keepers.deadline())

        def bind(uow: UnitOfWork) -> Wallet:
            mine = uow.wallets.lock(wallet.id)
            mine.bind(customer_ref)
            return mine

        return self.ledger.write(by, bind)

    def _open(self, uow: UnitOfWork, customer_id: str, gateway: str) -> tuple[Customer, Wallet]:
        customer = uow.customers.get(customer_id)
        wallet = uow.wallets.of_customer(customer_id, gateway)
        if wallet is None:
            wallet = Wallet(id=self.ids("wal"), customer_id=customer_id, gateway=gateway, created_at=self.clock())
            uow.wallets.add(wallet)
        return customer, wallet


@dataclass(frozen=True)
class StartSetup:
    """Send a customer to the provider's page on which a payment method is saved; its events say what came of it."""

    ledger: Ledger
    keepers: MethodKeepers
    ensure_account: EnsureAccount
    ids: Ids

    def __call__(self, customer_id: str, gateway: str, options: Mapping[str, str], by: str) -> Started:
        """The page; `options` has success_url, cancel_url and, unless it is the catalogue's first, the currency."""
        wallet = self.ensure_account(customer_id, gateway, by)
        currency = options.get("currency") or self.ledger.read(lambda uow: uow.catalogues.current().currencies[0])
        asked = {**options, "currency": currency}
        return self.keepers.of(gateway).start_setup(wallet, self.ids("set"), asked, self.keepers.deadline())


@dataclass(frozen=True)
class OpenPortal:
    """The provider's own page on which a customer looks after methods and invoices."""

    keepers: MethodKeepers
    ensure_account: EnsureAccount

    def __call__(self, customer_id: str, gateway: str, return_url: str, by: str) -> str:
        """Its address, good for a few minutes."""
        wallet = self.ensure_account(customer_id, gateway, by)
        return self.keepers.of(gateway).portal_url(wallet, return_url, self.keepers.deadline())
