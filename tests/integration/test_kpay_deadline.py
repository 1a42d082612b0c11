"""A call to KPay ends by its deadline, however slowly the answer drips in, and keeps its connection for the next."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from billing.application.outcomes import OutcomeUnknown, RetryLater
from tests.contracts.payment_gateway import soon
from tests.integration.drips import SLOW, dripping, ending_in_time
from tests.unit.adapters.kpay import a_gateway, a_started_payment, stands, to_pay


@SLOW
def test_nobody_knows_the_outcome_of_a_payment_whose_answer_drips(at_once: bytes, drip: bytes) -> None:
    with dripping(at_once, drip) as address, ending_in_time() as deadline, pytest.raises(OutcomeUnknown):
        a_gateway(url=address).start(*to_pay(), deadline)


@SLOW
def test_a_question_whose_answer_drips_is_asked_again_later(at_once: bytes, drip: bytes) -> None:
    with dripping(at_once, drip) as address, ending_in_time() as deadline, pytest.raises(RetryLater):
        a_gateway(url=address).check(a_started_payment(), deadline)


def test_where_nobody_listens_nothing_was_sent() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        address = f"http://127.0.0.1:{server.server_port}/"
    with pytest.raises(RetryLater):
        a_gateway(url=address).start(*to_pay(), soon())


def test_connections_are_kept_from_call_to_call() -> None:
    connections: list[object] = []
    payment = a_started_payment()

    class Kpay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self.client_address)
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(stands(payment, "03")).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Kpay) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        gateway = a_gateway(url=f"http://127.0.0.1:{server.server_port}/")
        for _ in range(5):
            assert gateway.check(payment, soon())
        server.shutdown()
    assert len(connections) == 1
