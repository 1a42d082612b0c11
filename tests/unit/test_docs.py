"""What the documentation shows is run."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from billing import domain
from billing.adapters.kpay_gateway.codes import CODES
from billing.adapters.stripe_gateway.client import API_VERSION
from billing.adapters.stripe_gateway.events import READS
from billing.adapters.stripe_gateway.setup import PERMISSIONS
from billing.domain import (
    AlertKind,
    DispatchPolicy,
    Job,
    JobRequest,
    Money,
    Order,
    OrderItem,
    Payment,
    Registration,
    Subscription,
    Term,
)
from billing.entrypoints.settings import load_settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_page_about_the_domain_is_true() -> None:
    results = doctest.testfile(str(ROOT / "docs/domain.md"), module_relative=False)
    assert results.attempted > 5
    assert results.failed == 0


def test_every_setting_is_documented_and_nothing_else() -> None:
    modules = (ROOT / "src/billing/entrypoints").glob("*settings.py")
    source = "".join(module.read_text() for module in modules).replace("{kind.name}", "<KIND>")
    read = set(re.findall(r'env(?:\.\w+\(|, )f?"([A-Z_<>]+)"', source)) - {"BILLING_"}
    tables = [line.split("|")[1] for line in (ROOT / "docs/settings.md").read_text().splitlines() if "|" in line]
    assert set(re.findall(r"`([A-Z_<>]+)`", " ".join(tables))) == read


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(domain.__path__, "billing.domain.")])
def test_the_examples_of_the_domain_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


EXAMPLES = [
    ".".join(module.relative_to(ROOT / "src").with_suffix("").parts)
    for room in ("application", "adapters", "entrypoints")
    for module in sorted((ROOT / "src/billing" / room).rglob("*.py"))
    if ">>>" in module.read_text()
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_other_example_is_true(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0


def test_what_a_newcomer_meets_first_has_an_example() -> None:
    for value in (Order, OrderItem, Payment, Subscription, Registration, Job, JobRequest, DispatchPolicy, Money, Term):
        assert ">>>" in (value.__doc__ or ""), value


def test_the_runbook_tells_what_to_do_about_every_alert() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/runbook.md").read_text(), re.M)
    assert sorted(rows) == sorted(AlertKind)


def rows_of(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = (ROOT / page).read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_event_that_is_read_is_documented_and_no_other() -> None:
    assert [row[0] for row in rows_of("docs/stripe.md", "Events")] == list(READS)
    named = re.findall(r"`([a-z_]+\.(?:[a-z_]+\.)?(?:created|updated|failed|succeeded|completed|refunded))`", README)
    assert set(named) <= set(READS)


def test_every_permission_of_a_restricted_key_is_documented_and_no_other() -> None:
    documented = [tuple(row) for row in rows_of("docs/stripe.md", "The key")]
    assert documented == [(name, one.access, one.purpose) for name, one in PERMISSIONS.items()]


def test_the_pinned_version_is_the_one_that_is_documented() -> None:
    assert f"`{API_VERSION}`" in (ROOT / "docs/stripe.md").read_text()


def test_every_return_code_of_kpay_is_documented_and_no_other() -> None:
    rows = rows_of("docs/kpay.md", "Return codes")
    documented = {code: package.replace("`", "") for codes, _, package in rows for code in codes.split(", ")}
    assert documented == {code: known.package for code, known in CODES.items()}


def test_what_kpay_takes_is_what_is_documented(monkeypatch, tmp_path) -> None:
    for name in ("URL", "USERNAME", "PASSWORD", "RETAILER_ID"):
        monkeypatch.setenv(f"BILLING_KPAY_{name}", "https://pay.example/")
    kpay = load_settings(tmp_path / "none").kpay
    rows = rows_of("docs/kpay.md", "What is sent")
    sums = {method: [int(end.replace(" ", "")) for end in takes.split(",")] for method, takes, _ in rows}
    assert kpay is not None
    assert {method: tuple(ends) for method, ends in sums.items()} == kpay.limits
