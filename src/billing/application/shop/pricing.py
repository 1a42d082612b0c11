"""What a basket costs, item by item, by the catalogue in force and the prices frozen on subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.application.unit_of_work import UnitOfWork
from billing.domain.catalogue import Catalogue, Operation
from billing.domain.errors import Invalid, NotFound, NotPriced, NotRegistrable, UnknownPlan
from billing.domain.money import Money
from billing.domain.purchase import (
    DomainRegistration,
    DomainRenewal,
    Hosting,
    Purchase,
    SubscriptionRenewal,
)


def price_basket(
    uow: UnitOfWork, customer_id: str, currency: str, wanted: Sequence[Purchase], now: datetime
) -> list[Money]:
    """One price for each purchase, in their order; Invalid names the field that is wrong, or can't be sold now."""
    try:
        uow.customers.get(customer_id)
    except NotFound as missing:
        raise Invalid("customer_id", str(missing)) from missing
    catalogue = uow.catalogues.current()
    if currency not in catalogue.currencies:
        raise Invalid("currency", f"we sell in {', '.join(catalogue.currencies)}")
    pricing = _Pricing(uow, catalogue, customer_id, currency, now)
    return [pricing.of(f"items.{n}", what) for n, what in enumerate(wanted)]


@dataclass(frozen=True)
class _Pricing:
    uow: UnitOfWork
    catalogue: Catalogue
    customer_id: str
    currency: str
    now: datetime

    def of(self, at: str, what: Purchase) -> Money:
        try:
            return self._price(what)
        except Invalid as wrong:
            raise Invalid(f"{at}.{wrong.field}", wrong.why) from wrong
        except NotRegistrable as wrong:
            raise Invalid(f"{at}.domain", str(wrong)) from wrong
        except UnknownPlan as wrong:
            raise Invalid(f"{at}.plan", str(wrong)) from wrong
        except NotPriced as wrong:
            raise Invalid(at, str(wrong)) from wrong

    def _price(self, what: Purchase) -> Money:
        match what:
            case DomainRegistration():
                return self.catalogue.price_domain(Operation.REGISTER, what.domain, what.years, self.currency)
            case DomainRenewal():
                self._require_renewable(what)
                return self.catalogue.price_domain(Operation.RENEW, what.domain, what.years, self.currency)
            case Hosting():
                return self.catalogue.price_hosting(what.plan, what.cycle, self.currency)
            case SubscriptionRenewal():
                return self._price_renewal(what)

    def _require_renewable(self, what: DomainRenewal) -> None:
        held = self.uow.registrations.of_name(what.domain)
        if held is None or held.customer_id != self.customer_id:
            raise Invalid("domain", f"we hold no {what.domain} for this customer")
        last_day = self.catalogue.offer_for(what.domain).last_day(held.expires_at)
        if self.now > last_day:
            raise Invalid("domain", f"{what.domain} could be renewed until {last_day:%Y-%m-%d}")

    def _price_renewal(self, what: SubscriptionRenewal) -> Money:
        try:
            subscription = self.uow.subscriptions.get(what.subscription_id)
        except NotFound as missing:
            raise Invalid("subscription_id", str(missing)) from missing
        if subscription.customer_id != self.customer_id:
            raise Invalid("subscription_id", f"no subscription {what.subscription_id}")
        if subscription.price.currency != self.currency:
            raise Invalid("subscription_id", f"it is billed in {subscription.price.currency}")
        if not subscription.is_renewable:
            raise Invalid("subscription_id", f"it is {subscription.status} and can't be renewed")
        if subscription.gateway is not None:
            raise Invalid("subscription_id", f"{subscription.gateway} renews it by itself")
        if subscription.cancel_at_period_end:
            raise Invalid("subscription_id", "it is cancelled at its period's end: resume it first")
        return subscription.price.times(what.cycles)
