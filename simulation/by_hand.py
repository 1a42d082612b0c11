"""What a person pays back where a provider pays nothing back."""

from functools import partial

from billing.domain import Order, Payment
from simulation.world import World

_TRIES, _AGAIN_MS = 20, 30_000


def pay_back_by_hand(world: World, payment: Payment, refund_id: str, *, is_given_up: bool = False) -> None:
    """Past the provider, and then said so until it is written down; or not at all, and that is said."""
    now = world.books.find(Order, payment.order_id)
    refunds = now.payment(payment.id).refunds if now is not None else ()
    for refund in refunds:
        if refund.id != refund_id or not refund.needs_hand:
            continue
        if is_given_up:
            world.push.kept_back.add(refund_id)
        else:
            world.push.pay_back(payment.id, refund)
        settle = partial(world.container.settle_refund(), refund_id, not is_given_up, "by hand", "operator")
        for _ in range(_TRIES):
            if world.process(settle) is not None:
                return
            world.schedule.sleep(_AGAIN_MS)
