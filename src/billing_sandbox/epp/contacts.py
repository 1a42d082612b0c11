"""Contact objects: check, info, create and delete (RFC 5733)."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TypedDict
from xml.etree.ElementTree import Element

from billing_sandbox.epp.desk import Desk, new_roid
from billing_sandbox.epp.documents import CONTACT, node, object_node, timestamp
from billing_sandbox.epp.fields import HANDLE, Fields
from billing_sandbox.epp.results import Answer, EppError, Field

CHECK_MAX = 50
POSTAL_FORMS_MAX = 2
STREETS_MAX = 3
PHONE = re.compile(r"(?=.{1,17}$)\+[0-9]{1,3}\.[0-9]{1,14}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
COUNTRY = re.compile(r"[A-Z]{2}")
POSTCODE = re.compile(r".{1,16}")


class Postal(TypedDict):
    """One form of a postal address, its optional lines empty where not given."""

    type: str
    name: str
    org: str
    street: list[str]
    city: str
    sp: str
    pc: str
    cc: str


def check(command: Element, desk: Desk) -> Answer:
    """Says of each handle whether it is free."""
    fields = Fields(command, "id")
    handles = fields.texts("id", HANDLE)
    if not handles:
        raise fields.missing("id")
    if len(handles) > CHECK_MAX:
        raise fields.wrong("id", handles[CHECK_MAX], f"at most {CHECK_MAX} handles in one check", code=2306)
    return Answer(data=object_node(CONTACT, "chkData", *(_checked(handle, desk) for handle in handles)))


def info(command: Element, desk: Desk) -> Answer:
    """Shows one contact; its authInfo only to its sponsor."""
    fields = Fields(command, "id", "authInfo")
    row = _found(desk, fields.text("id", HANDLE))
    given = fields.password()
    if given is not None and given != row["auth_info"]:
        raise EppError(2202, "the authInfo does not match", Field(CONTACT, "id", row["id"]))
    own = row["sponsor"] == desk.registrar
    data = object_node(
        CONTACT,
        "infData",
        node("contact:id", row["id"]),
        node("contact:roid", row["roid"]),
        node("contact:status", s="ok"),
        node("contact:status", s="linked") if _linked(desk, row["id"]) else None,
        *(_postal_node(form) for form in json.loads(row["postal"])),
        node("contact:voice", row["voice"]),
        node("contact:fax", row["fax"]) if row["fax"] else None,
        node("contact:email", row["email"]),
        node("contact:clID", row["sponsor"]),
        node("contact:crID", row["sponsor"]),
        node("contact:crDate", row["created"]),
        node("contact:authInfo", node("contact:pw", row["auth_info"])) if own else None,
    )
    return Answer(data=data)


def create(command: Element, desk: Desk) -> Answer:
    """Makes a contact under the handle that the client chose; 2302 where there is one."""
    fields = Fields(command, "id", "postalInfo", "voice", "fax", "email", "authInfo", "disclose")
    handle = fields.text("id", HANDLE)
    postal = _postal_forms(fields)
    values = (
        fields.text("voice", PHONE),
        fields.optional("fax", PHONE),
        fields.text("email", EMAIL),
        json.dumps(postal),
        fields.needed_password(),
    )
    if exists(desk, handle):
        raise EppError(2302, "the contact exists", Field(CONTACT, "id", handle))
    created = timestamp(desk.now)
    desk.db.execute(
        "INSERT INTO contacts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (handle, new_roid("C"), desk.registrar, created, *values),
    )
    return Answer(data=object_node(CONTACT, "creData", node("contact:id", handle), node("contact:crDate", created)))


def delete(command: Element, desk: Desk) -> Answer:
    """Removes a contact of one's own that no domain uses: else 2201, 2305."""
    row = _found(desk, Fields(command, "id").text("id", HANDLE))
    field = Field(CONTACT, "id", row["id"])
    if row["sponsor"] != desk.registrar:
        raise EppError(2201, "the contact is another registrar's", field)
    if _linked(desk, row["id"]):
        raise EppError(2305, "a domain uses the contact", field)
    desk.db.execute("DELETE FROM contacts WHERE id = ?", (row["id"],))
    return Answer()


def exists(desk: Desk, handle: str) -> bool:
    """Whether there is a contact of this handle."""
    return desk.db.execute("SELECT 1 FROM contacts WHERE id = ?", (handle,)).fetchone() is not None


def _found(desk: Desk, handle: str) -> sqlite3.Row:
    row: sqlite3.Row | None = desk.db.execute("SELECT * FROM contacts WHERE id = ?", (handle,)).fetchone()
    if row is None:
        raise EppError(2303, "no such contact", Field(CONTACT, "id", handle))
    return row


def _linked(desk: Desk, handle: str) -> bool:
    query = (
        "SELECT 1 FROM domains WHERE registrant = :id UNION SELECT 1 FROM domain_contacts WHERE contact = :id LIMIT 1"
    )
    return desk.db.execute(query, {"id": handle}).fetchone() is not None


def _checked(handle: str, desk: Desk) -> Element:
    taken = exists(desk, handle)
    return node(
        "contact:cd",
        node("contact:id", handle, avail="0" if taken else "1"),
        node("contact:reason", "In use") if taken else None,
    )


def _postal_forms(fields: Fields) -> list[Postal]:
    elements = fields.children("postalInfo")
    if not elements:
        raise fields.missing("postalInfo")
    kinds = [element.get("type", "") for element in elements]
    if len(elements) > POSTAL_FORMS_MAX or len(set(kinds)) < len(kinds):
        raise fields.wrong("postalInfo", "", "at most one postalInfo of each type", code=2001)
    return [_postal(element) for element in elements]


def _postal(element: Element) -> Postal:
    fields, kind = Fields(element, "name", "org", "addr"), element.get("type", "")
    if kind not in ("int", "loc"):
        raise fields.wrong("postalInfo", kind, "the type of a postalInfo is int or loc")
    address = Fields(fields.needed("addr"), "street", "city", "sp", "pc", "cc")
    streets = address.texts("street")
    if not streets:
        raise address.missing("street")
    if len(streets) > STREETS_MAX:
        raise address.wrong("street", streets[STREETS_MAX], f"at most {STREETS_MAX} streets")
    form: Postal = {
        "type": kind,
        "name": fields.text("name"),
        "org": fields.optional("org"),
        "street": streets,
        "city": address.text("city"),
        "sp": address.optional("sp"),
        "pc": address.optional("pc", POSTCODE),
        "cc": address.text("cc", COUNTRY),
    }
    if kind == "int":
        _only_ascii(form)
    return form


def _only_ascii(form: Postal) -> None:
    for name, value in form.items():
        text = " ".join(value) if isinstance(value, list) else str(value)
        if not text.isascii():
            raise EppError(2005, f"{name} of an int postalInfo must be ASCII", Field(CONTACT, name, text))


def _postal_node(form: Postal) -> Element:
    address = node(
        "contact:addr",
        *(node("contact:street", street) for street in form["street"]),
        node("contact:city", form["city"]),
        node("contact:sp", form["sp"]) if form["sp"] else None,
        node("contact:pc", form["pc"]) if form["pc"] else None,
        node("contact:cc", form["cc"]),
    )
    organisation = node("contact:org", form["org"]) if form["org"] else None
    return node("contact:postalInfo", node("contact:name", form["name"]), organisation, address, type=form["type"])
