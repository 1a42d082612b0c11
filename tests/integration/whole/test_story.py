"""The whole story on real wires: HTTP, Stripe's protocol, signed webhooks, Huey, EPP over TLS."""

import json

import requests

from tests.integration.whole.installation import REGISTRANT, Installation, a_domain, a_hosting, eventually


def test_a_paid_order_becomes_a_registered_name_and_an_active_subscription(installation: Installation) -> None:
    """Seen elsewhere: protection against forged forms turned every webhook away in production, while tests ran
    without it.
    """
    installation.serve()
    installation.work("worker-1")
    installation.work("worker-2")
    order = installation.buy(a_domain("example.rw"), a_hosting("starter"))
    done = installation.until(order, "completed")
    assert [item["status"] for item in done["items"]] == ["fulfilled", "fulfilled"]
    assert installation.registry("example.rw")["creates"] == 1
    subscription = installation.get(f"/v1/subscriptions/{done['items'][1]['subscription_id']}")
    assert subscription["status"] == "active"
    held = installation.get("/v1/registrations/example.rw")
    assert held["customer_id"] == installation.customer()

    story = installation.command("orders", "show", order["id"])
    for words in ("completed", "registered until", "activate_subscription", "process_event", "api key tests"):
        assert words in story
    _the_ids_of_a_webhook_are_on_what_came_of_it(installation)
    assert installation.stop("worker-1") == 0
    assert installation.stop("web") == 0


def _the_ids_of_a_webhook_are_on_what_came_of_it(installation: Installation) -> None:
    """From the webhook's request, through Huey, to the job that its job made necessary."""
    registered = eventually(lambda: _ran(installation, "register_domain"))
    assert registered is not None
    assert registered["event_id"].startswith("evt_")
    assert registered["request_id"].startswith("req_")
    assert registered["cause"].startswith("job_")
    counted = requests.get(f"{installation.url}/metrics", timeout=10).text
    assert 'billing_webhooks_total{gateway="stripe",outcome="stored"' in counted


def _ran(installation: Installation, kind: str) -> dict[str, str] | None:
    """What a worker logged of the job, which it does when it has committed; a line is read once it is whole."""
    logs = (installation.log(name).rpartition("\n")[0] for name in ("worker-1", "worker-2"))
    lines = (json.loads(line) for log in logs for line in log.splitlines())
    return next((line for line in lines if line.get("kind") == kind and line["event"] == "job_ran"), None)


def test_postgresql_carries_the_bell_too(on_postgres_alone: Installation) -> None:
    on_postgres_alone.serve()
    on_postgres_alone.work()
    on_postgres_alone.until(on_postgres_alone.buy(a_domain("example.rw")), "completed")
    assert "ring_failed" not in on_postgres_alone.log("web")


def test_plain_huey_works_too(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    consumer = ("-m", "huey.bin.huey_consumer", "billing.entrypoints.worker.huey", "-g", "TERM", "-m", "0.2")
    on_sqlite.launch("huey", *consumer)
    on_sqlite.until(on_sqlite.buy(a_domain("example.rw")), "completed")
    assert on_sqlite.stop("huey") == 0


def test_a_mixed_order_dispatches_exactly_its_four_jobs(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    first = on_sqlite.until(on_sqlite.buy(a_domain("kept.com"), a_hosting("pro")), "completed")
    renewal = {"kind": "domain_renewal", "domain": "kept.com", "years": 2}
    more = {"kind": "subscription_renewal", "subscription_id": first["items"][1]["subscription_id"], "cycles": 1}
    before = on_sqlite.registry("kept.com")["expires"]
    order = on_sqlite.until(on_sqlite.buy(a_domain("new.rw"), a_hosting(), renewal, more), "completed")
    assert {item["status"] for item in order["items"]} == {"fulfilled"}
    story = on_sqlite.command("orders", "show", order["id"])
    for kind in ("register_domain", "activate_subscription", "renew_domain", "renew_subscription"):
        assert story.count(f"{kind} ") >= 1
    after = on_sqlite.registry("kept.com")
    assert (int(after["expires"][:4]) - int(before[:4]), after["renews"]) == (2, 1)


def test_a_name_that_we_hold_for_somebody_is_not_sold_again(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    on_sqlite.work()
    on_sqlite.until(on_sqlite.buy(a_domain("wanted.rw")), "completed")
    basket = {
        "customer_id": on_sqlite.customer(),
        "currency": "USD",
        "contacts": {"registrant": REGISTRANT},
        "items": [a_domain("wanted.rw")],
    }
    refused = on_sqlite.call("POST", "/v1/orders", basket)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (409, "items.0.domain")


def test_a_name_held_for_another_customer_of_ours_is_never_called_this_ones(on_sqlite: Installation) -> None:
    """The registry shows the same sponsor, us; only the registrant's handle tells whose it is."""
    on_sqlite.serve()
    order = on_sqlite.order(a_domain("raced.rw"), a_hosting())
    payment = on_sqlite.start(order)
    _register_elsewhere(on_sqlite, "raced.rw")
    on_sqlite.work()
    on_sqlite.pay(payment)
    on_sqlite.until(order, "partially_completed")
    done = eventually(lambda: _settled(on_sqlite, order["id"]))
    assert [item["status"] for item in done["items"]] == ["refunded", "fulfilled"]
    (refund,) = on_sqlite.control("GET", "/state")["stripe"]["refunds"]
    assert refund["amount"] == done["items"][0]["price"]["amount"]
    assert on_sqlite.registry("raced.rw")["creates"] == 1


def _settled(installation: Installation, order_id: str) -> dict[str, list[dict[str, str]]] | None:
    found: dict[str, list[dict[str, str]]] = installation.get(f"/v1/orders/{order_id}")
    return found if found["items"][1]["status"] == "fulfilled" else None


def _register_elsewhere(installation: Installation, name: str) -> None:
    """Another item of the same registrar: the sponsor is ours, the handle is not this item's."""
    from epptools import Client, Config

    world = installation.settings
    config = Config(
        world["BILLING_EPP_HOST"],
        clid=world["BILLING_EPP_USERNAME"],
        password=world["BILLING_EPP_PASSWORD"],
        port=int(world["BILLING_EPP_PORT"]),
        ca_file=world["BILLING_EPP_CA_FILE"],
    )
    client = Client.connect_and_login(config)
    client.contact.create(
        "BSOMEBODYELSE123", name="Somebody Else", street=["KN 1"], city="Kigali", cc="RW",
        voice="+250.788111111", email="else@example.rw", auth_info="x" * 12,
    )  # fmt: skip
    client.domain.create(name, years=1, registrant="BSOMEBODYELSE123", auth_info="x" * 12)
    client.disconnect()


def test_what_a_person_reads_is_there(on_sqlite: Installation) -> None:
    on_sqlite.serve()
    for path in ("/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs/"):
        assert requests.get(on_sqlite.url + path, timeout=10).ok, path
