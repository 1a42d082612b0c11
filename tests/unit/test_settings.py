"""Settings: each command asks for what it needs, and what is wrong is named."""

from pathlib import Path

import pytest

from billing.entrypoints.settings import WrongSettings, load_settings

NOWHERE = Path("no such file")
EPP = {"BILLING_EPP_HOST": "epp.example", "BILLING_EPP_USERNAME": "us", "BILLING_EPP_PASSWORD": "secret"}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    def give(**settings: str) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)

    return give


def test_nothing_needs_to_be_set_to_look_at_the_embedded_ledger() -> None:
    settings = load_settings(NOWHERE)
    assert settings.database_url.startswith("sqlite:///")
    with pytest.raises(WrongSettings, match="BILLING_STRIPE_API_KEY is not set"):
        settings.require_gateway()
    with pytest.raises(WrongSettings, match="BILLING_REGISTRARS is not set"):
        settings.require_registrar()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BILLING_WORKERS", "many", "BILLING_WORKERS: Not a valid integer"),
        ("BILLING_WORKERS", "0", "BILLING_WORKERS: Must be greater than 0"),
        ("BILLING_ORDER_EXPIRY_MINUTES", "30", "BILLING_ORDER_EXPIRY_MINUTES"),
        ("BILLING_ATTEMPT_EXPIRY_MINUTES", "1441", "BILLING_ATTEMPT_EXPIRY_MINUTES"),
        ("BILLING_STRIPE_API_KEY", "sk_test_x", "BILLING_STRIPE_WEBHOOK_SECRETS: Environment variable not set"),
        ("BILLING_EPP_HOST", "epp.example", "BILLING_EPP_PASSWORD: Environment variable not set"),
        ("BILLING_DATABASE_URL", "mysql://x", "BILLING_DATABASE_URL must begin with"),
        ("BILLING_QUEUE_URL", "amqp://x", "BILLING_QUEUE_URL must begin with"),
        ("BILLING_REGISTRARS", "rw=epp", "BILLING_EPP_HOST is not set"),
        ("BILLING_REGISTRARS", "rw=other", "the registrar adapters are: epp"),
        ("BILLING_JOB_LEASE_SECONDS", "40", "BILLING_JOB_LEASE_SECONDS must be longer"),
        ("BILLING_LOG_LEVEL", "loud", "BILLING_LOG_LEVEL"),
    ],
)
def test_a_wrong_setting_is_named(given, name: str, value: str, words: str) -> None:
    given(**{name: value})
    with pytest.raises(WrongSettings) as wrong:
        load_settings(NOWHERE)
    assert words in str(wrong.value)


def test_every_wrong_setting_is_named_at_once(given) -> None:
    given(BILLING_WORKERS="many", BILLING_POOL_SIZE="few")
    with pytest.raises(WrongSettings) as wrong:
        load_settings(NOWHERE)
    assert len(str(wrong.value).splitlines()) == 2


def test_the_clock_of_a_live_shop_is_not_moved(given) -> None:
    given(
        BILLING_STRIPE_API_KEY="sk_live_x",
        BILLING_STRIPE_WEBHOOK_SECRETS="whsec_x",
        BILLING_CLOCK_OFFSET_FILE="offset",
    )
    with pytest.raises(WrongSettings, match="for demos and tests only"):
        load_settings(NOWHERE)


def test_a_secret_may_come_from_a_file(given, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk_test_from_file\n")
    given(BILLING_STRIPE_API_KEY_FILE=str(tmp_path / "key"), BILLING_STRIPE_WEBHOOK_SECRETS="whsec_1,whsec_2")
    stripe = load_settings(NOWHERE).stripe
    assert stripe is not None
    assert (stripe.api_key, stripe.webhook_secrets) == ("sk_test_from_file", ("whsec_1", "whsec_2"))


def test_the_environment_wins_over_the_file(given, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BILLING_WORKERS=7\nBILLING_POOL_SIZE=8\n")
    given(BILLING_WORKERS="9")
    settings = load_settings(tmp_path / ".env")
    assert (settings.jobs.workers, settings.pool_size) == (9, 8)


def test_registrars_are_routed_by_suffix(given) -> None:
    given(**EPP, BILLING_REGISTRARS="rw=epp,co.rw=epp")
    assert load_settings(NOWHERE).registrars == {"rw": "epp", "co.rw": "epp"}


def test_no_secret_shows_where_settings_are_printed(given) -> None:
    given(**EPP, BILLING_STRIPE_API_KEY="sk_test_hidden", BILLING_STRIPE_WEBHOOK_SECRETS="whsec_hidden")
    shown = repr(load_settings(NOWHERE))
    assert "hidden" not in shown
    assert "'secret'" not in shown
