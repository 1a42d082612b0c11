"""The one list of object commands that the registry carries out, and how a command frame is taken apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from billing_sandbox.epp import contacts, domains, hosts
from billing_sandbox.epp.desk import Desk
from billing_sandbox.epp.documents import CONTACT, DOMAIN, EPP, EXTENSION_SERVICES, HOST, split
from billing_sandbox.epp.fields import token
from billing_sandbox.epp.results import Answer, EppError, Field

VERBS = frozenset({"check", "create", "delete", "info", "login", "logout", "poll", "renew", "transfer", "update"})
SESSION_VERBS = frozenset({"login", "logout", "poll"})
TRID_CHARS = range(3, 65)


@dataclass(frozen=True)
class ObjectCommand:
    """A command on an object: its name in counters and faults, and the function that does it."""

    name: str
    do: Callable[[Element, Desk], Answer]


OBJECT_COMMANDS = {
    (DOMAIN, "check"): ObjectCommand("check", domains.check),
    (DOMAIN, "info"): ObjectCommand("info", domains.info),
    (DOMAIN, "create"): ObjectCommand("create", domains.create),
    (DOMAIN, "renew"): ObjectCommand("renew", domains.renew),
    (CONTACT, "check"): ObjectCommand("contact_check", contacts.check),
    (CONTACT, "info"): ObjectCommand("contact_info", contacts.info),
    (CONTACT, "create"): ObjectCommand("contact_create", contacts.create),
    (CONTACT, "delete"): ObjectCommand("contact_delete", contacts.delete),
    (HOST, "check"): ObjectCommand("host_check", hosts.check),
    (HOST, "info"): ObjectCommand("host_info", hosts.info),
    (HOST, "create"): ObjectCommand("host_create", hosts.create),
}


def client_trid(root: Element) -> str | None:
    """The transaction identifier to echo, `None` where there is none of 3 to 64 characters."""
    element = root.find(f"{{{EPP}}}command/{{{EPP}}}clTRID")
    text = "" if element is None else token(element)
    return text if len(text) in TRID_CHARS else None


def is_hello(root: Element) -> bool:
    """Whether the frame asks for a greeting."""
    return root.tag == f"{{{EPP}}}epp" and [child.tag for child in root] == [f"{{{EPP}}}hello"]


def verb_of(root: Element) -> Element:
    """The verb element of a command frame: 2001 if it is no command, 2000 if the verb is unknown."""
    parts = [split(child.tag) for child in root]
    if root.tag != f"{{{EPP}}}epp" or parts != [(EPP, "command")]:
        raise EppError(2001, "neither a command nor a hello")
    command = root[0]
    names = [split(child.tag) for child in command]
    if not names or names[0][0] != EPP:
        raise EppError(2001, "the command is empty")
    if names[0][1] not in VERBS:
        raise EppError(2000, "no such command", Field(EPP, names[0][1]))
    rest = [name for uri, name in names[1:] if uri == EPP]
    if len(rest) != len(names) - 1 or rest not in ([], ["extension"], ["clTRID"], ["extension", "clTRID"]):
        raise EppError(2001, "after the verb come only extension and clTRID, in this order")
    if rest[-1:] == ["clTRID"] and client_trid(root) is None:
        raise EppError(2005, "a clTRID has 3 to 64 characters", Field(EPP, "clTRID"))
    return command[0]


def refuse_extensions(root: Element) -> None:
    """2103 for any command extension: none that we announce extends a command we carry out."""
    for element in root.iterfind(f"{{{EPP}}}command/{{{EPP}}}extension/*"):
        uri, name = split(element.tag)
        known = "of no use here" if uri in EXTENSION_SERVICES else "unknown"
        raise EppError(2103, f"the extension {name} is {known}")


def object_command(verb: Element, services: frozenset[str]) -> tuple[ObjectCommand, Element]:
    """The command on an object, and its element: 2001, 2101 or 2307 where it can't be told."""
    objects = list(verb)
    if len(objects) != 1:
        raise EppError(2001, "a command names one object element")
    uri, name = split(objects[0].tag)
    if uri not in services:
        raise EppError(2307, f"the login did not announce {uri or 'an empty namespace'}")
    kind = split(verb.tag)[1]
    if name != kind:
        raise EppError(2001, f"{name} within {kind}", Field(uri, name))
    command = OBJECT_COMMANDS.get((uri, kind))
    if command is None:
        raise EppError(2101, "not carried out by this registry", Field(uri, name))
    return command, objects[0]
