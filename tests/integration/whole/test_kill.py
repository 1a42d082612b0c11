"""SIGKILL at the worst moment: the effect is at the registry, and nothing of it is written down."""

import signal

import pytest

from tests.integration.whole.installation import Installation, a_domain, a_hosting, eventually


def test_killed_after_the_registry_answered_the_order_completes_with_one_create(installation: Installation) -> None:
    """huey#418, huey#559, huey#571, huey#598, huey#733: a killed worker took its task along."""
    installation.serve()
    installation.fail_at("worker", "registrar.register:after")
    installation.work()
    order = installation.buy(a_domain("example.rw"), a_hosting())
    assert installation.ended("worker") == -signal.SIGKILL
    assert installation.registry("example.rw")["creates"] == 1
    assert installation.get(f"/v1/orders/{order['id']}")["items"][0]["status"] == "in_progress"

    installation.work()
    done = installation.until(order, "completed")
    assert [item["status"] for item in done["items"]] == ["fulfilled", "fulfilled"]
    assert installation.registry("example.rw")["creates"] == 1


def test_killed_after_the_registry_renewed_no_year_is_added_twice(on_sqlite: Installation) -> None:
    """Seen elsewhere: an extension went well, the step after it failed, and the next try extended once more."""
    on_sqlite.serve()
    on_sqlite.work()
    on_sqlite.until(on_sqlite.buy(a_domain("kept.rw")), "completed")
    on_sqlite.stop("worker")
    on_sqlite.fail_at("worker", "registrar.renew:after")
    on_sqlite.work()
    order = on_sqlite.buy({"kind": "domain_renewal", "domain": "kept.rw", "years": 1})
    assert on_sqlite.ended("worker") == -signal.SIGKILL

    on_sqlite.work()
    on_sqlite.until(order, "completed")
    assert on_sqlite.registry("kept.rw")["renews"] == 1


@pytest.mark.parametrize("kind", ["lose_answer", "hang"])
def test_an_answer_lost_after_the_effect_is_one_registration(on_sqlite: Installation, kind: str) -> None:
    on_sqlite.serve()
    on_sqlite.control("PUT", "/faults", {"faults": [{"point": "epp.create", "kind": kind, "times": 1}]})
    on_sqlite.work()
    order = on_sqlite.buy(a_domain("example.rw"))
    on_sqlite.until(order, "completed")
    assert on_sqlite.registry("example.rw")["creates"] == 1


def test_a_worker_told_to_stop_finishes_what_is_under_way(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    on_sqlite.control("PUT", "/faults", {"faults": [{"point": "epp.create", "kind": "slow", "times": 1, "seconds": 1}]})
    on_sqlite.work()
    order = on_sqlite.buy(a_domain("example.rw"))
    eventually(lambda: on_sqlite.get(f"/v1/orders/{order['id']}")["items"][0]["status"] == "in_progress")
    assert on_sqlite.stop("worker") == 0
    assert on_sqlite.get(f"/v1/orders/{order['id']}")["status"] == "completed"


def test_a_killed_web_process_loses_nothing_that_was_acknowledged(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    order = on_sqlite.buy(a_domain("example.rw"))
    on_sqlite.all_told()
    on_sqlite.kill("web")
    on_sqlite.work()
    on_sqlite.serve()
    on_sqlite.until(order, "completed")
