"""The page about a customer's saved cards: which of them is charged by itself, and a way to put in another one."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing.application.ledger import Ledger
from billing.application.ports import Clock
from billing.application.unit_of_work import UnitOfWork
from billing.application.wallets.accounts import StartSetup
from billing.application.wallets.saved_methods import SetDefaultMethod
from billing.domain.errors import Invalid, NotFound
from billing.domain.wallet import Wallet
from billing.entrypoints.http.pay.subjects import Sight, Subject


@dataclass(frozen=True)
class CardSubject(Subject):
    """Looks after a wallet."""

    ledger: Ledger
    start_setup: StartSetup
    set_default: SetDefaultMethod
    clock: Clock

    def look(self, subject_id: str) -> Sight:
        """The cards, with that which is charged marked."""
        return self.ledger.read(lambda uow: self._sight(uow, subject_id))

    def act(self, subject_id: str, form: Mapping[str, str], here: str, by: str) -> str:
        """To the provider's page for a new card, or back where another one of those that are saved was chosen."""
        wallet = self.ledger.read(lambda uow: uow.wallets.get(subject_id))
        if form.get("act") == "choose":
            self._choose(wallet, form.get("method", ""), by)
            return f"{here}/status"
        pages = {"success_url": f"{here}/status", "cancel_url": here}
        return self.start_setup(wallet.customer_id, wallet.gateway, pages, by).redirect_url or f"{here}/status"

    def _choose(self, wallet: Wallet, method_id: str, by: str) -> None:
        """Only what is on the page is asked for, since anything may be sent."""
        if method_id not in [method.id for method in wallet.usable]:
            raise Invalid("method", "one of those on the page")
        try:
            self.set_default(wallet.customer_id, method_id, by)
        except NotFound as gone:
            raise Invalid("method", "it was removed just now") from gone

    def status(self, subject_id: str, by: str) -> Sight:
        """The same: a new card is there as soon as its provider has told of it."""
        return self.look(subject_id)

    def _sight(self, uow: UnitOfWork, wallet_id: str) -> Sight:
        wallet = uow.wallets.get(wallet_id)
        cards = [
            {
                "id": method.id,
                "brand": method.card.brand,
                "last4": method.card.last4,
                "ends": f"{method.card.exp_month:02}/{method.card.exp_year}",
                "is_over": method.card.is_expired(self.clock()),
                "is_default": method is wallet.default,
            }
            for method in wallet.usable
            if method.card is not None
        ]
        language = uow.customers.get(wallet.customer_id).language
        return Sight(template="cards.html", language=language, filled={"cards": cards, "gateway": wallet.gateway})
