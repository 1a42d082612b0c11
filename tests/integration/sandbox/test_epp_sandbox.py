"""The sandbox's registry, driven over TLS by the client library that production uses."""

from __future__ import annotations

import socket
import ssl
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from epptools import (
    AuthenticationException,
    Client,
    CommandException,
    Config,
    ConnectionException,
    ObjectDoesNotExistError,
    ObjectExistsError,
    SessionError,
)

from billing_sandbox.epp import EppRegistry
from billing_sandbox.faults import Faults
from billing_sandbox.store import Store

NOON = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
DEADLINE_SECONDS = 10.0
EPP = "urn:ietf:params:xml:ns:epp-1.0"
DOMAIN = "urn:ietf:params:xml:ns:domain-1.0"


class Shop:
    """A registry under test with its clock, its faults, and the clients opened on it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.time, self.clients = directory, NOON, ExitStack()
        self.faults = Faults(Store(":memory:"))
        self.registry = self.open()

    def open(self, idle_seconds: float = 600.0) -> EppRegistry:
        self.registry = EppRegistry(self.directory, lambda: self.time, self.faults, idle_seconds=idle_seconds)
        self.registry.start("127.0.0.1", 0)
        return self.registry

    def reopen(self, idle_seconds: float = 600.0) -> None:
        self.registry.stop()
        self.open(idle_seconds)

    def close(self) -> None:
        self.clients.close()
        self.registry.stop()

    def config(self, **changes: object) -> Config:
        given = self.registry.settings()
        values: dict[str, object] = {
            "host": given["BILLING_EPP_HOST"],
            "port": int(given["BILLING_EPP_PORT"]),
            "clid": given["BILLING_EPP_USERNAME"],
            "password": given["BILLING_EPP_PASSWORD"],
            "ca_file": given["BILLING_EPP_CA_FILE"],
            "connect_timeout": DEADLINE_SECONDS,
            "read_timeout": DEADLINE_SECONDS,
        }
        return Config.from_dict(values | changes)

    def client(self, **changes: object) -> Client:
        return self.clients.enter_context(Client.connect_and_login(self.config(**changes)))

    def order_fault(self, point: str, kind: str, **more: object) -> None:
        self.faults.replace({"faults": [{"point": point, "kind": kind, "times": 1, **more}]})

    def domain(self, name: str) -> dict[str, object]:
        [found] = [row for row in self.registry.state()["domains"] if row["name"] == name]
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "epp")
    yield opened
    opened.close()


def make_contact(client: Client, handle: str = "B0001", **changes: object) -> None:
    values = {
        "name": "Aline Uwase",
        "street": ["KG 7 Ave 12"],
        "city": "Kigali",
        "cc": "RW",
        "voice": "+250.788000000",
        "email": "aline@example.rw",
        "auth_info": "contact-secret",
    }
    client.contact.create(handle, **(values | changes))


def make_domain(client: Client, name: str = "shop.rw", **changes: object) -> object:
    values = {"years": 1, "registrant": "B0001", "auth_info": "domain-secret"}
    return client.domain.create(name, **(values | changes))


def command(body: str) -> str:
    return f'<epp xmlns="{EPP}"><command>{body}</command></epp>'


def code_of(call: Callable[[], object]) -> int:
    with pytest.raises(CommandException) as caught:
        call()
    return caught.value.epp_code


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "did not come true in time"
        threading.Event().wait(0.005)


# --- the line -------------------------------------------------------------------------------------


def test_a_client_without_the_authority_is_not_connected(shop: Shop) -> None:
    with pytest.raises(ConnectionException, match="TLS handshake"):
        Client(shop.config(ca_file=None)).connect()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_certificate_is_valid_for_both_names_of_loopback(shop: Shop, host: str) -> None:
    assert shop.client(host=host).is_logged_in()


def test_strict_verification_accepts_the_chain(shop: Shop) -> None:
    context = ssl.create_default_context(cafile=shop.registry.settings()["BILLING_EPP_CA_FILE"])
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_connection(("127.0.0.1", shop.registry.port), DEADLINE_SECONDS) as plain:
        context.wrap_socket(plain, server_hostname="localhost").close()


def test_secrets_are_readable_by_their_owner_only(shop: Shop) -> None:
    for name in ("server.key", "registrar.json"):
        assert stat.S_IMODE((shop.directory / name).stat().st_mode) == 0o600


def test_an_idle_connection_stays_usable_and_hinders_nobody(shop: Shop) -> None:
    idle = [shop.client() for _ in range(20)]
    with socket.create_connection(("127.0.0.1", shop.registry.port), DEADLINE_SECONDS):
        assert shop.client().domain.check(["free.rw"]).availability() == {"free.rw": True}
    assert all(client.hello().is_greeting() for client in idle)


def test_a_connection_idle_for_too_long_is_closed(shop: Shop) -> None:
    shop.reopen(idle_seconds=0.05)
    client = Client(shop.config())
    client.connect()
    assert client._connection._sock.recv(1) == b""
    with pytest.raises(ConnectionException, match="closed"):
        client.hello()


def test_a_frame_beyond_the_limit_ends_the_connection(shop: Shop) -> None:
    client = shop.client()
    client._connection._sock.sendall(struct.pack("!I", 1_000_000))
    assert "2500" in client._connection.read_frame()
    with pytest.raises(ConnectionException, match="closed"):
        client._connection.read_frame()


# --- the session ----------------------------------------------------------------------------------


def test_a_wrong_password_is_refused(shop: Shop) -> None:
    with pytest.raises(AuthenticationException):
        shop.client(password="wrong-password")
    assert shop.client().is_logged_in()


def test_an_unknown_object_service_is_refused(shop: Shop) -> None:
    assert code_of(lambda: shop.client(obj_uris=["urn:example:nothing-1.0"])) == 2307
    assert code_of(lambda: shop.client(ext_uris=["urn:example:nothing-1.0"])) == 2103


def test_nothing_goes_before_login_and_no_login_twice(shop: Shop) -> None:
    client = shop.clients.enter_context(Client(shop.config()))
    client.connect()
    assert code_of(lambda: client.domain.check(["free.rw"])) == 2002
    client.login()
    assert code_of(client.login) == 2002


def test_logout_ends_the_session(shop: Shop) -> None:
    client = shop.client()
    assert client.logout().code() == 1500
    with pytest.raises(ConnectionException):
        client.hello()


def test_answers_carry_both_transaction_ids(shop: Shop) -> None:
    answer = shop.client(cltrid_prefix="job-7").domain.check(["free.rw"])
    assert answer.cl_trid().startswith("job-7-")
    assert answer.sv_trid().startswith("SBX-")


def test_the_message_queue_is_empty(shop: Shop) -> None:
    client = shop.client()
    assert client.poll.request().code() == 1300
    assert code_of(lambda: client.poll.ack("1")) == 2303


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("<epp", 2001),
        ("<other/>", 2001),
        ('<!DOCTYPE epp [<!ENTITY a "b">]>' + command("<logout/>"), 2001),
        ("<a>" * 40 + "</a>" * 40, 2001),
        (command("<burn/>"), 2000),
        (command(f'<delete><delete xmlns="{DOMAIN}"><name>a.rw</name></delete></delete>'), 2101),
        (command('<info><info xmlns="urn:example:other"><name>a.rw</name></info></info>'), 2307),
        (command(f'<info><info xmlns="{DOMAIN}"/></info>'), 2003),
    ],
)
def test_a_bad_frame_is_answered_and_the_session_goes_on(shop: Shop, frame: str, code: int) -> None:
    client = shop.client()
    assert code_of(lambda: client.request(frame)) == code
    assert client.domain.check(["free.rw"]).availability() == {"free.rw": True}


# --- contacts and hosts ---------------------------------------------------------------------------


def test_a_contact_is_made_once_under_its_handle(shop: Shop) -> None:
    client = shop.client()
    assert client.contact.check(["B0001"]).availability() == {"B0001": True}
    make_contact(client)
    with pytest.raises(ObjectExistsError) as caught:
        make_contact(client)
    assert caught.value.subject() == "B0001"
    info = client.contact.info("B0001")
    assert (info.value("email"), info.value("pw")) == ("aline@example.rw", "contact-secret")
    assert client.contact.check(["B0001"]).availability() == {"B0001": False}


@pytest.mark.parametrize(
    ("changes", "code", "element"),
    [
        ({"voice": None}, 2003, "voice"),
        ({"voice": "0788000000"}, 2005, "voice"),
        ({"cc": "rw"}, 2005, "cc"),
        ({"street": []}, 2003, "street"),
        ({"street": ["a", "b", "c", "d"]}, 2005, "street"),
        ({"email": "nobody"}, 2005, "email"),
        ({"auth_info": ""}, 2003, "authInfo"),
        ({"name": "Éric"}, 2005, "name"),
        ({"handle": "AB"}, 2005, "id"),
        ({"handle": "A" * 17}, 2005, "id"),
    ],
)
def test_a_wrong_contact_value_is_named(shop: Shop, changes: dict[str, object], code: int, element: str) -> None:
    with pytest.raises(CommandException) as caught:
        make_contact(shop.client(), **changes)
    assert caught.value.epp_code == code
    assert caught.value.response.ext_values()[0]["element"] == element


def test_a_contact_in_use_stays_and_an_unused_one_goes(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    make_contact(client, "B0002")
    make_domain(client)
    assert code_of(lambda: client.contact.delete("B0001")) == 2305
    assert client.contact.delete("B0002").code() == 1000
    assert code_of(lambda: client.contact.delete("B0002")) == 2303


def test_nameservers_are_host_objects_that_exist(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    assert code_of(lambda: make_domain(client, nameservers=["ns1.example.net"])) == 2303
    client.host.create("ns1.example.net", ["192.0.2.1", "2001:db8::1"])
    assert code_of(lambda: client.host.create("ns1.example.net")) == 2302
    make_domain(client, nameservers=["ns1.example.net"])
    assert client.domain.info("shop.rw").values("hostObj") == ["ns1.example.net"]
    assert client.host.check(["ns1.example.net"]).availability() == {"ns1.example.net": False}
    assert client.host.info("ns1.example.net").statuses() == ["ok", "linked"]


# --- domains --------------------------------------------------------------------------------------


def test_a_domain_is_registered_for_its_registrant(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    roles = {"admin": "B0001", "tech": "B0001", "billing": "B0001"}
    made = make_domain(client, years=2, contacts=roles)
    assert made.value("exDate") == "2028-03-01T12:00:00.250Z"
    info = client.domain.info("shop.rw")
    assert info.value("registrant") == "B0001"
    assert info.values("contact") == ["B0001"] * 3
    assert info.value("exDate") == made.value("exDate")
    assert info.value("clID") == shop.registry.settings()["BILLING_EPP_USERNAME"]
    assert info.value("pw") == "domain-secret"
    assert shop.domain("shop.rw")["creates"] == 1
    assert code_of(lambda: make_domain(client)) == 2302


def test_check_says_why_a_name_is_not_to_be_had(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    make_domain(client)
    names = ["shop.rw", "free.co.rw", "premium-x.rw", "a.b.rw", "x.museum", "co.rw", "-x.rw"]
    answer = client.domain.check(names)
    assert answer.availability() == {name: name == "free.co.rw" for name in names}
    assert answer.unavailable_reason("shop.rw") == "In use"
    assert answer.unavailable_reason("premium-x.rw") == "Premium name"


def test_a_domain_needs_a_contact_that_exists(shop: Shop) -> None:
    with pytest.raises(ObjectDoesNotExistError) as caught:
        make_domain(shop.client(), registrant="NOBODY")
    assert caught.value.subject() == "NOBODY"
    assert shop.registry.state()["domains"] == []


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("shop.museum", {}, 2306),
        ("premium-shop.rw", {}, 2306),
        ("shop_.rw", {}, 2005),
        ("shop.rw", {"years": 11}, 2306),
        ("shop.rw", {"registrant": None}, 2003),
        ("shop.rw", {"auth_info": ""}, 2003),
        ("shop.rw", {"contacts": {"tech": "NOBODY"}}, 2303),
        ("shop.rw", {"nameservers": [{"name": "ns1.shop.rw", "addresses": ["192.0.2.1"]}]}, 2102),
    ],
)
def test_what_the_registry_does_not_register(shop: Shop, name: str, changes: dict[str, object], code: int) -> None:
    client = shop.client()
    make_contact(client)
    assert code_of(lambda: make_domain(client, name, **changes)) == code
    assert shop.registry.state()["domains"] == []


def test_a_renewal_extends_once_for_one_current_expiry(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    make_domain(client)
    assert client.domain.renew("shop.rw", "2027-03-01", 1).value("exDate") == "2028-03-01T12:00:00.250Z"
    assert code_of(lambda: client.domain.renew("shop.rw", "2027-03-01", 1)) == 2306
    assert code_of(lambda: client.domain.renew("shop.rw", "soon", 1)) == 2005
    assert shop.domain("shop.rw")["renews"] == 1


@pytest.mark.parametrize(("given", "code"), [("2027-03-01T12:00:00.250Z", 1000), ("2027-03-01T12:00:00.000Z", 2306)])
def test_the_current_expiry_may_be_a_full_timestamp(shop: Shop, given: str, code: int) -> None:
    client = shop.client().throw_on_failure(False)
    make_contact(client)
    make_domain(client)
    frame = client.frame()
    renew = frame.ns(frame.verb("renew"), DOMAIN, "domain:renew")
    frame.ns(renew, DOMAIN, "domain:name", "shop.rw")
    frame.ns(renew, DOMAIN, "domain:curExpDate", given)
    assert client.request(frame).code() == code


def test_no_expiry_lies_more_than_ten_years_ahead(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    make_domain(client)
    assert code_of(lambda: client.domain.renew("shop.rw", "2027-03-01", 10)) == 2306
    assert client.domain.renew("shop.rw", "2027-03-01", 9).value("exDate").startswith("2036-03-01")


def test_a_leap_day_is_renewed_to_the_day_before_march(shop: Shop) -> None:
    shop.time = datetime(2028, 2, 29, 9, 0, tzinfo=UTC)
    client = shop.client()
    make_contact(client)
    assert make_domain(client).value("exDate") == "2029-02-28T09:00:00.000Z"


def test_a_name_long_expired_is_not_eligible_for_renewal(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    make_domain(client)
    shop.time = NOON + timedelta(days=365 + 46)
    assert code_of(lambda: client.domain.renew("shop.rw", "2027-03-01", 1)) == 2105
    assert "pendingDelete" in client.domain.info("shop.rw").statuses()


def test_a_status_may_prohibit_a_renewal(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    make_domain(client)
    shop.registry.set_status("shop.rw", "serverRenewProhibited")
    assert code_of(lambda: client.domain.renew("shop.rw", "2027-03-01", 1)) == 2304


def test_a_name_of_another_registrar_is_not_ours(shop: Shop) -> None:
    shop.registry.occupy("taken.rw")
    client = shop.client()
    make_contact(client)
    assert code_of(lambda: make_domain(client, "taken.rw")) == 2302
    info = client.domain.info("taken.rw")
    assert (info.value("registrant"), info.value("pw")) == ("SOMEBODY-ELSE", None)
    assert code_of(lambda: client.domain.info("taken.rw", auth_info="guess")) == 2202
    assert code_of(lambda: client.domain.renew("taken.rw", "2027-03-01", 1)) == 2201


def test_an_empty_account_pays_for_nothing(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    shop.registry.set_balance(1)
    make_domain(client)
    assert code_of(lambda: make_domain(client, "other.rw")) == 2104
    assert code_of(lambda: client.domain.renew("shop.rw", "2027-03-01", 1)) == 2104
    shop.registry.set_balance(None)
    make_domain(client, "other.rw")


def test_of_ten_parallel_creates_one_takes_effect(shop: Shop) -> None:
    clients = [shop.client() for _ in range(10)]
    make_contact(clients[0])
    together = threading.Barrier(len(clients))

    def create(client: Client) -> int:
        together.wait(DEADLINE_SECONDS)
        return make_domain(client.throw_on_failure(False)).code()

    with ThreadPoolExecutor(len(clients)) as pool:
        codes = sorted(pool.map(create, clients))
    assert codes == [1000] + [2302] * 9
    assert shop.domain("shop.rw")["creates"] == 1
    assert shop.registry.state()["commands"]["create"] == 10


def test_everything_survives_a_restart(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    make_domain(client)
    before, settings = shop.registry.state(), shop.registry.settings()
    shop.reopen()
    assert shop.registry.state() == before
    assert shop.registry.settings() == settings | {"BILLING_EPP_PORT": str(shop.registry.port)}
    with pytest.raises(ConnectionException):
        client.hello()
    assert shop.client().domain.info("shop.rw").value("registrant") == "B0001"


# --- faults ---------------------------------------------------------------------------------------


def test_a_lost_answer_leaves_the_effect(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    shop.order_fault("epp.create", "lose_answer")
    with pytest.raises(ConnectionException):
        make_domain(client)
    assert not client.is_connected()
    assert shop.domain("shop.rw")["creates"] == 1
    assert code_of(lambda: make_domain(shop.client())) == 2302


def test_a_hanging_answer_leaves_the_effect(shop: Shop) -> None:
    make_contact(shop.client())
    client = shop.client(read_timeout=1.0)
    shop.order_fault("epp.create", "hang")
    with pytest.raises(ConnectionException, match="timed out"):
        make_domain(client)
    assert shop.domain("shop.rw")["creates"] == 1


def test_a_slow_answer_comes(shop: Shop) -> None:
    client = shop.client()
    shop.order_fault("epp.check", "slow", seconds=0.2)
    started = time.monotonic()
    assert client.domain.check(["free.rw"]).code() == 1000
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(("code", "answered"), [(None, 2400), (2104, 2104), (2502, 2502)])
def test_a_refused_command_is_not_done(shop: Shop, code: int | None, answered: int) -> None:
    client = shop.client()
    make_contact(client)
    shop.order_fault("epp.create", "refuse", code=code)
    assert code_of(lambda: make_domain(client)) == answered
    assert shop.registry.state()["domains"] == []


def test_a_registry_that_closes_says_so_before_it_does(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    shop.order_fault("epp.create", "close", code=2500)
    with pytest.raises(SessionError):
        make_domain(client)
    with pytest.raises(ConnectionException):
        client.hello()
    assert shop.registry.state()["domains"] == []


def test_a_connection_closed_before_the_command_leaves_nothing(shop: Shop) -> None:
    client = shop.client()
    make_contact(client)
    shop.order_fault("epp.create", "close")
    with pytest.raises(ConnectionException):
        make_domain(client)
    assert shop.registry.state()["domains"] == []


@pytest.mark.parametrize("kind", ["reject_connect", "close", "refuse"])
def test_a_connection_may_be_refused_and_the_next_one_is_taken(shop: Shop, kind: str) -> None:
    shop.order_fault("epp.connect", kind)
    with pytest.raises(ConnectionException):
        Client(shop.config()).connect()
    assert shop.client().is_logged_in()


def test_stopping_does_not_wait_for_hanging_clients(shop: Shop) -> None:
    client = shop.client()
    shop.order_fault("epp.check", "hang")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(client.domain.check, ["free.rw"])
        until(lambda: shop.registry.state()["commands"].get("check") == 1)
        shop.registry.stop()
        assert isinstance(asked.exception(DEADLINE_SECONDS), ConnectionException)
