"""Saved payment methods: followed as their provider tells, chosen and forgotten as their customer wants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.application.ledger import Ledger
from billing.application.outcomes import NotYet
from billing.application.ports import Clock, Ids
from billing.application.unit_of_work import UnitOfWork
from billing.application.wallets.accounts import MethodKeepers, read_method
from billing.application.work.jobs import Handler, Record, Run
from billing.domain.errors import Conflict, NotFound
from billing.domain.facts import MethodStands
from billing.domain.job import JobKind, JobRequest
from billing.domain.wallet import PaymentMethod, Wallet

_AT_ONCE = timedelta(0)


@dataclass(frozen=True)
class TakeMethod:
    """Take word of a saved method into the wallet that it is, or was, in; in any order, as often as it is told."""

    clock: Clock
    ids: Ids

    def __call__(self, uow: UnitOfWork, gateway: str, fact: MethodStands) -> Wallet | None:
        """The wallet; None where neither account nor method is known."""
        wallet_id = self._find(uow, gateway, fact)
        if wallet_id is None:
            return None
        wallet = uow.wallets.lock(wallet_id)
        before = wallet.default
        if not fact.is_attached:
            wallet.drop(self.ids("mth"), fact.method_ref, self.clock())
        elif self._keep(wallet, fact).is_usable and fact.is_default:
            wallet.make_default(fact.method_ref)
            return wallet
        _tell_default(uow, wallet, before)
        return wallet

    def _find(self, uow: UnitOfWork, gateway: str, fact: MethodStands) -> str | None:
        account, method = frozenset({fact.customer_ref}), frozenset({fact.method_ref})
        return uow.wallets.of_refs(gateway, account) or uow.wallets.of_refs(gateway, method)

    def _keep(self, wallet: Wallet, fact: MethodStands) -> PaymentMethod:
        return wallet.keep(self.ids("mth"), fact.method_ref, self.clock(), kind=fact.kind, card=fact.card)


def _tell_default(uow: UnitOfWork, wallet: Wallet, before: PaymentMethod | None) -> None:
    """Have the provider charge by itself to what has become the default here, without anybody's choosing it there.

    One default is followed by another only once: it was detached. So the two of them name the occasion.
    """
    after = wallet.default
    if after is not None and after is not before:
        occasion = f"{wallet.id}:{before.id if before else 'none'}:{after.id}"
        uow.jobs.request(JobRequest(JobKind.SET_DEFAULT_METHOD, occasion))


def differences(wallet: Wallet, attached: Sequence[MethodStands]) -> list[MethodStands]:
    """What a wallet would have to be told to be as its account is; what was forgotten here is not asked for again."""
    forgotten = {method.ref for method in wallet.methods if not method.is_usable}
    known = {method.ref: (method.kind, method.card) for method in wallet.usable}
    there = {fact.method_ref for fact in attached}
    news = [fact for fact in attached if known.get(fact.method_ref) != (fact.kind, fact.card)]
    gone = [
        MethodStands(customer_ref=str(wallet.customer_ref), method_ref=ref, is_attached=False)
        for ref in known
        if ref not in there
    ]
    return [fact for fact in news if fact.method_ref not in forgotten] + gone


@dataclass(frozen=True)
class RefreshWallet:
    """Have a wallet follow its account where what was told of it was lost."""

    ledger: Ledger
    keepers: MethodKeepers
    take: TakeMethod

    def __call__(self, wallet_id: str, by: str) -> Sequence[MethodStands]:
        """What differed, taken as if it had been told; nothing where no account was ever opened."""
        wallet = self.ledger.read(lambda uow: uow.wallets.get(wallet_id))
        if wallet.customer_ref is None:
            return []
        found = differences(wallet, self.keepers.of(wallet.gateway).attached(wallet, self.keepers.deadline()))
        self.ledger.write(by, lambda uow: [self.take(uow, wallet.gateway, fact) for fact in found])
        return found


@dataclass(frozen=True)
class SetDefaultMethod:
    """What a customer's renewals are charged to from now on, ours and those that the provider charges by itself."""

    ledger: Ledger
    keepers: MethodKeepers

    def __call__(self, customer_id: str, method_id: str, by: str) -> Wallet:
        """The provider first, since a repeat does no harm; NotFound where it is not a usable method of theirs."""
        wallet, method = self.ledger.read(lambda uow: read_method(uow, customer_id, method_id))
        self.keepers.of(wallet.gateway).set_default(wallet, method.ref, self.keepers.deadline())

        def write(uow: UnitOfWork) -> Wallet:
            mine = uow.wallets.lock(wallet.id)
            mine.make_default(method.ref)
            return mine

        return self.ledger.write(by, write)


@dataclass(frozen=True)
class RemoveMethod:
    """Forget a saved method: from this moment on it is not charged, and a job has the provider forget it."""

    ledger: Ledger
    clock: Clock

    def __call__(self, customer_id: str, method_id: str, by: str, *, force: bool = False) -> Wallet:
        """What is left. Conflict, unless forced, for the last one of a customer of whom anything renews by itself;
        NotFound, also for one that is removed already.
        """

        def remove(uow: UnitOfWork) -> Wallet:
            wallet, method = read_method(uow, customer_id, method_id)
            wallet = uow.wallets.lock(wallet.id)
            if not force and wallet.usable == [method] and _renews(uow, customer_id):
                why = "it is the last one, and what renews by itself is charged to it: save another first, or force it"
                raise Conflict(f"payment method {method_id}", why, field="force")
            before = wallet.default
            if not wallet.drop(method_id, method.ref, self.clock()):
                raise NotFound("payment method", method_id)
            uow.jobs.request(JobRequest(JobKind.DETACH_METHOD, method_id))
            _tell_default(uow, wallet, before)
            return wallet

        return self.ledger.write(by, remove)


def _renews(uow: UnitOfWork, customer_id: str) -> bool:
    return uow.subscriptions.renews_for(customer_id) or uow.registrations.renews_for(customer_id)


# ---------------------------------------------------------------------- what the provider is told


@dataclass(frozen=True)
class TellDefault(Handler):
    """Have the provider charge by itself to what is the default here."""

    keepers: MethodKeepers

    def __call__(self, run: Run) -> Record:
        """Once more where another one has become the default meanwhile."""
        wallet_id = run.subject.partition(":")[0]
        wallet = run.ledger.read(lambda uow: uow.wallets.get(wallet_id))
        told = wallet.default
        if told is not None:
            self.keepers.of(wallet.gateway).set_default(wallet, told.ref, run.deadline())

        def record(uow: UnitOfWork) -> NotYet | None:
            default = uow.wallets.get(wallet_id).default
            if default is not None and (told is None or default.id != told.id):
                return NotYet("another method has become the default", _AT_ONCE)
            return None

        return record


@dataclass(frozen=True)
class ForgetMethod(Handler):
    """Have the provider forget a method that was removed here."""

    keepers: MethodKeepers

    def __call__(self, run: Run) -> Record:
        """Safe to repeat."""
        wallet, method = run.ledger.read(lambda uow: _of_method(uow, run.subject))
        self.keepers.of(wallet.gateway).detach(method.ref, run.deadline())
        return lambda uow: None


def _of_method(uow: UnitOfWork, method_id: str) -> tuple[Wallet, PaymentMethod]:
    """Usable or not."""
    wallet_id = uow.wallets.of_method(method_id)
    if wallet_id is None:
        raise NotFound("payment method", method_id)
    wallet = uow.wallets.get(wallet_id)
    return wallet, next(method for method in wallet.methods if method.id == method_id)
