"""The KPay adapter keeps the gateway's contract against the sandbox, over real HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billing.application.outcomes import AccountRefused, OutcomeUnknown, RetryLater
from billing.application.ports import Claim
from billing.domain.facts import PaymentFailed, PaymentPending, PaymentSucceeded
from tests.contracts.gateway_refunds import GatewayRefundsContract
from tests.contracts.payment_gateway import soon
from tests.integration.kpay_providers import KpayProvider, now
from tests.integration.sandbox.harness import Sandbox, eventually
from tests.integration.sandbox.kpay_merchant import Shop


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Shop]]:
    directory: Path = tmp_path_factory.mktemp("sandbox")
    shop = Shop()
    sandbox = Sandbox(directory, "http://127.0.0.1:9/webhooks/stripe")
    yield sandbox, shop
    sandbox.stop()
    shop.close()


class TestKpayGateway(GatewayRefundsContract):
    @pytest.fixture
    def provider(self, world: tuple[Sandbox, Shop]) -> Iterator[KpayProvider]:
        sandbox, shop = world
        yield KpayProvider(sandbox, shop.url)
        assert sandbox.control("PUT", "/faults", {"faults": []}).ok
        assert sandbox.control(
            "PUT",
            "/kpay/switches",
            {"retcodes": "esicia", "postbacks": "json", "needs_key": True, "knows_address": True},
        ).ok

    # ------------------------------------------------------------------ starting

    def test_a_payment_by_card_goes_to_kpays_page_and_one_by_phone_to_none(self, provider: KpayProvider) -> None:
        order, by_phone = self.to_pay(provider)
        assert provider.gateway.start(order, by_phone, soon()).redirect_url is None
        order, by_card = self.to_pay(provider)
        by_card.options = {**by_card.options, "method": "cc"}
        assert (provider.gateway.start(order, by_card, soon()).redirect_url or "").startswith("http://127.0.0.1:")

    def test_what_is_paid_at_once_is_told_with_the_start(self, provider: KpayProvider) -> None:
        order, payment = self.to_pay(provider)
        provider.sandbox.fault("kpay.pay", "instant")
        (fact,) = provider.gateway.start(order, payment, soon()).facts
        assert isinstance(fact, PaymentSucceeded)
        assert fact.received == payment.amount

    def test_a_rejection_of_what_is_there_already_is_no_refusal(self, provider: KpayProvider) -> None:
        order, payment = self.to_pay(provider)
        provider.sandbox.fault("kpay.pay", "misreport", code=607)
        started = provider.gateway.start(order, payment, soon())
        assert started.payment_ref
        assert not started.facts
        assert provider.count_attempts(payment) == 1

    def test_a_lost_answer_is_found_again_without_a_second_push(self, provider: KpayProvider) -> None:
        order, payment = self.to_pay(provider)
        provider.lose_next_answer()
        with pytest.raises(OutcomeUnknown):
            provider.gateway.start(order, payment, soon())
        provider.pay(payment)
        started = provider.gateway.start_again(order, payment, soon())
        assert isinstance(started.facts[0], PaymentSucceeded)
        (held,) = provider.payments_of(payment)
        assert (held["pay_calls"], held["pushes"]) == (1, 1)

    @pytest.mark.parametrize("switches", [{"knows_address": False}, {"retcodes": "package", "knows_address": False}])
    def test_an_address_that_is_not_let_in_is_an_account_refused_whatever_is_asked(
        self, provider: KpayProvider, switches: dict[str, Any]
    ) -> None:
        payment = self.start(provider)
        provider.switch(**switches)
        with pytest.raises(AccountRefused):
            provider.gateway.start(*self.to_pay(provider), soon())
        for call in (provider.gateway.check, provider.gateway.close):
            with pytest.raises(AccountRefused):
                call(payment, soon())
        with pytest.raises(AccountRefused):
            provider.gateway.start_again(*self.to_pay(provider), soon())

    @pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody"}, {"api_key": "old"}])
    def test_wrong_credentials_are_told_without_them(self, provider: KpayProvider, wrong: dict[str, str]) -> None:
        gateway = provider.gateway_of(**wrong)
        with pytest.raises(AccountRefused) as refused:
            gateway.start(*self.to_pay(provider), soon())
        assert not any(word in refused.value.why for word in wrong.values() if word not in ("wrong", "old"))

    def test_an_account_without_a_key_sends_none(self, provider: KpayProvider) -> None:
        provider.switch(needs_key=False)
        assert provider.gateway_of(api_key=None).start(*self.to_pay(provider), soon()).payment_ref

    # ------------------------------------------------------------------ how it stands

    @pytest.mark.parametrize("kind", ["pad", "stringify"])
    def test_answers_that_are_padded_or_all_texts_are_read_all_the_same(
        self, provider: KpayProvider, kind: str
    ) -> None:
        order, payment = self.to_pay(provider)
        provider.sandbox.fault("kpay.pay", kind)
        started = provider.gateway.start(order, payment, soon())
        provider.sandbox.fault("kpay.checkstatus", kind)
        payment.bind(None, started.payment_ref)
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentPending)

    def test_what_kpay_does_not_know_is_pending_for_a_while_and_failed_after(self, provider: KpayProvider) -> None:
        _, payment = self.to_pay(provider)
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentPending)
        later = provider.gateway_of(now=lambda: now() + timedelta(seconds=121))
        assert isinstance(later.check(payment, soon())[0], PaymentFailed)

    def test_a_success_that_comes_after_a_failure_is_told(self, provider: KpayProvider) -> None:
        payment = self.start(provider)
        provider.decline(payment)
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentFailed)
        provider.pay(payment)
        assert isinstance(provider.gateway.check(payment, soon())[0], PaymentSucceeded)

    def test_an_operators_code_is_a_failure_that_names_it(self, provider: KpayProvider) -> None:
        payment = self.start(provider)
        provider.act(payment, "decline", {"statusid": "682"})
        (fact,) = provider.gateway.check(payment, soon())
        assert isinstance(fact, PaymentFailed)
        assert "682" in fact.why

    @pytest.mark.parametrize("code", [200, 500])
    def test_a_page_that_is_no_answer_settles_nothing(self, provider: KpayProvider, code: int) -> None:
        order, payment = self.to_pay(provider)
        provider.sandbox.fault("kpay.pay", "html", code=code)
        with pytest.raises(OutcomeUnknown):
            provider.gateway.start(order, payment, soon())
        provider.sandbox.fault("kpay.checkstatus", "html", code=code)
        with pytest.raises(RetryLater):
            provider.gateway.check(payment, soon())

    # ------------------------------------------------------------------ postbacks

    @pytest.mark.parametrize("form", ["json", "json_as_form", "form", "form_key"])
    def test_a_postback_in_any_form_is_a_hint_and_its_answer_is_what_kpay_waits_for(
        self, provider: KpayProvider, world: tuple[Sandbox, Shop], form: str
    ) -> None:
        provider.switch(postbacks=form)
        payment = self.start(provider)
        provider.pay(payment)
        _, shop = world

        def look() -> bytes | None:
            bodies = [one.body for one in list(shop.received) if one.told["refid"] == payment.id]
            return bodies[0].encode() if bodies else None

        body = eventually(look)
        assert body
        hint = provider.gateway.hint(body)
        assert (hint.payment_id, hint.payment_ref, hint.claim) == (payment.id, payment.payment_ref, Claim.PAID)
        assert hint.answer == {"tid": payment.payment_ref, "refid": payment.id, "reply": "OK"}
