"""What a dispute means for its order: which items its money pays back, and what is owed once it is decided."""

from datetime import datetime

from billing.domain.covering import call_off, close_books, paid_back_by
from billing.domain.dispute import Dispute
from billing.domain.facts import DisputeStands
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment


def take_dispute(
    order: Order, payment: Payment, new_id: str, told: DisputeStands, at: datetime
) -> tuple[Dispute, bool]:
    """The dispute that is meant as it stands now, and whether it went further; `new_id` is for a new one.

    When its money is lost, what was not delivered is called off, since the customer has its price back. A delivery
    that runs is never undone.
    """
    dispute = next((one for one in payment.disputes if one.dispute_ref == told.dispute_ref), None)
    if dispute is None:
        dispute = _open(payment, new_id, told, at)
    dispute.amount = told.amount
    is_further = dispute.stand(
        told.status,
        told.why,
        withdrawn=told.withdrawn,
        reinstated=told.reinstated,
        respond_by=told.respond_by,
    )
    if payment.contested is None:
        for lost in (one for one in payment.disputes if one.is_lost):
            _pay_back_by(order, payment, lost)
        close_books(order, payment)
    order.derive_status()
    return dispute, is_further


def _open(payment: Payment, new_id: str, told: DisputeStands, at: datetime) -> Dispute:
    nothing = Money.zero(told.amount.currency)
    dispute = Dispute(
        id=new_id,
        payment_id=payment.id,
        dispute_ref=told.dispute_ref,
        amount=told.amount,
        reason=told.reason,
        created_at=at,
        withdrawn=nothing,
        reinstated=nothing,
    )
    payment.disputes.append(dispute)
    return dispute


def _pay_back_by(order: Order, payment: Payment, lost: Dispute) -> None:
    """Nothing where it has paid something back before, or left enough."""
    if lost.item_ids or not lost.gone.minor:
        return
    items = paid_back_by(order, payment, lost.gone, is_all=not payment.left.minor)
    call_off(order, items)
    for item in items:
        lost.cover(item.id)
        order.repay_item(item.id, f"{item.why}; its price is lost in a dispute")
