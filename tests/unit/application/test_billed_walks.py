"""However a subscription has lived, the ledger agrees with the provider's books in the end, to the cent."""

import pytest

from billing.domain import InvoiceReason, InvoiceStatus, SubscriptionStatus
from tests.unit.application.billed import invoices, now_of, renewals
from tests.unit.application.billed_walk import Walk

SEEDS = range(150)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_books_agree_in_the_end(seed: int) -> None:
    walk = Walk(seed)
    walk.go()
    walk.heal()
    shop, said = walk.shop, walk.said
    held, orders = now_of(shop, walk.bought), renewals(shop)
    written = {one.ref: one for one in shop.billing.books.invoices.values()}

    # every invoice is known as it is, and each that paid for a period is one order, or waits for a person
    known = {one.invoice_ref: one for one in invoices(shop, walk.bought)}
    if not held.is_over:
        assert {ref: one.status for ref, one in written.items()} == {ref: one.status for ref, one in known.items()}, (
            said
        )
    paid = [ref for ref, one in known.items() if one.status is InvoiceStatus.PAID and one.reason is InvoiceReason.CYCLE]
    for ref in paid:
        assert known[ref].collected == written[ref].collected
        assert (known[ref].order_id is None) == (known[ref].attention is not None), (ref, said)
    assert len({known[ref].order_id for ref in paid if known[ref].order_id}) == len(orders)
    received = sum(order.payments[0].received.minor for order in orders if order.payments[0].received)
    assert received == sum(written[ref].collected.minor for ref in paid if known[ref].order_id)

    # what the customer has is what the provider bills
    assert held.change is None, said
    assert held.is_over == walk.bill.is_over, said
    if not held.is_over:
        assert held.cancel_at_period_end == walk.bill.cancel_at_period_end
        assert held.attention or (held.price == walk.bill.price.amount), said
        is_owed = any(one.is_owed for one in known.values())
        assert (held.status in (SubscriptionStatus.PAST_DUE, SubscriptionStatus.SUSPENDED)) == is_owed, said

    # each mail was sent once, and nothing was a defect
    occasions = [(mail.kind, mail.subject) for mail in shop.notifier.delivered]
    assert len(occasions) == len(set(occasions))
    defects = ("job_bug", "housekeeping_bug", "order_not_expired", "subscription_not_looked_at")
    assert not [alarm for alarm in shop.telemetry.alarms if alarm[0] in defects], shop.telemetry.alarms
