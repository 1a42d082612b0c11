"""What may differ between a gateway with pages and one with pushes: all of it, each with its reason, and nothing else.

What the rows leave out wherever it occurs is said there (`rows.LEFT_OUT`, `rows.ROADS`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.domain import Money
from tests.alike.rows import differing


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Rows that only one of the two ledgers has, or has elsewhere; one that ends in `…` stands for how a row begins."""

    why: str
    page: Sequence[str] = ()
    phone: Sequence[str] = ()


def beyond(rows: Sequence[str], allowed: Sequence[str]) -> tuple[list[str], list[str]]:
    """Rows that nothing allows, and what is allowed and not there: both are empty where all is as it is said here."""
    unlisted, left = list[str](), list(allowed)
    for row in rows:
        met = next((one for one in left if row == one or (one.endswith("…") and row.startswith(one[:-1]))), None)
        if met is None:
            unlisted.append(row)
        else:
            left.remove(met)
    return unlisted, left


def unexplained(
    page: Sequence[str], phone: Sequence[str], differences: Sequence[Difference]
) -> tuple[list[str], list[str], list[str], list[str]]:
    """Of two ledgers' rows `beyond` for each: all four are empty where they differ in just what is said here."""
    by_page, by_phone = differing(page, phone)
    return (
        *beyond(by_page, [row for one in differences for row in one.page]),
        *beyond(by_phone, [row for one in differences for row in one.phone]),
    )


_BY_HAND = "KPay has no call that pays back: a person is told to, does it, and says so; until then the order needs one"
_CANCELLED_HERE = (
    "move order 1 payment 1: pending -> cancelled, its order is closed, and its provider closes nothing, "
    "by the provider's word"
)
_OPERATOR_IS_TOLD = (
    "job send_mail operator_alerts of first: succeeded",
    "mail operator_alerts to operator@shop.example in en: sent, alerts",
)


def _paid_back_by_hand(
    what: str, amount: Money, before: str, after: str, also: Difference | None = None
) -> tuple[Difference, ...]:
    """`what` its row begins with, and where the order stands before and after the person has done it."""
    refund, told = "order 1 payment 1 refund 1", f"pay {amount} back to +25***"
    back = Difference(
        why=_BY_HAND,
        page=(
            f"{refund}: {what}, try 1, succeeded, {amount} paid back, None",
            f"move {refund}: pending -> succeeded, {amount} paid back, by refund_payment",
        ),
        phone=(
            f"{refund}: {what}, try 1, succeeded, settled by a person: sent by hand, None",
            f"move {refund}: pending -> succeeded, settled by a person: sent by hand, by a test",
            f"alert refund_by_hand {refund}: order <number of order 1>: {told}…",
            f"move order 1: {before} -> requires_attention, refund of {amount}: requires_manual_refund: {told}…",
            f"move order 1: requires_attention -> {after}, None, by a test",
            *_OPERATOR_IS_TOLD,
        ),
    )
    return (back, also) if also else (back,)


def surplus_by_hand(amount: Money, closed: str) -> tuple[Difference, ...]:
    """All of a payment that nothing needs."""
    return _paid_back_by_hand(f"surplus, {amount}, nothing needs it, for []", amount, closed, closed)


def requested_by_hand(amount: Money) -> tuple[Difference, ...]:
    """A sum that somebody asked for."""
    return _paid_back_by_hand(f"requested, {amount}, as asked, for []", amount, "completed", "completed")


def undelivered_by_hand(amount: Money, why: str) -> tuple[Difference, ...]:
    """The price of the first item: the item itself is refunded by whoever pays it back."""
    moved = f"move order 1 item 1: failed -> refunded, {why}; paid back, by"
    also = Difference(
        why="the item and the order follow the refund, and so they move when the person says that it was paid",
        page=(
            "move order 1: processing -> partially_completed, None, by refund_payment",
            f"{moved} refund_payment",
            # told of the registry's refusal alone, and later
            *_OPERATOR_IS_TOLD,
        ),
        phone=(f"{moved} a test",),
    )
    what = f"undelivered, {amount}, {why}, for ['order 1 item 1']"
    return _paid_back_by_hand(what, amount, "processing", "partially_completed", also)


def declined_on_the_page(asked: Money, why: str) -> tuple[Difference, ...]:
    """The first of two attempts."""
    stands = f"{asked} asked, None received, {Money.zero(asked.currency)} left, []"
    return (
        Difference(
            why="a card that Stripe declines leaves the page open, and nobody is told; the next attempt closes it",
            page=(
                f"order 1 payment 1: expired, {stands}, its page was closed unpaid, None, known to its provider",
                "move order 1 payment 1: pending -> expired, its page was closed unpaid, by a test",
            ),
        ),
        Difference(
            why="a push that was declined is over, and so its customer is told",
            phone=(
                f"order 1 payment 1: failed, {stands}, {why}, None, known to its provider",
                f"move order 1 payment 1: pending -> failed, {why}, by the provider's word",
                "job send_mail payment_failed of order 1 payment 1: succeeded",
                "mail payment_failed to aline@example.rw in en: sent, order 1 payment 1 …",
            ),
        ),
    )


def nobody_paid(asked: Money) -> tuple[Difference, ...]:
    """The only attempt of an order."""
    stands = f"expired, {asked} asked, None received, {Money.zero(asked.currency)} left, []"
    return (
        Difference(
            why="Stripe's page can be paid as long as the order, and is then closed by us",
            page=(
                f"order 1 payment 1: {stands}, its page was closed unpaid, None, known to its provider",
                "move order 1 payment 1: pending -> expired, its page was closed unpaid, by the provider's word",
                "job close_payment order 1 payment 1: succeeded",
            ),
        ),
        Difference(
            why="KPay is asked by a schedule, at whose end an attempt is over",
            phone=(
                f"order 1 payment 1: {stands}, nobody paid by it in its time, None, known to its provider",
                "move order 1 payment 1: pending -> expired, nobody paid by it in its time, by the provider's word",
            ),
        ),
    )


def late_by_a_slow_method(asked: Money) -> tuple[Difference, ...]:
    """Money that comes when all that could be closed was."""
    stands, paid = f"succeeded, {asked} asked, {asked} received, {asked} left", f"{asked} received"
    return (
        Difference(
            why="at Stripe nothing but a slow method can be late, and its attempt stays open until the bank decides",
            page=(
                f"order 1 payment 1: {stands}, ['under_way'], {paid}, None, known to its provider",
                f"move order 1 payment 1: pending -> succeeded, {paid}, by the provider's word",
            ),
        ),
        Difference(
            why="KPay closes nothing: an attempt ends here with its order, and a late success counts all the same",
            phone=(
                f"order 1 payment 1: {stands}, [], {paid}, None, known to its provider",
                _CANCELLED_HERE,
                f"move order 1 payment 1: cancelled -> succeeded, {paid}, by the provider's word",
            ),
        ),
    )


def ended_otherwise(asked: Money) -> tuple[Difference, ...]:
    """An attempt that ended with its order, and was paid after."""
    return (
        Difference(
            why="Stripe says of a page that was closed that it expired; what KPay doesn't close is cancelled here",
            page=(
                "move order 1 payment 1: pending -> expired, its page was closed unpaid, by the provider's word",
                f"move order 1 payment 1: expired -> succeeded, {asked} received, surplus, by the provider's word",
            ),
            phone=(
                _CANCELLED_HERE,
                f"move order 1 payment 1: cancelled -> succeeded, {asked} received, surplus, by the provider's word",
            ),
        ),
    )
