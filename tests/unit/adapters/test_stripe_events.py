"""Every event that is read, in the oldest shape and the newest, and what else Stripe may put into them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billing.adapters.stripe_gateway import events
from billing.application.outcomes import NeedsPerson
from billing.application.ports import Reading
from billing.domain.dispute import DisputeStatus
from billing.domain.facts import (
    DisputeStands,
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
)
from billing.domain.money import Money

FIXTURES = Path(__file__).parents[2] / "fixtures" / "stripe"
OLD, NEW = "2020-08-27", "2026-10-28.endive"
INSTALLATION = "ins_ours"

# Before we wrote metadata there were only the provider's ids.
OLD_SESSION = {"session_ref": "cs_test_a1OldOldOldOld01", "payment_ref": "pi_Old0000000000001"}
OLD_INTENT = {"payment_ref": "pi_Old0000000000001"}
NEW_SESSION = {"payment_id": "pay_1", "session_ref": "cs_test_a1NewNewNewNew01", "payment_ref": "pi_New0000000000001"}
NEW_PAGE = {"payment_id": "pay_1", "session_ref": "cs_test_a1NewNewNewNew01"}
NEW_INTENT = {"payment_id": "pay_1", "payment_ref": "pi_New0000000000001"}
FRANCS, DOLLARS = Money(15_000, "RWF"), Money(1800, "USD")
DECLINE = "insufficient_funds: Your card has insufficient funds."
CONSENT = "the bank wants the customer's consent"
NO_DEBIT = "the delayed payment did not come"

# Whose an old refund is, only its intent told.
OLD_REFUND = {**OLD_INTENT, "payment_id": "pay_0", "refund_ref": "re_Old0000000000001", "amount": FRANCS}
NEW_REFUND = {**NEW_INTENT, "refund_id": "ref_1", "refund_ref": "re_New0000000000001", "amount": DOLLARS}
RETURNED = "failed at Stripe: expired_or_canceled_card"


def disputed(version: str, status: DisputeStatus, why: str, *, out: int = 0, back: int = 0) -> DisputeStands:
    """What is told of the one dispute: all of its sum or nothing of it was moved, out or back."""
    of_intent, letters, sum_of_it, reason = {
        OLD: ({**OLD_INTENT, "payment_id": "pay_0"}, "Old", FRANCS, "product_not_received"),
        NEW: ({**NEW_INTENT, "payment_id": "pay_0"}, "New", DOLLARS, "fraudulent"),
    }[version]
    return DisputeStands(
        **of_intent,
        dispute_ref=f"dp_{letters}0000000000001",
        amount=sum_of_it,
        status=status,
        reason=reason,
        withdrawn=sum_of_it.times(out),
        reinstated=sum_of_it.times(back),
        respond_by=datetime(2026, 11, 11, 23, 59, 59, tzinfo=UTC),
        why=f"{why} at Stripe",
    )


GOLDEN: list[tuple[str, str, object]] = [
    (OLD, "checkout.session.completed", PaymentSucceeded(**OLD_SESSION, received=FRANCS)),
    (NEW, "checkout.session.completed", PaymentSucceeded(**NEW_SESSION, received=DOLLARS)),
    (OLD, "checkout.session.async_payment_succeeded", PaymentSucceeded(**OLD_SESSION, received=FRANCS)),
    (NEW, "checkout.session.async_payment_succeeded", PaymentSucceeded(**NEW_SESSION, received=DOLLARS)),
    (OLD, "checkout.session.async_payment_failed", PaymentFailed(**OLD_SESSION, why=NO_DEBIT)),
    (NEW, "checkout.session.async_payment_failed", PaymentFailed(**NEW_SESSION, why=NO_DEBIT)),
    (OLD, "checkout.session.expired", PaymentExpired(**OLD_SESSION)),
    (NEW, "checkout.session.expired", PaymentExpired(**NEW_PAGE)),
    (OLD, "payment_intent.succeeded", PaymentSucceeded(**OLD_INTENT, received=FRANCS)),
    (NEW, "payment_intent.succeeded", PaymentSucceeded(**NEW_INTENT, received=DOLLARS)),
    (OLD, "payment_intent.payment_failed", PaymentDeclined(**OLD_INTENT, why=DECLINE)),
    (NEW, "payment_intent.payment_failed", PaymentDeclined(**NEW_INTENT, why=DECLINE)),
    (OLD, "payment_intent.requires_action", PaymentNeedsCustomer(**{**OLD_INTENT, "payment_id": "pay_1"}, why=CONSENT)),
    (NEW, "payment_intent.requires_action", PaymentNeedsCustomer(**NEW_INTENT, why=CONSENT)),
    (OLD, "payment_intent.canceled", PaymentCancelled(**OLD_INTENT, why="cancelled at Stripe: requested_by_customer")),
    (NEW, "payment_intent.canceled", PaymentCancelled(**NEW_INTENT, why="cancelled at Stripe: abandoned")),
    (OLD, "refund.created", RefundPending(**OLD_REFUND)),
    (NEW, "refund.created", RefundPending(**NEW_REFUND)),
    (OLD, "refund.updated", RefundSucceeded(**OLD_REFUND)),
    (NEW, "refund.updated", RefundSucceeded(**NEW_REFUND)),
    (OLD, "refund.failed", RefundFailed(**OLD_REFUND, why=RETURNED)),
    (NEW, "refund.failed", RefundFailed(**NEW_REFUND, why=RETURNED)),
    (OLD, "charge.refund.updated", RefundFailed(**OLD_REFUND, why=RETURNED)),
    (NEW, "charge.refund.updated", RefundFailed(**NEW_REFUND, why=RETURNED)),
    (OLD, "charge.refunded", RefundSucceeded(**OLD_REFUND)),
    (NEW, "charge.refunded", RefundSucceeded(**NEW_REFUND)),
]
for version in (OLD, NEW):
    GOLDEN += [
        (version, "charge.dispute.created", disputed(version, DisputeStatus.INQUIRY, "warning_needs_response")),
        (version, "charge.dispute.updated", disputed(version, DisputeStatus.UNDER_REVIEW, "under_review", out=1)),
        (
            version,
            "charge.dispute.funds_withdrawn",
            disputed(version, DisputeStatus.NEEDS_RESPONSE, "needs_response", out=1),
        ),
        (version, "charge.dispute.funds_reinstated", disputed(version, DisputeStatus.WON, "won", out=1, back=1)),
        (version, "charge.dispute.closed", disputed(version, DisputeStatus.LOST, "lost", out=1)),
    ]


class Account(events.Parents):
    """What would be fetched: intents with our metadata, their one refund, methods and disputes as their events show."""

    def __init__(self, dispute: dict[str, Any] | None = None) -> None:
        self.now = dispute or {}

    def intent(self, intent_ref: str) -> dict[str, Any]:
        ours = {"installation": INSTALLATION, "payment_id": "pay_0"}
        return {"id": intent_ref, "object": "payment_intent", "metadata": ours}

    def refunds(self, intent_ref: str) -> list[dict[str, Any]]:
        version = OLD if "Old" in intent_ref else NEW
        return [stored(version, "refund.updated")["data"]["object"]]

    def method(self, method_ref: str) -> dict[str, Any] | None:
        return stored(OLD if "Old" in method_ref else NEW, "payment_method.attached")["data"]["object"]

    def customer(self, customer_ref: str) -> dict[str, Any]:
        return stored(OLD if "Old" in customer_ref else NEW, "customer.updated")["data"]["object"]

    def setup(self, setup_ref: str) -> dict[str, Any]:
        return stored(OLD if "Old" in setup_ref else NEW, "setup_intent.succeeded")["data"]["object"]

    def dispute(self, dispute_ref: str) -> dict[str, Any]:
        assert self.now["id"] == dispute_ref
        return self.now


def stored(version: str, type: str, **changed: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((FIXTURES / f"{version}.{type}.json").read_text())
    event["data"]["object"] |= changed
    return event


def read(version: str, type: str, **changed: Any) -> Reading:
    event = stored(version, type, **changed)
    return events.read_event(event, INSTALLATION, Account(event["data"]["object"]))


@pytest.mark.parametrize(("version", "type", "fact"), GOLDEN, ids=lambda value: value if isinstance(value, str) else "")
def test_every_shape_of_an_event_tells_the_same_kind_of_fact(version: str, type: str, fact: object) -> None:
    """Seen elsewhere: a method of the provider's library was gone, and every webhook ended in 500."""
    assert list(read(version, type).facts) == [fact]


def test_every_type_that_is_read_has_an_old_and_a_new_sample() -> None:
    sampled = {path.stem for path in FIXTURES.glob("*.json")}
    assert {f"{version}.{type}" for version in (OLD, NEW) for type in events.READS} <= sampled
    assert all(any(name.endswith(f".{type}") for type in events.READS) for name in sampled)


@pytest.mark.parametrize("event", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_every_provider_id_is_found_and_none_of_ours(event: Path) -> None:
    told = json.loads(event.read_text())
    reading = events.read_event(told, INSTALLATION, Account(told["data"]["object"]))
    prefixes = ("cs_test_", "pi_", "ch_", "pm_", "cus_", "re_", "seti_", "in_", "sub_", "dp_")
    assert all(ref.startswith(prefixes) for ref in reading.refs)
    named = (
        getattr(fact, name, None) for fact in reading.facts for name in ("session_ref", "payment_ref", "method_ref")
    )
    assert {ref for ref in named if ref} <= reading.refs


def test_ids_are_found_within_an_old_intents_charges_and_in_its_last_error() -> None:
    refs = read(OLD, "payment_intent.payment_failed").refs
    assert refs == {"pi_Old0000000000001", "ch_Old0000000000001"}
    assert "ch_Old0000000000001" in read(OLD, "payment_intent.succeeded").refs
    assert read(NEW, "payment_intent.payment_failed").refs >= {"ch_New0000000000001", "pm_New0000000000001"}


def test_an_intent_that_bears_nothing_of_us_is_known_by_its_own_id_alone() -> None:
    """An invoice's intent names our customer and nothing else of us, and its invoice tells of it."""
    nameless = read(NEW, "payment_intent.succeeded", metadata={}, customer="cus_New00000000001")
    assert nameless.installation is None
    assert not any(ref.startswith(("cus_", "pm_")) for ref in nameless.refs)
    assert "cus_New00000000001" in read(NEW, "payment_intent.succeeded", customer="cus_New00000000001").refs


def test_an_expanded_intent_is_as_good_as_its_id() -> None:
    intent = {"id": "pi_New0000000000001", "object": "payment_intent", "latest_charge": {"id": "ch_9"}}
    reading = read(NEW, "checkout.session.completed", payment_intent=intent)
    assert list(reading.facts) == [PaymentSucceeded(**NEW_SESSION, received=DOLLARS)]
    assert "ch_9" in reading.refs


# ---------------------------------------------------------------------- what is not as usual


def test_a_completed_session_that_is_unpaid_is_not_taken_for_payment() -> None:
    """pay#1006: a checkout that was complete and unpaid was taken as paid."""
    reading = read(NEW, "checkout.session.completed", payment_status="unpaid")
    assert list(reading.facts) == [PaymentPending(**NEW_SESSION, under_way=True)]
    assert reading.why == "payment_status is unpaid"


def test_a_payment_status_that_stripe_invents_is_waited_for_and_named() -> None:
    reading = read(NEW, "checkout.session.completed", payment_status="paid_in_seashells")
    assert list(reading.facts) == [PaymentPending(**NEW_SESSION, under_way=True)]
    assert "paid_in_seashells" in reading.why


def test_a_session_that_costs_nothing_is_paid() -> None:
    reading = read(NEW, "checkout.session.completed", payment_status="no_payment_required", amount_total=0)
    assert list(reading.facts) == [PaymentSucceeded(**NEW_SESSION, received=Money.zero("USD"))]


@pytest.mark.parametrize("mode", ["something_new"])
def test_a_session_in_another_mode_pays_no_order(mode: str) -> None:
    reading = read(NEW, "checkout.session.completed", mode=mode)
    assert (list(reading.facts), reading.installation) == ([], INSTALLATION)
    assert mode in reading.why


def test_another_installations_payment_id_is_not_ours_to_follow() -> None:
    theirs = {"installation": "ins_other", "payment_id": "pay_1"}
    reading = read(NEW, "payment_intent.succeeded", metadata=theirs)
    assert [fact.payment_id for fact in reading.facts] == [None]
    assert reading.installation == "ins_other"


@pytest.mark.parametrize("metadata", [None, {}])
def test_an_event_without_metadata_is_known_by_its_ids(metadata: Any) -> None:
    reading = read(NEW, "checkout.session.completed", metadata=metadata)
    assert reading.installation is None
    assert [fact.session_ref for fact in reading.facts] == ["cs_test_a1NewNewNewNew01"]


def test_a_decline_without_a_reason_is_a_decline() -> None:
    (fact,) = read(NEW, "payment_intent.payment_failed", last_payment_error=None).facts
    assert fact == PaymentDeclined(**NEW_INTENT, why="declined")


OFF_SESSION = {"installation": INSTALLATION, "payment_id": "pay_1", "off_session": "yes"}


def test_a_decline_of_a_saved_method_is_final_since_nobody_is_there_to_try_again() -> None:
    (fact,) = read(NEW, "payment_intent.payment_failed", metadata=OFF_SESSION).facts
    assert fact == PaymentFailed(**NEW_INTENT, why=DECLINE)


def test_a_saved_method_whose_bank_wants_the_customer_is_not_declined() -> None:
    error = {"code": "authentication_required", "message": "Please authenticate."}
    (fact,) = read(NEW, "payment_intent.payment_failed", metadata=OFF_SESSION, last_payment_error=error).facts
    assert fact == PaymentNeedsCustomer(**NEW_INTENT, why="authentication_required: Please authenticate.")


def test_a_customer_who_is_there_gives_consent_on_the_page() -> None:
    ours = {"installation": INSTALLATION, "payment_id": "pay_1"}
    (fact,) = read(NEW, "payment_intent.requires_action", metadata=ours).facts
    assert fact == PaymentPending(**NEW_INTENT)


@pytest.mark.parametrize(
    ("amount", "currency"), [(None, "usd"), ("1800", "usd"), (18.0, "usd"), (1800, "btc"), (1, None)]
)
def test_a_success_whose_sum_cannot_be_read_needs_a_person(amount: Any, currency: Any) -> None:
    with pytest.raises(NeedsPerson):
        read(NEW, "payment_intent.succeeded", amount_received=amount, currency=currency)


def test_a_type_that_is_not_read_says_so_and_keeps_its_ids() -> None:
    event = stored(NEW, "payment_intent.succeeded") | {"type": "payment_intent.created"}
    reading = events.read_event(event, INSTALLATION, Account())
    assert (list(reading.facts), reading.why) == ([], "nobody reads payment_intent.created")
    assert "pi_New0000000000001" in reading.refs


# ---------------------------------------------------------------------- refunds


class Renewed(Account):
    """Where the intent was an invoice's: nothing of us stands on it, and our metadata on the invoice's subscription."""

    def intent(self, intent_ref: str) -> dict[str, Any]:
        return {"id": intent_ref, "object": "payment_intent", "metadata": {}}

    def invoice_of(self, intent_ref: str) -> dict[str, Any]:
        said = {"metadata": {"installation": INSTALLATION, "item_id": "itm_1"}, "subscription": "sub_1"}
        return {"id": "in_1", "object": "invoice", "parent": {"subscription_details": said}}


@pytest.mark.parametrize("type", ["refund.updated", "charge.refunded"])
def test_what_a_renewal_has_brought_is_ours_to_see_go_back(type: str) -> None:
    reading = events.read_event(stored(OLD, type), INSTALLATION, Renewed())
    assert reading.installation == INSTALLATION
    assert list(reading.facts) == [RefundSucceeded(**{**OLD_REFUND, "payment_id": None})]


class Strangers(Account):
    """An account that another program uses as well."""

    def intent(self, intent_ref: str) -> dict[str, Any]:
        return {"id": intent_ref, "object": "payment_intent", "metadata": {"shop": "theirs"}}


@pytest.mark.parametrize("type", ["refund.created", "charge.refunded"])
def test_a_refund_of_somebody_elses_payment_is_theirs(type: str) -> None:
    reading = events.read_event(stored(OLD, type), INSTALLATION, Strangers())
    assert (reading.installation, [fact.payment_id for fact in reading.facts]) in [(None, []), (None, [None])]


@pytest.mark.parametrize("type", ["refund.created", "charge.refunded"])
def test_what_belongs_to_no_intent_is_none_of_ours(type: str) -> None:
    assert read(OLD, type, payment_intent=None).facts == ()


def test_a_refund_status_that_stripe_invents_decides_nothing() -> None:
    assert list(read(NEW, "refund.updated", status="in_seashells").facts) == [RefundPending(**NEW_REFUND)]


def test_a_cancelled_refund_has_failed() -> None:
    (fact,) = read(NEW, "refund.updated", status="canceled").facts
    assert fact == RefundFailed(**NEW_REFUND, why="canceled at Stripe: no reason given")


# ---------------------------------------------------------------------- disputes


def dispute_now(version: str = NEW, type: str = "charge.dispute.funds_withdrawn", **changed: Any) -> DisputeStands:
    """What is told of a dispute that has changed so."""
    (fact,) = read(version, type, **changed).facts
    assert isinstance(fact, DisputeStands)
    return fact


@pytest.mark.parametrize("type", [type for type in events.READS if "dispute" in type])
def test_whichever_event_comes_it_tells_how_the_dispute_stands_when_it_is_read(type: str) -> None:
    """Several come within one second, in any order: a snapshot would tell of what is over."""
    won = stored(NEW, "charge.dispute.funds_reinstated")["data"]["object"]
    (fact,) = events.read_event(stored(NEW, type), INSTALLATION, Account(won)).facts
    assert fact == disputed(NEW, DisputeStatus.WON, "won", out=1, back=1)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("warning_needs_response", DisputeStatus.INQUIRY),
        ("warning_under_review", DisputeStatus.INQUIRY),
        ("warning_closed", DisputeStatus.CLOSED),
        ("needs_response", DisputeStatus.NEEDS_RESPONSE),
        ("under_review", DisputeStatus.UNDER_REVIEW),
        ("won", DisputeStatus.WON),
        ("lost", DisputeStatus.LOST),
        ("appeal_needs_response", DisputeStatus.LOST),
        ("appeal_under_review", DisputeStatus.LOST),
        ("prevented", DisputeStatus.CLOSED),
        ("charge_refunded", DisputeStatus.CLOSED),
        ("settled_in_seashells", DisputeStatus.UNKNOWN),
        (None, DisputeStatus.UNKNOWN),
    ],
)
def test_every_status_has_a_meaning_and_one_that_stripe_invents_is_for_a_person(
    told: str | None, status: DisputeStatus
) -> None:
    fact = dispute_now(status=told, balance_transactions=[])
    assert (fact.status, fact.why) == (status, f"{told} at Stripe")


def test_a_dispute_that_was_prevented_and_whose_money_is_gone_is_lost() -> None:
    assert dispute_now(status="prevented").status is DisputeStatus.LOST


def test_what_was_withdrawn_from_a_balance_in_another_currency_counts_by_its_part() -> None:
    """The account is paid in francs, the customer paid in dollars: 1800 of them left, and a third came back."""
    moves = [{"amount": -2_400_000, "currency": "rwf"}, {"amount": 800_000, "currency": "rwf"}]
    fact = dispute_now(balance_transactions=moves)
    assert (fact.withdrawn, fact.reinstated) == (DOLLARS, Money(600, "USD"))


def test_a_part_that_was_refunded_before_comes_back_at_once() -> None:
    moves = [{"amount": -1800, "currency": "usd"}, {"amount": 300, "currency": "usd"}]
    fact = dispute_now(balance_transactions=moves)
    assert (fact.withdrawn, fact.reinstated) == (DOLLARS, Money(300, "USD"))


@pytest.mark.parametrize("details", [None, {}, {"due_by": None}])
def test_a_dispute_that_takes_no_evidence_has_no_deadline(details: Any) -> None:
    assert dispute_now(evidence_details=details).respond_by is None


def test_a_dispute_about_somebody_elses_payment_is_theirs() -> None:
    event = stored(OLD, "charge.dispute.created")
    reading = events.read_event(event, INSTALLATION, Strangers(event["data"]["object"]))
    assert (reading.installation, [fact.payment_id for fact in reading.facts]) == (None, [None])


def test_a_dispute_of_a_charge_without_an_intent_is_none_of_ours() -> None:
    assert read(OLD, "charge.dispute.created", payment_intent=None).facts == ()
