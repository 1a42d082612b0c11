"""Every event of recurring billing, in the shape of every API version, and what else Stripe may put into it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from billing.adapters.stripe_gateway import billing_events, events
from billing.adapters.stripe_gateway.invoices import read_invoice
from billing.adapters.stripe_gateway.subscriptions import read_subscription
from billing.application.outcomes import NeedsPerson
from billing.application.ports import Reading
from billing.domain.facts import (
    BillingStands,
    BillingStatus,
    CycleLine,
    InvoiceReason,
    InvoiceStands,
    InvoiceStatus,
)
from billing.domain.money import Money
from billing.domain.offer import Cycle

FIXTURES = Path(__file__).parents[2] / "fixtures" / "stripe"
OLDEST, NEWEST = "2020-08-27", "2026-10-28.endive"
VERSIONS = [
    OLDEST,
    "2024-09-30.acacia",
    "2025-03-31.basil",
    "2025-09-30.clover",
    "2026-03-25.dahlia",
    NEWEST,
]
INSTALLATION = "ins_ours"
SUBSCRIPTION, CUSTOMER, INVOICE, INTENT = (
    "sub_Bill000000000001", "cus_Bill0000000001", "in_Bill0000000000001", "pi_Bill0000000000001"
)  # fmt: skip
AS_OF = datetime(2027, 3, 1, tzinfo=UTC)
BEGUN, TURNED, ENDS = (datetime(2027, month, day, 9, 30, tzinfo=UTC) for month, day in ((1, 31), (2, 28), (3, 31)))

STANDS = BillingStands(
    item_id="itm_1",
    billing_ref=SUBSCRIPTION,
    status=BillingStatus.ACTIVE,
    as_of=AS_OF,
    anchor=BEGUN,
    period_end=ENDS,
    cancel_at_period_end=False,
    price=Money(499, "USD"),
    plan="starter",
    cycle=Cycle.MONTHLY,
    customer_ref=CUSTOMER,
)
PAID = InvoiceStands(
    item_id="itm_1",
    billing_ref=SUBSCRIPTION,
    invoice_ref=INVOICE,
    reason=InvoiceReason.CYCLE,
    status=InvoiceStatus.PAID,
    total=Money(749, "USD"),
    collected=Money(749, "USD"),
    cycle=CycleLine(price=Money(499, "USD"), period_start=TURNED, period_end=ENDS),
    payment_ref=INTENT,
    attempts=1,
    page_url="https://invoice.stripe.com/i/acct_example/test_example",
)


def stored(version: str, type: str) -> Any:
    return json.loads((FIXTURES / f"{version}.{type}.json").read_text())


def stored_object(type: str, version: str = NEWEST, **changed: Any) -> dict[str, Any]:
    return {**stored(version, type)["data"]["object"], **changed}


def with_payment(invoice: dict[str, Any], status: str = "paid", intent: Any = INTENT) -> dict[str, Any]:
    """As it is fetched: what pays it stands on the invoice until acacia, and beside it since basil."""
    if "payment_intent" in invoice:
        return {**invoice, "payment_intent": intent}
    paid_by = {"type": "payment_intent", "payment_intent": intent}
    payment = {"id": "inpay_1", "object": "invoice_payment", "status": status, "payment": paid_by}
    return {**invoice, "payments": {"object": "list", "data": [payment], "has_more": False}}


class Account(events.Parents):
    """Shows one object, in whatever shape, and remembers who asked."""

    def __init__(self, shown: dict[str, Any]) -> None:
        self.shown, self.asked = shown, list[str]()

    def stands(self, billing_ref: str) -> BillingStands:
        self.asked.append(billing_ref)
        return read_subscription(self.shown, INSTALLATION, AS_OF)

    def invoice_stands(self, invoice_ref: str) -> InvoiceStands | None:
        self.asked.append(invoice_ref)
        return None if self.shown["status"] == "draft" else read_invoice(self.shown, INSTALLATION)


def read(event: Any, account: Account | None = None) -> Reading:
    return events.read_event(event, INSTALLATION, account or Account(event["data"]["object"]))


# ---------------------------------------------------------------------- every shape


@pytest.mark.parametrize("version", VERSIONS)
def test_every_shape_of_a_subscription_tells_the_same(version: str) -> None:
    event = stored(version, "customer.subscription.updated")
    (fact,) = read(event, Account(event["data"]["object"] | {"cancellation_details": None})).facts
    assert fact == BillingStands(**{**vars(STANDS), "cancel_at_period_end": True, "why": "active"})


@pytest.mark.parametrize("version", VERSIONS)
def test_every_shape_of_an_invoice_tells_the_same(version: str) -> None:
    event = stored(version, "invoice.paid")
    reading = read(event, Account(with_payment(event["data"]["object"])))
    assert list(reading.facts) == [PAID]
    assert reading.refs >= {INVOICE, SUBSCRIPTION, CUSTOMER}
    assert reading.installation == INSTALLATION


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("type", ["customer.subscription.updated", "invoice.paid"])
def test_whose_it_is_is_known_before_anybody_is_asked(version: str, type: str) -> None:
    event = json.loads(json.dumps(stored(version, type)).replace('"ins_ours"', '"ins_other"'))
    account = Account(event["data"]["object"])
    reading = read(event, account)
    assert (account.asked, list(reading.facts)) == ([], [])
    assert reading.installation == "ins_other"
    assert SUBSCRIPTION in reading.refs


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("type", billing_events.BILLING_READS)
def test_every_type_has_an_old_and_a_new_sample_and_is_ours(version: str, type: str) -> None:
    reading = read(stored(version, type))
    assert len(reading.facts) == 1
    assert reading.installation == INSTALLATION


STATUSES = {
    "customer.subscription.created": BillingStatus.ACTIVE,
    "customer.subscription.deleted": BillingStatus.ENDED,
    "customer.subscription.paused": BillingStatus.PAUSED,
    "customer.subscription.resumed": BillingStatus.ACTIVE,
    "invoice.payment_succeeded": InvoiceStatus.PAID,
    "invoice.payment_failed": InvoiceStatus.OPEN,
    "invoice.updated": InvoiceStatus.OPEN,
    "invoice.voided": InvoiceStatus.VOID,
    "invoice.marked_uncollectible": InvoiceStatus.UNCOLLECTIBLE,
}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(("type", "status"), STATUSES.items())
def test_each_says_how_it_stands(version: str, type: str, status: object) -> None:
    (fact,) = read(stored(version, type)).facts
    assert isinstance(fact, BillingStands | InvoiceStands)
    assert fact.status is status


def test_the_answer_counts_and_not_the_snapshot() -> None:
    """Seen elsewhere: an update that came after the deletion brought the subscription back to life."""
    late = stored(NEWEST, "customer.subscription.updated")
    (fact,) = read(late, Account(stored_object("customer.subscription.deleted"))).facts
    assert isinstance(fact, BillingStands)
    assert (fact.status, fact.why) == (BillingStatus.ENDED, "cancellation_requested")


# ---------------------------------------------------------------------- whose it is


def nameless(type: str) -> Any:
    """Made by a person in the dashboard, or by another program."""
    return json.loads(json.dumps(stored(NEWEST, type)).replace('"installation"', '"shop"'))


@pytest.mark.parametrize("type", ["customer.subscription.updated", "invoice.paid"])
def test_what_names_nobody_may_be_of_a_customer_of_ours(type: str) -> None:
    reading = read(nameless(type))
    (fact,) = reading.facts
    assert isinstance(fact, BillingStands | InvoiceStands)
    assert (fact.item_id, reading.installation) == (None, None)
    assert CUSTOMER in reading.refs


class Silent(Account):
    """Does not know what it named, as after a test clock was deleted with all that it moved."""

    def stands(self, billing_ref: str) -> BillingStands:
        raise NeedsPerson("no such subscription")


def test_what_stripe_does_not_know_any_more_calls_a_person_only_where_it_is_ours() -> None:
    reading = read(nameless("customer.subscription.updated"), Silent({}))
    assert (list(reading.facts), reading.why) == ([], "no such subscription")
    with pytest.raises(NeedsPerson):
        read(stored(NEWEST, "customer.subscription.updated"), Silent({}))


def test_an_invoice_of_no_subscription_is_none_of_ours() -> None:
    event = stored(NEWEST, "invoice.paid")
    event["data"]["object"]["parent"] = None
    account = Account({})
    assert (read(event, account).why, account.asked) == ("an invoice of no subscription", [])


@pytest.mark.parametrize("asked", [True, False])
def test_a_draft_asks_for_nothing_yet(asked: bool) -> None:
    event = stored(NEWEST, "invoice.updated")
    draft = stored_object("invoice.updated", status="draft")
    if not asked:
        event["data"]["object"] = draft
    account = Account(draft)
    reading = read(event, account)
    assert (list(reading.facts), reading.why) == ([], "a draft of an invoice")
    assert account.asked == [INVOICE] * asked


# ---------------------------------------------------------------------- subscriptions


def a_subscription(**changed: Any) -> BillingStands:
    return read_subscription(stored_object("customer.subscription.created", **changed), INSTALLATION, AS_OF)


def an_item(**changed: Any) -> dict[str, Any]:
    item: dict[str, Any] = stored_object("customer.subscription.created")["items"]["data"][0]
    return {**item, **changed}


def items(*data: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(data), "has_more": False}


@pytest.mark.parametrize(
    ("told", "status", "why"),
    [
        ("active", BillingStatus.ACTIVE, ""),
        ("trialing", BillingStatus.TRIALING, ""),
        ("past_due", BillingStatus.PAST_DUE, ""),
        ("unpaid", BillingStatus.PAST_DUE, "unpaid"),
        ("incomplete", BillingStatus.INCOMPLETE, ""),
        ("incomplete_expired", BillingStatus.ENDED, "incomplete_expired"),
        ("canceled", BillingStatus.ENDED, "canceled"),
        ("paused", BillingStatus.PAUSED, ""),
        ("in_seashells", BillingStatus.UNKNOWN, "its status at Stripe is in_seashells"),
    ],
)
def test_a_status_in_our_words(told: str, status: BillingStatus, why: str) -> None:
    stands = a_subscription(status=told)
    assert (stands.status, stands.why) == (status, why)


def test_while_collection_is_paused_it_is_paused_whatever_its_status() -> None:
    stands = a_subscription(pause_collection={"behavior": "void", "resumes_at": None})
    assert (stands.status, stands.why) == (BillingStatus.PAUSED, "collection is paused: void")
    ended = a_subscription(status="canceled", pause_collection={"behavior": "void", "resumes_at": None})
    assert ended.status is BillingStatus.ENDED


@pytest.mark.parametrize(("days", "is_last"), [(-3, True), (0, True), (1, False)])
def test_a_day_on_which_it_ends_makes_this_period_its_last_if_it_lies_in_it(days: int, is_last: bool) -> None:
    cancel_at = int((ENDS + timedelta(days=days)).timestamp())
    assert a_subscription(cancel_at=cancel_at).cancel_at_period_end is is_last


@pytest.mark.parametrize(
    "changed",
    [
        {"metadata": {}},
        {"metadata": {"installation": "ins_other", "plan": "starter", "cycle": "monthly"}},
        {"metadata": {"installation": "ins_ours", "plan": "starter", "cycle": "fortnightly"}},
    ],
)
def test_a_price_that_we_did_not_mirror_is_of_no_plan(changed: dict[str, Any]) -> None:
    stands = a_subscription(items=items(an_item(price={**an_item()["price"], **changed})))
    assert (stands.plan, stands.cycle, stands.price) == (None, None, Money(499, "USD"))


@pytest.mark.parametrize("data", [[an_item(quantity=2)], [an_item(), an_item(id="si_2")]])
def test_more_than_one_of_a_plan_is_of_no_plan_and_costs_what_it_costs(data: list[dict[str, Any]]) -> None:
    stands = a_subscription(items=items(*data))
    assert (stands.plan, stands.price) == (None, Money(998, "USD"))


@pytest.mark.parametrize(
    "data",
    [
        [],
        [an_item(price={**an_item()["price"], "unit_amount": None})],
        [an_item(current_period_end=None)],
    ],
)
def test_a_subscription_that_cannot_be_read_needs_a_person(data: list[dict[str, Any]]) -> None:
    with pytest.raises(NeedsPerson):
        a_subscription(items=items(*data))


@pytest.mark.parametrize(
    ("day", "interval", "period_end", "anchor"),
    [
        (31, "month", datetime(2027, 2, 28, 9, 30, tzinfo=UTC), datetime(2027, 1, 31, 9, 30, tzinfo=UTC)),
        (31, "month", datetime(2027, 3, 31, 9, 30, tzinfo=UTC), datetime(2027, 1, 31, 9, 30, tzinfo=UTC)),
        (30, "month", datetime(2027, 4, 30, 9, 30, tzinfo=UTC), datetime(2027, 3, 30, 9, 30, tzinfo=UTC)),
        (29, "year", datetime(2029, 2, 28, 9, 30, tzinfo=UTC), datetime(2028, 2, 29, 9, 30, tzinfo=UTC)),
        (29, "year", datetime(1903, 2, 28, 9, 30, tzinfo=UTC), datetime(1896, 2, 29, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_day_of_the_month_is_not_lost_in_a_short_one(
    day: int, interval: str, period_end: datetime, anchor: datetime
) -> None:
    """An anchor of 28 February would make 28 March of 31 March."""
    price = {**an_item()["price"], "recurring": {"interval": interval, "interval_count": 1}}
    stands = a_subscription(
        billing_cycle_anchor=int(period_end.timestamp()),
        billing_cycle_anchor_config={"day_of_month": day, "month": None, "hour": 9, "minute": 30, "second": 0},
        items=items(an_item(price=price, current_period_end=int(period_end.timestamp()))),
    )
    assert stands.anchor == anchor


# ---------------------------------------------------------------------- invoices


def an_invoice(type: str = "invoice.paid", **changed: Any) -> InvoiceStands:
    return read_invoice(with_payment(stored_object(type)) | changed, INSTALLATION)


def a_line(**changed: Any) -> dict[str, Any]:
    *_, line = stored_object("invoice.paid")["lines"]["data"]
    return {**line, **changed}


@pytest.mark.parametrize(
    ("told", "reason", "why"),
    [
        ("subscription_create", InvoiceReason.FIRST, ""),
        ("subscription_cycle", InvoiceReason.CYCLE, ""),
        ("subscription_update", InvoiceReason.CHANGE, ""),
        ("manual", InvoiceReason.OTHER, "its reason at Stripe is manual"),
        ("in_seashells", InvoiceReason.OTHER, "its reason at Stripe is in_seashells"),
    ],
)
def test_a_reason_in_our_words(told: str, reason: InvoiceReason, why: str) -> None:
    invoice = an_invoice(billing_reason=told)
    assert (invoice.reason, invoice.why) == (reason, why)


def test_a_status_that_stripe_invents_needs_a_person() -> None:
    with pytest.raises(NeedsPerson, match="in_seashells"):
        an_invoice(status="in_seashells")


def test_what_credit_has_paid_has_no_payment() -> None:
    invoice = an_invoice(amount_paid=0, payments=None)
    assert (invoice.total, invoice.collected, invoice.payment_ref) == (Money(749, "USD"), Money.zero("USD"), None)


def test_what_was_paid_elsewhere_has_none_either() -> None:
    elsewhere = {"status": "paid", "payment": {"type": "payment_record", "payment_record": "pmr_1"}}
    assert an_invoice(payments=items(elsewhere)).payment_ref is None


def test_of_several_tries_the_paid_one_is_the_payment() -> None:
    tries = [
        {"status": status, "payment": {"type": "payment_intent", "payment_intent": ref}}
        for status, ref in (("canceled", "pi_1"), ("paid", "pi_2"), ("open", "pi_3"))
    ]
    assert an_invoice(payments=items(*tries)).payment_ref == "pi_2"


def test_of_several_tries_an_open_one_of_stripes_own_says_what_it_waits_for() -> None:
    tries = [
        {
            "status": status,
            "is_default": is_default,
            "payment": {"payment_intent": {"id": ref, "status": intent, "last_payment_error": None}},
        }
        for status, is_default, ref, intent in (
            ("open", False, "pi_1", "processing"),
            ("open", True, "pi_2", "requires_action"),
            ("paid", False, "pi_3", "succeeded"),
            ("canceled", False, "pi_4", "canceled"),
        )
    ]
    for said in (tries, tries[::-1]):
        invoice = an_invoice(status="open", payments=items(*said))
        assert (invoice.needs_customer, invoice.in_flight) == (True, False)


def test_a_charge_without_an_intent_is_a_payment_too() -> None:
    assert an_invoice(payments=items({"status": "paid", "payment": {"charge": "ch_1"}})).payment_ref == "ch_1"


def test_a_credit_may_be_more_than_the_period_costs() -> None:
    invoice = an_invoice(total=-250, amount_paid=0)
    assert invoice.total == Money(-250, "USD")


def test_an_invoice_without_a_period_has_no_cycle() -> None:
    only_proration = stored_object("invoice.paid")["lines"]["data"][:1]
    assert an_invoice(lines=items(*only_proration)).cycle is None


def test_two_lines_that_bill_periods_are_nobodys_price() -> None:
    cycle = an_invoice(lines=items(a_line(), a_line(id="il_9"))).cycle
    assert cycle and cycle.price == Money(998, "USD")


def test_a_proration_may_be_of_the_subscription_itself() -> None:
    """As flexible billing writes it."""
    parent = {"type": "subscription_item_details", "subscription_item_details": {"proration": True}}
    cycle = an_invoice(lines=items(a_line(parent=parent, amount=1), a_line())).cycle
    assert cycle and cycle.price == Money(499, "USD")


def test_a_period_that_cannot_be_read_needs_a_person() -> None:
    with pytest.raises(NeedsPerson):
        an_invoice(lines=items(a_line(period=None)))


UNPAID = {"status": "requires_payment_method"}
REFUSED = {"code": "card_declined", "decline_code": "insufficient_funds", "message": "Too little."}
ASKED = {"code": "authentication_required", "message": "Consent is wanted."}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(
    ("intent", "needs_customer", "in_flight", "why"),
    [
        (INTENT, False, False, ""),
        (UNPAID | {"last_payment_error": REFUSED}, False, False, "insufficient_funds: Too little."),
        (UNPAID | {"last_payment_error": ASKED}, True, False, "authentication_required: Consent is wanted."),
        ({"status": "requires_action"}, True, False, ""),
        ({"status": "requires_source_action"}, True, False, ""),
        ({"status": "processing"}, False, True, ""),
        ({"status": "something_new"}, False, False, ""),
    ],
)
def test_an_open_invoice_says_what_it_waits_for(
    version: str, intent: Any, needs_customer: bool, in_flight: bool, why: str
) -> None:
    shown = with_payment(stored_object("invoice.payment_failed", version), "open", intent)
    invoice = read_invoice(shown, INSTALLATION)
    assert (invoice.needs_customer, invoice.in_flight, invoice.why) == (needs_customer, in_flight, why)
    assert (invoice.attempts, invoice.next_attempt_at) == (1, TURNED + timedelta(days=3))
    assert (invoice.collected, invoice.payment_ref) == (Money.zero("USD"), None)


def test_a_currency_without_decimals_is_told_as_it_is_written() -> None:
    francs = an_invoice(currency="rwf", total=5000, amount_paid=5000, lines=items(a_line(currency="rwf", amount=5000)))
    assert francs.cycle
    assert {francs.total, francs.collected, francs.cycle.price} == {Money(5000, "RWF")}
