"""The EPP registrar and a registry out of its senses."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from epptools import Namespaces

from billing.adapters.epp_registrar import EppRegistrar
from billing.application.outcomes import NotYet, OutcomeUnknown, RetryLater
from tests.builders import a_registrant
from tests.contracts.registry import EXAMPLE, OURS, within
from tests.integration.sandbox_registry import SandboxRegistry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[SandboxRegistry]:
    opened = SandboxRegistry(tmp_path / "epp")
    yield opened
    opened.close()


Talk = Callable[..., EppRegistrar]
GREETING = f'<epp xmlns="{Namespaces.EPP}"><greeting/></epp>'
RESULT = f'<epp xmlns="{Namespaces.EPP}"><response><result code="%d"><msg>so</msg></result></response></epp>'


def framed(document: str) -> bytes:
    return (len(document) + 4).to_bytes(4, "big") + document.encode()


@pytest.fixture
def talk(registry: SandboxRegistry) -> Iterator[Talk]:
    """Registrars on a listener with the registry's certificate, which says one thing after each thing it hears."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(registry.directory / "server.pem", registry.directory / "server.key")
    stopping, threads = threading.Event(), []
    listener = socket.create_server(("127.0.0.1", 0))

    def say(line: ssl.SSLSocket, words: bytes, pause_seconds: float) -> None:
        if not pause_seconds:
            line.sendall(words)
            return
        for byte in words:
            line.sendall(bytes([byte]))
            stopping.wait(pause_seconds)

    def converse(script: tuple[bytes, ...], pause_seconds: float) -> None:
        plain, _ = listener.accept()
        with plain, context.wrap_socket(plain, server_side=True) as line, suppress(OSError):
            for words in script:
                say(line, words, pause_seconds)
                if not line.recv(65536):
                    return
            while line.recv(65536):
                pass

    def start(*script: bytes, pause_seconds: float = 0.0) -> EppRegistrar:
        threads.append(threading.Thread(target=converse, args=(script, pause_seconds)))
        threads[-1].start()
        return registry.connect(port=listener.getsockname()[1], logout_timeout_seconds=0.05)

    yield start
    stopping.set()
    registry.close()
    for thread in threads:
        thread.join()
    listener.close()


def test_an_answer_that_drips_is_not_waited_for_beyond_the_deadline(talk: Talk):
    started = time.monotonic()
    with pytest.raises(RetryLater):
        talk(framed(" " * 4092), pause_seconds=0.05).info(EXAMPLE, within(0.6))
    assert time.monotonic() - started < 1.2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (b"\xff\xff\xff\xff", "4294967295 bytes"),
        (b"\x00\x00\x00\x04", "4 bytes"),
        (b"\x00\x00\x00\x08\xff\xfe\xfd\xfc", "not UTF-8"),
        (framed("not xml!"), "malformed"),
        (framed('<!DOCTYPE epp [<!ENTITY a "b">]><epp/>'), "DOCTYPE"),
        (framed(RESULT % 1000), "not an EPP <greeting>"),
    ],
)
def test_what_is_no_greeting_opens_no_session(talk: Talk, words: bytes, why: str):
    with pytest.raises(RetryLater, match=f"no session with the registry: .*{why}"):
        talk(words).info(EXAMPLE, within())


@pytest.mark.parametrize("words", [RESULT % 2500, RESULT % 2502, GREETING])
def test_what_may_answer_something_else_leaves_the_outcome_unknown(talk: Talk, words: str):
    registrar = talk(framed(GREETING), framed(RESULT % 1000), framed(words))
    with pytest.raises(OutcomeUnknown, match="not its answer"):
        registrar.register(EXAMPLE, 1, a_registrant(), (), OURS, within())


def test_a_registration_accepted_without_an_expiry_is_looked_up(talk: Talk):
    shown = RESULT.replace(
        "</response>",
        f'<resData><d><status s="pendingCreate"/><registrant>{OURS}</registrant>'
        "<crDate>2027-03-01T12:00:00Z</crDate></d></resData></response>",
    )
    answers = [RESULT % 1000, RESULT % 1000, RESULT % 1001, shown % 1000]
    registered = talk(framed(GREETING), *map(framed, answers)).register(EXAMPLE, 1, a_registrant(), (), OURS, within())
    assert (registered.pending, registered.holder) == (True, OURS)


def test_a_renewal_accepted_and_not_yet_granted_is_waited_for(talk: Talk):
    shown = RESULT.replace("</response>", "<resData><d><exDate>2027-03-01T12:00:00Z</exDate></d></resData></response>")
    registrar = talk(framed(GREETING), *map(framed, [RESULT % 1000, shown % 1000, shown % 1001]))
    with pytest.raises(NotYet, match="renewal of example"):
        registrar.renew(EXAMPLE, 1, datetime(2027, 3, 1, 12, tzinfo=UTC), "itm_9", within())
