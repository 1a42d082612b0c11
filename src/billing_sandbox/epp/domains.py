"""Domain objects: check, info, create and renew (RFC 5731)."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from xml.etree.ElementTree import Element

from billing_sandbox.epp import contacts, hosts, names, terms
from billing_sandbox.epp.desk import Desk, new_roid
from billing_sandbox.epp.documents import DOMAIN, RGP, node, object_node, timestamp
from billing_sandbox.epp.fields import HANDLE, Fields
from billing_sandbox.epp.results import Answer, EppError, Field

CHECK_MAX = 50
NAMESERVERS_MAX = 13
ROLES_MAX = 12
ROLES = ("admin", "tech", "billing")


def check(command: Element, desk: Desk) -> Answer:
    """Says of each name whether it can be registered, and if not, why."""
    fields = Fields(command, "name")
    given = fields.texts("name")
    if not given:
        raise fields.missing("name")
    if len(given) > CHECK_MAX:
        raise fields.wrong("name", given[CHECK_MAX], f"at most {CHECK_MAX} names in one check", code=2306)
    return Answer(data=object_node(DOMAIN, "chkData", *(_checked(name, desk) for name in given)))


def info(command: Element, desk: Desk) -> Answer:
    """Shows one domain; its authInfo only to its sponsor."""
    fields = Fields(command, "name", "authInfo")
    row = _found(desk, _name(fields))
    which, given = fields.needed("name").get("hosts", "all"), fields.password()
    if which not in ("all", "del", "sub", "none"):
        raise fields.wrong("name", row["name"], "hosts is one of all, del, sub, none")
    if given is not None and given != row["auth_info"]:
        raise EppError(2202, "the authInfo does not match", Field(DOMAIN, "name", row["name"]))
    return Answer(data=_info_data(row, which in ("all", "del"), desk), extension=_grace_data(row, desk))


def create(command: Element, desk: Desk) -> Answer:
    """Registers a name for its registrant; of many creates of one name, one takes effect."""
    fields = Fields(command, "name", "period", "ns", "registrant", "contact", "authInfo")
    name, count, nameservers = _name(fields), terms.years(fields), _nameservers(fields)
    registrant, roles = fields.text("registrant", HANDLE), _roles(fields)
    secret = fields.needed_password()
    objection = names.objection(name, desk.suffixes)
    if objection:
        raise fields.wrong("name", name, objection, code=2306)
    if desk.db.execute("SELECT 1 FROM domains WHERE name = ?", (name,)).fetchone():
        raise fields.wrong("name", name, "the domain exists", code=2302)
    _require_references(fields, desk, registrant, roles, nameservers)
    desk.charge(count)
    expires = terms.plus_years(desk.now, count)
    insert(desk, name, registrant, expires, secret)
    desk.db.executemany("INSERT INTO domain_contacts VALUES (?, ?, ?)", [(name, *role) for role in roles])
    desk.db.executemany("INSERT INTO domain_hosts VALUES (?, ?)", [(name, host) for host in nameservers])
    _record(desk, "create", name, count)
    created = node("domain:crDate", timestamp(desk.now))
    return Answer(data=object_node(DOMAIN, "creData", node("domain:name", name), created, _expiry_node(expires)))


def renew(command: Element, desk: Desk) -> Answer:
    """Extends a registration; a `curExpDate` that is not today's expiry is 2306, so a repeat adds nothing."""
    fields = Fields(command, "name", "curExpDate", "period")
    name, given, count = _name(fields), fields.text("curExpDate"), terms.years(fields)
    row = _found(desk, name)
    if row["sponsor"] != desk.registrar:
        raise fields.wrong("name", name, "the domain is another registrar's", code=2201)
    current = terms.is_current(row["expires"], given)
    if current is None:
        raise fields.wrong("curExpDate", given, "not a date")
    if not current:
        raise fields.wrong("curExpDate", given, "not the current expiry date", code=2306)
    expires = terms.renewed(row, count, fields, desk)
    desk.charge(count)
    desk.db.execute(
        "UPDATE domains SET expires = ?, updated = ? WHERE name = ?",
        (timestamp(expires), timestamp(desk.now), name),
    )
    _record(desk, "renew", name, count)
    return Answer(data=object_node(DOMAIN, "renData", node("domain:name", name), _expiry_node(expires)))


def insert(desk: Desk, name: str, registrant: str, expires: datetime, secret: str) -> None:
    """Writes a new domain, sponsored by the desk's registrar."""
    created = timestamp(desk.now)
    desk.db.execute(
        "INSERT INTO domains VALUES (?, ?, ?, ?, ?, NULL, ?, NULL, ?)",
        (name, new_roid("D"), desk.registrar, registrant, created, timestamp(expires), secret),
    )


def _record(desk: Desk, kind: str, name: str, count: int) -> None:
    desk.db.execute("INSERT INTO effects VALUES (?, ?, ?, ?)", (kind, name, timestamp(desk.now), count))


def _name(fields: Fields) -> str:
    given = fields.text("name")
    name = names.well_formed(given)
    if name is None:
        raise fields.wrong("name", given, "not a domain name")
    return name


def _found(desk: Desk, name: str) -> sqlite3.Row:
    row: sqlite3.Row | None = desk.db.execute("SELECT * FROM domains WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise EppError(2303, "no such domain", Field(DOMAIN, "name", name))
    return row


def _checked(given: str, desk: Desk) -> Element:
    name = names.well_formed(given)
    reason = "Invalid name" if name is None else names.objection(name, desk.suffixes)
    if reason is None and desk.db.execute("SELECT 1 FROM domains WHERE name = ?", (name,)).fetchone():
        reason = "In use"
    return node(
        "domain:cd",
        node("domain:name", given, avail="0" if reason else "1"),
        node("domain:reason", reason) if reason else None,
    )


def _nameservers(fields: Fields) -> list[str]:
    block = fields.child("ns")
    if block is None:
        return []
    choice = Fields(block, "hostObj", "hostAttr")
    if choice.children("hostAttr"):
        raise choice.wrong("hostAttr", "", "nameservers are host objects here", code=2102)
    given = choice.texts("hostObj")
    if not given:
        raise choice.missing("hostObj")
    if len(given) > NAMESERVERS_MAX:
        raise choice.wrong("hostObj", given[-1], f"at most {NAMESERVERS_MAX} nameservers", code=2306)
    for host in given:
        if names.well_formed(host) is None:
            raise choice.wrong("hostObj", host, "not a host name")
    return list(dict.fromkeys(host.lower() for host in given))


def _roles(fields: Fields) -> list[tuple[str, str]]:
    handles = fields.texts("contact", HANDLE)
    kinds = [element.get("type", "") for element in fields.children("contact")]
    if len(handles) > ROLES_MAX:
        raise fields.wrong("contact", handles[-1], f"at most {ROLES_MAX} contacts", code=2306)
    for kind, handle in zip(kinds, handles, strict=True):
        if kind not in ROLES:
            raise fields.wrong("contact", handle, f"the type of a contact is one of {', '.join(ROLES)}")
    return list(zip(kinds, handles, strict=True))


def _require_references(
    fields: Fields, desk: Desk, registrant: str, roles: list[tuple[str, str]], nameservers: list[str]
) -> None:
    for element, handle in (("registrant", registrant), *(("contact", handle) for _, handle in roles)):
        if not contacts.exists(desk, handle):
            raise fields.wrong(element, handle, "no such contact", code=2303)
    for host in nameservers:
        if not hosts.exists(desk, host):
            raise fields.wrong("hostObj", host, "no such host", code=2303)


def _expiry_node(expires: datetime) -> Element:
    return node("domain:exDate", timestamp(expires))


def _info_data(row: sqlite3.Row, with_hosts: bool, desk: Desk) -> Element:
    name, own = row["name"], row["sponsor"] == desk.registrar
    roles = desk.db.execute("SELECT role, contact FROM domain_contacts WHERE domain = ? ORDER BY rowid", (name,))
    found = desk.db.execute("SELECT host FROM domain_hosts WHERE domain = ? ORDER BY rowid", (name,)).fetchall()
    nameservers = [node("domain:hostObj", host["host"]) for host in found]
    return object_node(
        DOMAIN,
        "infData",
        node("domain:name", name),
        node("domain:roid", row["roid"]),
        *(node("domain:status", s=status) for status in terms.statuses(row, bool(found), desk.now)),
        node("domain:registrant", row["registrant"]),
        *(node("domain:contact", role["contact"], type=role["role"]) for role in roles),
        node("domain:ns", *nameservers) if nameservers and with_hosts else None,
        node("domain:clID", row["sponsor"]),
        node("domain:crID", row["sponsor"]),
        node("domain:crDate", row["created"]),
        node("domain:upID", row["sponsor"]) if row["updated"] else None,
        node("domain:upDate", row["updated"]) if row["updated"] else None,
        node("domain:exDate", row["expires"]),
        node("domain:authInfo", node("domain:pw", row["auth_info"])) if own else None,
    )


def _grace_data(row: sqlite3.Row, desk: Desk) -> Element | None:
    found = terms.grace_statuses(row, desk.now) if RGP in desk.extensions else []
    return object_node(RGP, "infData", *(node("rgp:rgpStatus", s=status) for status in found)) if found else None
