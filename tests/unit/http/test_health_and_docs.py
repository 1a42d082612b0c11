import re

import pytest
from openapi_spec_validator import validate


def test_the_process_lives(shop):
    answer = shop.client.get("/health/live")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_it_is_ready_while_every_part_is(shop):
    answer = shop.client.get("/health/ready")
    assert (answer.status_code, answer.json["parts"]) == (200, {"ledger": "ok", "queue": "ok"})


def test_it_is_not_ready_while_a_part_is_not(shop):
    shop.parts["ledger"] = "the schema is older than the program"
    answer = shop.client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["parts"]["ledger"] == "the schema is older than the program"


def test_metrics_are_plain_text(shop):
    answer = shop.client.get("/metrics")
    assert (answer.text, answer.mimetype) == ("billing_orders 1\n", "text/plain")


@pytest.fixture
def document(shop) -> dict:
    return shop.client.get("/openapi.json").json


def test_the_description_is_valid_openapi_3_1(document):
    validate(document)
    assert document["openapi"] == "3.1.0"


def test_the_description_has_every_call_under_v1(shop, document):
    rules = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in shop.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/")
    }
    described = {
        (path, method) for path, calls in document["paths"].items() for method in calls if method != "parameters"
    }
    assert described == rules


def test_every_call_is_named_and_secured_and_its_problems_described(document):
    names = []
    for calls in document["paths"].values():
        for method, call in calls.items():
            if method != "parameters":
                names.append(call["operationId"])
                assert call["summary"]
                assert "default" in call["responses"]
                header = [p["name"] for p in call.get("parameters", ()) if p["in"] == "header"]
                assert header == (["Idempotency-Key"] if method == "post" else [])
    assert len(names) == len(set(names))
    assert document["security"] == [{"key": []}]
    problem = document["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert list(problem) == ["application/problem+json"]


@pytest.mark.parametrize(
    ("path", "needed"),
    [("/v1/orders", True), ("/v1/orders/{order_id}/payments", True), ("/v1/orders/{order_id}/cancel", False)],
)
def test_the_description_says_which_calls_need_a_body(document, path, needed):
    assert document["paths"][path]["post"]["requestBody"]["required"] is needed


def test_a_basket_is_described_kind_by_kind(document):
    purchase = document["components"]["schemas"]["Purchase"]
    assert len(purchase["oneOf"]) == 4
    assert set(purchase["discriminator"]["mapping"]) == {
        "domain_registration",
        "domain_renewal",
        "hosting",
        "subscription_renewal",
    }


def test_the_pages_are_served_from_here_alone(shop):
    answer = shop.client.get("/docs", follow_redirects=True)
    files = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert files
    for file in files:
        assert file.startswith("/docs/")
        with shop.client.get(file) as served:
            assert served.status_code == 200
    assert '"validatorUrl": null' in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/docs/nothing.js", "/docs/../app.py", "/docs/%2e%2e/README.md"])
def test_nothing_else_is_served_beside_the_pages(shop, path):
    assert shop.client.get(path).status_code == 404
