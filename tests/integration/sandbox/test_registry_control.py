"""What the control address lets happen in the registry, seen by the client library that production uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from epptools import Client, CommandException, Config

from tests.integration.sandbox.harness import Sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One for all: every test has a name of its own."""
    sandbox = Sandbox(tmp_path_factory.mktemp("world"), "http://127.0.0.1:9/", "--registry-suffix", "rw")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def registrar(sandbox: Sandbox) -> Iterator[Client]:
    given = sandbox.settings
    config: dict[str, object] = {
        "host": given["BILLING_EPP_HOST"],
        "port": int(given["BILLING_EPP_PORT"]),
        "clid": given["BILLING_EPP_USERNAME"],
        "password": given["BILLING_EPP_PASSWORD"],
        "ca_file": str(Path(given["BILLING_EPP_CA_FILE"])),
    }
    with Client.connect_and_login(Config.from_dict(config)) as client:
        yield client


def register(client: Client, name: str) -> Any:
    if not client.contact.check(["B0001"]).availability()["B0001"]:
        return client.domain.create(name, years=1, registrant="B0001", auth_info="domain-secret")
    client.contact.create(
        "B0001", name="Aline Uwase", street=["KG 7 Ave 12"], city="Kigali", cc="RW", voice="+250.788000000",
        email="aline@example.rw", auth_info="contact-secret",
    )  # fmt: skip
    return register(client, name)


def post(sandbox: Sandbox, path: str, body: Any = None) -> Any:
    answer = sandbox.control("POST", f"/registry/{path}", body)
    assert answer.ok, answer.text
    return answer.json()


def test_a_name_is_taken_by_somebody_else(sandbox: Sandbox, registrar: Client) -> None:
    occupied = post(sandbox, "domains/Taken.rw/occupy")
    assert (occupied["name"], occupied["sponsor"], occupied["creates"]) == ("taken.rw", "another-rar", 0)
    assert registrar.domain.check(["taken.rw"]).availability() == {"taken.rw": False}
    with pytest.raises(CommandException) as refusal:
        register(registrar, "taken.rw")
    assert refusal.value.epp_code == 2302
    assert sandbox.control("POST", "/registry/domains/taken.rw/occupy").status_code == 409
    post(sandbox, "domains/two.rw/occupy", {"registrant": "BAHIZI", "years": 2})
    assert registrar.domain.info("two.rw").value("registrant") == "BAHIZI"


@pytest.mark.parametrize(
    ("name", "body"), [("a.museum", {}), ("-.rw", {}), ("ok.rw", {"years": 0}), ("ok.rw", {"registrant": "x"})]
)
def test_a_name_that_nobody_could_have_is_not_taken(sandbox: Sandbox, name: str, body: Any) -> None:
    assert sandbox.control("POST", f"/registry/domains/{name}/occupy", body).status_code == 400


def test_the_account_runs_out_and_is_filled_up(sandbox: Sandbox, registrar: Client) -> None:
    assert post(sandbox, "balance", {"years": 0}) == {"balance": 0}
    with pytest.raises(CommandException) as refusal:
        register(registrar, "paid.rw")
    assert refusal.value.epp_code == 2104
    assert sandbox.control("GET", "/state").json()["registry"]["balance"] == 0
    for wrong in ({"years": -1}, {"years": "many"}, {}, []):
        assert sandbox.control("POST", "/registry/balance", wrong).status_code == 400

    post(sandbox, "balance", {"years": None})
    assert register(registrar, "paid.rw")


def test_a_status_bars_a_renewal_until_it_is_lifted(sandbox: Sandbox, registrar: Client) -> None:
    expires = register(registrar, "barred.rw").value("exDate")[:10]
    assert post(sandbox, "domains/barred.rw/status", {"status": "serverRenewProhibited"})["status"] == (
        "serverRenewProhibited"
    )
    with pytest.raises(CommandException) as refusal:
        registrar.domain.renew("barred.rw", expires, 1)
    assert refusal.value.epp_code == 2304
    assert sandbox.control("POST", "/registry/domains/barred.rw/status", {"status": "odd"}).status_code == 400
    assert sandbox.control("POST", "/registry/domains/nobody.rw/status", {"status": None}).status_code == 404

    post(sandbox, "domains/barred.rw/status", {"status": None})
    assert registrar.domain.renew("barred.rw", expires, 1)


def test_an_expiry_is_moved_and_a_long_expired_name_is_lost(sandbox: Sandbox, registrar: Client) -> None:
    register(registrar, "late.rw")
    moved = post(sandbox, "domains/late.rw/expiry", {"expires": "2020-03-01T12:00:00Z"})
    assert moved["expires"] == "2020-03-01T12:00:00.000Z"
    assert registrar.domain.info("late.rw").statuses() == ["inactive", "pendingDelete"]
    with pytest.raises(CommandException) as refusal:
        registrar.domain.renew("late.rw", "2020-03-01", 1)
    assert refusal.value.epp_code == 2105
    for wrong in ({"expires": "soon"}, {"expires": 1}, {}):
        assert sandbox.control("POST", "/registry/domains/late.rw/expiry", wrong).status_code == 400
