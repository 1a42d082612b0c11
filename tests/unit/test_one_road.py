"""The core knows no provider by name, and nothing that follows a proven payment asks whose it was."""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from billing.domain import DispatchPolicy

BILLING = Path(__file__).parents[2] / "src" / "billing"
CORE = {
    path.relative_to(BILLING).with_suffix("").as_posix(): path
    for room in ("application", "domain")
    for path in sorted((BILLING / room).rglob("*.py"))
}
VENDOR = re.compile("stripe|(?<!chec)kpay", re.IGNORECASE)
"""`CheckPayment` names nobody."""

NAMED: Mapping[tuple[str, str], str] = {
    (
        "domain/job",
        "CREATE_STRIPE_SUBSCRIPTION",
    ): "a kind of job, in ledgers for ever; any provider's billing",
    ("domain/job", "create_stripe_subscription"): "the same, as it is stored",
    ("application/subscriptions/billing_jobs", "CREATE_STRIPE_SUBSCRIPTION"): "where that job is asked for",
}
"""Every word of the core that names a vendor, with its reason."""

SPEAK: Mapping[str, str] = {
    "application/wallets/accounts": "finds who keeps methods",
    "application/money/attempts": "starts, asks and closes, by what its manner allows",
    "application/books/attempts_compared": "asks about attempts",
    "application/subscriptions/billers": "finds who bills",
    "application/books/billing_compared": "asks who bills",
    "application/books/books_compared": "asks for the books, where there are any",
    "application/inbox/hints": "reads what is told without proof",
    "application/inbox/intake": "reads what is told with proof",
    "application/money/paying": "prepares, starts and closes, by what its manner allows",
    "application/money/refunds": "has money paid back, or leaves that to a person, by its manner",
    "application/inbox/replay": "reads again",
    "application/books/setting_up": "sets up",
    "application/books/wallets_compared": "asks who keeps methods",
}
"""Modules that call a provider or hear it, and so look up which one it is."""

ASKED: Mapping[tuple[str, str], str] = {
    ("application/parts", "payment.gateway != gateway"): "what one provider tells settles no payment of another's",
    (
        "application/deliveries/hosting",
        "paying.gateway not in self.billed_by",
    ): "who bills by itself goes on",
    ("application/subscriptions/another_card", "subscription.gateway is None"): "nobody bills it",
    ("application/subscriptions/attending", "subscription.gateway is None"): "nobody bills it",
    (
        "application/subscriptions/billing_jobs",
        "subscription.gateway is not None",
    ): "somebody bills it, and has to end that",
    ("application/subscriptions/dunning", "gateway is not None"): "somebody bills it",
    (
        "application/subscriptions/following",
        "(subscription.gateway, subscription.billing_ref) != (gateway, fact.billing_ref)",
    ): "who bills it",
    ("application/subscriptions/lifecycle", "gateway is None"): "nobody bills it",
    (
        "application/wallets/lost_accounts",
        "subscription.gateway == gateway",
    ): "who bills it has lost the customer's account",
    ("application/subscriptions/owing", "gateway is None"): "nobody bills it",
    ("application/shop/pricing", "subscription.gateway is not None"): "somebody bills it, and no order may",
    ("application/subscriptions/recurring", "gateway is None"): "nobody bills it",
    ("domain/subscription", "self.gateway is None"): "nobody bills it",
    ("domain/subscription", "(self.gateway, self.billing_ref) != (gateway, billing_ref)"): "who bills it never changes",
}
"""Every other question about a gateway, with its reason: nearly all are who bills a subscription, if anybody."""


def words(source: str) -> Iterator[str]:
    """Names and texts, without what documents them."""
    tree = ast.parse(source)
    documents = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "module"):
            if isinstance(word := getattr(node, field, None), str):
                yield word
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            yield node.value


def vendors_named(source: str) -> set[str]:
    return {word for word in words(source) if VENDOR.search(word)}


def questions(source: str) -> set[str]:
    """Every expression in which something depends on a gateway or on its manner."""
    return {ast.unparse(asked) for node in ast.walk(ast.parse(source)) for asked in _asked(node) if _is_of(asked)}


def _asked(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Compare() | ast.Subscript():
            yield node
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield from (part for part in ast.walk(test) if isinstance(part, ast.Attribute) and part.attr in _MANNERS)
        case ast.Match(subject=subject):
            yield subject
        case ast.Call(func=ast.Attribute(attr="get" | "startswith")):
            yield node
        case ast.Call(func=ast.Name(id="isinstance" | "getattr")):
            yield node


_MANNERS = ("closes", "refunds")


def _is_of(asked: ast.expr) -> bool:
    names = {getattr(part, "attr", getattr(part, "id", None)) for part in ast.walk(asked)}
    return bool(names & {"gateway", "manner"})


@pytest.mark.parametrize("planted", ['if payment.gateway == "kpay": pass', "def ask_stripe(): pass", "at.KPAY_ONLY"])
def test_a_vendor_that_is_named_is_found(planted: str) -> None:
    assert vendors_named(planted)


def test_one_that_only_documents_is_not() -> None:
    assert vendors_named('"""As Stripe does."""\nx = 1  # and KPay') == set()


@pytest.mark.parametrize(
    "planted",
    [
        "if payment.gateway == fast: pass",
        "jobs[payment.gateway]",
        "jobs.get(order.paying.gateway)",
        "match payment.gateway:\n    case _: pass",
        "if gateway.manner.closes: pass",
        "wanted = jobs if not manner.refunds else []",
        "if isinstance(gateway, HintingGateway): pass",
        'payment.gateway.startswith("k")',
        "slow = payment.gateway in self.slow",
    ],
)
def test_a_question_about_the_gateway_is_found(planted: str) -> None:
    assert questions(planted)


def test_the_core_names_a_vendor_only_where_that_has_a_reason() -> None:
    found = {(module, word) for module, path in CORE.items() for word in vendors_named(path.read_text("utf-8"))}
    assert found == set(NAMED)


def test_whoever_does_not_speak_to_a_provider_asks_for_none_but_for_a_reason() -> None:
    found = {
        (module, asked)
        for module, path in CORE.items()
        if module not in SPEAK
        for asked in questions(path.read_text("utf-8"))
    }
    assert found == set(ASKED)


def test_whoever_is_said_to_speak_to_a_provider_does() -> None:
    assert [module for module in SPEAK if not questions(CORE[module].read_text("utf-8"))] == []


def test_what_is_dispatched_is_decided_by_the_order_alone() -> None:
    assert list(inspect.signature(DispatchPolicy.jobs_for).parameters) == ["self", "order"]
    assert list(inspect.signature(DispatchPolicy).parameters) == ["deliveries"]
    known = {word.lower() for word in words(CORE["domain/dispatch_policy"].read_text("utf-8"))}
    assert known & {"gateway", "manner", "payment", "payments", "paying", "attempt", "getattr"} == set()
