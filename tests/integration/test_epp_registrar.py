"""The EPP registrar against a registry over TLS: the contract, what it writes, and how each answer ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.adapters.epp_registrar import ExpiryFormat
from billing.application.outcomes import NeedsPerson, NotYet, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import HeldElsewhere
from billing.domain import AlertKind, DomainName
from tests.builders import a_registrant
from tests.contracts.registrar import RegistrarContract
from tests.contracts.registry import EXAMPLE, OURS, THEIRS, THREADS, at_once, within
from tests.integration.sandbox_registry import SandboxRegistry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[SandboxRegistry]:
    opened = SandboxRegistry(tmp_path / "epp")
    yield opened
    opened.close()


class TestEppRegistrar(RegistrarContract):
    """The contract over a socket."""


# ---------------------------------------------------------------------- one contact, its hosts, its secrets


def test_one_contact_serves_in_every_role(registry: SandboxRegistry):
    registry.register()
    roles = registry.rows("SELECT role, contact FROM domain_contacts WHERE domain = ?", str(EXAMPLE))
    assert {row["role"]: row["contact"] for row in roles} == dict.fromkeys(("admin", "tech", "billing"), OURS)


def test_metacharacters_and_other_scripts_arrive_as_they_were_written(registry: SandboxRegistry):
    registrant = a_registrant(
        name='Zoë & Sons <"co"> ]]>',
        organization="Uruganda rw'amazi",
        street=("KN 5 Rd", "Ağrı Çıkmazı 3"),
        city="Łódź",
        region="中文",
        postal_code="00-950",
    )
    registry.registrar.register(EXAMPLE, 1, registrant, (), OURS, within())
    postal = registry.contact()["postal"].encode().decode("unicode_escape")
    for text in (registrant.organization, *registrant.street, registrant.city, registrant.region, "Zoë & Sons <"):
        assert text in postal
    assert '"type": "loc"' in postal


def test_a_contact_in_ascii_is_written_in_the_international_form(registry: SandboxRegistry):
    registry.register()
    assert '"type": "int"' in registry.contact()["postal"]


def test_nameservers_that_the_registry_does_not_know_are_made_first(registry: SandboxRegistry):
    hosts = [f"ns{n}.host.example" for n in range(1, 8)]
    registry.register(nameservers=hosts[:2])
    registry.register(THEIRS, DomainName("another.rw"), nameservers=hosts)
    assert registry.commands("host_create") == len(hosts)
    used = registry.rows("SELECT host FROM domain_hosts WHERE domain = ?", "another.rw")
    assert [row["host"] for row in used] == hosts


def test_a_host_that_another_worker_made_meanwhile_is_as_good(registry: SandboxRegistry):
    registry.order("host_create", "lose_answer")
    with pytest.raises(OutcomeUnknown):
        registry.register(nameservers=["ns1.host.example"])
    ended = at_once(*[lambda: registry.register(nameservers=["ns1.host.example", "ns2.host.example"])] * THREADS)
    assert {one.holder for one in ended} == {OURS}


def test_a_nameserver_that_is_no_host_name_is_refused(registry: SandboxRegistry):
    with pytest.raises(Refused):
        registry.register(nameservers=["not a host"])
    assert registry.creates(EXAMPLE) == 0


def test_reports_name_every_command_and_no_secret(registry: SandboxRegistry):
    registry.register(nameservers=["ns1.host.example"])
    registry.order("info", "close", times=2)
    with pytest.raises(RetryLater):
        registry.info()
    commands = registry.reported("epp_command")
    assert [(one["command"], one["code"]) for one in commands] == [
        ("contact_create", "1000"),
        ("host_check", "1000"),
        ("host_create", "1000"),
        ("domain_create", "1000"),
        ("domain_info", "lost"),
        ("domain_info", "lost"),
    ]
    assert len({one["cl_trid"] for one in commands}) == len(commands)
    assert all(one["seconds"] >= 0 for one in commands)
    [domain] = registry.rows("SELECT auth_info FROM domains")
    for secret in (registry.settings["BILLING_EPP_PASSWORD"], registry.contact()["auth_info"], domain["auth_info"]):
        assert len(secret) >= 12
        assert secret not in repr(registry.telemetry.events)
    assert domain["auth_info"] != registry.contact()["auth_info"]


# ---------------------------------------------------------------------- renewals


@pytest.mark.parametrize("form", ExpiryFormat)
def test_the_expiry_is_sent_back_in_either_form(registry: SandboxRegistry, form: ExpiryFormat):
    expiry = registry.register().expires_at
    renewed = registry.connect(renew_expiry_format=form).renew(EXAMPLE, 1, expiry, "itm_9", within())
    assert renewed.expires_at == expiry.replace(year=expiry.year + 1)


def test_a_renewal_that_the_registry_has_yet_to_grant_is_waited_for_and_not_sent_again(registry: SandboxRegistry):
    expiry = registry.register().expires_at
    registry.epp.set_status(str(EXAMPLE), "pendingRenew")
    with pytest.raises(NotYet):
        registry.renew(expiry)
    assert registry.commands("renew") == 0


# ---------------------------------------------------------------------- result codes


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (2001, Refused),
        (2003, Refused),
        (2004, Refused),
        (2005, Refused),
        (2303, Refused),
        (2304, Refused),
        (2305, Refused),
        (2306, Refused),
        (2104, NotYet),
        (2002, RetryLater),
        (2200, RetryLater),
        (2400, RetryLater),
        (2500, RetryLater),
        (2501, RetryLater),
        (2502, RetryLater),
        (2101, NeedsPerson),
        (2201, NeedsPerson),
        (2308, NeedsPerson),
    ],
)
def test_a_result_code_ends_a_registration_in_one_known_way(registry: SandboxRegistry, code: int, ending: type):
    registry.order("create", "refuse", code=code)
    with pytest.raises(ending, match=f"EPP {code}: .*as ordered") as ended:
        registry.register()
    assert ending is not RetryLater or ended.value.is_answer, "it is there: that is no outage"
    assert registry.creates(EXAMPLE) == 0
    assert registry.register().holder == OURS


@pytest.mark.parametrize(("code", "ending"), [(2105, Refused), (2201, Refused), (2304, Refused), (2400, RetryLater)])
def test_a_result_code_ends_a_renewal_in_one_known_way(registry: SandboxRegistry, code: int, ending: type):
    expiry = registry.register().expires_at
    registry.order("renew", "refuse", code=code)
    with pytest.raises(ending):
        registry.renew(expiry)
    assert registry.renews(EXAMPLE) == 0


@pytest.mark.parametrize("code", [2201, 2202])
def test_a_name_whose_holder_is_not_shown_to_us_is_taken(registry: SandboxRegistry, code: int):
    registry.occupy(EXAMPLE)
    registry.order("info", "refuse", times=2, code=code)
    with pytest.raises(HeldElsewhere):
        registry.info()
    with pytest.raises(Refused, match="taken"):
        registry.register()


def test_a_name_that_exists_and_does_not_is_tried_again(registry: SandboxRegistry):
    registry.order("create", "refuse", code=2302)
    with pytest.raises(RetryLater) as ended:
        registry.register()
    assert ended.value.is_answer
    assert registry.register().holder == OURS


def test_the_operator_is_told_when_the_account_is_out_of_funds(registry: SandboxRegistry):
    registry.set_funds(False)
    with pytest.raises(NotYet, match="out of funds") as waits:
        registry.register()
    assert (waits.value.alert, waits.value.about) == (AlertKind.REGISTRAR_OUT_OF_FUNDS, "epp")
    assert [name for name, _ in registry.telemetry.alarms] == ["epp_out_of_funds"]
