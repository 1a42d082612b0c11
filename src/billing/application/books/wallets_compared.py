"""Saved methods, compared with those that their provider keeps in the customer's account."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from billing.application.books.reconciliation import Difference, Done, Page, Repair, Scope, walk
from billing.application.outcomes import AccountRefused, NeedsPerson, Refused
from billing.application.provider_ports import SavedMethods
from billing.application.unit_of_work import UnitOfWork
from billing.application.wallets.saved_methods import differences
from billing.domain.facts import MethodStands
from billing.domain.wallet import Wallet


@dataclass(frozen=True)
class KeptMethods:
    """Those in wallets that were made in the scope: what was saved with a first purchase, and nobody told of.

    `lag`: a page on which a method is saved is open for a day at most.
    """

    lag: ClassVar[timedelta] = timedelta(hours=25)
    keepers: Mapping[str, SavedMethods]
    repair: Repair
    page_size: int

    def page(self, scope: Scope, after: str | None) -> Page:
        """By the time at which the wallets were made."""

        def find(uow: UnitOfWork) -> Page:
            made, on = walk(uow.wallets.made, scope, after, self.page_size)
            return Page([one for one in made if self._is_wanted(uow.wallets.get(one))], len(made), on)

        return self.repair.ledger.read(find)

    def _is_wanted(self, wallet: Wallet) -> bool:
        return wallet.gateway in self.keepers and wallet.customer_ref is not None

    def compare(self, scope: Scope, subject: str) -> Iterator[Difference]:
        """Each method as if a notification had told of it."""
        wallet = self.repair.ledger.read(lambda uow: uow.wallets.get(subject))
        if not self._is_wanted(wallet):
            return
        try:
            attached = self.keepers[wallet.gateway].attached(wallet, scope.deadline())
        except AccountRefused:
            raise
        except (Refused, NeedsPerson) as unclear:
            about, ours = f"wallet {wallet.id}", f"{len(wallet.usable)} methods"
            yield self.repair.hand_over(scope, about=about, ours=ours, theirs="it will not say", how=unclear.why)
            return
        for fact in differences(wallet, attached):
            self.repair(scope, wallet.gateway, [fact])
            yield _difference(scope, wallet, fact)


def _difference(scope: Scope, wallet: Wallet, fact: MethodStands) -> Difference:
    known = wallet.of_ref(fact.method_ref)
    return Difference(
        about=f"method {fact.method_ref} of wallet {wallet.id}",
        ours=f"{known.kind}, saved" if known else "not known",
        theirs=f"{fact.kind}, saved" if fact.is_attached else "forgotten",
        done=Done.WOULD_BE_REPAIRED if scope.dry_run else Done.REPAIRED,
        how="taken as it is there",
    )
