"""What tests of disputes say again and again."""

from billing.domain import Dispute, DisputeStatus, Money, Order, Payment, Subscription
from tests.builders import a_domain, a_hosting
from tests.twins import Twins

LOST, WON, CLOSED = DisputeStatus.LOST, DisputeStatus.WON, DisputeStatus.CLOSED


def disputes(shop: Twins, order: Order) -> list[Dispute]:
    return [dispute for payment in shop.read(order).payments for dispute in payment.disputes]


def dispute(shop: Twins, payment: Payment, amount: Money | None = None, *, is_inquiry: bool = False) -> str:
    """A bank disputes a payment, takes the money, and we hear of both; the provider's id of it."""
    opened = shop.gateway.open_dispute(payment.id, amount, is_inquiry=is_inquiry)
    ref = shop.gateway.pages[payment.id].disputes[-1].ref
    shop.hear(opened)
    if not is_inquiry:
        shop.hear(shop.gateway.withdraw(payment.id, ref))
    shop.work()
    return ref


def decide(shop: Twins, payment: Payment, ref: str, status: DisputeStatus) -> None:
    told = shop.gateway.decide(payment.id, ref, status)
    shop.hear(told, told, shop.gateway.dispute_notification(payment.id, ref))
    shop.work()


def hosting(shop: Twins, order: Order) -> Subscription:
    subscription_id = shop.read(order).items[-1].subscription_id or ""
    return shop.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))


def alerts(shop: Twins) -> list[str]:
    """Of what kind they are."""
    return sorted(alert.kind.value for alert in shop.alerts())


def said(shop: Twins) -> str:
    """What all of them say."""
    return "\n".join(alert.why for alert in shop.alerts())


def due_for_delivery(shop: Twins) -> tuple[Order, Payment]:
    """Paid, and no worker has heard of the deliveries yet."""
    order = shop.order(a_domain(), a_hosting())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))
    hear_now(shop)
    shop.queue.rung.clear()
    return order, payment


def hear_now(shop: Twins) -> None:
    """A worker reads the last notification before anybody does anything else."""
    shop.run(shop.queue.rung.pop()[0])
