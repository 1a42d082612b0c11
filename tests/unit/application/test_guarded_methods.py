"""Saved methods behind the circuit breaker of their gateway: what can wait waits, and nothing is called in vain."""

from datetime import timedelta

import pytest
from dependency_injector import providers

from billing.application.guarding.breakers import Unreachable
from billing.application.guarding.guarded import GuardedMethods
from billing.application.outcomes import RetryLater
from billing.domain import JobKind, JobStatus
from billing.entrypoints.container import Container
from tests.builders import a_domain
from tests.twins import BY, Twins
from tests.unit.application.test_saved_methods import PAGES, pay_with, save_a_card, the_wallet

MINUTE = timedelta(minutes=1)


class GuardedTwins(Twins):
    """The shop with its breaker around the twin, as the program has it around what is real."""

    def _wire(self) -> Container:
        container = super()._wire()
        guarded = GuardedMethods(self.methods, container.guard("gateway memory"))
        container.saved_methods.override(providers.Object({guarded.gateway: guarded}))
        return container


@pytest.fixture
def shop() -> GuardedTwins:
    return GuardedTwins()


def be_away(shop: Twins, call: str, times: int = 8) -> None:
    shop.methods.fail_with(RetryLater("down"), call, times=times)


def test_a_provider_that_answers_is_asked_as_if_there_were_no_guard(shop: GuardedTwins) -> None:
    first, second = save_a_card(shop), save_a_card(shop)
    assert shop.container.refresh_wallet()(the_wallet(shop).id, BY) == []
    assert shop.container.open_portal()("cus_1", "memory", "https://shop.example", BY)
    shop.container.set_default_method()("cus_1", second, BY)
    shop.container.remove_method()("cus_1", first, BY)
    shop.work()
    wallet = the_wallet(shop)
    assert [method.id for method in wallet.usable] == [second]
    assert shop.methods.defaults == {wallet.customer_ref: wallet.method(second).ref}


def test_jobs_wait_for_a_provider_that_is_away_and_lose_no_attempts(shop: GuardedTwins) -> None:
    removed, kept = save_a_card(shop), save_a_card(shop)
    wallet = the_wallet(shop)
    be_away(shop, "detach")
    be_away(shop, "set_default")
    shop.container.remove_method()("cus_1", removed, BY)
    for _ in range(120):
        shop.pass_time(MINUTE)
        shop.sweep_and_work()
    jobs = [*shop.jobs(JobKind.DETACH_METHOD), *shop.jobs(JobKind.SET_DEFAULT_METHOD)]
    assert {job.status for job in jobs} == {JobStatus.SUCCEEDED}
    assert max(job.attempts for job in jobs) < 8
    assert not shop.methods.saved[wallet.method(removed).ref].is_attached
    assert shop.methods.defaults == {wallet.customer_ref: wallet.method(kept).ref}


def test_nobody_waits_for_a_provider_that_is_known_to_be_away(shop: GuardedTwins) -> None:
    card = save_a_card(shop)
    be_away(shop, "portal_url")
    for _ in range(5):
        with pytest.raises((RetryLater, Unreachable)):
            shop.container.open_portal()("cus_1", "memory", "https://shop.example", BY)
    calls = len(shop.methods.calls)
    for act in (
        lambda: shop.container.start_setup()("cus_1", "memory", PAGES, BY),
        lambda: shop.container.set_default_method()("cus_1", card, BY),
        lambda: shop.container.refresh_wallet()(the_wallet(shop).id, BY),
    ):
        with pytest.raises(Unreachable):
            act()
    assert len(shop.methods.calls) == calls


def test_a_card_that_is_known_here_can_be_charged_though_nothing_else_can_be_asked(shop: GuardedTwins) -> None:
    card = save_a_card(shop)
    be_away(shop, "open_account")
    order = shop.order(a_domain(auto_renew=True))
    assert pay_with(shop, order, card).has_money
