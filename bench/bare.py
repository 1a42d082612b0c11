"""What intake is compared with: a view of one screen that verifies Stripe's signature and commits one row."""

import json
import threading

import psycopg
import stripe
from flask import Flask, request
from sqlalchemy import make_url

_TABLE = "CREATE TABLE IF NOT EXISTS bare_events (event_id text PRIMARY KEY, type text NOT NULL, body bytea NOT NULL)"
_INSERT = "INSERT INTO bare_events VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


def prepare(database_url: str) -> None:
    """Its one table."""
    with psycopg.connect(_conninfo(database_url)) as connection:
        connection.execute(_TABLE)


def bare_app(database_url: str, secret: str) -> Flask:
    """One connection a thread, one statement in autocommit, nothing logged, counted or rung."""
    app, own, conninfo = Flask("bare"), threading.local(), _conninfo(database_url)

    @app.post("/webhooks/stripe")
    def hear() -> bytes:
        body = request.get_data()
        stripe.WebhookSignature.verify_header(body.decode(), request.headers["Stripe-Signature"], secret)
        event = json.loads(body)
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(conninfo, autocommit=True)
        own.connection.execute(_INSERT, (event["id"], event["type"], body))
        return b'{"received": true}'

    return app


def _conninfo(database_url: str) -> str:
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
