import pytest
from flask import Flask

from billing.application.records import ApiKey
from billing.application.shop.access import RevokeKey, Role, digest
from billing.domain.order import Order
from billing.entrypoints.http import auth, problems
from tests.unit.http.shop import a_basket


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic c2hvcDpzZWNyZXQ=",
        "Bearer unknown",
        "Basic shop-storefront-secret",
        "Bearer \xff",
    ],
)
def test_nobody_comes_in_without_a_known_key(shop, header):
    headers = {} if header is None else {"Authorization": header}
    answer = shop.client.post("/v1/orders", json=a_basket(), headers=headers)
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")
    assert shop.stored(Order) == []


def test_a_key_is_never_repeated_in_an_answer(shop):
    answer = shop.client.get("/v1/orders", headers={"Authorization": "Bearer sesame-open"})
    assert "sesame" not in answer.get_data(as_text=True) + str(answer.headers)


def test_every_call_under_v1_needs_a_key(shop):
    rules = [rule for rule in shop.app.url_map.iter_rules() if rule.rule.startswith("/v1/")]
    assert len(rules) >= 14
    for rule in rules:
        url = shop.app.url_map.bind("localhost").build(rule.endpoint, dict.fromkeys(rule.arguments, "mth_x"))
        for method in rule.methods - {"OPTIONS"}:
            assert shop.client.open(url, method=method).status_code == 401, (method, url)


def test_a_revoked_key_opens_nothing_from_then_on(shop):
    assert shop.get("/v1/orders").status_code == 200
    key = shop.ledger.read(lambda uow: uow.api_keys.by_digest(digest(shop.key)))
    for _ in range(2):
        RevokeKey(shop.ledger)(key.id, "test")
        answer = shop.get("/v1/orders")
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert shop.get("/v1/orders", key=shop.a_key(Role.OPERATOR)).status_code == 200


def test_an_operator_may_do_what_a_storefront_may(shop):
    assert shop.get("/v1/orders", key=shop.a_key(Role.OPERATOR)).status_code == 200


def test_a_role_that_nobody_knows_may_do_nothing(shop):
    key = ApiKey(id="key_9", name="old", role="auditor", digest=digest("sesame"), created_at=shop.now)
    shop.ledger.write("test", lambda uow: uow.api_keys.add(key))
    answer = shop.get("/v1/orders", key="sesame")
    assert (answer.status_code, answer.content_type) == (403, "application/problem+json")


def test_a_storefront_may_not_do_what_needs_an_operator(shop):
    app = Flask("probe")
    problems.attach(app, shop.telemetry)
    authenticate = shop.use_cases().authenticate

    @app.get("/")
    def probe() -> str:
        auth.require(authenticate, Role.OPERATOR)
        return auth.by()

    client = app.test_client()
    answers = [
        client.get("/", headers={"Authorization": f"bearer {key}"}) for key in (shop.key, shop.a_key(Role.OPERATOR))
    ]
    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[1].text == "api key shop"
