"""Settings: each command asks for what it needs, and what is wrong is named."""

import logging
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Response

from billing.adapters.stripe_gateway.sessions import PAGE_OPEN_MAX, PAGE_OPEN_MIN
from billing.application.guarding.guarded import GuardedBilling, GuardedGateway, GuardedRegistrar
from billing.application.guarding.guarded_books import GuardedFeed, GuardedStatements
from billing.application.inbox.hints import HintLimits
from billing.application.money.paying import AttemptTimes
from billing.domain import DomainName
from billing.domain.errors import Invalid
from billing.domain.poll_schedule import PollSchedule
from billing.entrypoints import limits
from billing.entrypoints.clock import business_clock, now
from billing.entrypoints.container import Container
from billing.entrypoints.limits import http_config, pay_gate, pay_links
from billing.entrypoints.settings import WrongSettings, load_settings
from billing.entrypoints.startup import start_serving

NOWHERE = Path("no such file")
EPP = {"BILLING_EPP_HOST": "epp.example", "BILLING_EPP_USERNAME": "us", "BILLING_EPP_PASSWORD": "secret"}
STRIPE = {"BILLING_STRIPE_API_KEY": "sk_test_x", "BILLING_STRIPE_WEBHOOK_SECRETS": "whsec_x"}
KPAY = {
    "BILLING_KPAY_URL": "https://pay.example/",
    "BILLING_KPAY_USERNAME": "us",
    "BILLING_KPAY_PASSWORD": "secret",
    "BILLING_KPAY_RETAILER_ID": "02",
}
SECRET = {"BILLING_SECRET_KEY": secrets.token_hex(32)}
SHOP = {**STRIPE, **EPP, **SECRET, "BILLING_REGISTRARS": "rw=epp"}
MAIL = {"BILLING_SMTP_URL": "smtp://mail.example", "BILLING_MAIL_FROM": "Shop <billing@shop.example>"}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    def give(**settings: str) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)

    return give


def test_nothing_needs_to_be_set_to_look_at_the_embedded_ledger() -> None:
    assert load_settings(NOWHERE).database_url.startswith("sqlite:///")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BILLING_WORKERS", "many", "BILLING_WORKERS: Not a valid integer"),
        ("BILLING_WORKERS", "0", "BILLING_WORKERS: Must be greater than 0"),
        ("BILLING_ORDER_EXPIRY_MINUTES", "30", "BILLING_ORDER_EXPIRY_MINUTES"),
        ("BILLING_ATTEMPT_EXPIRY_MINUTES", "1441", "BILLING_ATTEMPT_EXPIRY_MINUTES"),
        ("BILLING_EPP_HOST", "epp.example", "BILLING_EPP_PASSWORD: Environment variable not set"),
        ("BILLING_DATABASE_URL", "mysql://x", "BILLING_DATABASE_URL: Must begin with"),
        ("BILLING_DATABASE_URL", "sqlite:foo", "BILLING_DATABASE_URL: Must begin with"),
        ("BILLING_DATABASE_URL", "sqlite:///", "BILLING_DATABASE_URL: Must name a file"),
        ("BILLING_DATABASE_URL", "sqlite:///:memory:", "BILLING_DATABASE_URL: Must name a file"),
        ("BILLING_DATABASE_URL", "postgresql://", "BILLING_DATABASE_URL: Must name a host"),
        ("BILLING_DATABASE_URL", "postgresql://us:hidden@host:many/db", "BILLING_DATABASE_URL: Its host or port"),
        ("BILLING_QUEUE_URL", "amqp://x", "BILLING_QUEUE_URL: Must begin with"),
        ("BILLING_QUEUE_URL", "redis:/x", "BILLING_QUEUE_URL: Must begin with"),
        ("BILLING_QUEUE_URL", "redis:///0", "BILLING_QUEUE_URL: Must be a host"),
        ("BILLING_QUEUE_URL", "redis://host/queue", "BILLING_QUEUE_URL: Must be a host"),
        ("BILLING_QUEUE_URL", "sqlite:///", "BILLING_QUEUE_URL: Must name a file"),
        ("BILLING_QUEUE_URL", "memory:", "BILLING_QUEUE_URL: Must begin with"),
        ("BILLING_REGISTRARS", "rw", "BILLING_REGISTRARS: rw is not suffix=adapter"),
        ("BILLING_REGISTRARS", "=epp", "BILLING_REGISTRARS: =epp is not suffix=adapter"),
        ("BILLING_REGISTRARS", "r w=epp", "BILLING_REGISTRARS: r w=epp is not suffix=adapter"),
        ("BILLING_REGISTRARS", "rw=epp,.RW=other", "BILLING_REGISTRARS: .rw is sent to two adapters"),
        ("BILLING_HTTP_BIND", "nonsense", "BILLING_HTTP_BIND: Must be host:port"),
        ("BILLING_HTTP_BIND", "127.0.0.1:99999", "BILLING_HTTP_BIND: Must be host:port"),
        ("BILLING_PUBLIC_URL", "nonsense", "BILLING_PUBLIC_URL: Must be an address"),
        ("BILLING_PUBLIC_URL", "https://", "BILLING_PUBLIC_URL: Must be an address"),
        ("BILLING_PUBLIC_URL", "https://billing.example:many", "BILLING_PUBLIC_URL: Must be an address"),
        ("BILLING_STRIPE_API_KEY_FILE", "/no/such", "BILLING_STRIPE_API_KEY_FILE must be a readable file path"),
        ("BILLING_JOB_LEASE_SECONDS", "40", "BILLING_JOB_LEASE_SECONDS must be longer"),
        ("BILLING_LOG_LEVEL", "loud", "BILLING_LOG_LEVEL"),
        ("BILLING_OPERATOR_EMAIL", "us@shop.example", "BILLING_OPERATOR_EMAIL: Needs BILLING_SMTP_URL"),
        ("BILLING_SMTP_URL", "smtp://mail.example", "BILLING_MAIL_FROM: Environment variable not set"),
        (
            "BILLING_JOB_CALL_DEADLINE_SECONDS",
            "50",
            "BILLING_JOB_LEASE_SECONDS must be longer than BILLING_JOB_CALL_DEADLINE_SECONDS and",
        ),
        (
            "BILLING_JOB_REGISTER_DOMAIN_CALL_DEADLINE_SECONDS",
            "50",
            "BILLING_JOB_LEASE_SECONDS must be longer than BILLING_JOB_REGISTER_DOMAIN_CALL_DEADLINE_SECONDS and",
        ),
        (
            "BILLING_JOB_CHECK_PAYMENT_BACKOFF_CAP_SECONDS",
            "1",
            "BILLING_JOB_CHECK_PAYMENT_BACKOFF_CAP_SECONDS must be at least BILLING_JOB_BACKOFF_BASE_SECONDS",
        ),
        ("BILLING_JOB_BACKOFF_BASE_SECONDS", "901", "BILLING_JOB_BACKOFF_CAP_SECONDS must be at least"),
        ("BILLING_JOB_CLOSE_PAYMENT_ATTEMPTS_MAX", "0", "BILLING_JOB_CLOSE_PAYMENT_ATTEMPTS_MAX: Must be"),
        ("BILLING_JOB_CONCURRENCY_MAX", "-1", "BILLING_JOB_CONCURRENCY_MAX: Must be"),
        ("BILLING_RECONCILE_INTERVAL_HOURS", "0.1", "BILLING_RECONCILE_INTERVAL_HOURS: Must be 0 or at least 0.25"),
        ("BILLING_RECONCILE_INTERVAL_HOURS", "nan", "BILLING_RECONCILE_INTERVAL_HOURS: "),
        ("BILLING_RECONCILE_INTERVAL_HOURS", "-1", "BILLING_RECONCILE_INTERVAL_HOURS: Must be"),
        ("BILLING_RECONCILE_DAYS", "31", "BILLING_RECONCILE_DAYS: Must be"),
        ("BILLING_BREAKER_OPEN_SECONDS", "601", "BILLING_BREAKER_OPEN_MAX_SECONDS must be at least"),
        ("BILLING_SECRET_KEY", "short", "BILLING_SECRET_KEY: Must be one or more by comma, each of 32 characters"),
        ("BILLING_FAILPOINTS_DIR", "/no/such", "BILLING_FAILPOINTS_DIR: There is no such folder"),
        ("BILLING_HTTP_TIMEOUT_SECONDS", "15", "must be longer than BILLING_WEB_CALL_DEADLINE_SECONDS"),
    ],
)
def test_a_wrong_setting_is_named(given, name: str, value: str, words: str) -> None:
    given(**{name: value})
    with pytest.raises(WrongSettings) as wrong:
        load_settings(NOWHERE)
    assert words in str(wrong.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BILLING_STRIPE_WEBHOOK_SECRETS", "whsec_a,"),
        ("BILLING_STRIPE_WEBHOOK_SECRETS", ""),
        ("BILLING_STRIPE_API_BASE", "nonsense"),
        ("BILLING_STRIPE_API_KEY", "pk_test_x"),
        ("BILLING_STRIPE_API_KEY", "sk_test_x y"),
        ("BILLING_EPP_HOST", "epp.example:700"),
        ("BILLING_EPP_HOST", "https://epp.example"),
        ("BILLING_EPP_PORT", "99999"),
        ("BILLING_EPP_CA_FILE", "/no/such"),
        ("BILLING_EPP_CLIENT_CERT_FILE", "/no/such"),
        ("BILLING_EPP_CLIENT_KEY_FILE", "/no/such"),
    ],
)
def test_a_wrong_setting_of_what_is_outside_is_named(given, name: str, value: str) -> None:
    given(**{**STRIPE, **EPP, name: value})
    with pytest.raises(WrongSettings, match=rf"\A{name}: Must be|\A{name}: There is no such file\.\Z"):
        load_settings(NOWHERE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BILLING_DATABASE_URL", "sqlite:////srv/billing.sqlite"),
        ("BILLING_DATABASE_URL", "postgresql://us:pa#s/s:w@[::1]:5432/billing?sslmode=require"),
        ("BILLING_DATABASE_URL", "postgresql+psycopg://us@/billing?host=/var/run/postgresql"),
        ("BILLING_QUEUE_URL", "rediss://:secret@queue.example:6380/3"),
        ("BILLING_QUEUE_URL", "redis://queue"),
        ("BILLING_QUEUE_URL", "postgresql://us@db/billing"),
        ("BILLING_QUEUE_URL", "memory://"),
        ("BILLING_HTTP_BIND", "[::1]:8000"),
        ("BILLING_PUBLIC_URL", ""),
        ("BILLING_EPP_CA_FILE", ""),
        ("BILLING_EPP_HOST", "2001:db8::7"),
    ],
)
def test_what_can_be_used_is_taken(given, name: str, value: str) -> None:
    given(**{**EPP, name: value})
    load_settings(NOWHERE)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", ("smtp", "mail.example", 587, None, None)),
        ("smtp://us%40shop:p%3Aw%2F@mail.example:2525", ("smtp", "mail.example", 2525, "us@shop", "p:w/")),
        ("smtp+starttls://us:@mail.example/", ("smtp+starttls", "mail.example", 587, "us", "")),
        ("smtps://[::1]", ("smtps", "::1", 465, None, None)),
    ],
)
def test_a_mail_server_is_read_from_its_address(given, url: str, server: tuple[object, ...]) -> None:
    given(**{**MAIL, "BILLING_SMTP_URL": url})
    mails = load_settings(NOWHERE).mails
    assert mails is not None
    read = mails.server
    assert (read.scheme, read.host, read.port, read.username, read.password) == server


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BILLING_SMTP_URL", "mail.example"),
        ("BILLING_SMTP_URL", "http://mail.example"),
        ("BILLING_SMTP_URL", "smtp://"),
        ("BILLING_SMTP_URL", "smtp://mail.example:many"),
        ("BILLING_SMTP_URL", "smtp://mail.example:0"),
        ("BILLING_SMTP_URL", "smtp://us@mail.example"),
        ("BILLING_SMTP_URL", "smtp://us:p%C3%A4ss@mail.example"),
        ("BILLING_SMTP_URL", "smtp://mail.example/inbox"),
        ("BILLING_SMTP_CA_FILE", "/no/such"),
        ("BILLING_SMTP_LINE_MAILS_MAX", "0"),
        ("BILLING_SMTP_LINE_IDLE_SECONDS", "0"),
        ("BILLING_MAIL_FROM", ""),
        ("BILLING_MAIL_FROM", "Shop"),
        ("BILLING_MAIL_FROM", "Shop <billing@shop.example>, other@shop.example"),
        ("BILLING_OPERATOR_EMAIL", "nobody"),
        ("BILLING_ALERT_INTERVAL_MINUTES", "0"),
    ],
)
def test_a_wrong_setting_of_mails_is_named(given, name: str, value: str) -> None:
    given(**{**MAIL, name: value})
    with pytest.raises(WrongSettings, match=rf"\A{name}: (Must|There is no such file)"):
        load_settings(NOWHERE)


def test_the_sender_may_have_a_name(given) -> None:
    given(**MAIL, BILLING_OPERATOR_EMAIL="us@shop.example")
    mails = load_settings(NOWHERE).mails
    assert mails is not None
    assert (mails.sender_name, mails.sender, mails.operator) == ("Shop", "billing@shop.example", "us@shop.example")


def test_without_a_mail_server_there_are_no_mails(given) -> None:
    given(BILLING_SMTP_URL="", BILLING_OPERATOR_EMAIL="")
    assert load_settings(NOWHERE).mails is None


def test_a_password_in_a_wrong_address_is_not_shown(given) -> None:
    given(BILLING_DATABASE_URL="postgresql://us:hidden@host:many/db")
    with pytest.raises(WrongSettings) as wrong:
        load_settings(NOWHERE)
    assert "hidden" not in str(wrong.value)


def test_every_wrong_setting_is_named_at_once(given) -> None:
    given(BILLING_WORKERS="many", BILLING_POOL_SIZE="few")
    with pytest.raises(WrongSettings) as wrong:
        load_settings(NOWHERE)
    assert len(str(wrong.value).splitlines()) == 2


def test_a_page_may_be_open_for_what_stripe_takes_and_no_other_time(given) -> None:
    minute = timedelta(minutes=1)
    for bound, beyond in ((PAGE_OPEN_MIN, PAGE_OPEN_MIN - minute), (PAGE_OPEN_MAX, PAGE_OPEN_MAX + minute)):
        given(BILLING_ATTEMPT_EXPIRY_MINUTES=str(bound // minute))
        assert load_settings(NOWHERE).shop.attempt_expiry_minutes * minute == bound
        given(BILLING_ATTEMPT_EXPIRY_MINUTES=str(beyond // minute))
        with pytest.raises(WrongSettings, match="BILLING_ATTEMPT_EXPIRY_MINUTES"):
            load_settings(NOWHERE)


@pytest.mark.parametrize(("size_max", "size"), [("5", 5), ("20", 20), ("100", 20)])
def test_no_page_is_larger_than_it_may_be(given, size_max: str, size: int) -> None:
    given(BILLING_HTTP_PAGE_SIZE_MAX=size_max)
    config = http_config(load_settings(NOWHERE), {})
    assert (config.page_size_default, config.page_size_max) == (size, int(size_max))


@pytest.mark.parametrize(
    ("public_url", "parts"),
    [
        ("https://billing.example", {"Path=/pay", "Secure"}),
        ("https://shop.example/billing/", {"Path=/billing/pay", "Secure"}),
        ("http://127.0.0.1:8000", {"Path=/pay"}),
    ],
)
def test_the_cookie_of_a_form_goes_to_where_we_are_reached(given, public_url: str, parts: set[str]) -> None:
    given(**SECRET, BILLING_PUBLIC_URL=public_url)
    settings = load_settings(NOWHERE)
    gate = pay_gate(settings, pay_links(settings), lambda: "value", lambda: 0.0)
    assert gate is not None
    answer = Response()
    gate.seal.set_cookie(answer, "value")
    assert set(answer.headers["Set-Cookie"].split("; ")) == {"pay_form=value", "HttpOnly", "SameSite=Lax"} | parts


def test_the_times_of_an_attempt_are_its_gateways(given) -> None:
    plain = load_settings(NOWHERE)
    assert (limits.payment_limits(plain).others, limits.poll_schedules(plain), limits.hint_limits(plain).kept_max) == (
        {},
        {},
        0,
    )
    given(**KPAY, BILLING_KPAY_POLL_SECONDS="5,30", BILLING_KPAY_RETRY_AFTER_SECONDS="90", BILLING_KPAY_HINTS_MAX="7")
    settings = load_settings(NOWHERE)
    times = limits.payment_limits(settings)
    assert times.times("kpay") == AttemptTimes(timedelta(hours=1), timedelta(seconds=90))
    assert times.times("stripe") == AttemptTimes(times.attempt_expiry)
    ages = (timedelta(seconds=5), timedelta(seconds=30))
    apart = timedelta(seconds=settings.shop.check_interval_min_seconds)
    assert limits.poll_schedules(settings) == {"kpay": PollSchedule(ages, apart)}
    assert limits.hint_limits(settings) == HintLimits(7, timedelta(seconds=settings.shop.check_interval_min_seconds))


def test_the_clock_of_a_live_shop_is_not_moved(given) -> None:
    given(
        BILLING_STRIPE_API_KEY="sk_live_x",
        BILLING_STRIPE_WEBHOOK_SECRETS="whsec_x",
        BILLING_CLOCK_OFFSET_FILE="offset",
    )
    with pytest.raises(WrongSettings, match="for demos and tests only"):
        load_settings(NOWHERE)


@pytest.mark.parametrize(("key", "is_live"), [("sk_live_x", True), ("rk_live_x", True), ("sk_test_x", False)])
def test_a_key_says_whether_it_is_live(given, key: str, is_live: bool) -> None:
    given(BILLING_STRIPE_API_KEY=key, BILLING_STRIPE_WEBHOOK_SECRETS="whsec_x")
    stripe = load_settings(NOWHERE).stripe
    assert stripe is not None
    assert stripe.is_live is is_live


def test_a_live_shop_is_not_broken_on_purpose(given, tmp_path: Path) -> None:
    live = {"BILLING_STRIPE_API_KEY": "sk_live_x", "BILLING_STRIPE_WEBHOOK_SECRETS": "whsec_x"}
    given(**live, BILLING_FAILPOINTS_DIR=str(tmp_path))
    with pytest.raises(WrongSettings, match="BILLING_FAILPOINTS_DIR breaks a shop with a live key"):
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
    given(**EPP, BILLING_REGISTRARS=".RW=epp, co.rw=epp,")
    assert load_settings(NOWHERE).registrars == {"rw": "epp", "co.rw": "epp"}


def test_no_secret_shows_where_settings_are_printed(given) -> None:
    given(**EPP, BILLING_STRIPE_API_KEY="sk_test_hidden", BILLING_STRIPE_WEBHOOK_SECRETS="whsec_hidden")
    given(BILLING_SMTP_URL="smtp://us:hidden@mail.example", BILLING_MAIL_FROM="billing@shop.example")
    shown = repr(load_settings(NOWHERE))
    assert "hidden" not in shown
    assert "'secret'" not in shown


@pytest.fixture
def serving(given, tmp_path: Path):
    def start(**settings: str) -> Container:
        given(**{
            "BILLING_DATABASE_URL": f"sqlite:///{tmp_path}/billing.sqlite",
            "BILLING_QUEUE_URL": f"sqlite:///{tmp_path}/queue.sqlite",
            **settings,
        })  # fmt: skip
        return start_serving(load_settings(NOWHERE))

    return start


@pytest.fixture(autouse=True)
def _logging_is_left_alone() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_serves_is_built_before_it_runs(serving) -> None:
    container = serving(**SHOP, **MAIL)
    assert container.notifier() is not None
    assert list(container.gateways()) == ["stripe"]
    assert list(container.registrars().by_suffix) == ["rw"]
    # nobody outside is called but through a circuit breaker
    assert isinstance(container.gateways()["stripe"], GuardedGateway)
    assert isinstance(container.event_feeds()["stripe"], GuardedFeed)
    assert isinstance(container.statements()["stripe"], GuardedStatements)
    assert isinstance(container.recurring_billing()["stripe"], GuardedBilling)
    assert isinstance(container.registrars().of(DomainName("example.rw")), GuardedRegistrar)
    # the web server forks after this
    assert container.bell().storage._conn is None
    assert container.engine().pool.checkedin() == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "BILLING_STRIPE_API_KEY is not set"),
        ({"BILLING_STRIPE_API_KEY": "sk_test_x"}, "BILLING_STRIPE_WEBHOOK_SECRETS: Environment variable not set"),
        (STRIPE, "BILLING_SECRET_KEY is not set"),
        ({**STRIPE, **SECRET}, "BILLING_REGISTRARS is not set"),
        ({**STRIPE, "BILLING_REGISTRARS": "rw=epp"}, r"sends \.rw to epp, .* not set up by BILLING_EPP_"),
        ({**STRIPE, **EPP, "BILLING_REGISTRARS": "rw=other"}, r"sends \.rw to other, which is unknown"),
        ({**STRIPE, **EPP, "BILLING_EPP_CA_FILE": __file__, "BILLING_REGISTRARS": "rw=epp"}, "BILLING_EPP_CA_FILE: "),
        ({"BILLING_QUEUE_URL": f"sqlite:///{__file__}/queue"}, "BILLING_QUEUE_URL: "),
        (
            {**STRIPE, **EPP, **MAIL, "BILLING_SMTP_CA_FILE": __file__, "BILLING_REGISTRARS": "rw=epp"},
            "BILLING_SMTP_CA",
        ),
        ({"BILLING_METRICS_DIR": __file__}, "BILLING_METRICS_DIR can't be made"),
    ],
)
def test_nothing_serves_with_settings_that_can_not_work(serving, settings: dict[str, str], words: str) -> None:
    with pytest.raises(WrongSettings, match=words):
        serving(**settings)


def test_only_a_shop_that_is_told_so_has_failpoints(serving, tmp_path: Path) -> None:
    wired = serving(**SHOP)
    assert type(wired.begin()).__module__ == "billing.adapters.sql.ledger"
    watched = serving(BILLING_FAILPOINTS_DIR=str(tmp_path))
    assert type(watched.begin()).__module__ == type(watched.queue()).__module__ == "billing.entrypoints.failpoints"


@pytest.mark.parametrize("text", ["soon", "1e400", "1e300", "nan"])
def test_a_malformed_clock_offset_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "offset").write_text(text)
    with pytest.raises(Invalid, match="must hold a number of seconds"):
        business_clock(tmp_path / "offset")()


@pytest.mark.parametrize("text", ["60", " 60.0\n"])
def test_the_business_clock_is_moved_by_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "offset").write_text(text)
    assert timedelta(seconds=59) < business_clock(tmp_path / "offset")() - now() < timedelta(seconds=61)
