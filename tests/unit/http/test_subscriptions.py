"""What a storefront does with subscriptions, and what it is told of them."""

from datetime import timedelta

import pytest

from billing.application.outcomes import OutcomeUnknown, Refused
from billing.domain import BillingStatus, Subscription
from tests.builders import a_subscription, a_wallet
from tests.contracts.payment_gateway import soon
from tests.unit.http.shop import Shop

_PATH = "/v1/subscriptions/sub_1"
CHANGES = [
    ("cancel", {"at": "now"}),
    ("cancel", {"at": "period_end"}),
    ("resume", None),
    ("change-plan", {"plan": "pro"}),
]


@pytest.fixture
def held(shop: Shop) -> Subscription:
    """Hosting that is billed by orders."""
    subscription = a_subscription(at=shop.now)
    shop.ledger.write("test", lambda uow: uow.subscriptions.add(subscription))
    return subscription


@pytest.fixture
def billed(shop: Shop, held: Subscription) -> Subscription:
    """The same, billed by its provider."""
    wallet = a_wallet(customer_ref="account_1")
    wallet.keep("mth_1", "card_1", shop.now)
    stands = shop.billing.begin(held, wallet, soon())
    shop.ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").bind("stripe", stands.billing_ref))
    return shop.ledger.read(lambda uow: uow.subscriptions.get("sub_1"))


def test_it_shows_who_bills_it_and_what_is_owed(shop: Shop, billed: Subscription) -> None:
    shown = shop.get(_PATH).json
    assert shown["billing"] == {"by": "stripe", "reference": billed.billing_ref}
    assert (shown["past_due_since"], shown["attention"], shown["pending_change"]) == (None, None, None)
    shop.ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").fall_due(shop.now, "not paid"))
    shop.ledger.write("test", lambda uow: uow.subscriptions.lock("sub_1").mind("billing", "paused there"))
    shown = shop.get(_PATH).json
    assert (shown["status"], shown["past_due_since"]) == ("past_due", "2027-01-31T09:30:00+00:00")
    assert shown["attention"] == "paused there"


def test_without_a_provider_it_is_billed_by_orders(shop: Shop, held: Subscription) -> None:
    assert shop.get(_PATH).json["billing"] == {"by": "orders", "reference": None}


@pytest.mark.parametrize("held_by", ["held", "billed"])
def test_it_is_cancelled_at_the_period_s_end_resumed_and_cancelled_now(
    shop: Shop, held_by: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(held_by)
    for path, body, flag, status in (
        ("cancel", {"at": "period_end"}, True, "active"),
        ("resume", None, False, "active"),
        ("cancel", {"at": "now"}, False, "cancelled"),
    ):
        for _ in range(2):
            answer = shop.post(f"{_PATH}/{path}", body)
            assert answer.status_code == 200
            assert (answer.json["cancel_at_period_end"], answer.json["status"]) == (flag, status)
    assert shop.post(f"{_PATH}/resume").status_code == 409


def test_the_provider_hears_of_a_cancel(shop: Shop, billed: Subscription) -> None:
    shop.post(f"{_PATH}/cancel", {"at": "now"})
    assert shop.billing.read(billed.billing_ref or "", soon()).status is BillingStatus.ENDED


def test_the_plan_is_changed_with_its_price(shop: Shop, billed: Subscription) -> None:
    shop.now += timedelta(days=3)
    answer = shop.post(f"{_PATH}/change-plan", {"plan": "pro"})
    assert (answer.status_code, answer.json["plan"]) == (200, "pro")
    assert answer.json["price"] == {"amount": 499, "currency": "USD"}
    assert shop.billing.read(billed.billing_ref or "", soon()).plan == "pro"


def test_where_nobody_could_charge_for_it_the_plan_stays(shop: Shop, held: Subscription) -> None:
    assert shop.post(f"{_PATH}/change-plan", {"plan": "pro"}).status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("cancel", {}, "at"),
        ("cancel", {"at": "tomorrow"}, "at"),
        ("cancel", {"at": "now", "why": "x"}, "why"),
        ("resume", {"at": "now"}, "at"),
        ("change-plan", {}, "plan"),
        ("change-plan", {"plan": "gold"}, "plan"),
        ("change-plan", {"plan": ""}, "plan"),
    ],
)
def test_what_can_not_be_meant_is_named(
    shop: Shop, billed: Subscription, path: str, body: dict[str, str], field: str
) -> None:
    answer = shop.post(f"{_PATH}/{path}", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_an_answer_that_is_not_known_yet_is_202_and_says_what_is_on_its_way(shop: Shop, billed: Subscription) -> None:
    shop.billing.fail_with(OutcomeUnknown("timeout"), "cancel", times=2)
    for _ in range(2):
        answer = shop.post(f"{_PATH}/cancel", {"at": "period_end"})
        assert (answer.status_code, answer.json["pending_change"]) == (202, "cancel_at_period_end")
        assert answer.json["cancel_at_period_end"] is False
    assert shop.post(f"{_PATH}/resume").status_code == 409
    answer = shop.post(f"{_PATH}/cancel", {"at": "period_end"})
    assert (answer.status_code, answer.json["cancel_at_period_end"]) == (200, True)


def test_a_refusal_of_the_provider_s_is_a_422_and_changes_nothing(shop: Shop, billed: Subscription) -> None:
    shop.billing.fail_with(Refused("no such price"), "change_plan")
    answer = shop.post(f"{_PATH}/change-plan", {"plan": "pro"})
    assert (answer.status_code, answer.json["type"]) == (422, "urn:billing:problem:provider-refused")
    assert shop.get(_PATH).json["pending_change"] is None


@pytest.mark.parametrize(("path", "body"), CHANGES)
def test_the_same_key_gives_the_first_answer_again(
    shop: Shop, billed: Subscription, path: str, body: dict[str, str] | None
) -> None:
    answers = [shop.post(f"{_PATH}/{path}", body, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert answers[0].get_data() == answers[1].get_data()


@pytest.mark.parametrize(("path", "body"), CHANGES)
def test_what_nobody_holds_is_not_found(shop: Shop, path: str, body: dict[str, str] | None) -> None:
    assert shop.post(f"/v1/subscriptions/sub_404/{path}", body).status_code == 404


def test_what_a_provider_bills_is_not_renewed_by_an_order(shop: Shop, billed: Subscription) -> None:
    answer = shop.place({"kind": "subscription_renewal", "subscription_id": "sub_1", "cycles": 1})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "items.0.subscription_id"
