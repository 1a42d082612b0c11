"""What holds for every request, whatever it asks for."""

import json
from contextlib import contextmanager

import pytest

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.domain.errors import Conflict, IllegalMove
from billing.domain.order import Order
from tests.unit.http.shop import a_basket, a_name


class Labelled(MemoryTelemetry):
    """Keeps the bound ids with every event, as the log does."""

    def __init__(self) -> None:
        super().__init__()
        self.context: dict[str, str] = {}

    @contextmanager
    def bound(self, context):
        self.context = dict(context)
        yield
        self.context = {}

    def event(self, name, *, seconds=None, **fields):
        super().event(name, seconds=seconds, **self.context, **fields)


def send(shop, body: bytes, content_type: str | None = "application/json"):
    return shop.post("/v1/orders", data=body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [b"{", b"nonsense", b'{"a": NaN}', b'{"a": ' + b"9" * 5000 + b"}", b"[" * 15_000, b'"\xff"', b"{}{}"],
    ids=["cut off", "no JSON", "NaN", "endless number", "endless nesting", "no UTF-8", "two"],
)
def test_a_body_that_is_no_json_is_a_bad_request(shop, body):
    answer = send(shop, body)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert answer.json["detail"] == "the body is not valid JSON"
    assert shop.stored(Order) == []


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b'"text"'])
def test_a_body_that_is_no_object_is_named(shop, body):
    answer = send(shop, body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "body")


def test_no_body_at_all_names_what_is_missing(shop):
    answer = shop.post("/v1/orders")
    assert {one["field"] for one in answer.json["errors"]} == {"customer_id", "currency", "items"}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_of_another_type_is_unsupported(shop, content_type):
    answer = send(shop, json.dumps(a_basket()).encode(), content_type)
    assert (answer.status_code, answer.content_type) == (415, "application/problem+json")
    assert shop.stored(Order) == []


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k-1"}])
def test_a_body_over_the_limit_is_too_large(shop, headers):
    basket = a_basket(a_name(note="x" * shop.config.body_bytes_max))
    answer = shop.post("/v1/orders", basket, headers=headers)
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")
    assert shop.stored(Order) == []


def test_a_path_that_does_not_exist_is_a_problem(shop):
    answer = shop.get("/v1/nowhere")
    assert (answer.status_code, answer.json["type"]) == (404, "about:blank")


def test_a_method_that_does_not_exist_names_those_that_do(shop):
    answer = shop.call("DELETE", "/v1/orders/ord_1")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("defect", [RuntimeError("password=sesame"), IllegalMove("sesame", "paid", "unpaid")])
def test_a_defect_of_ours_tells_nothing_and_rings_the_alarm(shop, defect):
    def broken():
        raise defect

    shop.reopen(ready=broken)
    answer = shop.client.get("/health/ready")
    assert (answer.status_code, answer.json["title"]) == (500, "Internal Server Error")
    assert "sesame" not in answer.get_data(as_text=True)
    assert shop.telemetry.alarms == [("http_bug", {"route": "/health/ready", "error": type(defect).__name__})]


@pytest.mark.parametrize(("field", "errors"), [(None, None), ("name", [{"field": "name", "why": "busy"}])])
def test_a_conflict_names_a_field_only_where_it_is_about_one(shop, field, errors):
    def busy():
        raise Conflict("example.rw", "busy", field)

    shop.reopen(ready=busy)
    answer = shop.client.get("/health/ready")
    assert (answer.status_code, answer.json["detail"], answer.json.get("errors")) == (409, "example.rw: busy", errors)


# ---------------------------------------------------------------------- what every answer has


def test_the_callers_request_id_is_kept(shop):
    assert shop.get("/v1/orders", headers={"X-Request-Id": "order-7.a_B"}).headers["X-Request-Id"] == "order-7.a_B"


@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "id\x1b[31m", "<script>"])
def test_a_request_id_that_is_not_safe_is_replaced(shop, given):
    assert shop.get("/v1/orders", headers={"X-Request-Id": given}).headers["X-Request-Id"].startswith("req_")


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/ord_404", "/v1/nowhere"])
def test_answers_under_v1_are_not_cached_nor_guessed_at(shop, path):
    headers = shop.get(path).headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert "Access-Control-Allow-Origin" not in headers


def reports(shop) -> list[tuple]:
    return [
        (one["method"], one["route"], one["status"])
        for name, one in shop.telemetry.events
        if name == "http_request" and one["seconds"] is not None
    ]


def test_every_request_is_reported_once_by_its_route(shop):
    shop.get("/v1/orders/ord_404")
    shop.client.get("/v1/orders")
    shop.client.open("/nowhere/7", method="BREW")
    assert reports(shop) == [
        ("GET", "/v1/orders/<id:order_id>", 404),
        ("GET", "/v1/orders", 401),
        ("other", "unmatched", 404),
    ]


def test_everything_reported_in_a_request_bears_its_id(shop):
    reporter = Labelled()
    shop.reopen(telemetry=reporter)
    shop.client.get("/health/live", headers={"X-Request-Id": "r-1"})
    assert [(name, one["request_id"]) for name, one in reporter.events] == [("http_request", "r-1")]
