"""Charge the customer's saved method for an order of ours, while the customer is not there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.application.money.attempts import check_of
from billing.application.ports import Ids
from billing.application.unit_of_work import UnitOfWork
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.renewal import RenewalPolicy
from billing.domain.wallet import Wallet


@dataclass(frozen=True)
class ChargeOrder:
    """Open an attempt off session, within the unit that holds the order; its check starts it at the provider.

    So it is tried as every attempt is whose start got no answer: under its own key, and never twice.
    """

    policy: RenewalPolicy
    gateways: Collection[str]
    attempt_expiry: timedelta
    ids: Ids

    def __call__(self, uow: UnitOfWork, order: Order, expires_at: datetime, now: datetime) -> bool:
        """Whether it is charged, from now on or already; False where the customer must see to it.

        A method is charged again by the schedule of `policy`, and one that has taken its place at once.
        """
        if any(payment.is_open and payment.under_way for payment in order.payments):
            return True
        wallet = self._wallet(uow, order.customer_id)
        if wallet is None or wallet.default is None or any(payment.is_open for payment in order.payments):
            return False
        tried = _charges(order)
        is_new = all(payment.options["method_ref"] != wallet.default.ref for payment in tried)
        due = self.policy.is_charge_due([payment.created_at for payment in tried], expires_at, now)
        if is_new or due:
            self._open(uow, order, wallet, wallet.default.ref, now)
        return is_new or due

    def _open(self, uow: UnitOfWork, order: Order, wallet: Wallet, method_ref: str, now: datetime) -> None:
        options = {
            "email": uow.customers.get(order.customer_id).email,
            "customer_ref": wallet.customer_ref or "",
            "method_ref": method_ref,
        }
        payment = order.open_attempt(self.ids("pay"), wallet.gateway, options, now, now + self.attempt_expiry)
        uow.jobs.request(check_of(payment.id))

    def _wallet(self, uow: UnitOfWork, customer_id: str) -> Wallet | None:
        """The first, by the name of its provider, that has a method which may be charged."""
        found = (uow.wallets.of_customer(customer_id, gateway) for gateway in sorted(self.gateways))
        return next((one for one in found if one and one.default and one.customer_ref), None)


def _charges(order: Order) -> Sequence[Payment]:
    return [payment for payment in order.payments if payment.is_off_session]
