"""Settings become the gateways that they ask for, each behind its breaker and told of the others."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from billing.application.ports import HintingGateway, PaymentGateway, SignedGateway
from billing.domain.errors import Invalid
from billing.domain.money import Money
from billing.entrypoints.container import Container, outside
from billing.entrypoints.kpay_settings import KpaySettings
from billing.entrypoints.settings import StripeSettings, WrongSettings, load_settings
from tests import twins
from tests.unit.adapters.kpay import OPTIONS

KPAY = replace(twins.KPAY, url="https://pay.kpay.example/", limits={"momo": (100, 5_000_000)})
STRIPE = StripeSettings(api_key="sk_test_example", webhook_secrets=("whsec_example",), api_base=None)


def gateways(stripe: StripeSettings | None, kpay: KpaySettings | None) -> dict[str, PaymentGateway]:
    settings = replace(load_settings(Path("no such file")), queue_url="memory://", stripe=stripe, kpay=kpay)
    built: dict[str, PaymentGateway] = Container(settings=settings).gateways()
    return built


def test_kpay_is_there_where_it_is_set_up_and_hints() -> None:
    found = gateways(STRIPE, KPAY)
    assert set(found) == {"stripe", "kpay"}
    assert isinstance(found["stripe"], SignedGateway)
    assert isinstance(found["kpay"], HintingGateway)
    assert not found["kpay"].manner.closes
    assert not found["kpay"].manner.refunds
    assert set(outside.hinting(found)) == {"kpay"}
    assert set(gateways(STRIPE, None)) == {"stripe"}


@pytest.mark.parametrize(("stripe", "instead"), [(STRIPE, "stripe"), (None, "another gateway")])
def test_kpay_knows_who_takes_what_it_does_not(stripe: StripeSettings | None, instead: str) -> None:
    with pytest.raises(Invalid, match=f"pay USD by {instead}"):
        gateways(stripe, KPAY)["kpay"].prepare(Money(1500, "USD"), OPTIONS)


# ---------------------------------------------------------------------- where it is


ENVIRONMENT = {"BILLING_KPAY_USERNAME": "shop", "BILLING_KPAY_PASSWORD": "secret", "BILLING_KPAY_RETAILER_ID": "02"}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str | None]:
    """The address that settings come to."""

    def load(url: str) -> str | None:
        for name, value in {**ENVIRONMENT, "BILLING_KPAY_URL": url}.items():
            monkeypatch.setenv(name, value)
        kpay = load_settings(Path("no such file")).kpay
        return kpay and kpay.url

    return load


@pytest.mark.parametrize(
    "url", ["https://pay.kpay.example/", "http://127.0.0.1:8080/", "http://localhost/", "http://[::1]/"]
)
def test_our_password_goes_over_tls_or_stays_on_this_machine(at: Callable[[str], str | None], url: str) -> None:
    assert at(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.kpay.example/",
        "http://127.0.0.1.kpay.example/",
        "http://localhost@kpay.example/",
        "ftp://pay.kpay.example/",
        "pay.kpay.example",
    ],
)
def test_an_address_on_which_others_listen_is_refused(at: Callable[[str], str | None], url: str) -> None:
    with pytest.raises(WrongSettings, match="BILLING_KPAY_URL: Must be"):
        at(url)
