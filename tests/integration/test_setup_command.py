"""`billing stripe setup`: what it says, what it never says again, and with which exit code."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import responses

from billing.adapters.sql import migrations
from tests.integration.commands import Said, typed
from tests.unit.adapters.test_stripe_setup import BASE, READS_OF, a_list, an_endpoint, denied

Command = Callable[..., Said]
SECRET = "whsec_made_for_this_test"
HERE = {"url": "https://billing.example/webhooks/stripe"}


@pytest.fixture
def api() -> Iterator[responses.RequestsMock]:
    """A Stripe with nothing wrong, and no endpoint."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as api:
        api.get(f"{BASE}/account", json={"id": "acct_1", "object": "account", "charges_enabled": True})
        for path in READS_OF.values():
            api.get(f"{BASE}/{path}", json=a_list())
        yield api


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: responses.RequestsMock) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BILLING_STRIPE_API_KEY", "rk_test_nobody")
    monkeypatch.setenv("BILLING_PUBLIC_URL", "https://billing.example/")
    monkeypatch.setenv("BILLING_LOG_LEVEL", "debug")
    migrations.upgrade(f"sqlite:///{tmp_path}/var/billing.sqlite")
    return partial(typed, "stripe", "setup")


def made(api: responses.RequestsMock, **changed: Any) -> None:
    """From now on Stripe makes this endpoint, and lists it without its secret."""
    api.post(f"{BASE}/webhook_endpoints", json=an_endpoint(secret=SECRET, **changed))


def listed(api: responses.RequestsMock, *endpoints: dict[str, Any]) -> None:
    api.replace(responses.GET, f"{BASE}/webhook_endpoints", json=a_list(*endpoints))


def test_the_endpoint_is_made_and_its_secret_shown_once(command: Command, api: responses.RequestsMock) -> None:
    made(api)
    code, out, err = command()
    assert (code, err) == (0, "")
    assert f"endpoint we_1 for {HERE['url']}: made" in out
    assert out.count(SECRET) == 1
    listed(api, an_endpoint())
    code, out, err = command()
    assert (code, out, err) == (0, f"endpoint we_1 for {HERE['url']}: unchanged\n", "")


def test_another_address_can_be_given(command: Command, api: responses.RequestsMock) -> None:
    made(api, url="https://other.example/hook")
    assert "endpoint we_1 for https://other.example/hook: made" in command("--url", "https://other.example/hook")[1]


def test_a_dry_run_writes_nothing(command: Command, api: responses.RequestsMock) -> None:
    code, out, _ = command("--dry-run")
    assert (code, out) == (0, f"endpoint for {HERE['url']}: would be made\n")
    assert {call.request.method for call in api.calls} == {"GET"}


def test_programs_are_told_in_json(command: Command, api: responses.RequestsMock) -> None:
    made(api)
    listed(api, an_endpoint(id="we_0", api_version="2024-06-20"))
    code, out, _ = command("--json")
    assert (code, json.loads(out)) == (0, {
        "endpoint": "we_1", "url": HERE["url"], "did": "made", "secret": SECRET, "superseded": ["we_0"], "problems": [],
    })  # fmt: skip


def test_one_of_another_version_is_named_to_be_disabled_later(command: Command, api: responses.RequestsMock) -> None:
    made(api)
    listed(api, an_endpoint(id="we_0", api_version="2024-06-20"))
    out = command()[1]
    assert "we_0 sends to the same address in version 2024-06-20: keep its secret beside the new one" in out


def test_what_is_wrong_is_said_in_sentences_and_the_exit_code_tells(
    command: Command, api: responses.RequestsMock
) -> None:
    listed(api, an_endpoint())
    api.replace(responses.GET, f"{BASE}/refunds", status=403, json=denied("rak_refund_read"))
    code, out, err = command()
    assert code == 1
    assert "unchanged" in out
    assert err == "wrong: our key lacks Charges and Refunds: write, to pay back (Stripe names rak_refund_read)\n"


def test_a_key_that_may_make_no_endpoint_is_said(command: Command, api: responses.RequestsMock) -> None:
    api.post(f"{BASE}/webhook_endpoints", status=403, json=denied("rak_webhook_write"))
    code, _, err = command()
    assert code == 1
    assert err.startswith("billing: Stripe answered 403")


def test_without_a_key_nothing_is_asked(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BILLING_STRIPE_API_KEY")
    assert command() == (1, "", "billing: BILLING_STRIPE_API_KEY: not set\n")
