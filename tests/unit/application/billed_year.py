"""A year of one subscription: renewed twelve times, declined twice, moved to another plan, and cancelled."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from billing.application.outcomes import OutcomeUnknown
from billing.domain import ChangeKind, InvoiceReason, InvoiceStatus, MailKind, Subscription
from tests.twins import BY, Twins
from tests.unit.application.billed import (
    desk,
    hosted,
    hosted_with_a_name,
    invoices,
    now_of,
    ref,
    renewals,
    sell_pro_for,
)

Post = Callable[[Sequence[bytes]], Sequence[bytes]]
"""Which of the provider's words arrive, and in which order."""
_DECLINED, _CHANGED = (4, 9), 6


class Year(NamedTuple):
    """What is left of it, in the ledger and with the customer."""

    status: str
    plan: str
    until: str
    collected: list[str]
    orders: list[tuple[str, str]]
    mails: dict[str, int]


def a_year(shop: Twins, *, mixed: bool, post: Post) -> Year:
    """Play it, with what the provider tells arriving as `post` has it, and what is lost found out by asking."""
    bought = hosted_with_a_name(shop) if mixed else hosted(shop)
    sell_pro_for(shop, 999)
    for month in range(1, 13):
        if month in _DECLINED:
            desk(shop).decline(ref(bought))
        if month == _CHANGED:
            _change_plan(shop, bought)
        _turn_period(shop, bought, post)
        if month in _DECLINED:
            shop.pass_time(timedelta(days=3))
            _arrive(shop, post(desk(shop).retry(list(shop.billing.books.invoices)[-1])))
    shop.container.hosting.change_subscription()(bought.id, ChangeKind.CANCEL_AT_PERIOD_END, BY)
    _turn_period(shop, bought, post)
    return _left(shop, bought)


def _change_plan(shop: Twins, bought: Subscription) -> None:
    """Ten days into the period, and the first answer is lost."""
    shop.pass_time(timedelta(days=10))
    shop.billing.fail_with(OutcomeUnknown("timeout"), "change_plan")
    for _ in range(2):
        shop.container.hosting.change_subscription()(bought.id, ChangeKind.CHANGE_PLAN, BY, "pro")
    shop.work()


def _turn_period(shop: Twins, bought: Subscription, post: Post) -> None:
    """Until the provider's period is over, and some hours more, in which it is asked what nobody has heard."""
    bill = shop.billing.books.bills[ref(bought)]
    shop.pass_time(bill.period_end - shop.now)
    _arrive(shop, post(desk(shop).catch_up()))
    for _ in range(2):
        shop.pass_time(timedelta(hours=6))
        shop.sweep_and_work()


def _arrive(shop: Twins, told: Sequence[bytes]) -> None:
    for body in told:
        shop.hear(body)
    shop.work()


def _left(shop: Twins, bought: Subscription) -> Year:
    over = now_of(shop, bought)
    paid = [one for one in invoices(shop, bought) if one.status is InvoiceStatus.PAID]
    orders = sorted(renewals(shop), key=lambda order: order.created_at)
    mails = {
        kind.value: len(shop.mailed(kind))
        for kind in MailKind
        if kind.name.startswith(("SUBSCRIPTION", "PLAN", "PAYMENT_ACTION"))
    }
    return Year(
        status=over.status.value,
        plan=over.plan,
        until=f"{over.current_period_end:%Y-%m-%d}",
        collected=sorted(str(one.collected) for one in paid if one.reason is InvoiceReason.CYCLE),
        orders=[(str(order.items[0].price), order.status.value) for order in orders],
        mails=mails,
    )


def provider_s(shop: Twins) -> list[str]:
    """What the provider's own books say was collected for periods."""
    written = shop.billing.books.invoices.values()
    return sorted(str(one.collected) for one in written if one.reason is InvoiceReason.CYCLE)


def as_told(told: Sequence[bytes]) -> Sequence[bytes]:
    """In order, once."""
    return told


def reversed_and_doubled(told: Sequence[bytes]) -> Sequence[bytes]:
    """Last first, and all of it again."""
    return [*told[::-1], *told]


class ThirdLost:
    """Of all that is told every third word never arrives."""

    def __init__(self, first: int) -> None:
        self._count = first

    def __call__(self, told: Sequence[bytes]) -> Sequence[bytes]:
        kept = [body for n, body in enumerate(told, self._count) if n % 3]
        self._count += len(told)
        return kept


def all_lost(told: Sequence[bytes]) -> Sequence[bytes]:
    """Nothing arrives."""
    return []
