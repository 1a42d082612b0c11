"""What tests of refunds say again and again."""

from billing.domain import Money, Order, Payment, Refund
from tests.builders import a_domain, a_hosting
from tests.twins import BY, Twins


def usd(minor: int) -> Money:
    """Cents."""
    return Money(minor, "USD")


def refunds(shop: Twins, order: Order) -> list[Refund]:
    """What the ledger knows of."""
    return [refund for payment in shop.read(order).payments for refund in payment.refunds]


def paid_back(shop: Twins, order: Order) -> list[tuple[Money, str]]:
    """What the provider has really paid back."""
    pages = [shop.gateway.pages[payment.id] for payment in shop.read(order).payments]
    return [(back.amount, back.state.value) for page in pages for back in page.refunds]


def bought(shop: Twins) -> tuple[Order, Payment]:
    """A delivered domain with hosting."""
    order = shop.buy(a_domain(), a_hosting())
    return order, order.payments[0]


def ask(shop: Twins, payment: Payment, amount: Money | None = None, *item_ids: str) -> Refund:
    """Somebody wants a sum, some items or all of it back."""
    return shop.container.request_refund()(payment.id, amount, item_ids, "as asked", BY)[1]


def refused_by_the_registry(shop: Twins) -> Order:
    """A domain that somebody else was faster to register, with hosting."""
    order = shop.order(a_domain(), a_hosting())
    shop.hear(shop.pay(shop.start(order)))
    shop.registrar.refuse("taken", "register")
    shop.work()
    return shop.read(order)
