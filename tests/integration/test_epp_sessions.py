"""The EPP registrar's sessions: whom they trust, how they are shared, and what happens when a line breaks."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.outcomes import Deadline, OutcomeUnknown, RetryLater
from billing.domain import DomainName, Invalid
from billing_sandbox.epp import EppRegistry
from tests.builders import a_registrant
from tests.contracts.registry import EXAMPLE, OURS, THREADS, at_once, within
from tests.integration.sandbox_registry import NOON, SandboxRegistry, serving, until


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[SandboxRegistry]:
    opened = SandboxRegistry(tmp_path / "epp")
    yield opened
    opened.close()


# ---------------------------------------------------------------------- whom we talk to


def test_a_registry_that_cannot_prove_its_name_is_told_nothing(registry: SandboxRegistry, tmp_path: Path):
    """Seen elsewhere: the registry's certificate was not looked at."""
    stranger = EppRegistry(tmp_path / "stranger", lambda: NOON, registry.faults)
    stranger.start()
    other_authority = stranger.settings()["BILLING_EPP_CA_FILE"]
    stranger.stop()
    for changes in ({"ca_file": other_authority}, {"ca_file": None}, {"server_name": "registry.example"}):
        registrar = registry.connect(**changes)
        with pytest.raises(RetryLater, match="TLS"):
            registrar.register(EXAMPLE, 1, a_registrant(), (), OURS, within())
    assert registry.asked() == 0


def test_the_name_in_the_certificate_may_differ_from_the_host(registry: SandboxRegistry):
    assert registry.connect(server_name="localhost").info(EXAMPLE, within()) is None


@pytest.mark.parametrize("field", ["ca_file", "client_cert_file"])
def test_a_certificate_file_that_cannot_be_read_is_named_at_once(registry: SandboxRegistry, field: str):
    with pytest.raises(Invalid, match=field):
        registry.connect(**{field: "/nowhere.pem"})


def test_a_wrong_password_is_the_operators_matter(registry: SandboxRegistry):
    registrar = registry.connect(password="not-the-one")
    with pytest.raises(RetryLater, match="our own login: EPP 2200"):
        registrar.register(EXAMPLE, 1, a_registrant(), (), OURS, within())
    [(name, fields)] = registry.telemetry.alarms
    assert (name, "not-the-one" in repr(fields)) == ("epp_login_refused", False)


def test_a_login_that_may_succeed_later_raises_no_alarm(registry: SandboxRegistry):
    registry.order("login", "refuse", code=2502)
    with pytest.raises(RetryLater, match="2502"):
        registry.info()
    assert registry.telemetry.alarms == []
    assert registry.info() is None


def test_all_addresses_of_a_registry_share_one_deadline(registry: SandboxRegistry):
    with socket.socket() as listener, socket.socket() as its_only_caller:
        listener.bind(("0.0.0.0", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        its_only_caller.connect(("127.0.0.1", port))  # whoever calls after that hears nothing at all
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (f"127.0.0.{n}", port)) for n in range(1, 9)
        ]
        looked_up = []

        def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            looked_up.append((host, port))
            return addresses

        registrar, started = registry.connect(resolve, port=port), time.monotonic()
        with pytest.raises(RetryLater, match="no session"):
            registrar.info(EXAMPLE, within(0.4))
        assert time.monotonic() - started < 1.5
        assert looked_up == [(registry.settings["BILLING_EPP_HOST"], port)]


# ---------------------------------------------------------------------- sessions


def test_one_session_serves_one_thread_for_long(registry: SandboxRegistry):
    registry.register()
    for _ in range(20):
        registry.info()
    assert registry.commands("login") == 1
    assert registry.commands("hello") == 0


def test_threads_share_no_more_sessions_than_are_allowed(registry: SandboxRegistry):
    registrar = registry.connect(sessions_max=2)
    names = [DomainName(f"name-{n}.rw") for n in range(THREADS)]
    ended = at_once(
        *(
            lambda name=name: registrar.register(name, 1, a_registrant(), (), f"KEY{name.labels[0]}", within())
            for name in names
        )
    )
    assert [one.name for one in ended] == names
    assert 1 <= registry.commands("login") <= 2


def test_who_gets_no_session_in_time_tries_later(registry: SandboxRegistry):
    registrar = registry.connect(sessions_max=1)
    registry.order("info", "hang")
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(registrar.info, EXAMPLE, within(1.0))
        until(lambda: registry.commands("info") == 1)
        with pytest.raises(RetryLater, match="busy"):
            registrar.info(EXAMPLE, within(0.1))
        with pytest.raises(RetryLater):
            first.result()
    assert registrar.info(EXAMPLE, within()) is None


def test_a_registry_that_was_restarted_is_found_again(registry: SandboxRegistry):
    at_once(*[registry.info] * 3)
    registry.epp.stop()
    registry.start()
    assert registry.register().holder == OURS
    registry.epp.stop()
    registry.start()
    assert registry.info().holder == OURS


def test_a_session_that_the_registry_ended_for_idleness_costs_nothing(registry: SandboxRegistry):
    registry.epp.stop()
    registry.start(idle_seconds=0.05)
    for call in (registry.info, registry.register, registry.info):
        call()
        until(lambda: not serving())
    assert registry.reported("epp_command")[-1]["code"] == "1000"
    assert "lost" not in {one["code"] for one in registry.reported("epp_command")}


def test_after_a_long_rest_a_session_must_answer_a_hello(registry: SandboxRegistry):
    registrar = registry.connect(hello_after_seconds=0.0, hello_timeout_seconds=0.2)
    registrar.info(EXAMPLE, within())
    registrar.info(EXAMPLE, within())
    assert (registry.commands("hello"), registry.commands("login")) == (1, 1)
    registry.order("hello", "hang")
    registrar.register(EXAMPLE, 1, a_registrant(), (), OURS, within())
    assert registry.commands("login") == 2
    assert registry.creates(EXAMPLE) == 1


def test_a_question_whose_line_breaks_is_asked_once_more(registry: SandboxRegistry):
    registry.register()
    registry.order("info", "close")
    assert registry.info().holder == OURS
    registry.order("info", "close", times=2)
    with pytest.raises(RetryLater):
        registry.info()


@pytest.mark.parametrize(("point", "contacts"), [("contact_create", 0), ("create", 1)])
def test_a_command_cut_off_before_it_took_effect_is_not_sent_again_by_itself(
    registry: SandboxRegistry, point: str, contacts: int
):
    registry.order(point, "close")
    with pytest.raises(OutcomeUnknown):
        registry.register()
    assert registry.commands(point) == 1
    assert len(registry.epp.state()["contacts"]) == contacts
    assert registry.register().holder == OURS
    assert registry.creates(EXAMPLE) == 1


def test_every_step_of_a_registration_can_be_repeated_after_its_answer_was_lost(registry: SandboxRegistry):
    for point in ("contact_create", "host_create", "create"):
        registry.order(point, "lose_answer")
        with pytest.raises(OutcomeUnknown):
            registry.register(nameservers=["ns1.host.example"])
    assert registry.register(nameservers=["ns1.host.example"]).holder == OURS
    assert registry.creates(EXAMPLE) == 1
    assert len(registry.epp.state()["contacts"]) == len(registry.epp.state()["hosts"]) == 1


@pytest.mark.parametrize("kind", ["hang", "reject_connect", "close", "refuse"])
def test_a_registry_that_does_not_greet_is_tried_later(registry: SandboxRegistry, kind: str):
    registry.order("connect", kind, times=None)
    started = time.monotonic()
    with pytest.raises(RetryLater):
        registry.registrar.register(EXAMPLE, 1, a_registrant(), (), OURS, within(0.5))
    assert time.monotonic() - started < 1.2
    assert registry.asked() == 0


def test_closing_logs_out_and_ends_every_later_call(registry: SandboxRegistry):
    registry.info()
    registry.registrar.close()
    registry.registrar.close()
    assert registry.commands("logout") == 1
    with pytest.raises(RetryLater, match="closed"):
        registry.info()
    until(lambda: not serving())


def test_closing_does_not_wait_for_a_registry_that_is_gone(registry: SandboxRegistry):
    registry.info()
    registry.order("logout", "hang")
    registrar, started = registry.connect(logout_timeout_seconds=0.2), time.monotonic()
    registrar.info(EXAMPLE, within())
    registrar.close()
    assert time.monotonic() - started < 2.0


def test_a_session_on_loan_while_closing_is_hung_up_when_it_comes_back(registry: SandboxRegistry):
    registry.order("info", "slow", seconds=0.3)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(registry.info)
        until(lambda: registry.commands("info") == 1)
        registry.registrar.close()
        assert asked.result() is None
    until(lambda: not serving())


def test_time_spent_on_logging_in_is_time_spent(registry: SandboxRegistry):
    class SlowReport(MemoryTelemetry):
        spent_seconds = 0.0

        def event(self, name: str, *, seconds: float | None = None, **fields: object) -> None:
            self.spent_seconds += 100.0 if name == "epp_session_opened" else 0.0

    registry.telemetry = SlowReport()
    deadline = Deadline.after(20.0, lambda: time.monotonic() + registry.telemetry.spent_seconds)
    with pytest.raises(RetryLater):
        registry.connect().register(EXAMPLE, 1, a_registrant(), (), OURS, deadline)
    assert (registry.commands("login"), registry.commands("contact_create")) == (1, 0)
