"""Every entity comes back as it went in, with every field."""

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from billing.application.ledger import Begin, Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    Customer,
    Cycle,
    DomainName,
    DomainRegistration,
    DomainRenewal,
    EventStatus,
    Hosting,
    InboxEvent,
    JobKind,
    JobRequest,
    JobStatus,
    Money,
    NotFound,
    Order,
    Registration,
    Subscription,
    SubscriptionRenewal,
    SubscriptionStatus,
)
from tests.builders import a_domain, a_registrant, an_attempt, an_order
from tests.contracts.ledger_case import LedgerCase

EXACT = datetime(2027, 3, 28, 1, 59, 59, 123457, tzinfo=UTC)


def shown(entity: Any) -> Any:
    """Every field of an entity and of what is below it, but the version; any other value as it is."""
    if not is_dataclass(entity):
        return entity
    return {
        f.name: [shown(part) for part in value] if isinstance(value := getattr(entity, f.name), list) else value
        for f in fields(entity)
        if f.name != "version"
    }


class EntityCases(LedgerCase):
    """There and back."""

    def test_an_order_comes_back_with_every_field(self, ledger: Ledger, customer: str) -> None:
        order = an_order(
            DomainRegistration(domain=DomainName("a.rw"), years=3, nameservers=("ns1.a.rw", "b.rw"), auto_renew=True),
            DomainRenewal(domain=DomainName("b.rw"), years=2),
            Hosting(plan="pro", cycle=Cycle.YEARLY, domain=DomainName("a.rw"), auto_renew=True),
            Hosting(plan="starter", cycle=Cycle.MONTHLY),
            SubscriptionRenewal(subscription_id="sub_1", cycles=4),
        )
        order.registrant = a_registrant(organization="Ishyo Ltd", street=("KN 5 Rd", "House 7"), region="Kigali")
        order.created_at = EXACT
        first, second = an_attempt(order), None
        first.bind("cs_1", "pi_1", "sub_at_stripe")
        first.redirect_url, first.options = "https://pay.example/1", {"email": "é@example.rw", "phone": "+250"}
        first.fail("card refused")
        first.attention = "nobody knows how it stands"
        second = an_attempt(order)
        order.record_success(second, order.total, EXACT)
        order.items[1].frozen_expiry = order.items[0].accepted_at = EXACT
        order.park_item(order.items[1].id, "extended by somebody else")
        expected = shown(order)
        ledger.write("test", lambda uow: uow.orders.add(order))
        assert shown(ledger.read(lambda uow: uow.orders.get(order.id))) == expected

    def test_what_an_order_does_not_have_comes_back_as_none(self, ledger: Ledger, customer: str) -> None:
        order = an_order(Hosting(plan="starter", cycle=Cycle.MONTHLY))
        order.registrant = None
        expected = shown(order)
        ledger.write("test", lambda uow: uow.orders.add(order))
        read = ledger.read(lambda uow: uow.orders.get(order.id))
        assert shown(read) == expected
        assert (read.registrant, read.paid_at, read.closed_as, read.items[0].handle) == (None, None, None, None)

    def test_items_and_payments_keep_their_order(self, ledger: Ledger, customer: str) -> None:
        order = an_order(*(a_domain(f"n{n}.rw") for n in range(12)))
        for n in range(12):
            an_attempt(order, f"pay_{n}").expire("nobody came")
        order.items.reverse()
        ledger.write("test", lambda uow: uow.orders.add(order))
        read = ledger.read(lambda uow: uow.orders.get(order.id))
        assert [payment.attempt for payment in read.payments] == list(range(1, 13))
        assert {item.position for item in read.items} == set(range(12))

    def test_a_mismatched_payment_keeps_both_sums(self, ledger: Ledger, order: Order) -> None:
        def pay(uow: UnitOfWork) -> None:
            locked = uow.orders.lock(order.id)
            locked.record_success(an_attempt(locked), Money(7, "RWF"), EXACT)

        ledger.write("test", pay)
        (payment,) = ledger.read(lambda uow: uow.orders.get(order.id)).payments
        assert (payment.amount, payment.received) == (order.total, Money(7, "RWF"))

    def test_a_time_of_another_zone_is_the_same_moment(self, ledger: Ledger, customer: str) -> None:
        order = an_order()
        order.expires_at = EXACT.astimezone(timezone(timedelta(hours=2)))
        ledger.write("test", lambda uow: uow.orders.add(order))
        read = ledger.read(lambda uow: uow.orders.get(order.id))
        assert read.expires_at == EXACT
        assert read.created_at.utcoffset() == timedelta()

    @pytest.mark.parametrize("optional", [None, "something"])
    def test_a_customer_comes_back_with_every_field(self, ledger: Ledger, optional: str | None) -> None:
        customer = Customer(
            id="cus_9",
            name="Émile Ngabo",
            email="e@example.rw",
            phone=optional and "+250788000000",
            country=optional and "RW",
            language="fr",
            created_at=EXACT,
        )
        expected = shown(customer)
        ledger.write("test", lambda uow: uow.customers.add(customer))
        assert shown(ledger.read(lambda uow: uow.customers.get("cus_9"))) == expected
        ledger.write("test", lambda uow: uow.customers.get("cus_9").change(name="Émile N."))
        assert ledger.read(lambda uow: uow.customers.get("cus_9")).name == "Émile N."

    @pytest.mark.parametrize("full", [False, True])
    def test_a_subscription_comes_back_with_every_field(self, ledger: Ledger, order: Order, full: bool) -> None:
        subscription = Subscription(
            id="sub_1",
            customer_id="cus_1",
            item_id=order.items[0].id,
            plan="pro",
            cycle=Cycle.YEARLY,
            price=Money(4990, "USD"),
            domain=DomainName("a.rw") if full else None,
            auto_renew=full,
            created_at=EXACT,
            status=SubscriptionStatus.PAST_DUE if full else SubscriptionStatus.PENDING,
            why="unpaid" if full else None,
            anchor=EXACT if full else None,
            periods=int(full),
            current_period_end=EXACT if full else None,
            cancel_at_period_end=full,
            gateway="stripe" if full else None,
            billing_ref="sub_at_stripe" if full else None,
            attention="paused there" if full else None,
        )
        expected = shown(subscription)
        ledger.write("test", lambda uow: uow.subscriptions.add(subscription))
        assert shown(ledger.read(lambda uow: uow.subscriptions.get("sub_1"))) == expected
        assert shown(ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1"))) == expected

    @pytest.mark.parametrize("full", [False, True])
    def test_a_registration_comes_back_with_every_field(self, ledger: Ledger, order: Order, full: bool) -> None:
        registration = Registration(
            id="reg_1",
            name=DomainName("a.rw"),
            customer_id="cus_1",
            item_id=order.items[0].id,
            handle="B123" if full else None,
            created_at=EXACT,
            expires_at=EXACT,
            auto_renew=full,
            why="granted" if full else None,
            renewing_item=order.items[0].id if full else None,
            expired_at=EXACT if full else None,
        )
        expected = shown(registration)
        ledger.write("test", lambda uow: uow.registrations.add(registration))
        found = ledger.read(lambda uow: uow.registrations.of_name(DomainName("a.rw")))
        assert shown(found) == expected
        assert ledger.read(lambda uow: uow.registrations.of_name(DomainName("b.rw"))) is None

    @pytest.mark.parametrize("full", [False, True])
    def test_a_notification_comes_back_with_every_field(self, ledger: Ledger, full: bool) -> None:
        event = InboxEvent(
            id="evt_1",
            gateway="stripe",
            event_id="evt_x",
            type="payment_intent.succeeded",
            api_version="2026-01-01" if full else None,
            verdict="signed",
            body=bytes(range(256)) if full else None,
            received_at=EXACT,
            status=EventStatus.UNMATCHED if full else EventStatus.RECEIVED,
            why="unknown" if full else None,
            attempts=3 * full,
            processed_at=EXACT if full else None,
        )
        expected = shown(event)
        ledger.write("test", lambda uow: uow.inbox.add_if_new(event))
        assert shown(ledger.read(lambda uow: uow.inbox.get("evt_1"))) == expected
        assert shown(ledger.read(lambda uow: uow.inbox.find("stripe", "evt_x"))) == expected
        assert ledger.read(lambda uow: uow.inbox.find("kpay", "evt_x")) is None

    def test_a_job_comes_back_with_every_field(self, ledger: Ledger) -> None:
        wanted = JobRequest(JobKind.CHECK_PAYMENT, "pay_1")

        def fill(uow: UnitOfWork) -> dict[str, Any]:
            uow.jobs.request(wanted)
            job = uow.jobs.lock_for(wanted)
            assert job is not None
            for f in fields(job):
                if f.name.endswith(("_at", "_until", "_since")):
                    setattr(job, f.name, EXACT)
            job.status, job.why, job.attempts, job.claim_no = JobStatus.DEAD, "bug", 2, 7
            return shown(job)

        expected = ledger.write("test", fill)
        (job,) = ledger.read(lambda uow: uow.jobs.of_subjects(["pay_1"]))
        assert shown(job) == expected
        assert (job.dedup_key, job.kind) == ("check_payment:pay_1", JobKind.CHECK_PAYMENT)

    def test_every_write_is_counted_on_the_row_it_changed(self, ledger: Ledger, order: Order) -> None:
        def versions() -> list[int]:
            read = ledger.read(lambda uow: uow.orders.get(order.id))
            return [read.version, *(item.version for item in read.items)]

        assert versions() == [1, 1]
        ledger.write("test", lambda uow: uow.orders.lock(order.id).cancel())
        assert versions()[0] == 2

    def test_what_is_unknown_is_not_found(self, begin: Begin) -> None:
        with begin("test") as uow:
            for look in (
                uow.orders.get,
                uow.orders.lock,
                uow.customers.get,
                uow.subscriptions.get,
                uow.subscriptions.lock,
                uow.inbox.get,
                uow.inbox.lock,
                uow.jobs.get,
            ):
                with pytest.raises(NotFound):
                    look("nobody")
            assert uow.jobs.lock("nobody") is None
            assert uow.orders.of_item("nobody") is uow.orders.of_payment("nobody") is None
            assert uow.orders.of_refund("nobody") is None
