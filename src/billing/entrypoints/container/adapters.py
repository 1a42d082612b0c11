"""The adapters, each behind the port it serves."""

import random
import time
from datetime import timedelta

from dependency_injector import containers, providers

from billing.adapters import huey_queue
from billing.adapters.bellringer import Bellringer
from billing.adapters.sql import migrations as schema
from billing.adapters.sql.engine import DatabaseLimits, make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.adapters.sql.patience import PAUSE_MS
from billing.adapters.telemetry import LogTelemetry, logging_context
from billing.application.guarding.breakers import Guard
from billing.application.ledger import Ledger
from billing.entrypoints import clock, limits
from billing.entrypoints.container import books, outside
from billing.entrypoints.settings import Settings


def _seconds(milliseconds: int) -> float:
    return milliseconds / 1000


class Adapters(containers.DeclarativeContainer):
    """What reaches outside of the program, and what the program knows of the outside: clocks, ids and dice too."""

    settings = providers.Dependency(instance_of=Settings)
    shop = settings.provided.shop
    jobs = settings.provided.jobs

    # ------------------------------------------------------------------ clocks, ids, dice
    now = providers.Object(clock.now)
    business_clock = providers.ThreadSafeSingleton(clock.business_clock, settings.provided.clock_offset_file)
    monotonic = providers.Object(time.monotonic)
    ids = providers.Object(clock.new_id)
    order_number = providers.Object(clock.new_order_number)
    api_secret = providers.Object(clock.new_secret)
    random_token = providers.Object(clock.new_token)
    dice = providers.Object(random.random)

    # ------------------------------------------------------------------ adapters
    telemetry = providers.ThreadSafeSingleton(LogTelemetry)
    engine = providers.ThreadSafeSingleton(
        make_engine,
        settings.provided.database_url,
        providers.Factory(DatabaseLimits, pool_size=settings.provided.pool_size),
    )
    upgrade_schema = providers.Callable(schema.upgrade, settings.provided.database_url)
    current_schema = providers.Callable(schema.current, settings.provided.database_url)
    needed_schema = providers.Callable(schema.head)
    busy_pause_ms = providers.Object(PAUSE_MS)
    begin = providers.ThreadSafeSingleton(
        SqlLedger,
        engine,
        ids=ids,
        clock=now,
        ring_again=providers.Factory(timedelta, seconds=jobs.ring_again_seconds),
        context=providers.Object(logging_context),
        busy_deadline_ms=settings.provided.busy_deadline_ms,
        busy_pause_ms=busy_pause_ms,
    )
    bell = providers.ThreadSafeSingleton(
        huey_queue.build_huey,
        settings.provided.queue_url,
        timeout_seconds=providers.Callable(_seconds, jobs.ring_timeout_ms),
    )
    # With time enough to make tables, which one ring has not.
    prepare_bell = providers.Callable(
        huey_queue.prepare, providers.Factory(huey_queue.build_huey, settings.provided.queue_url)
    )
    queue = providers.ThreadSafeSingleton(
        Bellringer,
        providers.Factory(huey_queue.HueyQueue, bell, telemetry),
        gather_seconds=providers.Callable(_seconds, jobs.ring_gather_ms),
    )
    ledger = providers.ThreadSafeSingleton(Ledger, begin, queue, telemetry)
    guard_limits = providers.ThreadSafeSingleton(limits.guard_limits, settings)
    guard = providers.Factory(Guard, ledger=ledger, limits=guard_limits, telemetry=telemetry, random=dice)
    gateways = providers.ThreadSafeSingleton(
        outside.gateways, settings, ledger, now, business_clock, telemetry, guard.provider
    )
    event_feeds = providers.ThreadSafeSingleton(books.event_feeds, settings, telemetry, guard.provider)
    statements = providers.ThreadSafeSingleton(books.statements, settings, telemetry, guard.provider)
    provider_setups = providers.ThreadSafeSingleton(books.provider_setups, settings, ledger, telemetry)
    saved_methods = providers.ThreadSafeSingleton(outside.saved_methods, settings, ledger, telemetry, guard.provider)
    recurring_billing = providers.ThreadSafeSingleton(
        outside.recurring_billing, settings, ledger, now, telemetry, guard.provider
    )
    registrars = providers.ThreadSafeSingleton(outside.registrars, settings, telemetry, monotonic, guard.provider)
    notifier = providers.ThreadSafeSingleton(
        outside.notifier, settings.provided.mails, jobs.workers, telemetry, monotonic
    )
    consumer_bell = providers.Factory(huey_queue.build_huey, settings.provided.queue_url)
    bound_shutdown = providers.Callable(huey_queue.bound_shutdown)
