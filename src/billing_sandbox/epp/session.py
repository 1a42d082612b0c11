"""One client's session: what it may ask in which order, and the frame that answers (RFC 5730 §2)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element

from billing_sandbox.epp import commands, documents
from billing_sandbox.epp.credentials import Credentials
from billing_sandbox.epp.desk import Desk
from billing_sandbox.epp.documents import EXTENSION_SERVICES, OBJECT_SERVICES, split
from billing_sandbox.epp.fields import Fields
from billing_sandbox.epp.results import MESSAGES, Answer, EppError
from billing_sandbox.epp.store import Store
from billing_sandbox.faults import Fault, Faults

REFUSED = 2400
NO_FAULT = Fault("none")


@dataclass(frozen=True)
class Office:
    """What all sessions share: the records, the business clock, the account, the faults on order."""

    store: Store
    now: Callable[[], datetime]
    account: Credentials
    faults: Faults
    suffixes: tuple[str, ...]
    wait: Callable[[float], object]


@dataclass(frozen=True)
class Reply:
    """What goes back: a frame, or none; whether the connection then ends, or is left hanging."""

    frame: bytes | None
    closing: bool = False
    hanging: bool = False


class Session:
    """The state of one connection: who is logged in, with which services."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._registrar: str | None = None
        self._services: frozenset[str] = frozenset()
        self._extensions: frozenset[str] = frozenset()

    def greeting(self) -> bytes:
        """The frame that opens the session."""
        return documents.greeting(self._office.now())

    def handle(self, frame: bytes) -> Reply:
        """Carries out one frame; whatever took effect is committed when this returns."""
        trid = None
        try:
            root = documents.parse(frame)
            if commands.is_hello(root):
                return self._with_fault("hello", self.greeting, trid)
            trid = commands.client_trid(root)
            name, do = self._command(root)
        except EppError as error:
            return _reply(error.answer, trid)
        return self._with_fault(name, lambda: _attempt(do), trid)

    def _with_fault(self, name: str, do: Callable[[], Answer | bytes], trid: str | None) -> Reply:
        self._count(name)
        fault = self._office.faults.take(f"epp.{name}") or NO_FAULT
        if fault.kind == "refuse":
            return _reply(forced_answer(fault), trid)
        if fault.kind == "close":
            farewell = None if fault.code is None else _reply(forced_answer(fault), trid).frame
            return Reply(farewell, closing=True)
        if fault.kind == "slow":
            self._office.wait(fault.seconds or 0)
        result = do()
        if fault.kind in ("lose_answer", "hang"):
            return Reply(None, closing=fault.kind == "lose_answer", hanging=fault.kind == "hang")
        return Reply(result) if isinstance(result, bytes) else _reply(result, trid)

    def _count(self, name: str) -> None:
        with self._office.store.transaction() as db:
            db.execute(
                "INSERT INTO commands VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET received = received + 1",
                (name,),
            )

    def _command(self, root: Element) -> tuple[str, Callable[[], Answer]]:
        verb = commands.verb_of(root)
        kind = split(verb.tag)[1]
        if kind == "login":
            return kind, lambda: self._login(verb)
        if self._registrar is None:
            raise EppError(2002, "log in first")
        commands.refuse_extensions(root)
        if kind == "logout":
            return kind, lambda: Answer(1500)
        if kind == "poll":
            return kind, lambda: _poll(verb)
        registrar = self._registrar
        command, element = commands.object_command(verb, self._services)
        return command.name, lambda: self._on_object(command.do, element, registrar)

    def _on_object(self, do: Callable[[Element, Desk], Answer], element: Element, registrar: str) -> Answer:
        office = self._office
        with office.store.transaction() as db:
            return do(element, Desk(db, office.now(), registrar, office.suffixes, self._extensions))

    def _login(self, verb: Element) -> Answer:
        if self._registrar is not None:
            raise EppError(2002, "already logged in")
        fields = Fields(verb, "clID", "pw", "newPW", "options", "svcs")
        username, password = fields.text("clID"), fields.text("pw")
        options = Fields(fields.needed("options"), "version", "lang")
        if options.text("version") != "1.0":
            raise options.wrong("version", "", "the version is 1.0", code=2100)
        if options.text("lang") != "en":
            raise options.wrong("lang", "", "the language is en", code=2102)
        services, extensions = _services(Fields(fields.needed("svcs"), "objURI", "svcExtension"))
        if not self._office.account.match(username, password):
            raise EppError(2200, "unknown client or wrong password")
        if fields.child("newPW") is not None:
            raise EppError(2102, "the password of the sandbox does not change")
        self._registrar, self._services, self._extensions = username, services, extensions
        return Answer()


def forced_answer(fault: Fault) -> Answer:
    """The answer that a fault orders; 2400 where it names no code that there is."""
    code = REFUSED if fault.code is None else fault.code
    return Answer(code if code in MESSAGES else REFUSED, reason="as ordered")


def new_server_trid() -> str:
    """A server transaction identifier never given before."""
    return f"SBX-{secrets.token_hex(8)}"


def _services(fields: Fields) -> tuple[frozenset[str], frozenset[str]]:
    services = fields.texts("objURI")
    if not services:
        raise fields.missing("objURI")
    block = fields.child("svcExtension")
    extensions = [] if block is None else Fields(block, "extURI").texts("extURI")
    for uri in services:
        if uri not in OBJECT_SERVICES:
            raise fields.wrong("objURI", uri, "no such object service", code=2307)
    for uri in extensions:
        if uri not in EXTENSION_SERVICES:
            raise fields.wrong("extURI", uri, "no such extension", code=2103)
    return frozenset(services), frozenset(extensions)


def _poll(verb: Element) -> Answer:
    if verb.get("op") == "req":
        return Answer(1300)
    if verb.get("op") != "ack":
        raise EppError(2001, "op is req or ack")
    if not verb.get("msgID"):
        raise EppError(2003, "an ack names its msgID")
    raise EppError(2303, "no such message")


def _attempt(do: Callable[[], Answer]) -> Answer:
    try:
        return do()
    except EppError as error:
        return error.answer


def _reply(answer: Answer, trid: str | None) -> Reply:
    frame = documents.response(answer, trid, new_server_trid())
    return Reply(frame, closing=answer.closing)
