"""What a person pays back where a provider pays nothing back."""

from functools import partial

from billing.domain import Order
from simulation.world import World

_TRIES, _AGAIN_MS = 20, 30_000


def pay_back_by_hand(world: World, order_id: str, refund_id: str, *, is_given_up: bool = False) -> None:
    """Past the provider, and then said so until it is written down; or not at all, and that is said."""
    order = world.books.find(Order, order_id)
    assert order is not None
    payment, refund = order.refund(refund_id)
    if not refund.needs_hand:
        return
    if is_given_up:
        world.push.kept_back.add(refund_id)
    else:
        world.push.pay_back(payment.id, refund)
    settle = partial(world.container.settle_refund(), refund_id, not is_given_up, "by hand", "operator")
    for _ in range(_TRIES):
        if world.process(settle) is not None:
            return
        world.schedule.sleep(_AGAIN_MS)
