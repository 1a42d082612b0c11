"""One dispute: told in any order it stands the same, and a decision stays."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain import Conflict, Dispute, DisputeStatus, Money, OrderStatus
from tests.builders import NOW, a_domain, a_paid_order

UNKNOWN, INQUIRY, CLOSED, NEEDS_RESPONSE, UNDER_REVIEW, LOST, WON = DisputeStatus
Told = tuple[DisputeStatus, int, int]


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def a_dispute(minor: int = 1500) -> Dispute:
    """Not told of yet."""
    return Dispute(
        id="dsp_1",
        payment_id="pay_1",
        dispute_ref="dp_1",
        amount=usd(minor),
        reason="fraudulent",
        created_at=NOW,
        withdrawn=usd(0),
        reinstated=usd(0),
    )


def tell(dispute: Dispute, status: DisputeStatus, withdrawn: int = 0, reinstated: int = 0) -> bool:
    return dispute.stand(status, f"{status} at the bank", withdrawn=usd(withdrawn), reinstated=usd(reinstated))


def standing(dispute: Dispute) -> tuple[DisputeStatus, str | None, Money]:
    return dispute.status, dispute.why, dispute.gone


STORIES: dict[str, tuple[list[Told], DisputeStatus, int]] = {
    "won": ([(NEEDS_RESPONSE, 0, 0), (UNDER_REVIEW, 1500, 0), (WON, 1500, 0), (WON, 1500, 1500)], WON, 0),
    "lost": ([(INQUIRY, 0, 0), (NEEDS_RESPONSE, 1500, 0), (UNDER_REVIEW, 1500, 0), (LOST, 1500, 0)], LOST, 1500),
    "only asked": ([(INQUIRY, 0, 0), (INQUIRY, 0, 0), (CLOSED, 0, 0)], CLOSED, 0),
    "lost in part": ([(NEEDS_RESPONSE, 1500, 0), (NEEDS_RESPONSE, 1500, 300), (LOST, 1500, 300)], LOST, 1200),
}


@pytest.mark.parametrize("story", STORIES)
def test_whatever_the_order_in_which_it_is_told_it_ends_the_same(story: str) -> None:
    told, status, gone = STORIES[story]
    for order in permutations(told):
        dispute = a_dispute()
        for each in order:
            tell(dispute, *each)
            tell(dispute, *each)
        assert standing(dispute) == (status, f"{status} at the bank", usd(gone)), order


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.sampled_from(DisputeStatus), st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_what_moved_only_grows_and_a_decision_is_never_changed(told: list[Told]) -> None:
    dispute = a_dispute()
    for each in told:
        before, was_decided = (dispute.status, dispute.withdrawn, dispute.reinstated), dispute.is_decided
        is_further = tell(dispute, *each)
        assert dispute.withdrawn >= before[1]
        assert dispute.reinstated >= before[2]
        assert not (was_decided and is_further)
        assert is_further or dispute.status is before[0]
        assert dispute.gone >= usd(0)


@pytest.mark.parametrize(
    ("status", "is_open", "stands", "gone"),
    [
        (UNKNOWN, True, True, 1500),
        (INQUIRY, True, False, 0),
        (CLOSED, False, False, 0),
        (NEEDS_RESPONSE, True, True, 1500),
        (UNDER_REVIEW, True, True, 1500),
        (LOST, False, False, 1500),
        (WON, False, False, 0),
    ],
)
def test_what_a_status_means(status: DisputeStatus, is_open: bool, stands: bool, gone: int) -> None:
    dispute = a_dispute()
    tell(dispute, status, 1500)
    assert (dispute.is_open, dispute.stands, dispute.gone) == (is_open, stands, usd(gone))


def test_an_inquiry_that_was_closed_can_still_become_a_chargeback() -> None:
    dispute = a_dispute()
    moved = [tell(dispute, INQUIRY), tell(dispute, CLOSED), tell(dispute, NEEDS_RESPONSE, 1500)]
    assert (moved, dispute.gone) == ([True, True, True], usd(1500))


def test_the_sentence_says_until_when_what_is_to_be_done() -> None:
    dispute = a_dispute()
    told = []
    for status in (INQUIRY, NEEDS_RESPONSE, UNDER_REVIEW, LOST):
        dispute.stand(status, "so it is", withdrawn=usd(0), reinstated=usd(0), respond_by=NOW)
        told.append(dispute.told.removeprefix("15.00 USD disputed (fraudulent), "))
    assert told == [
        "the bank asks and takes nothing yet, answer by 2027-01-31 09:30 UTC",
        "it is lost without evidence, due by 2027-01-31 09:30 UTC",
        "the bank looks at the evidence",
        "lost: so it is",
    ]


# ---------------------------------------------------------------------- the books of a payment


def test_what_is_disputed_is_not_left_and_what_is_won_is() -> None:
    payment = a_paid_order(a_domain()).payments[0]
    payment.disputes.append(a_dispute())
    left = []
    for each in ((INQUIRY, 0, 0), (NEEDS_RESPONSE, 1500, 0), (WON, 1500, 0)):
        tell(payment.disputes[0], *each)
        left.append(payment.left)
    assert left == [usd(1500), usd(0), usd(1500)]


@pytest.mark.parametrize("status", [UNKNOWN, NEEDS_RESPONSE, UNDER_REVIEW])
def test_a_disputed_payment_is_not_refunded(status: DisputeStatus) -> None:
    payment = a_paid_order(a_domain()).payments[0]
    payment.disputes.append(a_dispute(500))
    tell(payment.disputes[0], status, 500)
    with pytest.raises(Conflict, match="disputed"):
        payment.require_refundable()
    tell(payment.disputes[0], WON, 500)
    payment.require_refundable()


@pytest.mark.parametrize("status", [INQUIRY, NEEDS_RESPONSE, UNDER_REVIEW])
def test_an_order_asks_for_a_person_while_a_dispute_is_open(status: DisputeStatus) -> None:
    order = a_paid_order(a_domain())
    order.payments[0].disputes.append(a_dispute())
    tell(order.payments[0].disputes[0], status)
    order.derive_status()
    assert order.status is OrderStatus.REQUIRES_ATTENTION
    assert (order.why or "").startswith("payment 1: 15.00 USD disputed (fraudulent), ")
    tell(order.payments[0].disputes[0], WON)
    order.derive_status()
    assert order.status is OrderStatus.PAID
