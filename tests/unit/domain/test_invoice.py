"""Told of in whatever order, an invoice ends up the same: what is paid stays paid."""

from dataclasses import fields
from itertools import permutations

import pytest

from billing.domain import CycleLine, Invoice, InvoiceReason, InvoiceStands, InvoiceStatus, Money
from tests.builders import NOW

PRICE, NOTHING = Money(499, "USD"), Money(0, "USD")
LINE = CycleLine(price=PRICE, period_start=NOW, period_end=NOW.replace(month=3))


def told(status: InvoiceStatus = InvoiceStatus.OPEN, **details: object) -> InvoiceStands:
    usual: dict[str, object] = {
        "billing_ref": "bill_1",
        "invoice_ref": "in_1",
        "reason": InvoiceReason.CYCLE,
        "total": PRICE,
        "collected": PRICE if status is InvoiceStatus.PAID else NOTHING,
        "cycle": LINE,
    }
    return InvoiceStands(status=status, **{**usual, **details})  # type: ignore[arg-type]


def after(*tellings: InvoiceStands) -> Invoice:
    invoice = Invoice.of("inv_1", "sub_1", "memory", tellings[0], NOW)
    for one in tellings[1:]:
        invoice.take(one)
    return invoice


def shown(invoice: Invoice) -> dict[str, object]:
    return {field.name: getattr(invoice, field.name) for field in fields(invoice)}


@pytest.mark.parametrize(
    "last", [InvoiceStatus.OPEN, InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE]
)
def test_every_order_of_telling_ends_the_same(last: InvoiceStatus) -> None:
    tellings = [told(), told(attempts=1, why="declined"), told(attempts=2, needs_customer=True), told(last, attempts=2)]
    if last is InvoiceStatus.OPEN:
        tellings[3] = told(attempts=3, why="declined again")
    expected = shown(after(*tellings))
    for order in permutations(tellings):
        one = shown(after(*order))
        if last is not InvoiceStatus.OPEN:
            # whether it had failed before it was closed matters to nobody
            one.pop("has_failed")
            assert one == {name: value for name, value in expected.items() if name != "has_failed"}
        else:
            assert one == expected


def test_paid_is_final() -> None:
    invoice = after(told(InvoiceStatus.PAID, payment_ref="pi_1"))
    for status in InvoiceStatus:
        invoice.take(told(status, attempts=9, payment_ref="pi_2", collected=NOTHING))
    assert (invoice.status, invoice.payment_ref, invoice.collected) == (InvoiceStatus.PAID, "pi_1", PRICE)


def test_money_that_comes_after_it_was_given_up_counts() -> None:
    assert after(told(InvoiceStatus.VOID), told(InvoiceStatus.PAID)).pays_period


@pytest.mark.parametrize(
    ("stands", "is_owed"),
    [
        (told(), False),
        (told(attempts=1), True),
        (told(attempts=1, in_flight=True), False),
        (told(needs_customer=True), True),
        (told(InvoiceStatus.PAID, attempts=1), False),
        (told(reason=InvoiceReason.OTHER, attempts=1), False),
        (told(reason=InvoiceReason.FIRST, attempts=1), False),
        (told(reason=InvoiceReason.CHANGE, attempts=1), True),
    ],
)
def test_it_is_owed_when_a_try_has_come_to_nothing(stands: InvoiceStands, is_owed: bool) -> None:
    assert after(stands).is_owed == is_owed


def test_what_has_failed_is_owed_while_the_next_try_is_in_flight() -> None:
    invoice = after(told(attempts=1), told(attempts=2, in_flight=True))
    assert invoice.is_owed
    assert invoice.is_in_flight


@pytest.mark.parametrize(
    ("stands", "pays"),
    [
        (told(InvoiceStatus.PAID), True),
        (told(InvoiceStatus.PAID, collected=NOTHING), True),
        (told(InvoiceStatus.PAID, total=Money(-101, "USD"), collected=NOTHING), True),
        (told(InvoiceStatus.OPEN), False),
        (told(InvoiceStatus.PAID, cycle=None), False),
        (told(InvoiceStatus.PAID, cycle=CycleLine(price=NOTHING, period_start=NOW, period_end=NOW)), False),
        (told(InvoiceStatus.PAID, reason=InvoiceReason.FIRST), False),
        (told(InvoiceStatus.PAID, reason=InvoiceReason.CHANGE), False),
        (told(InvoiceStatus.PAID, reason=InvoiceReason.OTHER), False),
    ],
)
def test_only_a_paid_line_of_a_period_pays_one(stands: InvoiceStands, pays: bool) -> None:
    assert after(stands).pays_period == pays
