"""What a customer keeps at a provider converges whatever the order in which it is told."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from billing.domain import Conflict, NotFound, Wallet
from billing.domain.wallet import Card
from tests.builders import NOW, a_wallet

VISA = Card(brand="visa", last4="4242", exp_month=4, exp_year=2029)
NEWER = Card(brand="visa", last4="4242", exp_month=4, exp_year=2033)


def test_the_first_method_is_the_default() -> None:
    wallet = a_wallet()
    assert wallet.default is None
    wallet.keep("mth_1", "pm_1", NOW, card=VISA)
    wallet.keep("mth_2", "pm_2", NOW, card=VISA)
    assert wallet.default is wallet.methods[0]


def test_the_customer_chooses_another_default() -> None:
    wallet = a_wallet()
    wallet.keep("mth_1", "pm_1", NOW, card=VISA)
    wallet.keep("mth_2", "pm_2", NOW, card=VISA)
    for _ in range(2):
        wallet.make_default("pm_2")
        assert wallet.default is wallet.methods[1]


def test_a_method_that_is_not_there_is_no_default() -> None:
    wallet = a_wallet()
    wallet.keep("mth_1", "pm_1", NOW, card=VISA)
    wallet.drop("mth_2", "pm_1", NOW)
    for ref in ("pm_1", "pm_9"):
        with pytest.raises(NotFound, match=f"no payment method {ref}"):
            wallet.make_default(ref)


def test_another_usable_method_takes_the_place_of_a_detached_default() -> None:
    wallet = a_wallet()
    wallet.keep("mth_1", "pm_1", NOW, card=VISA)
    wallet.keep("mth_2", "pm_2", NOW, card=VISA)
    assert wallet.drop("mth_3", "pm_1", NOW)
    assert not wallet.drop("mth_3", "pm_1", NOW + timedelta(days=1))
    assert [method.id for method in wallet.usable] == ["mth_2"]
    assert (wallet.default and wallet.default.ref, wallet.methods[0].detached_at) == ("pm_2", NOW)


def test_saved_and_detached_in_any_order_is_detached() -> None:
    def told(order: tuple[str, ...]) -> Wallet:
        wallet = a_wallet()
        for n, word in enumerate(order):
            if word == "drop":
                wallet.drop(f"mth_{n}", "pm_1", NOW)
            else:
                wallet.keep(f"mth_{n}", "pm_1", NOW, card=VISA)
        return wallet

    for order in permutations(("keep", "keep", "drop")):
        wallet = told(order)
        assert (len(wallet.methods), wallet.usable, wallet.default) == (1, [], None)


def test_a_card_that_the_bank_has_renewed_keeps_its_id() -> None:
    wallet = a_wallet()
    first = wallet.keep("mth_1", "pm_1", NOW, card=VISA)
    assert wallet.keep("mth_2", "pm_1", NOW, card=NEWER) is first
    assert (first.id, first.card) == ("mth_1", NEWER)


def test_an_account_never_changes() -> None:
    wallet = a_wallet()
    for _ in range(2):
        wallet.bind("cus_1")
    with pytest.raises(Conflict, match="wal_1: its account is cus_1, not cus_2"):
        wallet.bind("cus_2")


def test_a_method_is_asked_for_by_our_id_and_must_be_usable() -> None:
    wallet = a_wallet()
    kept = wallet.keep("mth_1", "pm_1", NOW, card=VISA)
    assert wallet.method("mth_1") is kept
    wallet.drop("mth_2", "pm_1", NOW)
    for method_id in ("mth_1", "pm_1"):
        with pytest.raises(NotFound):
            wallet.method(method_id)


@pytest.mark.parametrize(
    ("at", "over"), [(datetime(2029, 4, 30, tzinfo=UTC), False), (datetime(2029, 5, 1, tzinfo=UTC), True)]
)
def test_a_card_is_good_until_its_last_month_is_over(at: datetime, over: bool) -> None:
    assert VISA.is_expired(at) is over
