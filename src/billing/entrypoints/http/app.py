"""The WSGI application: everything is passed in, nothing is looked up."""

from collections.abc import Callable

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
from billing.entrypoints.http.cases import HttpConfig, UseCases
from billing.entrypoints.http.openapi import Api

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
    app.register_blueprint(webhooks.blueprint(cases.receive_webhook))
    app.register_blueprint(health.blueprint(cases.ready, cases.metrics))
    for blueprint in docs.blueprints(api.describe()):
        app.register_blueprint(blueprint)
    return app


class _Json(DefaultJSONProvider):
    sort_keys = False
