"""Names that renew by themselves, day by day, with the business clock and the ledger's moved together."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.adapters.memory.pages import Told
from billing.application.outcomes import RetryLater
from billing.application.unit_of_work import UnitOfWork
from billing.domain import (
    AlertKind,
    Conflict,
    JobKind,
    JobStatus,
    MailKind,
    NameStanding,
    Order,
    OrderStatus,
    PaymentStatus,
)
from tests.builders import a_renewal
from tests.twins import BY, Twins
from tests.unit.application.renewing import (
    DAY,
    EXPIRY,
    NAME,
    a_card,
    a_held_name,
    day_by_day,
    go_to,
    held,
    keep_house,
    orders,
    our_orders,
    told,
)

HOUR = timedelta(hours=1)


def alerted(shop: Twins, *kinds: AlertKind) -> list[str]:
    return [alert.kind.value for alert in shop.alerts() if alert.kind in kinds]


# ---------------------------------------------------------------------- with a card


def test_a_name_is_renewed_by_the_saved_card_a_month_before_it_expires(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    day_by_day(shop, EXPIRY - 31 * DAY)
    assert our_orders(shop) == []
    day_by_day(shop, EXPIRY - 30 * DAY)
    (order,) = our_orders(shop)
    assert (order.status, str(order.total), order.items[0].title) == (
        OrderStatus.COMPLETED,
        "16.00 USD",
        "example.rw, renewal, 1 y",
    )
    assert order.payments[0].options["method_ref"] == "pm_1"
    assert held(shop).expires_at == EXPIRY.replace(year=EXPIRY.year + 1)
    assert shop.registrar.renews == {"example.rw": 1}


def test_three_years_pass_and_each_is_paid_once(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    day_by_day(shop, EXPIRY + 2 * 365 * DAY)
    assert shop.registrar.renews == {"example.rw": 3}
    assert [order.status for order in our_orders(shop)] == [OrderStatus.COMPLETED] * 3
    assert [str(page.amount) for page in shop.gateway.pages.values()] == ["15.00 USD", *["16.00 USD"] * 3]
    assert told(shop) == []
    assert len(shop.mailed(MailKind.ORDER_PAID)) == len(shop.mailed(MailKind.DOMAIN_RENEWED)) + 1 == 4


def test_a_declined_card_is_tried_again_by_the_schedule_and_once_more_on_the_last_day(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    shop.gateway.charges["pm_1"] = Told.FAILED
    day_by_day(shop, EXPIRY - HOUR)
    (order,) = our_orders(shop)
    tried = [(EXPIRY.date() - payment.created_at.date()).days for payment in order.payments]
    assert tried == [30, 29, 26, 21, 14, 1]
    assert {payment.status for payment in order.payments} == {PaymentStatus.FAILED}
    failed = [line for line in told(shop) if line.startswith("renewal_failed")]
    assert failed == [f"renewal_failed {days}" for days in tried]


def test_a_declined_customer_is_told_at_the_milestones_on_which_no_charge_is_tried(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    shop.gateway.charges["pm_1"] = Told.FAILED
    day_by_day(shop, EXPIRY - HOUR)
    due = [line for line in told(shop) if line.startswith("renewal_due")]
    assert due == ["renewal_due 28", "renewal_due 13", "renewal_due 7", "renewal_due 3", "renewal_due 0"]


def test_another_card_is_charged_at_once(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    shop.gateway.charges["pm_1"] = Told.FAILED
    day_by_day(shop, EXPIRY - 20 * DAY)
    a_card(shop, "pm_2")
    day_by_day(shop, EXPIRY - 19 * DAY)
    (order,) = our_orders(shop)
    assert order.status is OrderStatus.COMPLETED
    assert order.payments[-1].options["method_ref"] == "pm_2"


def test_a_bank_that_wants_consent_gets_the_customer_a_link_and_is_asked_again_by_the_schedule(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    shop.gateway.charges["pm_1"] = Told.NEEDS_CUSTOMER
    day_by_day(shop, EXPIRY - 30 * DAY)
    (order,) = our_orders(shop)
    (mail,) = shop.mailed(MailKind.PAYMENT_NEEDS_CUSTOMER)
    assert mail.data["link"] == shop.container.pay_links()(order.id)
    day_by_day(shop, EXPIRY - 25 * DAY)
    assert len(shop.read(order).payments) > 1
    shop.hear(shop.pay(shop.start(order)))
    keep_house(shop)
    assert shop.read(order).status is OrderStatus.COMPLETED


def test_nobody_is_told_or_charged_again_while_the_bank_decides(shop: Twins) -> None:
    a_held_name(shop, grace_days=30)
    a_card(shop)
    shop.gateway.charges["pm_1"] = Told.SUBMITTED
    day_by_day(shop, EXPIRY - 20 * DAY)
    (order,) = our_orders(shop)
    assert len(order.payments) == 1
    assert told(shop) == []
    shop.hear(shop.gateway.pay(order.payments[0].id))
    keep_house(shop)
    assert shop.read(order).status is OrderStatus.COMPLETED


def test_a_name_expires_and_its_customer_is_told_though_nobody_knows_how_its_charge_stands(shop: Twins) -> None:
    a_held_name(shop, grace_days=30)
    a_card(shop)
    shop.gateway.charges["pm_1"] = Told.SUBMITTED
    go_to(shop, EXPIRY - 2 * DAY)
    keep_house(shop)
    (order,) = our_orders(shop)

    def give_up(uow: UnitOfWork) -> None:
        locked = uow.orders.lock(order.id)
        locked.payments[0].flag("how it stands can't be found out")
        locked.derive_status()

    shop.ledger.write(BY, give_up)
    day_by_day(shop, EXPIRY + 2 * DAY)
    assert held(shop).standing is NameStanding.EXPIRED
    assert told(shop)[-1].startswith("name_expired")
    assert len(shop.mailed(MailKind.NAME_EXPIRED)) == 1
    shop.hear(shop.gateway.pay(order.payments[0].id))
    keep_house(shop)
    assert (shop.read(order).status, held(shop).standing) == (OrderStatus.COMPLETED, NameStanding.ACTIVE)


def test_a_charge_whose_answer_was_lost_is_made_once(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    go_to(shop, EXPIRY - 30 * DAY)
    shop.gateway.lose_answer("start")
    keep_house(shop)
    day_by_day(shop, EXPIRY - 29 * DAY, HOUR)
    (order,) = our_orders(shop)
    assert (order.status, len(order.payments)) == (OrderStatus.COMPLETED, 1)
    assert len(shop.gateway.pages) == 2


def test_a_provider_that_is_away_keeps_the_charge_waiting(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    go_to(shop, EXPIRY - 30 * DAY)
    shop.gateway.fail_with(RetryLater("away"), "start", times=5)
    day_by_day(shop, EXPIRY - 29 * DAY, HOUR)
    (order,) = our_orders(shop)
    assert (order.status, len(order.payments)) == (OrderStatus.COMPLETED, 1)


# ---------------------------------------------------------------------- without a card


def test_without_a_card_the_customer_is_told_at_each_milestone_once(shop: Twins) -> None:
    a_held_name(shop)
    day_by_day(shop, EXPIRY - HOUR, timedelta(hours=5))
    assert told(shop) == [f"renewal_due {days}" for days in (30, 14, 7, 3, 1)]
    (order,) = our_orders(shop)
    for mail in shop.mailed(MailKind.RENEWAL_DUE):
        assert mail.data["link"] == shop.container.pay_links()(order.id)
        assert mail.data["order"] == order.number


def test_it_is_paid_by_the_link_and_no_milestone_follows(shop: Twins) -> None:
    a_held_name(shop)
    day_by_day(shop, EXPIRY - 13 * DAY)
    (order,) = our_orders(shop)
    shop.hear(shop.pay(shop.start(order)))
    keep_house(shop)
    day_by_day(shop, EXPIRY + 10 * DAY)
    assert shop.read(order).status is OrderStatus.COMPLETED
    assert told(shop) == ["renewal_due 30", "renewal_due 14"]
    assert held(shop).expires_at.year == EXPIRY.year + 1


def test_a_late_round_tells_of_the_last_milestone_only(shop: Twins) -> None:
    a_held_name(shop)
    go_to(shop, EXPIRY - 6 * DAY)
    keep_house(shop)
    assert told(shop) == ["renewal_due 6"]
    day_by_day(shop, EXPIRY - HOUR)
    assert told(shop) == ["renewal_due 6", "renewal_due 3", "renewal_due 1"]


def test_a_round_is_safe_to_make_again_and_by_several_workers(shop: Twins) -> None:
    a_held_name(shop)
    a_held_name(shop, name="other.rw")
    go_to(shop, EXPIRY - 30 * DAY)
    steps = [shop.container.renewing.names(), shop.container.renewing.cards()]
    for _ in range(3):
        for step in steps:
            step(None)
    keep_house(shop)
    assert len(our_orders(shop)) == 2
    assert told(shop) == ["renewal_due 30"] * 2


def test_the_price_is_that_of_the_day_in_the_currency_of_the_purchase(shop: Twins) -> None:
    a_held_name(shop)
    go_to(shop, EXPIRY - 29 * DAY)
    keep_house(shop)
    (order,) = our_orders(shop)
    assert (str(order.total), order.currency) == ("16.00 USD", "USD")
    assert order.expires_at == EXPIRY
    assert order.registrant is None


# ---------------------------------------------------------------------- the end


def test_a_name_that_nobody_renews_expires_and_is_lost_and_a_person_is_called_before(shop: Twins) -> None:
    a_held_name(shop, grace_days=30)
    day_by_day(shop, EXPIRY + DAY)
    assert held(shop).standing is NameStanding.EXPIRED
    (expired,) = shop.mailed(MailKind.NAME_EXPIRED)
    assert expired.data["until"] == f"{EXPIRY + 30 * DAY:%Y-%m-%d}"
    assert expired.data["link"]
    assert alerted(shop, AlertKind.NAME_AT_RISK) == []
    day_by_day(shop, EXPIRY + 27 * DAY)
    assert alerted(shop, AlertKind.NAME_AT_RISK) == ["name_at_risk"]
    day_by_day(shop, EXPIRY + 32 * DAY)
    assert shop.ledger.read(lambda uow: uow.registrations.of_name(NAME)) is None
    (order,) = our_orders(shop)
    assert order.status is OrderStatus.EXPIRED
    assert alerted(shop, AlertKind.NAME_AT_RISK, AlertKind.NAME_LOST) == ["name_at_risk", "name_lost"]
    assert len(shop.mailed(MailKind.NAME_EXPIRED)) == 1


def test_an_expired_name_is_renewed_within_its_grace(shop: Twins) -> None:
    a_held_name(shop, grace_days=30)
    day_by_day(shop, EXPIRY + 10 * DAY)
    (order,) = our_orders(shop)
    shop.hear(shop.pay(shop.start(order)))
    keep_house(shop)
    assert held(shop).standing is NameStanding.ACTIVE
    assert held(shop).expires_at.year == EXPIRY.year + 1
    day_by_day(shop, EXPIRY + 60 * DAY)
    assert held(shop).standing is NameStanding.ACTIVE


def test_without_grace_a_name_is_lost_with_its_term(shop: Twins) -> None:
    a_held_name(shop)
    day_by_day(shop, EXPIRY + DAY)
    assert shop.ledger.read(lambda uow: uow.registrations.of_name(NAME)) is None
    (expired,) = shop.mailed(MailKind.NAME_EXPIRED)
    assert (expired.data["until"], expired.data["link"]) == ("", "")
    assert alerted(shop, AlertKind.NAME_AT_RISK, AlertKind.NAME_LOST) == ["name_at_risk", "name_lost"]


def test_after_a_standstill_until_the_end_the_name_is_lost_and_nothing_is_charged(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    go_to(shop, EXPIRY + 3 * DAY)
    keep_house(shop)
    assert our_orders(shop) == []
    assert shop.ledger.read(lambda uow: uow.registrations.of_name(NAME)) is None


def test_after_a_standstill_into_the_grace_it_is_renewed_all_the_same(shop: Twins) -> None:
    a_held_name(shop, grace_days=30)
    a_card(shop)
    go_to(shop, EXPIRY + 3 * DAY)
    keep_house(shop)
    assert held(shop).standing is NameStanding.ACTIVE
    assert held(shop).expires_at.year == EXPIRY.year + 1


def test_a_paid_renewal_that_is_stuck_keeps_the_name_and_calls_a_person(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    go_to(shop, EXPIRY - 30 * DAY)
    shop.registrar.fail_with(RetryLater("away"), "renew", times=100)
    day_by_day(shop, EXPIRY + 20 * DAY)
    (order,) = our_orders(shop)
    assert order.status is OrderStatus.REQUIRES_ATTENTION
    assert shop.jobs(JobKind.RENEW_DOMAIN)[0].status is JobStatus.DEAD
    assert held(shop).name == NAME
    assert alerted(shop, AlertKind.NAME_AT_RISK) == ["name_at_risk"]


# ---------------------------------------------------------------------- the customer's own wish


def test_a_name_that_is_not_to_be_renewed_is_told_of_and_let_go(shop: Twins) -> None:
    a_held_name(shop, auto_renew=False)
    a_card(shop)
    day_by_day(shop, EXPIRY + 2 * DAY)
    assert our_orders(shop) == []
    assert told(shop) == [*(f"name_expiring {days}" for days in (30, 14, 7, 3, 1)), "name_expired 0"]
    assert alerted(shop, AlertKind.NAME_AT_RISK, AlertKind.NAME_LOST) == []


def test_switched_off_our_unpaid_order_is_taken_back(shop: Twins) -> None:
    a_held_name(shop)
    day_by_day(shop, EXPIRY - 20 * DAY)
    for _ in range(2):
        shop.container.renewing.set_auto_renew()(NAME, False, BY)
    (order,) = our_orders(shop)
    assert (order.status, order.items[0].why) == (OrderStatus.CANCELLED, "automatic renewal was switched off")
    day_by_day(shop, EXPIRY - 10 * DAY)
    assert len(orders(shop)) == 2
    assert told(shop)[-1] == "name_expiring 14"


def test_switched_on_again_there_is_a_new_order_at_once(shop: Twins) -> None:
    a_held_name(shop)
    day_by_day(shop, EXPIRY - 20 * DAY)
    shop.container.renewing.set_auto_renew()(NAME, False, BY)
    for _ in range(2):
        shop.container.renewing.set_auto_renew()(NAME, True, BY)
    (order,) = our_orders(shop)
    assert order.status is OrderStatus.PENDING
    day_by_day(shop, EXPIRY - 10 * DAY)
    assert [line for line in told(shop) if line.startswith("renewal_due")] == ["renewal_due 30", "renewal_due 14"]


def test_switched_off_while_the_card_is_charged_the_bank_decides_first(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    shop.gateway.charges["pm_1"] = Told.SUBMITTED
    day_by_day(shop, EXPIRY - 30 * DAY)
    shop.container.renewing.set_auto_renew()(NAME, False, BY)
    (order,) = our_orders(shop)
    assert order.status is OrderStatus.PENDING
    shop.hear(shop.gateway.pay(order.payments[0].id))
    keep_house(shop)
    assert shop.read(order).status is OrderStatus.COMPLETED
    assert held(shop).auto_renew is False


def test_an_open_page_of_an_order_that_is_taken_back_is_closed(shop: Twins) -> None:
    a_held_name(shop)
    day_by_day(shop, EXPIRY - 20 * DAY)
    (order,) = our_orders(shop)
    payment = shop.start(order)
    shop.container.renewing.set_auto_renew()(NAME, False, BY)
    shop.work()
    assert shop.gateway.pages[payment.id].state is Told.EXPIRED


def test_an_order_that_the_customer_cancelled_does_not_come_back(shop: Twins) -> None:
    a_held_name(shop)
    day_by_day(shop, EXPIRY - 20 * DAY)
    (order,) = our_orders(shop)
    shop.container.cancel_order()(order.id, BY)
    day_by_day(shop, EXPIRY - HOUR)
    assert [one.id for one in our_orders(shop)] == [order.id]
    # the day after, it is said once what that means
    assert told(shop) == ["renewal_due 30", *(f"name_expiring {days}" for days in (19, 14, 7, 3, 1))]


def test_the_customers_own_renewal_makes_ours_needless(shop: Twins) -> None:
    a_held_name(shop)
    day_by_day(shop, EXPIRY - 20 * DAY)
    (ours,) = our_orders(shop)
    theirs = shop.buy(a_renewal("example.rw", years=3))
    assert theirs.status is OrderStatus.COMPLETED
    assert shop.read(ours).status is OrderStatus.CANCELLED
    day_by_day(shop, EXPIRY + 30 * DAY)
    assert held(shop).expires_at.year == EXPIRY.year + 3
    assert shop.registrar.renews == {"example.rw": 1}
    assert told(shop) == ["renewal_due 30"]


def test_while_the_card_is_charged_the_customer_can_order_no_second_renewal(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    shop.gateway.charges["pm_1"] = Told.SUBMITTED
    day_by_day(shop, EXPIRY - 30 * DAY)
    with pytest.raises(Conflict, match="another renewal"):
        shop.order(a_renewal("example.rw"))


def test_where_the_customers_own_renewal_is_not_paid_ours_comes_back(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop, "pm_1")
    shop.gateway.charges["pm_1"] = Told.FAILED
    day_by_day(shop, EXPIRY - 20 * DAY)
    shop.order(a_renewal("example.rw", years=3))
    shop.gateway.charges["pm_1"] = Told.PAID
    keep_house(shop)
    assert shop.registrar.renews == {}
    day_by_day(shop, EXPIRY - 17 * DAY)
    (ours,) = our_orders(shop)
    assert ours.status is OrderStatus.COMPLETED
    assert held(shop).expires_at.year == EXPIRY.year + 1


def test_a_customers_renewal_that_waits_or_is_under_delivery_keeps_ours_away(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop)
    go_to(shop, EXPIRY - 31 * DAY)
    order = shop.order(a_renewal("example.rw"))
    shop.registrar.fail_with(RetryLater("away"), "renew", times=8)
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.statuses(order) == ["processing", "in_progress"]
    go_to(shop, EXPIRY - 30 * DAY)
    shop.container.renewing.names()(None)
    assert our_orders(shop) == []
    day_by_day(shop, EXPIRY - 28 * DAY, HOUR)
    assert shop.registrar.renews == {"example.rw": 1}
    assert our_orders(shop) == []


@pytest.mark.parametrize("paid", [False, True])
def test_switched_on_while_the_customers_own_renewal_is_in_hand_none_of_ours_is_made(shop: Twins, paid: bool) -> None:
    a_held_name(shop, auto_renew=False)
    go_to(shop, EXPIRY - 20 * DAY)
    order = shop.order(a_renewal("example.rw"))
    if paid:
        shop.queue.silent = True  # nobody has begun to deliver it
        shop.ledger.write(BY, lambda uow: _pay(shop, uow.orders.lock(order.id)))
    for _ in range(2):
        shop.container.renewing.set_auto_renew()(NAME, True, BY)
    assert our_orders(shop) == []


def _pay(shop: Twins, order: Order) -> None:
    payment = order.open_attempt("pay_9", "memory", {}, shop.now, order.expires_at)
    order.record_success(payment, order.total, shop.now)


# ---------------------------------------------------------------------- what can't be offered


def test_a_name_that_is_no_longer_sold_is_a_persons_business(shop: Twins) -> None:
    a_held_name(shop)
    catalogue = shop.ledger.read(lambda uow: uow.catalogues.current())
    document = catalogue.to_document()
    del document["tlds"]["rw"]
    shop.container.load_catalogue()(document, BY)
    day_by_day(shop, EXPIRY - 25 * DAY)
    assert our_orders(shop) == []
    assert alerted(shop, AlertKind.RENEWAL_NOT_OFFERED) == ["renewal_not_offered"]


def test_a_name_without_a_price_in_its_currency_is_a_persons_business(shop: Twins) -> None:
    a_held_name(shop)
    document = shop.ledger.read(lambda uow: uow.catalogues.current()).to_document()
    del document["tlds"]["rw"]["renew"]["USD"]
    shop.container.load_catalogue()(document, BY)
    day_by_day(shop, EXPIRY - 29 * DAY)
    assert our_orders(shop) == []
    (alert,) = [one for one in shop.alerts() if one.kind is AlertKind.RENEWAL_NOT_OFFERED]
    assert "has no price in USD" in alert.why


# ---------------------------------------------------------------------- many names


def test_however_many_names_there_are_each_is_seen_to_step_by_step(shop: Twins) -> None:
    for n in range(3):
        a_held_name(shop, name=f"n{n}.rw")
    go_to(shop, EXPIRY - 30 * DAY)
    one_by_one = replace(shop.container.renewing.names(), batch=1)
    after, steps = one_by_one(None), 1
    while after is not None:
        after, steps = one_by_one(after), steps + 1
    assert steps == 4  # the last one finds nothing more
    assert sorted(str(order.items[0].domain) for order in our_orders(shop)) == ["n0.rw", "n1.rw", "n2.rw"]


def test_a_suffix_may_begin_earlier_than_others(shop: Twins) -> None:
    a_held_name(shop)
    a_held_name(shop, name="early.com")
    document = shop.ledger.read(lambda uow: uow.catalogues.current()).to_document()
    document["tlds"]["com"]["renew_ahead_days"] = 60
    shop.container.load_catalogue()(document, BY)
    day_by_day(shop, EXPIRY - 60 * DAY, 15 * DAY)
    assert [str(order.items[0].domain) for order in our_orders(shop)] == ["early.com"]
    assert told(shop) == []


def test_a_name_that_a_defect_keeps_from_being_seen_to_keeps_no_other_waiting(shop: Twins) -> None:
    broken = a_held_name(shop, name="a-broken.rw")
    a_held_name(shop)

    def break_it(uow: UnitOfWork) -> None:
        found = uow.registrations.lock_name(broken.name)
        assert found is not None
        found.item_id, found.expires_at = "itm_404", EXPIRY - DAY

    shop.ledger.write(BY, break_it)
    go_to(shop, EXPIRY - 30 * DAY)
    keep_house(shop)
    assert [str(order.items[0].domain) for order in our_orders(shop)] == ["example.rw"]
    assert [fields["domain"] for name, fields in shop.telemetry.alarms if name == "name_not_seen_to"] == ["a-broken.rw"]


def test_where_nothing_is_on_sale_the_round_is_done(shop: Twins) -> None:
    shop.begin.store.tables.clear()
    assert shop.container.renewing.names()(None) is None
