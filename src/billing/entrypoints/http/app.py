"""The WSGI application: everything is passed in, nothing is looked up."""

from collections.abc import Callable, Mapping

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from billing.entrypoints.http import (
    catalogue,
    customers,
    docs,
    domains,
    health,
    observation,
    orders,
    payment_methods,
    payments,
    problems,
    refunds,
    registrations,
    subscriptions,
    webhooks,
)
from billing.entrypoints.http.api import ApiBlueprint
from billing.entrypoints.http.cases import HttpConfig, UseCases, gateways_of
from billing.entrypoints.http.openapi import Api
from billing.entrypoints.http.pay import page
from billing.entrypoints.http.pay.cards import CardSubject
from billing.entrypoints.http.pay.guarding import PayGate
from billing.entrypoints.http.pay.orders import OrderSubject
from billing.entrypoints.http.pay.page import PayPages
from billing.entrypoints.http.pay.subjects import Subject
from billing.entrypoints.http.pay.subscriptions import SubscriptionSubject

__all__ = ["HttpConfig", "UseCases", "create_app"]

_BLUEPRINTS: tuple[Callable[[UseCases, HttpConfig], ApiBlueprint], ...] = (
    catalogue.blueprint,
    domains.blueprint,
    customers.blueprint,
    payment_methods.blueprint,
    orders.blueprint,
    payments.blueprint,
    refunds.blueprint,
    subscriptions.blueprint,
    registrations.blueprint,
)


def create_app(cases: UseCases, config: HttpConfig) -> Flask:
    """An application that shares nothing with another; its use cases must bear being called by several threads."""
    app = Flask("billing", static_folder=None)
    app.json = _Json(app)
    app.config["MAX_CONTENT_LENGTH"] = config.body_bytes_max
    observation.attach(app, cases.telemetry, cases.ids, cases.monotonic)
    api = Api(app, config)
    problems.attach(app, cases.telemetry)
    for build in _BLUEPRINTS:
        api.register_blueprint(build(cases, config))
    app.register_blueprint(webhooks.blueprint(cases.receive_webhook, cases.receive_hint))
    app.register_blueprint(health.blueprint(cases.ready, cases.metrics))
    for blueprint in docs.blueprints(api.describe()):
        app.register_blueprint(blueprint)
    if cases.pay_gate is not None:
        subjects = _pay_subjects(cases, cases.pay_gate, config)
        app.register_blueprint(page.blueprint(PayPages(cases.pay_gate, subjects, cases.telemetry, config)))
    return app


def _pay_subjects(cases: UseCases, gate: PayGate, config: HttpConfig) -> Mapping[str, Subject]:
    """Everything that a link may be about, by the prefix of its ids."""
    gateways = gateways_of(cases, config)
    order = OrderSubject(cases.ledger, cases.start_payment, cases.refresh_payment, gateways, cases.clock)
    cards = CardSubject(cases.ledger, cases.start_setup, cases.set_default_method, cases.clock)
    hosting = SubscriptionSubject(
        cases.ledger, cases.pay_owed, cases.put_in_card, cases.order_period, gate.links, cases.ids, cases.clock
    )
    return {"ord": order, "wal": cards, "sub": hosting}


class _Json(DefaultJSONProvider):
    sort_keys = False
