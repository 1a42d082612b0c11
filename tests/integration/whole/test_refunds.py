"""Money back on real wires: through a registry's refusal, a killed worker, and a refund made in the dashboard."""

import json
import signal
from typing import Any

from tests.integration.whole.installation import Installation, a_domain, a_hosting, eventually


def refunds_at_stripe(installation: Installation) -> list[tuple[int, str]]:
    """Amounts and statuses, as Stripe has them."""
    found = installation.control("GET", "/state")["stripe"]["refunds"]
    return sorted((one["amount"], one["status"]) for one in found)


def test_what_the_registry_refuses_is_paid_back_once_though_the_worker_is_killed_in_between(
    on_sqlite: Installation,
) -> None:
    """The name is free when it is ordered and somebody else's when it is paid."""
    on_sqlite.serve()
    order = on_sqlite.order(a_domain("raced.rw"), a_hosting())
    price, hosting = (item["price"]["amount"] for item in order["items"])
    payment = on_sqlite.start(order)
    on_sqlite.control("POST", "/registry/domains/raced.rw/occupy")
    on_sqlite.fail_at("worker", "gateway.refund:after")
    on_sqlite.work()
    on_sqlite.pay(payment)
    assert on_sqlite.ended("worker") == -signal.SIGKILL
    assert refunds_at_stripe(on_sqlite) == [(price, "succeeded")]
    (refund,) = on_sqlite.get(f"/v1/payments/{payment['id']}/refunds")
    assert (refund["status"], refund["amount"]["amount"], refund["cause"]) == ("pending", price, "undelivered")

    on_sqlite.work()
    done = on_sqlite.until(order, "partially_completed")
    assert [item["status"] for item in done["items"]] == ["refunded", "fulfilled"]
    job = eventually(lambda: _ended(on_sqlite, refund["id"]))
    assert job["job_status"] == "succeeded"
    assert refunds_at_stripe(on_sqlite) == [(price, "succeeded")]

    on_sqlite.control("POST", f"/stripe/sessions/{_session(on_sqlite, payment)}/refund")
    eventually(lambda: len(on_sqlite.get(f"/v1/payments/{payment['id']}/refunds")) == 2)
    told = {one["cause"]: one for one in on_sqlite.get(f"/v1/payments/{payment['id']}/refunds")}
    assert (told["provider"]["amount"]["amount"], told["provider"]["status"]) == (hosting, "succeeded")
    refused = on_sqlite.call("POST", f"/v1/payments/{payment['id']}/refunds", {"reason": "again"})
    assert refused.status_code == 409
    assert on_sqlite.until(order, "partially_completed")["items"][1]["status"] == "fulfilled"


def _ended(installation: Installation, refund_id: str) -> Any:
    shown = json.loads(installation.command("refunds", "show", refund_id, "--json"))
    return shown if shown["job_status"] not in ("queued", "running") else None


def _session(installation: Installation, payment: dict[str, Any]) -> str:
    sessions = installation.control("GET", "/state")["stripe"]["sessions"]
    return next(str(one["id"]) for one in sessions if one["metadata"]["payment_id"] == payment["id"])
