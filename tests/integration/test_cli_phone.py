"""What an operator sees of a payment that was asked for on a phone."""

import pytest

from billing.application.unit_of_work import UnitOfWork
from tests.builders import NOW, a_customer, a_domain, an_order
from tests.integration.test_cli_money import Desk, desk

__all__ = ["desk"]


@pytest.mark.parametrize(
    ("options", "how"),
    [
        (
            {"method": "momo", "operator": "MTN", "phone": "+250788123434", "hint_token": "unguessable"},
            "momo MTN +25***34",
        ),
        ({"method": "cc"}, "cc"),
        ({"success_url": "https://shop.example/thanks"}, None),
    ],
)
def test_it_tells_by_what_means_and_of_the_number_its_ends(
    desk: Desk, options: dict[str, str], how: str | None
) -> None:
    order = an_order(a_domain())

    def ask(uow: UnitOfWork) -> None:
        uow.customers.add(a_customer())
        order.open_attempt("pay_1", "kpay", options, NOW, order.expires_at)
        uow.orders.add(order)

    desk.ledger.write("setup", ask)
    story = desk.told("orders", "show", "ord_1")
    assert [payment["how"] for payment in story["payments"]] == [how]
    assert not any(secret in str(story) for secret in ("788123434", "unguessable"))
