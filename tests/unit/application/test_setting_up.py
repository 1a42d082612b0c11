"""The arrangement with a provider: one endpoint that tells exactly what we read, made once."""

from dataclasses import replace

import pytest

from billing.adapters.memory.setup import MemorySetup
from billing.application.books.setting_up import Did, EndpointSetUp, SetUpProvider
from billing.application.outcomes import OutcomeUnknown
from billing.application.provider_ports import Endpoint
from billing.domain import NotFound
from tests.contracts.payment_gateway import soon

URL = "https://billing.example/webhooks/memory"


@pytest.fixture
def provider() -> MemorySetup:
    return MemorySetup()


def set_up(provider: MemorySetup, *, dry_run: bool = False) -> EndpointSetUp:
    return SetUpProvider({provider.gateway: provider})("memory", URL, soon, dry_run=dry_run)


def an_endpoint(provider: MemorySetup, **changed: object) -> Endpoint:
    made = provider.make_endpoint(URL, soon())
    provider.held[-1] = replace(made, **changed)  # type: ignore[arg-type]
    return provider.held[-1]


def test_an_endpoint_is_made_once_and_its_secret_is_told_once(provider: MemorySetup) -> None:
    first, second = set_up(provider), set_up(provider)
    assert (first.did, second.did) == (Did.MADE, Did.UNCHANGED)
    assert first.endpoint and second.endpoint
    assert first.endpoint.ref == second.endpoint.ref
    assert (first.endpoint.secret, second.endpoint.secret) == ("secret of 1", None)
    assert (first.endpoint.types, first.endpoint.version) == (provider.types, provider.version)
    assert "secret of 1" not in repr(first)


def test_a_dry_run_makes_nothing(provider: MemorySetup) -> None:
    assert set_up(provider, dry_run=True) == EndpointSetUp(Did.MADE, None, [])
    assert provider.held == []


@pytest.mark.parametrize(
    "changed", [{"types": frozenset({"payment.paid", "other"})}, {"is_enabled": False}], ids=["types", "switch"]
)
def test_an_endpoint_that_is_not_as_it_should_be_is_corrected(
    provider: MemorySetup, changed: dict[str, object]
) -> None:
    old = an_endpoint(provider, **changed)
    assert set_up(provider, dry_run=True).did is Did.CORRECTED
    assert provider.held == [old]
    assert [set_up(provider).did for _ in range(2)] == [Did.CORRECTED, Did.UNCHANGED]
    assert [(one.ref, one.types, one.is_enabled) for one in provider.held] == [(old.ref, provider.types, True)]


def test_of_two_that_fit_the_one_that_tells_us_is_kept_and_the_other_stays_off(provider: MemorySetup) -> None:
    off, on = an_endpoint(provider, is_enabled=False), an_endpoint(provider)
    assert set_up(provider) == EndpointSetUp(Did.UNCHANGED, replace(on, secret=None), [])
    assert provider.held == [off, on]


@pytest.mark.parametrize("version", ["0", None])
def test_one_of_another_version_is_superseded_and_left_alone(provider: MemorySetup, version: str | None) -> None:
    old = an_endpoint(provider, version=version)
    first, second = set_up(provider), set_up(provider)
    assert (first.did, second.did) == (Did.MADE, Did.UNCHANGED)
    for done in (first, second):
        assert [one.ref for one in done.superseded] == [old.ref]
    provider.held[0] = replace(old, is_enabled=False)
    assert set_up(provider).superseded == []


def test_endpoints_of_other_programs_are_none_of_our_business(provider: MemorySetup) -> None:
    other = an_endpoint(provider, url="https://other.example/hooks")
    assert set_up(provider).did is Did.MADE
    assert provider.held[0] == other


def test_after_a_lost_answer_the_endpoint_is_found(provider: MemorySetup) -> None:
    provider.lose_answer()
    with pytest.raises(OutcomeUnknown):
        set_up(provider)
    assert set_up(provider).did is Did.UNCHANGED
    assert len(provider.held) == 1


def test_every_check_that_finds_something_is_told(provider: MemorySetup) -> None:
    use_case = SetUpProvider({"memory": provider})
    assert list(use_case.problems("memory", soon)) == []
    provider.wrong["the key"] = "our key lacks Refunds"
    assert [list(use_case.problems("memory", soon)) for _ in range(2)] == [["our key lacks Refunds"]] * 2


def test_a_provider_that_is_not_set_up_is_named(provider: MemorySetup) -> None:
    with pytest.raises(NotFound, match="no gateway kpay"):
        SetUpProvider({"memory": provider})("kpay", URL, soon)
