"""Every webhook is lost, on real wires: what was paid is delivered all the same, asked to or not."""

import json
from pathlib import Path

from billing.application.unit_of_work import UnitOfWork
from billing.domain import JobKind
from tests.integration.whole.conftest import Install
from tests.integration.whole.installation import Installation, a_domain, a_hosting, eventually

LOST = {"faults": [{"point": "stripe.webhooks.deliver", "kind": "lose"}]}
HOURS = 3600


def test_what_was_paid_is_delivered_once_reconciled_however_often(installation: Installation) -> None:
    installation.serve()
    installation.control("PUT", "/faults", LOST)
    order = installation.buy(a_domain("lost.rw"), a_hosting())
    rehearsed = json.loads(installation.command("reconcile", "--dry-run", "--json", exit_code=1).splitlines()[0])
    assert {one["done"] for one in rehearsed} == {"would be repaired"}
    assert installation.until(order, "pending")
    assert "repaired" in installation.command("reconcile", "--since", "1h")
    installation.work()
    done = installation.until(order, "completed")
    assert [item["status"] for item in done["items"]] == ["fulfilled", "fulfilled"]
    for _ in range(2):
        assert installation.command("reconcile", "--json") == "[]\n"
    assert installation.registry("lost.rw")["creates"] == 1


def test_workers_find_by_themselves_what_no_webhook_told(install: Install, tmp_path: Path) -> None:
    """Both business clocks are moved on; the attempt's own check waits by real time, so it is not what finds it."""
    offset = tmp_path / "offset"
    installation = install(
        f"sqlite:///{tmp_path}/ledger.sqlite",
        f"sqlite:///{tmp_path}/queue.sqlite",
        BILLING_CLOCK_OFFSET_FILE=str(offset),
        BILLING_RECONCILE_INTERVAL_HOURS="1",
    )
    installation.serve()
    installation.work()
    eventually(lambda: installation.container.ledger().read(_are_asked_for))
    installation.control("PUT", "/faults", LOST)
    order = installation.buy(a_domain("unheard.rw"))
    offset.write_text(str(2 * HOURS))
    installation.control("POST", "/clock/advance", {"seconds": 2 * HOURS})
    done = installation.until(order, "completed")
    assert [item["status"] for item in done["items"]] == ["fulfilled"]
    found = eventually(lambda: _told_of_success(installation))
    shown = json.loads(installation.command("events", "show", found[0]["id"], "--json"))
    assert shown["verdict"].startswith("fetched from the feed by reconcile ")


def _told_of_success(installation: Installation) -> list[dict[str, str]]:
    """The inbox once the intent's success is in it: the order may be delivered by the page's, which is read first."""
    found = json.loads(installation.command("events", "list", "--json"))
    return found if "payment_intent.succeeded" in {event["type"] for event in found} else []


def _are_asked_for(uow: UnitOfWork) -> bool:
    """From here on no interval is left out."""
    return bool(uow.jobs.page(None, JobKind.RECONCILE, None, 1))
