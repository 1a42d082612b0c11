"""One connection: handshake, greeting, then frame by frame until either side has enough."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
from dataclasses import dataclass

from billing_sandbox.epp.documents import response
from billing_sandbox.epp.framing import FrameTooLong, Gone, read_frame, write_frame
from billing_sandbox.epp.results import Answer
from billing_sandbox.epp.session import NO_FAULT, Reply, Session, forced_answer, new_server_trid
from billing_sandbox.faults import Fault

HANDSHAKE_SECONDS = 10.0
FAREWELL = 2500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Line:
    """What all connections share: how they are secured, how long an idle one is kept, the end of it all."""

    context: ssl.SSLContext
    idle_seconds: float
    stopping: threading.Event


class Connection:
    """A TLS stream and the session on it; `serve` runs in a thread of its own."""

    def __init__(self, plain: socket.socket, line: Line, session: Session, fault: Fault | None) -> None:
        plain.settimeout(HANDSHAKE_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line, self._session, self._fault = line, session, fault or NO_FAULT
        self._stream = line.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)

    def serve(self) -> None:
        """Serves the client to the end; broken lines are its ordinary end."""
        try:
            self._stream.do_handshake()
            self._stream.settimeout(self._line.idle_seconds)
            if self._welcome():
                self._converse()
        except FrameTooLong as error:
            self._say_farewell(f"a frame of {error} bytes is not read")
        except (Gone, OSError) as error:
            log.debug("connection ended: %r", error)
        finally:
            self.cut()
            self._stream.close()

    def cut(self) -> None:
        """Ends the stream as it stands, also from another thread, and wakes whoever reads it."""
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which takes the TLS object from under a thread that reads.
            socket.socket.shutdown(self._stream, socket.SHUT_RDWR)

    def _welcome(self) -> bool:
        fault = self._fault
        if fault.kind == "refuse":
            return self._deliver(Reply(response(forced_answer(fault), None, new_server_trid()), closing=True))
        if fault.kind in ("close", "lose_answer", "hang"):
            return self._deliver(Reply(None, closing=fault.kind != "hang", hanging=fault.kind == "hang"))
        if fault.kind == "slow":
            self._line.stopping.wait(fault.seconds or 0)
        return self._deliver(Reply(self._session.greeting()))

    def _converse(self) -> None:
        while self._deliver(self._session.handle(read_frame(self._stream))):
            pass

    def _deliver(self, reply: Reply) -> bool:
        """Sends what there is to send; false when the connection is over."""
        if reply.frame is not None:
            write_frame(self._stream, reply.frame)
        if reply.hanging:
            self._stream.settimeout(None)
            while self._stream.recv(4096):
                pass
        return not (reply.closing or reply.hanging)

    def _say_farewell(self, reason: str) -> None:
        with contextlib.suppress(OSError):
            answer = Answer(FAREWELL, reason=reason)
            self._deliver(Reply(response(answer, None, new_server_trid()), closing=True))
