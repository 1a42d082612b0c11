"""Subscriptions that a provider bills, and their invoices: there and back, found by every id, looked at in time."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.money.paying_back import PayBack
from billing.application.ports import Clock, Ids
from billing.application.subscriptions.invoicing import TakeInvoice
from billing.application.subscriptions.renewing import WriteRenewal
from billing.application.subscriptions.subscription_notices import MoveSubscription, SubscriptionNotices
from billing.application.telling.notifications import Notices, Postbox
from billing.application.unit_of_work import ConcurrentChange, UnitOfWork
from billing.domain import (
    BillingError,
    Change,
    ChangeKind,
    CycleLine,
    DispatchPolicy,
    DunningPolicy,
    Invoice,
    InvoiceReason,
    InvoiceStands,
    InvoiceStatus,
    JobKind,
    Money,
    Order,
    RefundPolicy,
    Subscription,
    SubscriptionStatus,
)
from tests.builders import NOW, a_domain, a_subscription
from tests.contracts.ledger_case import HandClock, LedgerCase, in_parallel, place
from tests.contracts.ledger_entities import shown

EXACT = datetime(2027, 3, 28, 1, 59, 59, 123457, tzinfo=UTC)
PRICE = Money(499, "USD")
LINE = CycleLine(price=PRICE, period_start=NOW, period_end=EXACT)


def an_invoice(n: int = 1, **details: object) -> Invoice:
    """One that was paid, of the first subscription."""
    usual: dict[str, object] = {
        "billing_ref": "bill_1",
        "invoice_ref": f"in_{n}",
        "reason": InvoiceReason.CYCLE,
        "status": InvoiceStatus.PAID,
        "total": PRICE,
        "collected": PRICE,
        "cycle": LINE,
    }
    return Invoice.of(f"inv_{n}", "sub_1", "stripe", InvoiceStands(**{**usual, **details}), EXACT)  # type: ignore[arg-type]


def a_taker(clock: Clock, ids: Ids) -> TakeInvoice:
    """As the container has it, without mails."""
    post = Postbox(ids, None)
    dunning = DunningPolicy(grace=timedelta(days=7), end_after=timedelta(days=30))
    pay_back = PayBack(RefundPolicy(), Notices(post), ids, clock)
    renew = WriteRenewal(DispatchPolicy(), pay_back, clock, ids, lambda: ids("N"))
    return TakeInvoice(renew, MoveSubscription(SubscriptionNotices(post, dunning)), clock, ids)


class InvoiceCases(LedgerCase):
    """What is billed by itself."""

    def test_told_by_many_at_once_a_paid_invoice_renews_once(
        self, ledger: Ledger, order: Order, clock: HandClock, ids: Ids
    ) -> None:
        subscription, take = a_subscription(order.items[0].id), a_taker(clock, ids)
        subscription.bind("stripe", "bill_1")
        ledger.write("setup", lambda uow: uow.subscriptions.add(subscription))
        fact = InvoiceStands(
            billing_ref="bill_1",
            invoice_ref="in_1",
            reason=InvoiceReason.CYCLE,
            status=InvoiceStatus.PAID,
            total=PRICE,
            collected=PRICE,
            cycle=CycleLine(price=PRICE, period_start=NOW, period_end=NOW.replace(month=3, day=31)),
            payment_ref="pi_1",
        )
        told = in_parallel(4, lambda _: ledger.write("a worker", lambda uow: take(uow, "stripe", fact)))
        assert not [one for one in told if isinstance(one, BillingError)]
        (invoice,) = ledger.read(lambda uow: uow.invoices.of_subscription(subscription.id))
        found = ledger.read(lambda uow: uow.orders.page(None, None, None, 20))
        renewed = [one for one in found if one.id != order.id]
        assert [(one.id, one.total, one.is_paid) for one in renewed] == [(invoice.order_id, PRICE, True)]
        jobs = ledger.read(lambda uow: uow.jobs.page(None, JobKind.RENEW_SUBSCRIPTION, None, 20))
        assert [job.subject for job in jobs] == [renewed[0].items[0].id]

    @pytest.fixture
    def held(self, ledger: Ledger, order: Order) -> Subscription:
        subscription = a_subscription(order.items[0].id)
        ledger.write("setup", lambda uow: uow.subscriptions.add(subscription))
        return subscription

    @pytest.mark.parametrize("plan", [None, "pro"])
    def test_what_is_known_of_its_billing_comes_back(self, ledger: Ledger, order: Order, plan: str | None) -> None:
        subscription = a_subscription(order.items[0].id)
        subscription.bind("stripe", "bill_1")
        kind = ChangeKind.CHANGE_PLAN if plan else ChangeKind.CANCEL_AT_PERIOD_END
        subscription.ask(Change(kind=kind, plan=plan, price=Money(7, "RWF") if plan else None), NOW)
        subscription.mind("billing", "é")
        subscription.adopts_anchor = True
        subscription.as_of = subscription.priced_since = EXACT
        subscription.former_price = Money(7, "RWF") if plan else None
        subscription.fall_due(EXACT, "not paid")
        expected = shown(subscription)
        ledger.write("test", lambda uow: uow.subscriptions.add(subscription))
        assert shown(ledger.read(lambda uow: uow.subscriptions.get(subscription.id))) == expected

    def test_an_invoice_comes_back_with_every_field(self, ledger: Ledger, held: Subscription) -> None:
        paid = an_invoice(1, payment_ref="pi_1")
        paid.park("another price")
        open_one = an_invoice(
            2,
            status=InvoiceStatus.OPEN,
            cycle=None,
            attempts=3,
            next_attempt_at=EXACT,
            needs_customer=True,
            in_flight=True,
            page_url="https://pay.example/1",
            why="declined",
        )
        expected = [shown(paid), shown(open_one)]
        for invoice in (paid, open_one):
            ledger.write("test", lambda uow, one=invoice: uow.invoices.add(one))
        read = ledger.read(lambda uow: uow.invoices.of_subscription(held.id))
        assert [shown(invoice) for invoice in read] == expected

    def test_it_is_found_by_the_provider_s_id_and_by_the_order_that_it_paid(
        self, ledger: Ledger, held: Subscription, order: Order
    ) -> None:
        ledger.write("test", lambda uow: uow.invoices.add(an_invoice()))

        def pay(uow: UnitOfWork) -> None:
            invoice = uow.invoices.of_ref("stripe", "in_1")
            assert invoice is not None
            invoice.renew_by(order.id)

        assert ledger.read(lambda uow: uow.invoices.of_order(order.id)) is None
        ledger.write("test", pay)
        found = ledger.read(lambda uow: uow.invoices.of_order(order.id))
        assert found is not None
        assert (found.id, found.order_id) == ("inv_1", order.id)
        for gateway, ref in (("stripe", "in_2"), ("kpay", "in_1")):
            assert ledger.read(lambda uow, one=(gateway, ref): uow.invoices.of_ref(*one)) is None

    def test_the_provider_s_id_is_kept_once(self, begin: Begin, ledger: Ledger, held: Subscription) -> None:
        ledger.write("test", lambda uow: uow.invoices.add(an_invoice()))
        again = an_invoice()
        again.id = "inv_2"
        with pytest.raises(ConcurrentChange), begin("test") as uow:
            uow.invoices.add(again)
            uow.commit()
        assert len(ledger.read(lambda uow: uow.invoices.of_subscription(held.id))) == 1

    def test_a_unit_sees_what_it_has_changed_itself(self, begin: Begin, ledger: Ledger, held: Subscription) -> None:
        with begin("test") as uow:
            uow.subscriptions.lock(held.id)
            uow.invoices.add(an_invoice(1, status=InvoiceStatus.OPEN, attempts=1))
            assert [invoice.is_owed for invoice in uow.invoices.of_subscription(held.id)] == [True]
            invoice = uow.invoices.of_ref("stripe", "in_1")
            assert invoice is not None
            invoice.status = InvoiceStatus.PAID
            assert [invoice.is_owed for invoice in uow.invoices.of_subscription(held.id)] == [False]

    def test_its_moves_are_in_the_history(self, ledger: Ledger, held: Subscription) -> None:
        ledger.write("a webhook", lambda uow: uow.invoices.add(an_invoice(1, status=InvoiceStatus.OPEN)))

        def pay(uow: UnitOfWork) -> None:
            uow.invoices.of_subscription(held.id)[0].status = InvoiceStatus.PAID

        ledger.write("another", pay)
        moves = ledger.read(lambda uow: uow.history.of(["inv_1"]))
        assert [(move.entity, move.before, move.after) for move in moves] == [
            ("invoice", None, "open"),
            ("invoice", "open", "paid"),
        ]

    def test_what_is_due_is_looked_at_longest_due_first(self, ledger: Ledger, customer: str) -> None:
        for n, days in enumerate((3, 1, 2, 9)):
            order = place(ledger, a_domain(f"n{n}.rw"), order_id=f"ord_{n}")
            subscription = a_subscription(order.items[0].id, id=f"sub_{n}")
            subscription.look_again(NOW + timedelta(days=days))
            ledger.write("test", lambda uow, one=subscription: uow.subscriptions.add(one))
        due = NOW + timedelta(days=3)
        assert ledger.read(lambda uow: uow.subscriptions.to_look_at(due, 9)) == ["sub_1", "sub_2", "sub_0"]
        assert ledger.read(lambda uow: uow.subscriptions.to_look_at(due, 2)) == ["sub_1", "sub_2"]
        ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").end("over"))
        assert ledger.read(lambda uow: uow.subscriptions.to_look_at(due, 9)) == ["sub_2", "sub_0"]

    def test_pages_go_from_the_newest_by_status_and_by_attention(self, ledger: Ledger, customer: str) -> None:
        for n in range(4):
            order = place(ledger, a_domain(f"n{n}.rw"), order_id=f"ord_{n}")
            subscription = a_subscription(order.items[0].id, id=f"sub_{n}")
            if n % 2:
                subscription.mind("billing", "paused")
            if n == 3:
                subscription.end("over")
                subscription.mind("invoice in_1", "another price")
            ledger.write("test", lambda uow, one=subscription: uow.subscriptions.add(one))

        def page(status: SubscriptionStatus | None = None, before: str | None = None, **only: bool) -> list[str]:
            return [one.id for one in ledger.read(lambda uow: uow.subscriptions.page(status, before, 3, **only))]

        assert page() == ["sub_3", "sub_2", "sub_1"]
        assert page(before="sub_1") == ["sub_0"]
        assert page(SubscriptionStatus.ENDED) == ["sub_3"]
        assert page(needing_attention=True) == ["sub_3", "sub_1"]
        assert page(SubscriptionStatus.ACTIVE, needing_attention=True) == ["sub_1"]

    def test_billed_subscriptions_are_walked_through_by_the_end_of_their_period(
        self, ledger: Ledger, customer: str
    ) -> None:
        for n, minutes in enumerate((0, 2, 2, 5)):
            order = place(ledger, a_domain(f"n{n}.rw"), order_id=f"ord_{n}")
            subscription = a_subscription(order.items[0].id, id=f"sub_{n}")
            subscription.current_period_end = NOW + timedelta(minutes=minutes)
            if n != 3:
                subscription.bind("stripe", f"theirs_{n}")
            ledger.write("setup", lambda uow, subscription=subscription: uow.subscriptions.add(subscription))

        def walk(since: int, until: int, after: str = "", limit: int = 9) -> list[str]:
            start, end = NOW + timedelta(minutes=since), NOW + timedelta(minutes=until)
            ended = ledger.read(lambda uow: uow.subscriptions.periods_ended(start, end, after, limit))
            return [one.id for one in ended]

        assert walk(0, 9) == ["sub_0", "sub_1", "sub_2"]
        assert walk(1, 2, limit=1) == ["sub_1"]
        assert walk(2, 2, "sub_1") == ["sub_2"]
        assert walk(3, 9) == []
