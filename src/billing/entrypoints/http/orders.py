"""/v1/orders: place, read, list and cancel."""

from typing import Any

from billing.domain.order import Order
from billing.entrypoints.http import auth
from billing.entrypoints.http.api import ApiBlueprint, location_header
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.schemas.nothing import NothingSchema
from billing.entrypoints.http.schemas.orders import OrderPageSchema, OrderSchema, OrdersQuerySchema, PlaceOrderSchema


def blueprint(cases: UseCases, config: HttpConfig) -> ApiBlueprint:
    """Orders of a storefront's customers."""
    blp = ApiBlueprint("orders", cases, config, "What customers ask for.")
    _write(blp, cases)
    _read(blp, cases, config)
    return blp


def _write(blp: ApiBlueprint, cases: UseCases) -> None:
    @blp.call("POST", "/orders", OrderSchema(), 201, location_header("order"))
    @blp.reads(PlaceOrderSchema())
    def place_order(basket: dict[str, Any]) -> tuple[Order, dict[str, str]]:
        """Price a basket, make sure that its names can be had, and write it down."""
        registrant = basket.get("contacts", {}).get("registrant")
        order = cases.place_order(basket["customer_id"], basket["currency"], registrant, basket["items"], auth.by())
        return order, {"Location": f"/v1/orders/{order.id}"}

    @blp.call("POST", "/orders/<id:order_id>/cancel", OrderSchema())
    @blp.reads(NothingSchema())
    def cancel_order(_: dict[str, Any], order_id: str) -> Order:
        """Give up an unpaid order; a repeat answers the same.

        409 says what to do instead: a paid one is refunded (`POST /v1/payments/{id}/refunds`), one whose payment
        brought another sum is resolved first (`POST /v1/payments/{id}/resolve`), an expired one needs nothing.
        """
        return cases.cancel_order(order_id, auth.by())


def _read(blp: ApiBlueprint, cases: UseCases, config: HttpConfig) -> None:
    @blp.call("GET", "/orders/<id:order_id>", OrderSchema())
    def show_order(order_id: str) -> Order:
        """One order."""
        return cases.ledger.read(lambda uow: uow.orders.get(order_id))

    @blp.call("GET", "/orders", OrderPageSchema())
    @blp.reads(OrdersQuerySchema(config.page_size_default, config.page_size_max), "query")
    def list_orders(query: dict[str, Any]) -> dict[str, Any]:
        """Orders, newest first, a page at a time."""
        limit = query["limit"]
        found = cases.ledger.read(
            lambda uow: uow.orders.page(query.get("customer_id"), query.get("status"), query.get("cursor"), limit + 1)
        )
        page = found[:limit]
        return {"data": page, "next_cursor": page[-1].id if len(found) > limit else None}
