"""Saved payment methods: saved on the provider's page, followed in any order, chosen, forgotten and charged."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest
from dependency_injector import providers

from billing.adapters.memory.methods import A_CARD, MemoryMethods
from billing.adapters.memory.pages import ATTACHED, CHOSEN, DETACHED, UPDATED, Told
from billing.application.outcomes import Deadline, OutcomeUnknown, RetryLater
from billing.domain import (
    Conflict,
    DomainName,
    EventStatus,
    Invalid,
    JobKind,
    JobStatus,
    NotFound,
    Order,
    Payment,
    PaymentStatus,
    Wallet,
)
from billing.domain.facts import MethodStands
from billing.domain.purchase import Hosting
from tests.builders import a_customer, a_domain, a_hosting
from tests.twins import BY, Twins

PAGES = {"success_url": "https://shop.example/saved", "cancel_url": "https://shop.example/account"}


def save_a_card(shop: Twins, customer_id: str = "cus_1") -> str:
    """Our id of it."""
    page = shop.container.start_setup()(customer_id, "memory", PAGES, BY)
    told = shop.methods.save(str(page.session_ref))
    known = {method.id for method in the_wallet(shop, customer_id).methods}
    shop.hear(told)
    shop.work()
    (new,) = [method for method in the_wallet(shop, customer_id).methods if method.id not in known]
    return new.id


def the_wallet(shop: Twins, customer_id: str = "cus_1") -> Wallet:
    wallet = shop.ledger.read(lambda uow: uow.wallets.of_customer(customer_id, "memory"))
    assert wallet is not None
    return wallet


def shown(shop: Twins) -> list[tuple[str, bool]]:
    return [(method.ref, method.is_usable) for method in the_wallet(shop).methods]


def what_is_charged(shop: Twins) -> tuple[str | None, str | None]:
    """Here and at the provider."""
    wallet = the_wallet(shop)
    return wallet.default.ref if wallet.default else None, shop.methods.defaults.get(str(wallet.customer_ref))


def pay_with(shop: Twins, order: Order, method_id: str) -> Payment:
    return shop.container.start_payment()(order.id, "memory", {"method_id": method_id}, BY)


def auto(hosting: Hosting) -> Hosting:
    return Hosting(plan=hosting.plan, cycle=hosting.cycle, domain=hosting.domain, auto_renew=True)


# ---------------------------------------------------------------------- accounts


def test_an_account_is_opened_once(shop: Twins) -> None:
    first, second = (shop.container.ensure_account()("cus_1", "memory", BY) for _ in range(2))
    assert first.id == second.id
    assert first.customer_ref == second.customer_ref == next(iter(shop.methods.accounts))
    assert [call for call, _ in shop.methods.calls] == ["open_account"]


def test_an_account_whose_answer_was_lost_is_found_again(shop: Twins) -> None:
    shop.methods.lose_answer("open_account")
    with pytest.raises(OutcomeUnknown):
        shop.container.ensure_account()("cus_1", "memory", BY)
    assert the_wallet(shop).customer_ref is None
    shop.container.ensure_account()("cus_1", "memory", BY)
    assert len(shop.methods.accounts) == 1


def test_nobody_has_no_account_and_no_gateway_keeps_methods_that_is_not_known_to(shop: Twins) -> None:
    with pytest.raises(NotFound):
        shop.container.ensure_account()("cus_404", "memory", BY)
    with pytest.raises(Invalid, match="memory"):
        shop.container.ensure_account()("cus_1", "kpay", BY)
    assert shop.methods.calls == []


# ---------------------------------------------------------------------- saving


def test_a_card_that_is_saved_is_the_customers_and_renewals_are_charged_to_it(shop: Twins) -> None:
    save_a_card(shop)
    wallet = the_wallet(shop)
    assert [method.card for method in wallet.usable] == [A_CARD]
    assert what_is_charged(shop) == (wallet.usable[0].ref,) * 2


def test_a_card_told_of_many_times_is_kept_once(shop: Twins) -> None:
    save_a_card(shop)
    (method,) = the_wallet(shop).methods
    for type_ in (ATTACHED, UPDATED, ATTACHED):
        shop.hear(shop.methods.notification(method.ref, type_))
        shop.work()
    assert shown(shop) == [(method.ref, True)]
    assert len(shop.jobs(JobKind.SET_DEFAULT_METHOD)) == 1


def test_a_second_card_is_not_charged_until_it_is_chosen(shop: Twins) -> None:
    first, second = save_a_card(shop), save_a_card(shop)
    wallet = the_wallet(shop)
    assert what_is_charged(shop) == (wallet.method(first).ref,) * 2
    for _ in range(2):
        shop.container.set_default_method()("cus_1", second, BY)
        assert what_is_charged(shop) == (wallet.method(second).ref,) * 2


def test_a_card_that_the_bank_refuses_to_save_leaves_nothing(shop: Twins) -> None:
    page = shop.container.start_setup()("cus_1", "memory", PAGES, BY)
    shop.hear(shop.methods.fail_to_save(str(page.session_ref)))
    shop.work()
    (event,) = shop.ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 10))
    assert (event.status, event.why) == (EventStatus.IGNORED, "the method was not saved: card_declined: no")
    assert shown(shop) == []


def test_a_page_is_another_each_time_it_is_asked_for(shop: Twins) -> None:
    pages = {shop.container.start_setup()("cus_1", "memory", PAGES, BY).session_ref for _ in range(2)}
    assert len(pages) == 2
    assert len(shop.methods.accounts) == 1


def test_the_portal_is_for_the_customers_own_account(shop: Twins) -> None:
    links = {shop.container.open_portal()("cus_1", "memory", "https://shop.example", BY) for _ in range(2)}
    assert all(str(the_wallet(shop).customer_ref) in link for link in links)


# ---------------------------------------------------------------------- following the provider


@pytest.mark.parametrize("told_in", list(permutations([ATTACHED, UPDATED, DETACHED])))
@pytest.mark.parametrize("times", [1, 2])
def test_attached_updated_and_detached_in_any_order_end_as_the_provider_has_it(
    shop: Twins, told_in: tuple[str, ...], times: int
) -> None:
    account = str(shop.container.ensure_account()("cus_1", "memory", BY).customer_ref)
    shop.methods.keep(account, ref="m_1")
    shop.methods.keep(account, ref="m_2")
    shop.methods.issue_anew("m_2", 2040)
    shop.methods.forget("m_1")
    for type_ in told_in * times:
        shop.hear(shop.methods.notification("m_1", type_))
        if type_ is not DETACHED:
            shop.hear(shop.methods.notification("m_2", type_))
        shop.work()
    wallet = the_wallet(shop)
    assert sorted(shown(shop)) == [("m_1", False), ("m_2", True)]
    assert [method.card.exp_year for method in wallet.usable if method.card] == [2040]
    assert what_is_charged(shop) == ("m_2", "m_2")


@pytest.mark.parametrize("facts", sorted(set(permutations([True, False, True]))))
def test_facts_that_contradict_one_another_end_in_detached(shop: Twins, facts: tuple[bool, ...]) -> None:
    """What is detached never comes back, so whoever was told that it is there was told before."""
    account = str(shop.container.ensure_account()("cus_1", "memory", BY).customer_ref)
    shop.methods.keep(account, ref="m_1")
    for is_attached in facts * 2:
        fact = MethodStands(customer_ref=account, method_ref="m_1", is_attached=is_attached, card=A_CARD)
        shop.ledger.write(BY, lambda uow, fact=fact: shop.container.take_fact()(uow, "memory", fact))
    assert shown(shop) == [("m_1", False)]
    assert shop.jobs(JobKind.DETACH_METHOD) == []


def test_a_method_of_an_unknown_account_is_none_of_ours(shop: Twins) -> None:
    shop.hear(shop.methods.keep("account_of_somebody"))
    shop.work()
    (event,) = shop.ledger.read(lambda uow: uow.inbox.page(None, None, None, None, 10))
    assert event.status is EventStatus.IGNORED


def test_when_the_default_is_detached_elsewhere_the_next_takes_its_place_also_there(shop: Twins) -> None:
    first, second = save_a_card(shop), save_a_card(shop)
    wallet = the_wallet(shop)
    shop.hear(shop.methods.forget(wallet.method(first).ref))
    shop.work()
    assert what_is_charged(shop) == (wallet.method(second).ref,) * 2


def test_what_was_never_told_is_found_by_asking_and_the_second_time_nothing_differs(shop: Twins) -> None:
    kept, forgotten = save_a_card(shop), save_a_card(shop)
    wallet = the_wallet(shop)
    shop.methods.keep(str(wallet.customer_ref), ref="m_9")
    shop.methods.issue_anew(wallet.method(kept).ref, 2040)
    shop.methods.forget(wallet.method(forgotten).ref)
    found = [[fact.method_ref for fact in shop.container.refresh_wallet()(wallet.id, BY)] for _ in range(2)]
    assert found == [[wallet.method(kept).ref, "m_9", wallet.method(forgotten).ref], []]
    cards = {method.ref: method.card.exp_year for method in the_wallet(shop).usable if method.card}
    assert cards == {wallet.method(kept).ref: 2040, "m_9": 2029}


def test_what_was_removed_here_is_not_found_again_before_the_provider_knows(shop: Twins) -> None:
    card = save_a_card(shop)
    shop.container.remove_method()("cus_1", card, BY)
    assert shop.container.refresh_wallet()(the_wallet(shop).id, BY) == []


@pytest.mark.parametrize("told_in", list(permutations([ATTACHED, CHOSEN, DETACHED])))
def test_a_default_chosen_in_the_portal_is_followed_whatever_is_told_first(
    shop: Twins, told_in: tuple[str, ...]
) -> None:
    save_a_card(shop)
    account = str(the_wallet(shop).customer_ref)
    shop.methods.keep(account, ref="m_8")
    shop.methods.forget("m_8")
    shop.methods.keep(account, ref="m_9")
    shop.methods.choose("m_9")
    for type_ in told_in * 2:
        shop.hear(shop.methods.notification("m_8" if type_ is DETACHED else "m_9", type_))
        shop.work()
    assert what_is_charged(shop) == ("m_9", "m_9")


def test_a_card_that_was_removed_here_does_not_become_the_default_there_chosen(shop: Twins) -> None:
    removed, kept = save_a_card(shop), save_a_card(shop)
    wallet = the_wallet(shop)
    told = shop.methods.choose(wallet.method(removed).ref)
    shop.container.remove_method()("cus_1", removed, BY)
    for _ in range(2):
        shop.hear(told)
        shop.work()
    assert what_is_charged(shop) == (wallet.method(kept).ref,) * 2


# ---------------------------------------------------------------------- forgetting


def test_a_card_that_is_removed_is_forgotten_here_and_there(shop: Twins) -> None:
    removed, kept = save_a_card(shop), save_a_card(shop)
    wallet = the_wallet(shop)
    left = shop.container.remove_method()("cus_1", removed, BY)
    assert [method.id for method in left.usable] == [kept]
    with pytest.raises(NotFound):
        shop.container.remove_method()("cus_1", removed, BY)
    shop.work()
    assert not shop.methods.saved[wallet.method(removed).ref].is_attached
    assert what_is_charged(shop) == (wallet.method(kept).ref,) * 2


def test_a_provider_that_is_away_forgets_it_later(shop: Twins) -> None:
    removed = save_a_card(shop)
    ref = the_wallet(shop).method(removed).ref
    shop.methods.fail_with(RetryLater("down"), "detach", times=3)
    shop.container.remove_method()("cus_1", removed, BY)
    for _ in range(5):
        shop.work()
        shop.pass_time(timedelta(minutes=15))
        shop.sweep_and_work()
    assert not shop.methods.saved[ref].is_attached
    assert shop.jobs(JobKind.DETACH_METHOD)[0].status is JobStatus.SUCCEEDED


class InterruptibleMethods(MemoryMethods):
    """A keeper that can be interrupted, once, before it takes another default."""

    before_choice: Callable[[], object] | None = None

    def set_default(self, wallet: Wallet, method_ref: str, deadline: Deadline) -> None:
        """As its parent does, after the interruption."""
        interruption, self.before_choice = self.before_choice, None
        if interruption is not None:
            interruption()
        super().set_default(wallet, method_ref, deadline)


def test_a_default_chosen_while_the_provider_was_told_of_another_is_told_after_it(shop: Twins) -> None:
    keeper = InterruptibleMethods(shop.gateway, lambda: shop.begin.store.installation)
    shop.methods = keeper
    shop.container.saved_methods.override(providers.Object({keeper.gateway: keeper}))
    first, second, third = (save_a_card(shop) for _ in range(3))
    wallet = the_wallet(shop)
    shop.container.remove_method()("cus_1", first, BY)
    keeper.before_choice = lambda: shop.container.set_default_method()("cus_1", third, BY)
    shop.work()
    shop.sweep_and_work()
    assert [ref for call, ref in keeper.calls if call == "set_default"][-3:] == [
        wallet.method(third).ref,
        wallet.method(second).ref,
        wallet.method(third).ref,
    ]
    assert what_is_charged(shop) == (wallet.method(third).ref,) * 2


def test_another_customers_card_is_not_to_be_had(shop: Twins) -> None:
    shop.ledger.write(BY, lambda uow: uow.customers.add(a_customer("cus_2", "b@example.rw")))
    theirs = save_a_card(shop)
    for act in (shop.container.remove_method(), shop.container.set_default_method()):
        with pytest.raises(NotFound):
            act("cus_2", theirs, BY)
    order = shop.order(a_domain(), customer_id="cus_2")
    with pytest.raises(Invalid, match="payment_method"):
        pay_with(shop, order, theirs)
    assert shop.read(order).payments == []


# ---------------------------------------------------------------------- the last one


@pytest.mark.parametrize("bought", [a_domain(auto_renew=True), auto(a_hosting())], ids=["name", "hosting"])
def test_the_last_card_of_whom_something_renews_by_itself_is_not_removed_unwarned(shop: Twins, bought: Hosting) -> None:
    last = save_a_card(shop)
    order = shop.order(bought)
    pay_with(shop, order, last)
    shop.work()
    assert shop.statuses(order)[0] == "completed"
    for _ in range(2):
        with pytest.raises(Conflict, match="last one"):
            shop.container.remove_method()("cus_1", last, BY)
    another = save_a_card(shop)
    shop.container.remove_method()("cus_1", another, BY)
    shop.container.remove_method()("cus_1", last, BY, force=True)
    assert the_wallet(shop).usable == []


def test_the_last_card_of_whom_nothing_renews_is_removed(shop: Twins) -> None:
    last = save_a_card(shop)
    shop.buy(a_domain(), a_hosting())
    shop.container.remove_method()("cus_1", last, BY)
    assert the_wallet(shop).usable == []


def test_a_name_that_is_not_to_be_renewed_any_more_holds_no_card(shop: Twins) -> None:
    last = save_a_card(shop)
    shop.buy(a_domain("example.rw", auto_renew=True))
    for _ in range(2):
        shop.container.set_auto_renew()(DomainName("example.rw"), False, BY)
    shop.container.remove_method()("cus_1", last, BY)


# ---------------------------------------------------------------------- charging


def test_a_saved_card_pays_a_new_order(shop: Twins) -> None:
    card = save_a_card(shop)
    order = shop.order(a_domain())
    payment = pay_with(shop, order, card)
    assert payment.status is PaymentStatus.SUCCEEDED
    with pytest.raises(Conflict):
        pay_with(shop, order, card)
    shop.work()
    assert shop.statuses(order)[0] == "completed"


def test_a_removed_card_pays_nothing_from_that_moment_on(shop: Twins) -> None:
    card = save_a_card(shop)
    shop.container.remove_method()("cus_1", card, BY)
    order = shop.order(a_domain())
    with pytest.raises(Invalid, match="no usable saved method"):
        pay_with(shop, order, card)
    assert shop.gateway.pages == {}


def test_a_card_that_needs_its_customer_gives_way_to_a_page(shop: Twins) -> None:
    card = save_a_card(shop)
    shop.gateway.charges[the_wallet(shop).method(card).ref] = Told.NEEDS_CUSTOMER
    order = shop.order(a_domain())
    assert pay_with(shop, order, card).needs_customer
    shop.hear(shop.pay(shop.start(order)))
    shop.work()
    assert shop.statuses(order)[0] == "completed"


# ---------------------------------------------------------------------- what renews by itself


@pytest.mark.parametrize("bought", [a_domain(auto_renew=True), auto(a_hosting())], ids=["name", "hosting"])
def test_what_renews_by_itself_is_paid_from_the_customers_account(shop: Twins, bought: Hosting) -> None:
    order = shop.order(bought)
    payment = shop.start(order)
    assert payment.options["customer_ref"] == the_wallet(shop).customer_ref
    assert "method_ref" not in payment.options
    assert shop.start(order).options["customer_ref"] == payment.options["customer_ref"]
    assert len(shop.methods.accounts) == 1


def test_what_does_not_renew_opens_no_account(shop: Twins) -> None:
    assert "customer_ref" not in shop.start(shop.order(a_domain(), a_hosting())).options
    assert shop.methods.calls == []


def test_where_the_account_cannot_be_opened_nothing_else_is(shop: Twins) -> None:
    shop.methods.fail_with(RetryLater("down"), "open_account")
    order = shop.order(a_domain(auto_renew=True))
    with pytest.raises(RetryLater):
        shop.start(order)
    assert shop.read(order).payments == []
    assert shop.start(order).redirect_url


def test_an_order_that_takes_no_payment_opens_no_account(shop: Twins) -> None:
    order = shop.order(a_domain(auto_renew=True))
    shop.container.cancel_order()(order.id, BY)
    with pytest.raises(Conflict):
        shop.start(order)
    assert shop.methods.calls == []
