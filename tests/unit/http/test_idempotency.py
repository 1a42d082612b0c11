from dataclasses import replace
from datetime import timedelta

import pytest

from billing.adapters.memory.registrar import MemoryRegistrar
from billing.application.records import RememberedAnswer
from billing.application.shop.access import Role
from billing.application.unit_of_work import LedgerUnavailable
from billing.domain.customer import Customer
from billing.domain.order import Order
from tests.unit.http.shop import a_basket, a_name, a_start


def once(key: str = "k-1") -> dict:
    return {"headers": {"Idempotency-Key": key}}


def test_the_same_key_and_body_give_the_first_answer_again(shop):
    first = shop.post("/v1/orders", a_basket(), **once())
    again = shop.post("/v1/orders", a_basket(), **once())
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.content_type == first.content_type
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert len(shop.stored(Order)) == 1


def test_a_payment_is_started_once_under_one_key(shop):
    path = f"/v1/orders/{shop.place().json['id']}/payments"
    answers = [shop.post(path, a_start(), **once()) for _ in range(3)]
    assert [answer.json for answer in answers] == [answers[0].json] * 3
    assert [call for call, _ in shop.gateway.calls] == ["start"]


def test_the_same_key_with_another_body_is_refused(shop):
    shop.post("/v1/orders", a_basket(), **once())
    answer = shop.post("/v1/orders", a_basket(a_name("other.rw")), **once())
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert len(shop.stored(Order)) == 1


def test_a_refusal_is_remembered_too(shop):
    first = shop.post("/v1/orders", a_basket(currency="usd"), **once())
    again = shop.post("/v1/orders", a_basket(currency="usd"), **once())
    assert (again.status_code, again.json) == (422, first.json)
    assert again.content_type == "application/problem+json"
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_fault_is_forgotten_so_that_a_repeat_runs_again(shop):
    shop.registrar.set_reachable(False)
    assert shop.post("/v1/orders", a_basket(), **once()).status_code == 503
    shop.registrar.set_reachable(True)
    answer = shop.post("/v1/orders", a_basket(), **once())
    assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)


def test_keys_of_two_callers_and_of_two_paths_never_meet(shop):
    shop.post("/v1/orders", a_basket(), **once())
    other = shop.post("/v1/orders", a_basket(a_name("b.rw")), key=shop.a_key(Role.STOREFRONT, "b"), **once())
    customer = shop.post("/v1/customers", {"name": "B", "email": "b@example.rw"}, **once())
    assert (other.status_code, customer.status_code) == (201, 201)


def test_a_call_that_still_runs_is_a_conflict_until_its_lease_is_over(shop):
    shop.post("/v1/orders", a_basket(), **once())

    (known,) = shop.stored(RememberedAnswer)
    shop.ledger.write("test", lambda uow: uow.answers.forget(known))
    begun = replace(known, status=None, body=None)
    shop.ledger.write("test", lambda uow: uow.answers.claim(begun, shop.now))
    running = shop.post("/v1/orders", a_basket(), **once())
    assert (running.status_code, running.json["errors"][0]["field"]) == (409, "Idempotency-Key")
    shop.now += shop.config.idempotency_lease + timedelta(seconds=1)
    rerun = shop.post("/v1/orders", a_basket(), **once())
    assert rerun.json["errors"][0]["field"] == "items.0.domain"


def test_a_second_call_that_comes_while_the_first_runs_changes_nothing(shop):
    inner = []

    class Impatient(MemoryRegistrar):
        def check(self, names, deadline):
            if not inner:
                inner.append(shop.post("/v1/orders", a_basket(), **once()))
            return super().check(names, deadline)

    shop.registrar = Impatient(shop.clock)
    shop.reopen()
    outer = shop.post("/v1/orders", a_basket(), **once())
    assert (outer.status_code, inner[0].status_code) == (201, 409)
    assert len(shop.stored(Order)) == 1


@pytest.mark.parametrize("key", ["", "a" * 256, "with space", "tab\tbed", "ümlaut"])
def test_a_key_must_be_short_and_visible(shop, key):
    answer = shop.post("/v1/orders", a_basket(), headers={"Idempotency-Key": key.encode().decode("latin-1")})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert shop.stored(Order) == []


def test_a_key_on_a_call_that_writes_nothing_new_is_not_remembered(shop):
    shop.get("/v1/orders", **once())
    shop.call("PATCH", "/v1/customers/cus_1", {"language": "fr"}, **once())
    assert shop.stored(RememberedAnswer) == []


def test_without_a_valid_caller_nothing_is_remembered(shop):
    shop.client.post("/v1/orders", json=a_basket(), headers={"Idempotency-Key": "k"})
    assert shop.stored(RememberedAnswer) == []


def test_a_call_whose_answer_could_not_be_remembered_is_answered_all_the_same(shop):
    def begin(by, *, reading=False):
        if len(shop.stored(Customer)) > 1:
            raise LedgerUnavailable("gone once the customer is there")
        return shop.begin(by, reading=reading)

    shop.ledger = replace(shop.ledger, begin=begin)
    shop.reopen()
    answer = shop.post("/v1/customers", {"name": "B", "email": "b@example.rw"}, **once())
    assert answer.status_code == 201
    assert [name for name, _ in shop.telemetry.alarms] == ["answer_not_remembered"]
