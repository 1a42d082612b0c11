"""What the documentation shows is run."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from billing import domain
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

ROOT = Path(__file__).parents[2]


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


def test_what_a_newcomer_meets_first_has_an_example() -> None:
    for value in (Order, OrderItem, Payment, Subscription, Registration, Job, JobRequest, DispatchPolicy, Money, Term):
        assert ">>>" in (value.__doc__ or ""), value


def test_the_runbook_tells_what_to_do_about_every_alert() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/runbook.md").read_text(), re.M)
    assert sorted(rows) == sorted(AlertKind)
