"""Host objects: check, info and create (RFC 5732). Addresses are optional, also under our own suffixes."""

from __future__ import annotations

import ipaddress
import json
from xml.etree.ElementTree import Element

from billing_sandbox.epp.desk import Desk, new_roid
from billing_sandbox.epp.documents import HOST, node, object_node, timestamp
from billing_sandbox.epp.fields import Fields, token
from billing_sandbox.epp.names import well_formed
from billing_sandbox.epp.results import Answer, EppError, Field

CHECK_MAX = 50
ADDRESSES_MAX = 13


def check(command: Element, desk: Desk) -> Answer:
    """Says of each name whether a host object could be made of it."""
    fields = Fields(command, "name")
    names = fields.texts("name")
    if not names:
        raise fields.missing("name")
    if len(names) > CHECK_MAX:
        raise fields.wrong("name", names[CHECK_MAX], f"at most {CHECK_MAX} names in one check", code=2306)
    return Answer(data=object_node(HOST, "chkData", *(_checked(name, desk) for name in names)))


def info(command: Element, desk: Desk) -> Answer:
    """Shows one host object."""
    name = _name(Fields(command, "name"))
    row = desk.db.execute("SELECT * FROM hosts WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise EppError(2303, "no such host", Field(HOST, "name", name))
    linked = desk.db.execute("SELECT 1 FROM domain_hosts WHERE host = ?", (name,)).fetchone()
    data = object_node(
        HOST,
        "infData",
        node("host:name", name),
        node("host:roid", row["roid"]),
        node("host:status", s="ok"),
        node("host:status", s="linked") if linked else None,
        *(node("host:addr", address, ip=version) for version, address in json.loads(row["addresses"])),
        node("host:clID", row["sponsor"]),
        node("host:crID", row["sponsor"]),
        node("host:crDate", row["created"]),
    )
    return Answer(data=data)


def create(command: Element, desk: Desk) -> Answer:
    """Makes a host object; 2302 where there is one."""
    fields = Fields(command, "name", "addr")
    name = _name(fields)
    addresses = [_address(fields, element) for element in fields.children("addr")]
    if len(addresses) > ADDRESSES_MAX:
        raise fields.wrong("addr", addresses[-1][1], f"at most {ADDRESSES_MAX} addresses", code=2306)
    if exists(desk, name):
        raise EppError(2302, "the host exists", Field(HOST, "name", name))
    created = timestamp(desk.now)
    desk.db.execute(
        "INSERT INTO hosts VALUES (?, ?, ?, ?, ?)",
        (name, new_roid("H"), desk.registrar, created, json.dumps(addresses)),
    )
    return Answer(data=object_node(HOST, "creData", node("host:name", name), node("host:crDate", created)))


def exists(desk: Desk, name: str) -> bool:
    """Whether there is a host object of this name."""
    return desk.db.execute("SELECT 1 FROM hosts WHERE name = ?", (name,)).fetchone() is not None


def _checked(given: str, desk: Desk) -> Element:
    name = well_formed(given)
    reason = "Invalid name" if name is None else "In use" if exists(desk, name) else None
    return node(
        "host:cd",
        node("host:name", given, avail="0" if reason else "1"),
        node("host:reason", reason) if reason else None,
    )


def _name(fields: Fields) -> str:
    given = fields.text("name")
    name = well_formed(given)
    if name is None:
        raise fields.wrong("name", given, "not a host name")
    return name


def _address(fields: Fields, element: Element) -> tuple[str, str]:
    text, version = token(element), element.get("ip", "v4")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise fields.wrong("addr", text, "not an IP address") from None
    if version != f"v{address.version}":
        raise fields.wrong("addr", text, f"not an address of version {version}")
    return version, text
