"""What Stripe tells of saved methods, in the oldest shape and the newest: always as they stand now."""

from typing import Any

import pytest

from billing.adapters.stripe_gateway import events
from billing.application.ports import Reading
from billing.domain.facts import Fact, MethodStands, PaymentSucceeded
from billing.domain.money import Money
from billing.domain.wallet import Card
from tests.unit.adapters.test_stripe_events import INSTALLATION, NEW, NEW_SESSION, OLD, Account, stored

CUSTOMERS = {OLD: "cus_Old00000000001", NEW: "cus_New00000000001"}
METHODS = {OLD: "pm_Old0000000000001", NEW: "pm_New0000000000001"}
YEARS = {OLD: 2024, NEW: 2029}
VERSIONS = (OLD, NEW)


class Vault(Account):
    """Methods as they stand now: by their id what is to be said of them, None for one that is gone."""

    def __init__(self, **now: dict[str, Any] | None) -> None:
        self.now, self.fetched = now, list[str]()

    def method(self, method_ref: str) -> dict[str, Any] | None:
        self.fetched.append(method_ref)
        saved = super().method(method_ref)
        changed = self.now.get(method_ref, {})
        return None if changed is None or saved is None else saved | changed

    def intent(self, intent_ref: str) -> dict[str, Any]:
        return super().intent(intent_ref) | {
            "customer": CUSTOMERS[NEW],
            "payment_method": METHODS[NEW],
            "setup_future_usage": self.now.get(intent_ref),
        }


def read(event: dict[str, Any], vault: Vault | None = None) -> Reading:
    return events.read_event(event, INSTALLATION, vault or Vault())


def standing(version: str, **changed: Any) -> MethodStands:
    card = Card(brand="visa", last4="4242", exp_month=4, exp_year=YEARS[version])
    known = {"customer_ref": CUSTOMERS[version], "method_ref": METHODS[version], "is_attached": True, "card": card}
    return MethodStands(**(known | changed))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "type",
    [
        "payment_method.attached",
        "payment_method.updated",
        "payment_method.automatically_updated",
        "setup_intent.succeeded",
    ],
)
def test_what_is_saved_or_changed_is_told_as_it_stands(version: str, type: str) -> None:
    reading = read(stored(version, type))
    assert list(reading.facts) == [standing(version)]
    assert {CUSTOMERS[version], METHODS[version]} <= reading.refs


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("now", [{"customer": None}, None], ids=["detached", "gone"])
def test_what_is_detached_is_told_with_the_account_that_it_was_in(version: str, now: dict[str, Any] | None) -> None:
    reading = read(stored(version, "payment_method.detached"), Vault(**{METHODS[version]: now}))
    (fact,) = reading.facts
    assert isinstance(fact, MethodStands)
    assert (fact.customer_ref, fact.method_ref) == (CUSTOMERS[version], METHODS[version])
    assert not fact.is_attached
    assert CUSTOMERS[version] in reading.refs


@pytest.mark.parametrize("type", ["payment_method.attached", "payment_method.updated", "setup_intent.succeeded"])
def test_an_event_that_comes_late_does_not_bring_back_what_was_detached(type: str) -> None:
    (fact,) = read(stored(NEW, type), Vault(**{METHODS[NEW]: {"customer": None}})).facts
    assert isinstance(fact, MethodStands)
    assert not fact.is_attached


@pytest.mark.parametrize("version", VERSIONS)
def test_a_setup_that_failed_saves_nothing_and_says_why(version: str) -> None:
    reading = read(stored(version, "setup_intent.setup_failed"))
    assert list(reading.facts) == []
    assert reading.why == "the method was not saved: do_not_honor"
    assert reading.installation == INSTALLATION


@pytest.mark.parametrize("changed", [{"customer": None}, {"payment_method": None}])
def test_a_setup_for_nobody_saves_nothing(changed: dict[str, Any]) -> None:
    vault = Vault()
    assert read(stored(NEW, "setup_intent.succeeded", **changed), vault).facts == ()
    assert vault.fetched == []


def test_a_method_of_nobody_is_none_of_ours() -> None:
    assert read(stored(NEW, "payment_method.attached", customer=None)).facts == ()


@pytest.mark.parametrize(
    ("kind", "details"), [("link", {"link": {"email": "aline@example.rw"}}), ("something_new", {}), ("card", {})]
)
def test_a_method_of_any_kind_is_kept_and_only_a_card_shows_one(kind: str, details: dict[str, Any]) -> None:
    now = {"type": kind, "card": None, **details}
    (fact,) = read(stored(NEW, "payment_method.attached"), Vault(**{METHODS[NEW]: now})).facts
    assert fact == standing(NEW, kind=kind, card=None)


# ---------------------------------------------------------------------- the default


@pytest.mark.parametrize("version", VERSIONS)
def test_another_default_is_told_with_the_method_that_it_is(version: str) -> None:
    reading = read(stored(version, "customer.updated"))
    assert list(reading.facts) == [standing(version, is_default=True)]
    assert {CUSTOMERS[version], METHODS[version]} <= reading.refs


def test_a_default_that_is_none_any_more_says_nothing() -> None:
    class Nothing(Vault):
        def customer(self, customer_ref: str) -> dict[str, Any]:
            return super().customer(customer_ref) | {"invoice_settings": {"default_payment_method": None}}

    assert read(stored(NEW, "customer.updated"), Nothing()).facts == ()


def test_another_name_of_a_customer_fetches_nothing() -> None:
    event, vault = stored(NEW, "customer.updated"), Vault()
    event["data"]["previous_attributes"] = {"name": "A. Uwase"}
    assert read(event, vault).facts == ()
    assert vault.fetched == []


# ---------------------------------------------------------------------- pages


def test_a_page_on_which_a_method_was_saved_tells_of_it() -> None:
    session = {"mode": "setup", "setup_intent": "seti_New000000000001", "payment_intent": None, "status": "complete"}
    reading = read(stored(NEW, "checkout.session.completed", **session))
    assert list(reading.facts) == [standing(NEW)]
    assert reading.installation == INSTALLATION


@pytest.mark.parametrize("changed", [{"status": "open"}, {"setup_intent": None}])
def test_a_page_on_which_nothing_was_saved_says_so(changed: dict[str, Any]) -> None:
    session = {"mode": "setup", "setup_intent": "seti_New000000000001", "payment_intent": None, "status": "complete"}
    reading = read(stored(NEW, "checkout.session.expired", **session | changed))
    assert list(reading.facts) == []
    assert "saved" in reading.why


@pytest.mark.parametrize(("usage", "saved"), [("off_session", [standing(NEW)]), (None, [])])
def test_a_payment_with_a_customer_tells_of_the_method_if_it_was_saved(usage: str | None, saved: list[Fact]) -> None:
    vault = Vault(pi_New0000000000001=usage)  # type: ignore[arg-type]
    reading = read(stored(NEW, "checkout.session.completed", customer=CUSTOMERS[NEW]), vault)
    assert list(reading.facts) == [PaymentSucceeded(**NEW_SESSION, received=Money(1800, "USD")), *saved]


def test_an_ordinary_payment_fetches_nothing() -> None:
    vault = Vault()
    read(stored(NEW, "checkout.session.completed", customer=None), vault)
    read(stored(NEW, "payment_intent.succeeded"), vault)
    assert vault.fetched == []
