"""Cards that come to their end: one mail for each card and expiry, to who has something that renews."""

from datetime import timedelta

from billing.domain import Card, MailKind
from tests.twins import BY, Twins
from tests.unit.application.renewing import (
    DAY,
    EXPIRY,
    NAME,
    a_card,
    a_held_name,
    day_by_day,
    go_to,
    keep_house,
    the_wallet,
)

APRIL = Card(brand="visa", last4="4242", exp_month=4, exp_year=2027)
MAY = Card(brand="visa", last4="4242", exp_month=5, exp_year=2027)


def cards(shop: Twins) -> list[tuple[str, str]]:
    mails = shop.mailed(MailKind.CARD_EXPIRING)
    return [(f"{mail.created_at:%m-%d}", str(mail.data["month"])) for mail in mails]


def test_who_has_something_that_renews_is_told_in_the_month_before_once(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop, card=APRIL)
    day_by_day(shop, EXPIRY - 40 * DAY, timedelta(hours=9))
    assert cards(shop) == [("03-01", "2027-04-01")]
    (mail,) = shop.mailed(MailKind.CARD_EXPIRING)
    assert mail.data["card"] == "visa ending in 4242"
    assert mail.data["link"] == shop.container.pay_links()(the_wallet(shop).id)


def test_a_renewed_card_is_told_of_anew_when_it_ends(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop, card=APRIL)
    day_by_day(shop, EXPIRY.replace(year=2027, month=3, day=20))
    wallet_id = the_wallet(shop).id
    shop.ledger.write(BY, lambda uow: uow.wallets.lock(wallet_id).keep("mth_9", "pm_1", shop.now, card=MAY))
    day_by_day(shop, EXPIRY.replace(year=2027, month=4, day=20))
    assert cards(shop) == [("03-01", "2027-04-01"), ("04-01", "2027-05-01")]


def test_who_has_nothing_that_renews_is_not_told(shop: Twins) -> None:
    a_held_name(shop, auto_renew=False)
    a_card(shop, card=APRIL)
    day_by_day(shop, EXPIRY.replace(year=2027, month=5, day=20))
    assert cards(shop) == []
    shop.container.set_auto_renew()(NAME, True, BY)
    keep_house(shop)
    assert cards(shop) == []  # it is over by now


def test_a_card_that_renewals_are_not_charged_to_is_nobody_s_business(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop, card=APRIL)
    a_card(shop, "pm_2")
    day_by_day(shop, EXPIRY.replace(year=2027, month=5, day=20))
    assert cards(shop) == []


def test_after_a_standstill_it_is_told_late(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop, card=APRIL)
    go_to(shop, EXPIRY.replace(year=2027, month=4, day=29))
    keep_house(shop)
    assert cards(shop) == [("04-29", "2027-04-01")]


def test_however_many_there_are_each_is_told(shop: Twins) -> None:
    a_held_name(shop)
    a_card(shop, card=APRIL)
    step = shop.container.look_after_cards()
    go_to(shop, EXPIRY.replace(year=2027, month=3, day=2))
    seen, after = [], step(None)
    while after is not None:
        seen.append(after)
        after = step(after)
    assert seen == ["1 "]
    shop.work()
    assert len(cards(shop)) == 1
