"""A shop and all that is outside it in one hand: the real container on twins in bad weather."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from dependency_injector import providers

from billing.adapters.memory.ledger import MemoryLedger
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.deliveries.registrars import RegistrarRoutes
from billing.application.guarding.guarded import (
    GuardedBilling,
    GuardedHintingGateway,
    GuardedMethods,
    GuardedRegistrar,
    GuardedSignedGateway,
)
from billing.application.guarding.guarded_books import GuardedFeed, GuardedStatements
from billing.application.ledger import Begin
from billing.application.ports import Clock, Ids, Registrar, SignedGateway
from billing.domain import BillingError
from billing.entrypoints.container import Container
from billing.entrypoints.kpay_settings import KpaySettings
from billing.entrypoints.mail_settings import MailSettings, SmtpServer
from billing.entrypoints.settings import Settings, load_settings
from simulation.bell import WildBell
from simulation.books import Books, MemoryBooks
from simulation.scenario import Scenario
from simulation.schedule import ActorTurn, Broken, Died, Schedule, Trace
from simulation.weather import Weather
from simulation.wild_billing import WildBilling, WildMethods
from simulation.wild_books import WildFeed, WildStatements
from simulation.wild_gateway import WildGateway
from simulation.wild_ledger import WildLedger
from simulation.wild_notifier import WildNotifier
from simulation.wild_push import POLL_SECONDS, WildPush
from simulation.wild_registrar import WildRegistrar

T = TypeVar("T")
START = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
STEPS_MAX = 200_000  # more than a job takes that looks every minute and gives up after three days
ALERT_MINUTES = 60
"""As long as after an operator's mail that was given up: when the next is due is one rule for both."""
RING_AGAIN = timedelta(seconds=60)
_ORDER_EXPIRY_MINUTES = 60
HINTS_MAX = 6
"""Of an attempt are kept; the seeds have more."""
_KPAY = KpaySettings(
    url="https://kpay.example/",
    username="shop",
    password="unused",
    api_key=None,
    retailer_id="01",
    limits={"momo": (100, 5_000_000)},
    grace_seconds=120,
    retry_after_seconds=120,
    poll_seconds=POLL_SECONDS,
    attempt_expiry_minutes=60,
    hints_max=HINTS_MAX,
)
_MAILS = MailSettings(
    server=SmtpServer.of("smtp://127.0.0.1:1"),
    ca_file=None,
    line_mails_max=100,
    line_idle_seconds=15,
    sender_name="Shop",
    sender="billing@shop.example",
    operator="operator@shop.example",
    alert_interval_minutes=ALERT_MINUTES,
    alerts_listed_max=3,
)


@dataclass(frozen=True)
class Bookkeeping:
    """A ledger and a view of its rows; `interleaves` where it checks versions instead of holding locks."""

    begin: Begin
    books: Books
    interleaves: bool


OpenLedger = Callable[[Clock, Ids], Bookkeeping]
Plant = Callable[["World"], None]
"""Puts a bug in, by overriding what the container provides."""


def memory_ledger(now: Clock, ids: Ids) -> Bookkeeping:
    """The in-memory twin."""
    ledger = MemoryLedger(ids=ids, now=now, ring_again=RING_AGAIN)
    return Bookkeeping(ledger, MemoryBooks(ledger.store), interleaves=True)


@cache
def _settings() -> Settings:
    settings = load_settings(Path("no such file"))
    shop = replace(
        settings.shop,
        order_expiry_minutes=_ORDER_EXPIRY_MINUTES,
        attempt_expiry_minutes=_ORDER_EXPIRY_MINUTES - 1,
        reconcile_interval_hours=0,  # by an actor where a scenario has one: most must come true without
    )
    return replace(settings, shop=shop, mails=_MAILS, kpay=_KPAY)


@cache
def _container() -> tuple[Container, Sequence[providers.BaseSingleton[Any]]]:
    """Made once, since that takes longer than many a run, with whatever in it remembers what it made."""
    container = Container()
    return container, list(container.traverse(types=[providers.BaseSingleton]))


def fresh_container(**twins: object) -> Container:
    """The real container with some of what it provides replaced; the world before has it no longer."""
    container, singletons = _container()
    for provider in container.providers.values():
        if provider.overridden:
            provider.reset_override()
    for singleton in singletons:
        singleton.reset()
    for name, twin in twins.items():
        getattr(container, name).override(providers.Object(twin))
    return container


class AlarmedTelemetry(MemoryTelemetry):
    """Keeps alarms; one about a defect ends the run."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__()
        self._schedule = schedule

    def event(self, name: str, *, seconds: float | None = None, **fields: object) -> None:
        if self._schedule.is_traced:
            self._schedule.note(f"  . {name} {' '.join(f'{key}={value}' for key, value in fields.items())}")

    def alarm(self, name: str, **fields: object) -> None:
        super().alarm(name, **fields)
        if self._schedule.is_traced:
            self._schedule.note(f"  ! {name} {' '.join(f'{key}={value}' for key, value in fields.items())}")
        if name.endswith(("_bug", "_not_seen_to")):
            raise Broken("no defects", f"{name} {fields}")


class World:
    """Everything there is in one run; `opened` are orders from before, `revivals` counts a person's by subject."""

    def __init__(self, scenario: Scenario, open_ledger: OpenLedger, trace: Trace) -> None:
        self.scenario = scenario
        self.dice = Random(f"run {scenario.seed}")
        self._ids = count(1)
        self.schedule = Schedule(self.dice, trace, STEPS_MAX)
        self._read_ms, self._read = 0, START
        self.weather = Weather(self.schedule, scenario.faults, self.dice)
        self.telemetry = AlarmedTelemetry(self.schedule)
        self.bell = WildBell(self.weather)
        self.registrar = WildRegistrar(self.weather, self.now)
        self.notifier = WildNotifier(self.weather)
        self.commits = 0
        self.opened: set[str] = set()
        self.revivals: Counter[str] = Counter()
        self.gateway = WildGateway(self.weather, self.now, self.installation)
        self.push = WildPush(self.weather, self.now)
        self.billing = WildBilling(self.weather, self.gateway, self.installation, self.now)
        self.methods = WildMethods(self.weather, self.gateway, self.installation)
        kept = open_ledger(self.now, self.new_id)
        self.begin, self.books = kept.begin, kept.books
        self.on_commit: Callable[[str], None] = lambda by: None
        self.wild = WildLedger(self.begin, self.weather, kept.interleaves, self._committed)
        self.container = fresh_container(
            settings=_settings(),
            telemetry=self.telemetry,
            queue=self.bell,
            turns=partial(ActorTurn, self.schedule),
            begin=self.wild,
            notifier=self.notifier,
            now=self.now,
            business_clock=self.now,
            monotonic=self.monotonic,
            ids=self.new_id,
            order_number=lambda: self.new_id("N"),
            dice=self.dice.random,
            random_token=partial(self.new_id, "token"),
        )
        self.stand_in(self.gateway, self.registrar)
        self._installation = ""

    def _committed(self, by: str) -> None:
        self.commits += 1
        self.on_commit(by)

    def stand_in(self, gateway: SignedGateway, registrar: Registrar) -> None:
        """The providers, behind their circuit breakers as the container would have them."""
        container = self.container
        guarded = GuardedRegistrar(registrar, container.guard("registrar memory"))
        container.registrars.override(providers.Object(RegistrarRoutes({"rw": guarded, "com": guarded})))
        gateways = {
            "memory": GuardedSignedGateway(gateway, container.guard("gateway memory")),
            "kpay": GuardedHintingGateway(self.push, container.guard("gateway kpay")),
        }
        container.gateways.override(providers.Object(gateways))
        guard = container.guard("gateway memory")
        container.recurring_billing.override(providers.Object({"memory": GuardedBilling(self.billing, guard)}))
        container.saved_methods.override(providers.Object({"memory": GuardedMethods(self.methods, guard)}))
        feed, statements = WildFeed(self.weather, self.gateway), WildStatements(self.weather, self.gateway)
        container.event_feeds.override(providers.Object({"memory": GuardedFeed(feed, guard)}))
        container.statements.override(providers.Object({"memory": GuardedStatements(statements, guard)}))

    # ------------------------------------------------------------------ time and ids

    def now(self) -> datetime:
        """The one clock: business, ledger and provider; asked far more often than it moves."""
        if self._read_ms != self.schedule.now_ms:
            self._read_ms = self.schedule.now_ms
            self._read = START + timedelta(milliseconds=self._read_ms)
        return self._read

    def monotonic(self) -> float:
        """The same, as a process counts it."""
        return self.schedule.now_ms / 1000

    def new_id(self, prefix: str) -> str:
        """In the order of their making."""
        return f"{prefix}_{next(self._ids):06}"

    def installation(self) -> str:
        """The ledger's own id, which every provider is told."""
        if not self._installation:
            with self.begin("reader", reading=True) as uow:
                self._installation = uow.installation()
        return self._installation

    # ------------------------------------------------------------------ processes

    def process(self, work: Callable[[], T]) -> T | None:
        """Carry out one request in a process of its own, which may die, or refuse; None then."""
        try:
            return work()
        except Died:
            return None
        except BillingError as refusal:
            if self.schedule.is_traced:
                self.schedule.note(f"  refused: {refusal!r}")
            return None
