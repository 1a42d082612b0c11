"""What is written to a registry and how its answers are read, without a line."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from epptools import Client, Config, Namespaces, Response, Transport

from billing.adapters.epp_registrar import ExpiryFormat
from billing.adapters.epp_registrar.answers import availability, domain_info, moment
from billing.adapters.epp_registrar.commands import create_contact, create_domain, renew_domain
from billing.adapters.epp_registrar.errors import objection, require
from billing.application.outcomes import NeedsPerson, NotYet, Refused, RetryLater
from billing.domain import BillingError, DomainName
from tests.builders import a_registrant

EXAMPLE = DomainName("example.rw")
STATED = "2027-03-01T00:30:00.850+02:00"
IN_UTC = datetime(2027, 2, 28, 22, 30, 0, 850_000, tzinfo=UTC)


def an_answer(code: int = 1000, data: str = "", objects_to: str = "") -> str:
    echo = f"<v:{objects_to} xmlns:v='urn:v'>s3cret</v:{objects_to}>"
    value = f"<extValue><value>{echo}</value><reason>no</reason></extValue>"
    return (
        f'<epp xmlns="{Namespaces.EPP}"><response><result code="{code}"><msg>said so</msg>'
        f"{value if objects_to else ''}</result>"
        f'<resData><domain:d xmlns:domain="{Namespaces.DOMAIN}">{data}</domain:d></resData></response></epp>'
    )


class Recorder(Transport):
    """A line that keeps what is written and answers yes."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def open(self) -> None: ...

    def close(self) -> None: ...

    def is_open(self) -> bool:
        return True

    def write_frame(self, xml: str) -> None:
        self.written.append(xml)

    def read_frame(self) -> str:
        return an_answer()

    def values(self, name: str) -> list[str | None]:
        return [one.text for one in ElementTree.fromstring(self.written[-1]).iter() if one.tag.endswith("}" + name)]


@pytest.fixture
def line() -> Recorder:
    return Recorder()


@pytest.fixture
def client(line: Recorder) -> Client:
    return Client(Config(host="registry.example", clid="us", password="password"), line)


@pytest.mark.parametrize(("form", "sent"), [(ExpiryFormat.DATE, "2027-03-01"), (ExpiryFormat.TIMESTAMP, STATED)])
def test_the_expiry_goes_back_as_the_registry_writes_it(client: Client, line: Recorder, form: ExpiryFormat, sent: str):
    renew_domain(client, EXAMPLE, 2, STATED, form)
    assert line.values("curExpDate") == [sent]
    assert line.values("period") == ["2"]
    assert line.values("name") == ["example.rw"]


def test_every_create_has_a_secret_of_its_own(client: Client, line: Recorder):
    create_contact(client, "BHANDLE", a_registrant())
    create_domain(client, EXAMPLE, 1, "BHANDLE", ())
    create_domain(client, EXAMPLE, 1, "BHANDLE", ())
    secrets = {xml[xml.index(":pw>") : xml.rindex(":pw>")] for xml in line.written}
    assert len(secrets) == len(line.written) == 3


def test_a_name_without_nameservers_is_created_without_any(client: Client, line: Recorder):
    create_domain(client, EXAMPLE, 1, "BHANDLE", ())
    assert line.values("ns") == []
    create_domain(client, EXAMPLE, 1, "BHANDLE", ("ns1.example.net", "ns2.example.net"))
    assert line.values("hostObj") == ["ns1.example.net", "ns2.example.net"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2027-02-28T22:30:00.850Z", IN_UTC),
        (STATED, IN_UTC),
        ("2027-02-28T22:30:00.8500001Z", IN_UTC),
        ("2027-02-28T22:30:00.0Z", IN_UTC.replace(microsecond=0)),
        ("2027-02-28T22:30:00", IN_UTC.replace(microsecond=0)),
        ("2027-02-28", datetime(2027, 2, 28, tzinfo=UTC)),
    ],
)
def test_every_way_to_write_a_moment_is_read_as_utc(text: str, at: datetime):
    assert moment(text) == at
    assert moment(text).utcoffset() == timedelta()


def test_a_name_yet_to_be_granted_may_have_no_expiry():
    answer = Response.from_xml(an_answer(1001, "<domain:crDate>2027-02-28T22:30:00.850Z</domain:crDate>"))
    info = domain_info(EXAMPLE, answer, "BHANDLE", pending=True)
    assert (info.expires_at, info.pending) == (IN_UTC, True)
    with pytest.raises(NeedsPerson, match="as the expiry"):
        domain_info(EXAMPLE, answer, "BHANDLE", pending=False)


@pytest.mark.parametrize("text", ["soon", "0001-01-01T00:00:00+14:00", "2027-02-30"])
def test_an_expiry_that_is_none_goes_to_a_person(text: str):
    answer = Response.from_xml(an_answer(data=f"<domain:exDate>{text}</domain:exDate>"))
    with pytest.raises(NeedsPerson):
        domain_info(EXAMPLE, answer, None, pending=False)


def test_a_premium_name_is_one_even_where_the_registry_would_sell_it():
    answer = Response.from_xml(
        an_answer(
            data='<domain:cd><domain:name avail="1">EXAMPLE.RW</domain:name>'
            "<domain:reason>Premium domain name</domain:reason></domain:cd>"
        )
    )
    found = availability(EXAMPLE, answer)
    assert (found.available, found.premium) == (False, True)


def test_silence_about_a_name_is_not_taken_for_an_answer():
    with pytest.raises(RetryLater):
        availability(EXAMPLE, Response.from_xml(an_answer()))


@pytest.mark.parametrize("code", [1000, 1001, 1300, 2302])
def test_success_and_what_was_awaited_pass(code: int):
    require(Response.from_xml(an_answer(code)), (2302,), timedelta(hours=1))


@pytest.mark.parametrize(
    ("code", "ending"),
    [(2001, Refused), (2302, Refused), (2104, NotYet), (2400, RetryLater), (2500, RetryLater)]
    + [(code, NeedsPerson) for code in (2000, 2100, 2103, 2307, 2999, 3000)],
)
def test_a_code_that_nobody_foresaw_goes_to_a_person(code: int, ending: type[BillingError]):
    with pytest.raises(ending, match=f"EPP {code}: said so"):
        require(Response.from_xml(an_answer(code)), (), timedelta(hours=1))


@pytest.mark.parametrize(("element", "ending"), [("curExpDate", RetryLater), ("period", Refused)])
def test_an_objection_to_the_expiry_just_read_is_not_the_customers_failure(element: str, ending: type[BillingError]):
    with pytest.raises(ending):
        require(Response.from_xml(an_answer(2306, objects_to=element)), (), timedelta(hours=1))


def test_what_the_registry_echoes_is_not_repeated():
    said = objection(Response.from_xml(an_answer(2005, objects_to="pw")))
    assert said == "EPP 2005: said so; no"
