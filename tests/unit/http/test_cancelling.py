"""An order is cancelled by a POST of somebody with a key, and by nothing else."""

import pytest


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_no_link_that_somebody_follows_cancels_an_order(shop, method):
    """Seen elsewhere: following a link cancelled an order, whoever did it."""
    order = shop.place().json
    answer = shop.call(method, f"/v1/orders/{order['id']}/cancel")
    assert answer.status_code == 405
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "pending"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nobody"}])
def test_nobody_without_a_key_cancels_an_order(shop, headers):
    """Following a link cancelled an order, whoever did it."""
    order = shop.place().json
    assert shop.client.post(f"/v1/orders/{order['id']}/cancel", headers=headers).status_code == 401
    assert shop.get(f"/v1/orders/{order['id']}").json["status"] == "pending"
