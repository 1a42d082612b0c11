"""A ledger with a past: any number of delivered orders, written by the server itself in a few statements.

Ids sort below those of today, as UUIDv7 of the past do; references of the provider are scattered, as theirs are. Bodies
of notifications are gone, as they are some weeks later.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url

_BATCH = 100_000
_PAST = "now() - interval '400 days' + i * interval '20 seconds'"


def _id(prefix: str, number: str = "i") -> str:
    return f"'{prefix}_01a' || lpad(to_hex({number}), 23, '0')"


def _ref(prefix: str, salt: str) -> str:
    return f"'{prefix}_' || substr(md5('{salt}' || i), 1, 24)"


_DONE_JOB = f"""'succeeded', 0, 1, {_PAST}, NULL, NULL, NULL,
    json_build_object('event_id', {_ref("evt", "first")}, 'request_id', {_id("req")}), {_PAST}, 1"""
_JOB_COLUMNS = """id, kind, subject, dedup_key, created_at, due_at, ring_at, status, attempts, claim_no, claimed_at,
    lease_until, waiting_since, wake_at, context, finished_at, version"""


def _jobs(kind: str, number: int, subject: str) -> str:
    return f"""INSERT INTO jobs ({_JOB_COLUMNS}) SELECT {_id("job", f"i * 4 + {number}")}, '{kind}', {subject},
    '{kind}:' || {subject}, {_PAST}, {_PAST}, {_PAST}, {_DONE_JOB} FROM many"""


def _events(number: int, type: str, salt: str) -> str:
    return f"""INSERT INTO inbox_events (id, gateway, event_id, type, api_version, verdict, received_at, status, why,
    attempts, processed_at, version) SELECT {_id("evt", f"i * 2 + {number}")}, 'stripe', {_ref("evt", salt)}, '{type}',
    '2026-10-28.endive', 'signed with secret 1 of 1, 0 s ago', {_PAST}, 'processed', 'PaymentSucceeded', 0, {_PAST}, 2
    FROM many"""


def _moves(entity: str, id: str, before: str, after: str) -> str:
    return f"""INSERT INTO transitions (entity, entity_id, before, after, why, by, at)
    SELECT '{entity}', {id}, '{before}', '{after}', NULL, 'process_event ' || {_id("job", "i * 4")}, {_PAST}
    FROM many"""


_STATEMENTS = (
    f"""INSERT INTO customers (id, name, email, phone, country, language, created_at, version)
    SELECT {_id("cus")}, 'Customer ' || i, 'customer' || i || '@example.rw', '+250.788000000', 'RW', 'en', {_PAST}, 1
    FROM many WHERE i % 10 = 0""",
    f"""INSERT INTO orders (id, number, customer_id, currency, created_at, expires_at, registrant, status, paid_at,
    version) SELECT {_id("ord")}, upper(substr(md5('number' || i), 1, 16)), {_id("cus", "i - i % 10")}, 'USD', {_PAST},
    {_PAST} + interval '1 day', json_build_object('name', 'Customer ' || i, 'organization', NULL, 'email',
    'customer' || i || '@example.rw', 'phone', '+250.788000000', 'street', json_build_array('KN 5 Rd'), 'city',
    'Kigali', 'region', NULL, 'postal_code', NULL, 'country', 'RW'), 'completed', {_PAST}, 3 FROM many""",
    f"""INSERT INTO order_items (id, order_id, position, what, kind, domain, title, price_minor, price_currency, status,
    why, handle, version) SELECT {_id("itm")}, {_id("ord")}, 0, json_build_object('kind', 'domain_registration',
    'domain', 'past-' || i || '.rw', 'years', 1, 'nameservers', json_build_array(), 'auto_renew', false),
    'domain_registration', 'past-' || i || '.rw', 'past-' || i || '.rw, registration, 1 y', 1299, 'USD', 'fulfilled',
    'registered', 'B' || upper(substr(md5('handle' || i), 1, 15)), 3 FROM many""",
    f"""INSERT INTO payments (id, order_id, attempt, gateway, amount_minor, amount_currency, created_at, expires_at,
    options, status, session_ref, payment_ref, redirect_url, received_minor, received_currency, surplus, version)
    SELECT {_id("pay")}, {_id("ord")}, 1, 'stripe', 1299, 'USD', {_PAST}, {_PAST} + interval '1 day', '{{}}',
    'succeeded', {_ref("cs_test", "session")}, {_ref("pi", "intent")}, NULL, 1299, 'USD', false, 3 FROM many""",
    f"""INSERT INTO registrations (id, name, customer_id, item_id, handle, created_at, expires_at, auto_renew, status,
    version) SELECT {_id("reg")}, 'past-' || i || '.rw', {_id("cus", "i - i % 10")}, {_id("itm")},
    'B' || upper(substr(md5('handle' || i), 1, 15)), {_PAST}, {_PAST} + interval '1 year', false, 'active', 1
    FROM many""",
    _events(0, "checkout.session.completed", "first"),
    _events(1, "payment_intent.succeeded", "later"),
    _jobs("process_event", 0, _id("evt", "i * 2")),
    _jobs("process_event", 1, _id("evt", "i * 2 + 1")),
    _jobs("check_payment", 2, _id("pay")),
    _jobs("register_domain", 3, _id("itm")),
    _moves("order", _id("ord"), "pending", "paid"),
    _moves("order", _id("ord"), "paid", "completed"),
    _moves("payment", _id("pay"), "pending", "succeeded"),
)
_INDEXES = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    AND indexname NOT IN (SELECT conname FROM pg_constraint)
    AND tablename IN ('customers', 'orders', 'order_items', 'payments', 'registrations', 'inbox_events', 'jobs',
                      'transitions')"""


def seed(database_url: str, orders: int, tell: Callable[[str], None] = print) -> None:
    """Write so many orders with all that belongs to them; on PostgreSQL only."""
    plain = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        with _without_indexes(connection):
            for first in range(0, orders, _BATCH):
                last = min(first + _BATCH, orders) - 1
                for statement in _STATEMENTS:
                    connection.execute(f"WITH many AS (SELECT generate_series({first}, {last}) AS i) {statement}")
                tell(f"{last + 1} orders")
        # As an old ledger is: measured, cleaned, and nothing left to write.
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


@contextmanager
def _without_indexes(connection: "psycopg.Connection[tuple[str, str]]") -> Iterator[None]:
    """Keys stay; other indexes are built once, when all rows are there. Rows are right by the way they are made."""
    indexes = connection.execute(_INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    connection.execute("SET session_replication_role = replica")
    yield
    connection.execute("SET session_replication_role = origin")
    connection.execute("SET maintenance_work_mem = '512MB'")
    for _, definition in indexes:
        connection.execute(definition)
