"""The listening socket: takes connections in, one thread each, and brings all of them to an end."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from billing_sandbox.epp.connection import Connection, Line
from billing_sandbox.epp.session import Session
from billing_sandbox.faults import Faults

CONNECTIONS_MAX = 256
BACKLOG = 128
ACCEPT_SECONDS = 0.2
STOP_SECONDS = 5.0


class Server:
    """Accepts connections until it is stopped; it listens when the constructor returns."""

    def __init__(
        self, address: tuple[str, int], line: Line, faults: Faults, new_session: Callable[[], Session]
    ) -> None:
        self._line, self._faults, self._new_session = line, faults, new_session
        self._lock = threading.Lock()
        self._open: dict[Connection, threading.Thread] = {}
        self._listener = socket.create_server(address, backlog=BACKLOG)
        self._listener.settimeout(ACCEPT_SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="epp-accept", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Cuts all connections where they stand and waits for their threads."""
        self._line.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept at once, where the system does that
        self._acceptor.join(STOP_SECONDS)
        self._listener.close()
        with self._lock:
            left = dict(self._open)
        for connection in left:
            connection.cut()
        for thread in left.values():
            thread.join(STOP_SECONDS)

    def _accept(self) -> None:
        while not self._line.stopping.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError:
                continue
            fault = self._faults.take("epp.connect")
            if (fault is not None and fault.kind == "reject_connect") or len(self._open) >= CONNECTIONS_MAX:
                plain.close()
                continue
            try:
                self._begin(Connection(plain, self._line, self._new_session(), fault))
            except OSError:
                plain.close()

    def _begin(self, connection: Connection) -> None:
        thread = threading.Thread(target=self._serve, args=(connection,), name="epp-connection", daemon=True)
        with self._lock:
            self._open[connection] = thread
        thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            with self._lock:
                del self._open[connection]
