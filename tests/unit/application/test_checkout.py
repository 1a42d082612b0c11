"""A basket is priced and checked before anything is stored."""

from datetime import timedelta

import pytest

from billing.domain import Conflict, Customer, DomainName, Invalid, Money, Purchase
from tests.builders import NOW, a_domain, a_hosting, a_registrant, a_renewal, more_of
from tests.twins import BY, Twins


@pytest.fixture
def stocked(shop: Twins) -> Twins:
    """A shop where somebody holds kept.com and a subscription, and somebody else has nothing."""
    shop.buy(a_domain("kept.com"), a_hosting())
    other = Customer.open(id="cus_2", name="Eric", email="eric@example.rw", created_at=NOW)
    shop.ledger.write(BY, lambda uow: uow.customers.add(other))
    return shop


def subscription_of(shop: Twins) -> str:
    page = shop.ledger.read(lambda uow: uow.orders.page(None, None, None, 10))
    return next(item.subscription_id for order in page for item in order.items if item.subscription_id)


def refused(shop: Twins, *wanted: Purchase, customer_id: str = "cus_1", currency: str = "USD") -> tuple[str, str]:
    before = dict(shop.begin.store.rows)
    with pytest.raises((Invalid, Conflict)) as error:
        shop.container.place_order()(customer_id, currency, a_registrant(), wanted, BY)
    assert shop.begin.store.rows == before
    if isinstance(error.value, Conflict):
        return error.value.what, error.value.why
    assert isinstance(error.value, Invalid)
    return error.value.field, error.value.why


def test_a_name_of_another_customer_is_not_renewed(stocked: Twins) -> None:
    assert refused(stocked, a_renewal("kept.com"), customer_id="cus_2")[0] == "items.0.domain"


def test_a_name_that_the_registry_no_longer_renews_is_not_sold(stocked: Twins) -> None:
    stocked.pass_time(timedelta(days=365))
    assert stocked.order(a_renewal("kept.com")).status == "pending"
    stocked.pass_time(timedelta(days=2))
    field, why = refused(stocked, a_renewal("kept.com"))
    assert (field, why) == ("items.0.domain", "kept.com could be renewed until 2028-01-31")


def test_a_subscription_of_another_customer_is_not_renewed(stocked: Twins) -> None:
    wanted = more_of(subscription_of(stocked))
    assert refused(stocked, wanted, customer_id="cus_2")[0] == "items.0.subscription_id"


def test_a_subscription_is_renewed_in_its_own_currency(stocked: Twins) -> None:
    field, why = refused(stocked, more_of(subscription_of(stocked)), currency="RWF")
    assert (field, why) == ("items.0.subscription_id", "it is billed in USD")


def test_a_subscription_is_renewed_at_its_frozen_price(stocked: Twins) -> None:
    """Seen elsewhere: yearly renewals failed a check against a price that was worked out anew."""
    assert stocked.order(more_of(subscription_of(stocked), cycles=3)).total == Money(1497, "USD")


def test_a_second_renewal_of_a_name_names_its_field(stocked: Twins) -> None:
    stocked.order(a_renewal("kept.com"))
    why = "another renewal of kept.com is open"
    assert refused(stocked, a_renewal("kept.com")) == ("items.0.domain", why)
    assert refused(stocked, a_domain("free.rw"), a_renewal("kept.com")) == ("items.1.domain", why)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ([], "items"),
        ([a_domain(f"n{n}.rw") for n in range(21)], "items"),
        ([a_domain("twice.rw"), a_domain("twice.rw")], "items.1"),
        ([a_domain("name.xyz")], "items.0.domain"),
        ([a_domain("a.b.rw")], "items.0.domain"),
        ([a_domain("premium-name.rw")], "items.0.domain"),
        ([a_domain("name.rw", years=11)], "items.0.years"),
        ([a_hosting("huge")], "items.0.plan"),
        ([more_of("sub_none")], "items.0.subscription_id"),
        ([more_of("sub_none", cycles=25)], "items.0.cycles"),
        ([a_hosting(), a_renewal("nobodys.com")], "items.1.domain"),
    ],
)
def test_what_can_not_be_sold_is_named_and_nothing_is_stored(shop: Twins, wanted: list[Purchase], field: str) -> None:
    assert refused(shop, *wanted)[0] == field


def test_a_taken_name_is_a_conflict(shop: Twins) -> None:
    shop.registrar.occupy(DomainName("taken.rw"))
    assert refused(shop, a_hosting(), a_domain("taken.rw")) == ("items.1.domain", "taken.rw is taken")


def test_an_unknown_customer_or_currency_is_named(shop: Twins) -> None:
    assert refused(shop, a_hosting(), customer_id="cus_none")[0] == "customer_id"
    assert refused(shop, a_hosting(), currency="EUR")[0] == "currency"


def test_a_registration_needs_a_registrant_and_hosting_does_not(shop: Twins) -> None:
    """Seen elsewhere: without a registrant nothing was started, and that was not said."""
    place = shop.container.place_order()
    with pytest.raises(Invalid, match=r"contacts\.registrant"):
        place("cus_1", "USD", None, [a_domain()], BY)
    assert place("cus_1", "USD", None, [a_hosting()], BY).status == "pending"


def test_a_name_that_we_hold_is_not_free_and_the_registry_need_not_be_asked(stocked: Twins) -> None:
    asked = len(stocked.registrar.calls)
    quote = stocked.container.check_domain()(DomainName("kept.com"), "USD")
    assert (quote.availability.available, quote.price, quote.offer.suffix) == (False, None, "com")
    assert len(stocked.registrar.calls) == asked
