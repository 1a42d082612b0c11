"""What is bought by a payment that a bank questions: not begun meanwhile, and hosting stopped until it is decided."""

from datetime import timedelta

import pytest

from billing.application.outcomes import NeedsPerson
from billing.application.unit_of_work import UnitOfWork
from billing.domain import DisputeStands, DisputeStatus, JobKind, JobStatus
from tests.builders import a_domain, a_hosting, a_renewal, more_of
from tests.twins import BY, Twins
from tests.unit.application.billed import hosted, now_of, renew, renewals
from tests.unit.application.disputing import LOST, WON, decide, dispute, due_for_delivery, hear_now, hosting, said
from tests.unit.application.refunding import bought, usd

# ---------------------------------------------------------------------- deliveries


@pytest.mark.parametrize("status", [WON, LOST])
def test_nothing_is_begun_while_it_is_disputed(shop: Twins, status: DisputeStatus) -> None:
    order, payment = due_for_delivery(shop)
    ref = dispute(shop, payment)
    shop.pass_time(timedelta(minutes=1))
    shop.sweep_and_work()
    assert (shop.statuses(order)[1:], shop.registrar.creates) == (["due", "due"], {})
    assert shop.jobs(JobKind.REGISTER_DOMAIN)[0].why == "its payment is disputed: fraudulent, 19.99 USD"
    decide(shop, payment, ref, status)
    if status is WON:
        assert shop.statuses(order) == ["completed", "fulfilled", "fulfilled"]
        assert shop.registrar.creates == {"example.rw": 1}
    else:
        assert (shop.statuses(order), shop.registrar.creates) == (["refunded", "refunded", "refunded"], {})
    assert {job.status for job in shop.jobs() if job.kind is not JobKind.CHECK_PAYMENT} == {JobStatus.SUCCEEDED}


@pytest.mark.parametrize("status", [WON, LOST])
def test_a_delivery_that_was_given_up_over_a_dispute_is_revived_or_called_off(
    shop: Twins, status: DisputeStatus
) -> None:
    order, payment = due_for_delivery(shop)
    ref = dispute(shop, payment)
    for _ in range(6):
        shop.pass_time(timedelta(days=1))
        shop.sweep_and_work()
    assert shop.jobs(JobKind.REGISTER_DOMAIN)[0].status is JobStatus.DEAD
    decide(shop, payment, ref, status)
    wanted = ["completed", "fulfilled", "fulfilled"] if status is WON else ["refunded", "refunded", "refunded"]
    assert shop.statuses(order) == wanted


def test_what_was_begun_before_is_finished(shop: Twins) -> None:
    order, payment = due_for_delivery(shop)
    shop.gateway.open_dispute(payment.id)
    told = shop.gateway.dispute_notification(payment.id, "dispute_1")

    def the_bank_is_faster() -> None:
        shop.hear(told)
        hear_now(shop)

    shop.registrar.after_effect = the_bank_is_faster
    shop.pass_time(timedelta(minutes=1))
    shop.sweep_and_work()
    assert (shop.statuses(order)[1:], shop.registrar.creates) == (["fulfilled", "due"], {"example.rw": 1})


def test_a_renewal_whose_money_is_lost_frees_its_name(shop: Twins) -> None:
    shop.buy(a_domain("example.com"))
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "renew")
    order = shop.buy(a_renewal())
    decide(shop, order.payments[0], dispute(shop, order.payments[0]), LOST)
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert "was given up and may be delivered all the same" in said(shop)
    assert shop.statuses(shop.buy(a_renewal())) == ["completed", "fulfilled"]


def test_so_does_one_that_was_given_up_after_the_loss_when_that_is_told_again(shop: Twins) -> None:
    shop.buy(a_domain("example.com"))
    order = shop.order(a_renewal())
    payment = shop.start(order)
    shop.hear(shop.pay(payment))

    def the_bank_is_faster() -> None:
        shop.gateway.open_dispute(payment.id)
        shop.gateway.withdraw(payment.id, "dispute_1")
        shop.hear(shop.gateway.decide(payment.id, "dispute_1", LOST))
        hear_now(shop)

    shop.registrar.before_effect = the_bank_is_faster
    shop.registrar.fail_with(NeedsPerson("a puzzle"), "renew")
    shop.work()
    assert shop.statuses(order) == ["requires_attention", "in_progress"]
    for _ in range(2):
        shop.hear(shop.gateway.dispute_notification(payment.id, "dispute_1"))
        shop.work()
    assert shop.statuses(order) == ["refunded", "refunded"]
    assert shop.statuses(shop.buy(a_renewal())) == ["completed", "fulfilled"]


# ---------------------------------------------------------------------- hosting


def test_hosting_stays_suspended_while_another_dispute_stands(shop: Twins) -> None:
    order, payment = bought(shop)
    renewal = shop.buy(more_of(order.items[1].subscription_id or ""))
    first, second = dispute(shop, payment), dispute(shop, renewal.payments[0])
    assert len(hosting(shop, order).holds) == 2
    decide(shop, payment, first, WON)
    assert hosting(shop, order).status.value == "suspended"
    decide(shop, renewal.payments[0], second, WON)
    assert (hosting(shop, order).status.value, hosting(shop, order).holds) == ("active", [])


def test_a_renewal_that_is_paid_meanwhile_adds_time_and_restores_nothing(shop: Twins) -> None:
    order, payment = bought(shop)
    ref = dispute(shop, payment)
    shop.buy(more_of(order.items[1].subscription_id or ""))
    assert (hosting(shop, order).status.value, hosting(shop, order).periods) == ("suspended", 2)
    decide(shop, payment, ref, WON)
    assert hosting(shop, order).status.value == "active"


def test_a_dispute_that_is_decided_before_its_job_has_run_suspends_nothing(shop: Twins) -> None:
    order, payment = bought(shop)
    shop.hear(shop.gateway.open_dispute(payment.id))
    hear_now(shop)
    late = shop.queue.rung.pop()[0]
    assert shop.jobs(JobKind.SUSPEND_SUBSCRIPTION)[0].id == late
    decide(shop, payment, "dispute_1", WON)
    for _ in range(2):
        shop.run(late)
    assert hosting(shop, order).status.value == "active"


@pytest.mark.parametrize(
    ("name", "policy", "while_disputed", "when_lost"),
    [
        ("DISPUTED_HOSTING", "keep", "active", "ended"),
        ("LOST_HOSTING", "keep", "suspended", "active"),
    ],
)
def test_what_becomes_of_hosting_is_a_policy(
    monkeypatch: pytest.MonkeyPatch, name: str, policy: str, while_disputed: str, when_lost: str
) -> None:
    monkeypatch.setenv(f"BILLING_{name}", policy)
    shop = Twins()
    order, payment = bought(shop)
    ref = dispute(shop, payment)
    assert hosting(shop, order).status.value == while_disputed
    decide(shop, payment, ref, LOST)
    assert hosting(shop, order).status.value == when_lost


def test_hosting_runs_again_where_only_a_part_of_its_payment_is_lost(shop: Twins) -> None:
    order, payment = bought(shop)
    ref = dispute(shop, payment, usd(1500))
    assert hosting(shop, order).status.value == "suspended"
    decide(shop, payment, ref, LOST)
    assert (hosting(shop, order).status.value, shop.read(order).payments[0].left) == ("active", usd(499))


def test_hosting_waits_until_every_dispute_of_its_payment_is_decided(shop: Twins) -> None:
    order, payment = bought(shop)
    first, second = dispute(shop, payment, usd(1500)), dispute(shop, payment, usd(499))
    decide(shop, payment, first, LOST)
    assert hosting(shop, order).status.value == "suspended"
    decide(shop, payment, second, LOST)
    assert hosting(shop, order).status.value == "ended"


def test_when_hosting_ends_its_provider_is_told_to_bill_no_more(shop: Twins) -> None:
    order, payment = bought(shop)
    subscription_id = hosting(shop, order).id
    shop.ledger.write(BY, lambda uow: uow.subscriptions.lock(subscription_id).bind("memory", "sub_there"))
    decide(shop, payment, dispute(shop, payment), LOST)
    assert [job.subject for job in shop.jobs(JobKind.END_BILLING)] == ["memory:sub_there"]


def test_hosting_that_is_called_off_since_its_money_is_lost_is_not_billed_on(shop: Twins) -> None:
    order = shop.order(a_hosting(auto_renew=True))
    payment = shop.container.start_payment()(order.id, "memory", {"customer_ref": "account_1"}, BY)
    shop.hear(shop.pay(payment))
    hear_now(shop)
    shop.queue.rung.clear()
    ref = dispute(shop, payment)
    assert (shop.statuses(order)[1], shop.jobs(JobKind.END_BILLING)) == ("due", [])
    decide(shop, payment, ref, LOST)
    assert shop.statuses(order) == ["refunded", "refunded"]
    begun = shop.read(order).payments[0].billing_ref
    assert begun
    assert [job.subject for job in shop.jobs(JobKind.END_BILLING)] == [f"memory:{begun}"]


def test_what_is_unpaid_and_disputed_is_served_again_when_neither_stands(shop: Twins) -> None:
    order, payment = bought(shop)
    subscription_id = hosting(shop, order).id

    def dun(uow: UnitOfWork) -> None:
        subscription = uow.subscriptions.lock(subscription_id)
        subscription.fall_due(shop.now, "not paid")
        subscription.suspend("nobody paid")

    shop.ledger.write(BY, dun)
    decide(shop, payment, dispute(shop, payment), WON)
    assert (hosting(shop, order).status.value, hosting(shop, order).holds) == ("suspended", ["unpaid"])
    again = dispute(shop, payment)
    shop.ledger.write(BY, lambda uow: uow.subscriptions.lock(subscription_id).recover("paid"))
    assert hosting(shop, order).status.value == "suspended"
    decide(shop, payment, again, WON)
    assert (hosting(shop, order).status.value, hosting(shop, order).holds) == ("active", [])


def test_what_falls_due_while_it_is_disputed_is_past_due_when_that_is_won(shop: Twins) -> None:
    order, payment = bought(shop)
    ref, subscription_id = dispute(shop, payment), hosting(shop, order).id
    shop.ledger.write(BY, lambda uow: uow.subscriptions.lock(subscription_id).fall_due(shop.now, "not paid"))
    assert hosting(shop, order).status.value == "suspended"
    decide(shop, payment, ref, WON)
    assert hosting(shop, order).status.value == "past_due"


def test_a_renewal_that_a_provider_collected_for_is_disputed_by_its_charge_alone(shop: Twins) -> None:
    """What Stripe charges by itself bears no id of ours: the renewal's payment is known by the charge's intent."""
    subscription = hosted(shop)
    renew(shop, subscription)
    (renewal,) = renewals(shop)
    (payment,) = renewal.payments
    for status, served in ((DisputeStatus.NEEDS_RESPONSE, "suspended"), (LOST, "ended")):
        told = DisputeStands(
            payment_ref=payment.payment_ref,
            dispute_ref="dp_1",
            amount=usd(499),
            status=status,
            reason="subscription_canceled",
            withdrawn=usd(499),
            reinstated=usd(0),
            why=f"{status} at the bank",
        )
        for _ in range(2):
            shop.ledger.write(BY, lambda uow, told=told: shop.container.take_fact()(uow, "memory", told))
            shop.sweep_and_work()
        assert now_of(shop, subscription).status.value == served
    assert [job.subject for job in shop.jobs(JobKind.END_BILLING)] == [f"memory:{subscription.billing_ref}"]
