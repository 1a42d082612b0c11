"""What customers keep at payment providers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from billing.adapters.sql.places import places
from billing.adapters.sql.wallet_tables import payment_methods, usable, wallets
from billing.adapters.sql.work import Work
from billing.application.records import Made
from billing.domain.wallet import Wallet


class SqlWallets:
    """The row of the wallet is the lock of its methods."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, wallet: Wallet) -> None:
        self._work.add(wallet)

    def get(self, wallet_id: str) -> Wallet:
        return self._work.get(Wallet, wallet_id)

    def lock(self, wallet_id: str) -> Wallet:
        return self._work.lock(Wallet, wallet_id)

    def of_customer(self, customer_id: str, gateway: str) -> Wallet | None:
        return self._work.find(Wallet, customer_id=customer_id, gateway=gateway)

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        methods = select(payment_methods.c.wallet_id).where(payment_methods.c.ref.in_(sorted(refs)))
        theirs = or_(wallets.c.customer_ref.in_(sorted(refs)), wallets.c.id.in_(methods))
        found = select(wallets.c.id).where(wallets.c.gateway == gateway, theirs).order_by(wallets.c.id).limit(1)
        return self._work.session.scalar(found)

    def of_method(self, method_id: str) -> str | None:
        return self._work.session.scalar(select(payment_methods.c.wallet_id).where(payment_methods.c.id == method_id))

    def expiring(self, year: int, month: int, after: str, limit: int) -> Sequence[tuple[str, str]]:
        ends = payment_methods.c.card_exp_year == year, payment_methods.c.card_exp_month == month
        found = select(payment_methods.c.id, payment_methods.c.wallet_id).where(usable, *ends)
        rows = self._work.session.execute(
            found.where(payment_methods.c.id > after).order_by(payment_methods.c.id).limit(limit)
        )
        return [(method_id, wallet_id) for method_id, wallet_id in rows]

    def made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        return places(self._work.session, wallets.c.created_at, since, until, after, limit)
