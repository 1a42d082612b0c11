"""Accounts that are gone at their provider are let go of, and nothing that is still there."""

import pytest

from billing.application.outcomes import AccountRefused, RetryLater
from billing.domain import Conflict, Invalid, NotFound, Wallet
from billing.domain.errors import BillingError
from tests.twins import BY, Twins
from tests.unit.application.billed import hosted_with_a_name, keep_a_card, now_of
from tests.unit.application.test_saved_methods import save_a_card, shown, the_wallet


def unbind(shop: Twins, customer_id: str = "cus_1", gateway: str = "memory") -> Wallet:
    return shop.container.unbind_account()(customer_id, gateway, BY)


def delete_at_the_provider(shop: Twins) -> None:
    shop.methods.accounts.clear()


def test_what_was_saved_in_it_is_forgotten_and_another_account_is_opened(shop: Twins) -> None:
    first = save_a_card(shop)
    delete_at_the_provider(shop)
    for _ in range(2):
        left = unbind(shop)
        assert (left.customer_ref, left.default, left.usable) == (None, None, [])
    second = save_a_card(shop)
    wallet = the_wallet(shop)
    assert wallet.customer_ref in shop.methods.accounts
    assert [method.id for method in wallet.usable] == [second] != [first]
    assert wallet.default is wallet.usable[0]


def test_an_account_that_is_there_is_not_let_go_of(shop: Twins) -> None:
    save_a_card(shop)
    before = shown(shop)
    with pytest.raises(Conflict, match="still has their account"):
        unbind(shop)
    assert shown(shop) == before
    assert the_wallet(shop).customer_ref is not None


@pytest.mark.parametrize(
    "unsaid", [RetryLater("connection refused"), AccountRefused("401: our key was revoked")], ids=str
)
def test_a_provider_that_does_not_say_decides_nothing(shop: Twins, unsaid: BillingError) -> None:
    save_a_card(shop)
    shop.methods.fail_with(unsaid, "attached")
    with pytest.raises(type(unsaid)):
        unbind(shop)
    assert [usable for _, usable in shown(shop)] == [True]


def test_an_account_in_which_hosting_is_billed_is_kept_until_that_is_over(shop: Twins) -> None:
    subscription = hosted_with_a_name(shop)
    assert subscription.gateway == "memory"
    delete_at_the_provider(shop)
    with pytest.raises(Conflict, match=f"bills subscription {subscription.id} there"):
        unbind(shop)
    assert the_wallet(shop).customer_ref == "account_1"
    shop.ledger.write(BY, lambda uow: uow.subscriptions.lock(subscription.id).end("the customer was deleted"))
    assert now_of(shop, subscription).is_over
    assert unbind(shop).customer_ref is None


def test_who_keeps_nothing_there_has_nothing_to_let_go_of(shop: Twins) -> None:
    with pytest.raises(NotFound, match="of cus_1 at memory"):
        unbind(shop)
    with pytest.raises(NotFound, match="cus_404"):
        unbind(shop, "cus_404")
    keep_a_card(shop)
    with pytest.raises(Invalid, match="keep payment methods"):
        unbind(shop, gateway="nowhere")
