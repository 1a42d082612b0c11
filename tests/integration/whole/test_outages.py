"""Queue down, database down, worker late: everything is accepted that can be, and nothing is missing afterwards."""

from pathlib import Path

import psycopg
import requests
from psycopg import sql
from sqlalchemy import make_url

from tests.integration.redis_databases import redis_server
from tests.integration.sql_databases import free_port
from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import a_domain, eventually


def test_with_the_queue_down_everything_is_accepted_and_the_sweep_carries_on(install: Install, tmp_path: Path) -> None:
    port = free_port()
    installation = install(f"sqlite:///{tmp_path}/ledger.sqlite", f"redis://127.0.0.1:{port}/0")
    installation.serve()
    installation.work()
    order = installation.buy(a_domain("example.rw"))
    installation.all_told()
    assert installation.get(f"/v1/orders/{order['id']}")["status"] == "pending"
    with redis_server(port):
        installation.until(order, "completed")
        installation.close()
    assert "ring_failed" in installation.log("web")


def test_without_a_worker_orders_wait_and_are_delivered_when_one_comes(install: Install, tmp_path: Path) -> None:
    installation = install(f"sqlite:///{tmp_path}/ledger.sqlite", f"sqlite:///{tmp_path}/queue.sqlite")
    installation.serve()
    orders = [installation.buy(a_domain(f"name-{n}.rw")) for n in range(3)]
    installation.work()
    for order in orders:
        installation.until(order, "completed")


def test_with_the_database_away_the_answer_is_503_and_the_provider_delivers_again(
    install: Install, postgres_server: str, postgres_url: str, tmp_path: Path
) -> None:
    installation = install(postgres_url, f"sqlite:///{tmp_path}/queue.sqlite")
    installation.serve()
    order = installation.order(a_domain("example.rw"))
    payment = installation.start(order)
    name = sql.Identifier(make_url(postgres_url).database or "")
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [make_url(postgres_url).database],
        )
        installation.pay(payment)
        refused = installation.call("GET", f"/v1/orders/{order['id']}")
        assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
        assert requests.get(f"{installation.url}/health/ready", timeout=10).status_code == 503
        assert requests.get(f"{installation.url}/health/live", timeout=10).status_code == 200
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    installation.work()
    installation.until(order, "completed")


def test_a_provider_that_hangs_up_leaves_a_pending_attempt_that_is_found_again(
    install: Install, tmp_path: Path
) -> None:
    installation = install(
        f"sqlite:///{tmp_path}/ledger.sqlite",
        f"sqlite:///{tmp_path}/queue.sqlite",
        BILLING_WEB_CALL_DEADLINE_SECONDS="2",
    )
    installation.serve()
    fault = {"point": "stripe.checkout_sessions.create", "kind": "lose_answer", "times": 1}
    installation.control("PUT", "/faults", {"faults": [fault]})
    payment = installation.start(installation.order(a_domain("example.rw")))
    assert (payment["status"], payment["redirect_url"], payment["next"]) == ("pending", None, "wait")
    installation.work()
    found = eventually(lambda: (now := installation.get(f"/v1/payments/{payment['id']}"))["redirect_url"] and now)
    installation.pay(found)
    eventually(lambda: installation.get(f"/v1/payments/{payment['id']}")["status"] == "succeeded")
    assert len(installation.control("GET", "/state")["stripe"]["sessions"]) == 1
