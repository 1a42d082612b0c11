"""XML in and out: commands read without a DOCTYPE, answers written with fixed prefixes."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from billing_sandbox.epp.results import MESSAGES, Answer, EppError, Field

EPP = "urn:ietf:params:xml:ns:epp-1.0"
DOMAIN = "urn:ietf:params:xml:ns:domain-1.0"
CONTACT = "urn:ietf:params:xml:ns:contact-1.0"
HOST = "urn:ietf:params:xml:ns:host-1.0"
RGP = "urn:ietf:params:xml:ns:rgp-1.0"

PREFIXES = {DOMAIN: "domain", CONTACT: "contact", HOST: "host", RGP: "rgp"}
OBJECT_SERVICES = (DOMAIN, CONTACT, HOST)
EXTENSION_SERVICES = (RGP,)
DEPTH_MAX = 16


def parse(frame: bytes) -> Element:
    """The document element of a frame; 2001 for a DOCTYPE, too deep a tree or malformed XML."""
    try:
        _forbid_tricks(frame)
        return ElementTree.fromstring(frame)
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:
        raise EppError(2001, f"not well-formed XML: {error}") from None


def _forbid_tricks(frame: bytes) -> None:
    depth = 0

    def doctype(*_: object) -> None:
        raise EppError(2001, "a DOCTYPE is not accepted")

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX:
            raise EppError(2001, f"nested deeper than {DEPTH_MAX} elements")

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.Parse(frame, True)


def split(tag: str) -> tuple[str, str]:
    """The namespace and the local name of a parsed tag."""
    uri, brace, name = tag.rpartition("}")
    return uri[1:] if brace else "", name


def node(tag: str, *content: Element | str | None, **attributes: str) -> Element:
    """An element written under exactly this tag; `None` among the content is left out."""
    element = Element(tag, attributes)
    for part in content:
        if isinstance(part, str):
            element.text = part
        elif part is not None:
            element.append(part)
    return element


def object_node(uri: str, name: str, *content: Element | str | None) -> Element:
    """The outermost element of an object mapping, which declares its prefix."""
    prefix = PREFIXES[uri]
    return node(f"{prefix}:{name}", *content, **{f"xmlns:{prefix}": uri})


def timestamp(moment: datetime) -> str:
    """A moment in UTC, to the millisecond, as `2027-02-28T06:32:27.850Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def greeting(now: datetime) -> bytes:
    """What the server says first, and to every hello (RFC 5730 §2.4)."""
    services = node(
        "svcMenu",
        node("version", "1.0"),
        node("lang", "en"),
        *(node("objURI", uri) for uri in OBJECT_SERVICES),
        node("svcExtension", *(node("extURI", uri) for uri in EXTENSION_SERVICES)),
    )
    statement = node(
        "statement",
        node("purpose", node("prov")),
        node("recipient", node("ours")),
        node("retention", node("stated")),
    )
    policy = node("dcp", node("access", node("all")), statement)
    return _document(
        node("greeting", node("svID", "Sandbox registry"), node("svDate", timestamp(now)), services, policy)
    )


def response(answer: Answer, client_trid: str | None, server_trid: str) -> bytes:
    """The response frame of one command (RFC 5730 §2.6)."""
    result = node("result", node("msg", MESSAGES[answer.code]), code=str(answer.code))
    if answer.reason:
        offender = _echo(answer.field or Field(EPP, "undef"))
        result.append(node("extValue", node("value", offender), node("reason", _one_line(answer.reason))))
    parts = [result]
    if answer.data is not None:
        parts.append(node("resData", answer.data))
    if answer.extension is not None:
        parts.append(node("extension", answer.extension))
    trid = node("trID", node("clTRID", client_trid) if client_trid else None, node("svTRID", server_trid))
    return _document(node("response", *parts, trid))


def _echo(field: Field) -> Element:
    if field.uri not in PREFIXES:
        return node(field.name, field.value)
    return object_node(field.uri, field.name, field.value)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _document(body: Element) -> bytes:
    root = node("epp", body, xmlns=EPP)
    document: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return document
