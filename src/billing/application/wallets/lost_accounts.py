"""Customers' accounts that are gone at their provider."""

from collections.abc import Iterator
from dataclasses import dataclass

from billing.application.ledger import Ledger
from billing.application.outcomes import AccountRefused, NeedsPerson
from billing.application.ports import Clock
from billing.application.unit_of_work import UnitOfWork
from billing.application.wallets.accounts import MethodKeepers
from billing.domain.errors import Conflict, NotFound
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet

_PAGE = 100


@dataclass(frozen=True)
class UnbindAccount:
    """Let go of an account that its provider no longer has, and of all that was saved in it.

    Another one is opened when the customer next pays or saves a method.
    """

    ledger: Ledger
    keepers: MethodKeepers
    clock: Clock

    def __call__(self, customer_id: str, gateway: str, by: str) -> Wallet:
        """What is left: a repeat changes nothing. NotFound where the customer keeps nothing there.

        Conflict where the account is there after all, or hosting is billed in it as far as we know; as the provider
        ends where it does not say.
        """
        self.keepers.of(gateway)
        wallet = self.ledger.read(lambda uow: _wallet(uow, customer_id, gateway))
        if wallet.customer_ref is None:
            return wallet
        if self._is_there(wallet):
            raise Conflict(f"customer {customer_id}", f"{gateway} still has their account {wallet.customer_ref}")

        def unbind(uow: UnitOfWork) -> Wallet:
            mine = uow.wallets.lock(wallet.id)
            if mine.customer_ref == wallet.customer_ref:
                _require_nothing_billed(uow, customer_id, gateway)
                mine.unbind(self.clock())
            return mine

        return self.ledger.write(by, unbind)

    def _is_there(self, wallet: Wallet) -> bool:
        try:
            self.keepers.of(wallet.gateway).attached(wallet, self.keepers.deadline())
        except AccountRefused:
            raise
        except NeedsPerson:  # it does not know what it once named to us
            return False
        return True


def _wallet(uow: UnitOfWork, customer_id: str, gateway: str) -> Wallet:
    uow.customers.get(customer_id)
    found = uow.wallets.of_customer(customer_id, gateway)
    if found is None:
        raise NotFound("account", f"of {customer_id} at {gateway}")
    return found


def _require_nothing_billed(uow: UnitOfWork, customer_id: str, gateway: str) -> None:
    for subscription in _subscriptions(uow, customer_id):
        if subscription.gateway == gateway and not subscription.is_over:
            why = f"{gateway} bills subscription {subscription.id} there: cancel it, or reconcile if it has ended"
            raise Conflict(f"customer {customer_id}", why)


def _subscriptions(uow: UnitOfWork, customer_id: str) -> Iterator[Subscription]:
    """All that the customer's orders have opened."""
    before: str | None = None
    while orders := uow.orders.page(customer_id, None, before, _PAGE):
        before = orders[-1].id
        opened = [item.subscription_id for order in orders for item in order.items if item.opens_subscription]
        yield from (uow.subscriptions.get(one) for one in opened if one is not None)
