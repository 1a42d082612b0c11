"""A shop in which a name comes to its end, and days that pass."""

from dataclasses import replace
from datetime import datetime, timedelta

from billing.domain import Card, DomainName, Mail, MailKind, Order, Registration, Renewal, Wallet
from tests.builders import NOW, a_catalogue, a_domain
from tests.twins import BY, Twins

DAY = timedelta(days=1)
NAME = DomainName("example.rw")
EXPIRY = NOW.replace(year=NOW.year + 1)
VISA = Card(brand="visa", last4="4242", exp_month=4, exp_year=2031)
ABOUT_RENEWALS = (
    MailKind.RENEWAL_DUE,
    MailKind.RENEWAL_FAILED,
    MailKind.NAME_EXPIRING,
    MailKind.NAME_EXPIRED,
    MailKind.CARD_EXPIRING,
)


def a_held_name(shop: Twins, *, auto_renew: bool = True, grace_days: int = 0, name: str = "example.rw") -> Registration:
    """Bought for a year; its registry renews so long after the expiry."""
    catalogue = a_catalogue()
    tlds = {suffix: replace(offer, renew_until_days=grace_days) for suffix, offer in catalogue.tlds.items()}
    shop.ledger.write(BY, lambda uow: uow.catalogues.add(replace(catalogue, tlds=tlds)))
    shop.buy(a_domain(name, auto_renew=auto_renew))
    return held(shop, name)


def held(shop: Twins, name: str = "example.rw") -> Registration:
    found = shop.ledger.read(lambda uow: uow.registrations.of_name(DomainName(name)))
    assert found is not None
    return found


def a_card(shop: Twins, ref: str = "pm_1", card: Card = VISA) -> None:
    """Saved by the customer, and the default from now on."""
    account = shop.container.ensure_account()("cus_1", "memory", BY).customer_ref
    assert account is not None
    shop.hear(shop.methods.keep(account, card, ref))
    shop.work()
    (method,) = (method for method in the_wallet(shop).usable if method.ref == ref)
    shop.container.set_default_method()("cus_1", method.id, BY)


def go_to(shop: Twins, moment: datetime) -> None:
    """Nothing is done meanwhile, as where no worker runs."""
    shop.pass_time(moment - shop.now)


def day_by_day(shop: Twins, until: datetime, step: timedelta = DAY) -> None:
    """Workers do what is to be done, once in each step."""
    while shop.now < until:
        shop.pass_time(min(step, until - shop.now))
        keep_house(shop)


def keep_house(shop: Twins, times: int = 4) -> None:
    """As often as a round of the day has steps, and more."""
    for _ in range(times):
        shop.sweep_and_work()


def our_orders(shop: Twins) -> list[Order]:
    """Those that nobody but us has made, oldest first."""
    made = [row.value for (kind, _), row in shop.begin.store.rows.items() if kind is Renewal]
    ids = {renewal.order_id for renewal in made}
    return [order for order in orders(shop) if order.id in ids]


def orders(shop: Twins) -> list[Order]:
    found = shop.ledger.read(lambda uow: uow.orders.page(None, None, None, 1000))
    return list(found)[::-1]


def told(shop: Twins) -> list[str]:
    """Which mails about renewals came, how many days before the expiry."""
    mails = [mail for mail in shop.notifier.delivered if mail.kind in ABOUT_RENEWALS]
    return [f"{mail.kind.value} {days_before(mail)}" for mail in mails]


def days_before(mail: Mail) -> int:
    return (EXPIRY.date() - mail.created_at.date()).days


def the_wallet(shop: Twins) -> Wallet:
    found = shop.ledger.read(lambda uow: uow.wallets.of_customer("cus_1", "memory"))
    assert found is not None
    return found
