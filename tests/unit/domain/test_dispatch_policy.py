"""Jobs are named by item, so that an order can mix whatever it likes."""

from itertools import combinations

import pytest

from billing.domain import DELIVERIES, DispatchPolicy, Hosting, JobKind, JobRequest, Purchase
from billing.domain.purchase import PURCHASES
from tests.builders import a_domain, a_hosting, a_paid_order, a_renewal, an_order, more_of

EVERYTHING: list[Purchase] = [a_domain(), a_renewal(), a_hosting(), more_of("sub_1")]
MIXTURES = [list(some) for n in range(1, 5) for some in combinations(EVERYTHING, n)]


def test_an_unpaid_order_needs_no_job() -> None:
    assert DispatchPolicy().jobs_for(an_order(*EVERYTHING)) == []


@pytest.mark.parametrize("wanted", MIXTURES, ids=lambda mix: "+".join(what.kind for what in mix))
def test_every_mixture_gets_exactly_the_jobs_of_its_items(wanted: list[Purchase]) -> None:
    order = a_paid_order(*wanted)
    jobs = DispatchPolicy().jobs_for(order)
    assert [job.kind for job in jobs] == [DELIVERIES[type(what)] for what in wanted]
    assert [job.subject for job in jobs] == [item.id for item in order.items]


def test_the_same_order_always_names_the_same_occasions() -> None:
    order = a_paid_order(*EVERYTHING)
    first, second = (DispatchPolicy().jobs_for(order) for _ in range(2))
    assert [job.dedup_key for job in first] == [job.dedup_key for job in second]
    assert first[0].dedup_key == f"register_domain:{order.items[0].id}"


def test_an_item_already_in_progress_needs_no_second_job() -> None:
    order = a_paid_order(a_domain(), a_hosting())
    order.begin_item(order.items[0].id)
    assert [job.kind for job in DispatchPolicy().jobs_for(order)] == [JobKind.ACTIVATE_SUBSCRIPTION]


def test_every_kind_of_purchase_has_its_delivery() -> None:
    assert set(DELIVERIES) == set(PURCHASES.values())


def test_a_policy_is_a_value_that_can_be_replaced() -> None:
    order = a_paid_order(a_hosting())
    other = DispatchPolicy({Hosting: JobKind.RENEW_SUBSCRIPTION})
    assert other.jobs_for(order) == [JobRequest(JobKind.RENEW_SUBSCRIPTION, order.items[0].id)]
