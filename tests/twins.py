"""The whole program on its in-memory twins: the real container with the outside things replaced."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from dependency_injector import providers

from billing.adapters.memory.billing import MemoryBilling
from billing.adapters.memory.feed import MemoryFeed
from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.hinting import MemoryPush
from billing.adapters.memory.ledger import MemoryLedger
from billing.adapters.memory.methods import MemoryMethods
from billing.adapters.memory.notifier import MemoryNotifier
from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.registrar import MemoryRegistrar
from billing.adapters.memory.statements import MemoryStatements
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.deliveries.registrars import RegistrarRoutes
from billing.application.ledger import Begin
from billing.application.outcomes import Deadline
from billing.application.ports import HINT_TOKEN, DomainInfo, PaymentGateway, Registrar
from billing.domain import Alert, Contact, DomainName, Job, JobKind, JobStatus, Mail, MailKind, Order, Payment, Purchase
from billing.entrypoints.container import Container
from billing.entrypoints.kpay_settings import KpaySettings
from billing.entrypoints.mail_settings import MailSettings, SmtpServer
from billing.entrypoints.settings import Settings, load_settings
from tests.builders import NOW, a_catalogue, a_customer, a_registrant

BY = "a test"
KEYS = (secrets.token_hex(32),)
MAILS = MailSettings(
    server=SmtpServer.of("smtp://127.0.0.1:1"),
    ca_file=None,
    line_mails_max=100,
    line_idle_seconds=15,
    sender_name="Shop",
    sender="billing@shop.example",
    operator="operator@shop.example",
    alert_interval_minutes=15,
    alerts_listed_max=3,
)


class InterruptibleRegistrar(MemoryRegistrar):
    """A registry that can be interrupted, once, before a change or between a registration and its answer."""

    before_effect: Callable[[], None] | None = None
    after_effect: Callable[[], None] | None = None

    def register(
        self,
        name: DomainName,
        years: int,
        registrant: Contact,
        nameservers: Sequence[str],
        key: str,
        deadline: Deadline,
    ) -> DomainInfo:
        """As its parent does, between the interruptions."""
        self._interrupt()
        info = super().register(name, years, registrant, nameservers, key, deadline)
        interruption, self.after_effect = self.after_effect, None
        if interruption is not None:
            interruption()
        return info

    def renew(self, name: DomainName, years: int, current_expiry: datetime, key: str, deadline: Deadline) -> DomainInfo:
        """As its parent does, after the interruption."""
        self._interrupt()
        return super().renew(name, years, current_expiry, key, deadline)

    def _interrupt(self) -> None:
        interruption, self.before_effect = self.before_effect, None
        if interruption is not None:
            interruption()


class Twins:
    """A shop with its provider, registry, bell and clock in one hand; it reconciles only when asked to."""

    reconcile_interval_hours = 0.0

    def __init__(self) -> None:
        self.now = NOW
        self.seconds = 0.0
        self._ids = count(1)
        self.telemetry = MemoryTelemetry()
        self.queue = MemoryQueue()
        self.begin = self.open_ledger()
        self.gateway = MemoryGateway(installation=self.installation, now=self.clock)
        self.feed, self.statements = MemoryFeed(self.gateway), MemoryStatements(self.gateway)
        self.methods = MemoryMethods(self.gateway, self.installation)
        self.billing = MemoryBilling(self.gateway, self.installation, self.clock, self.clock)
        self.registrar = InterruptibleRegistrar(self.clock)
        self.notifier = MemoryNotifier()
        self.container = self._wire()
        self.ledger = self.container.ledger()
        self.ledger.write(BY, lambda uow: uow.customers.add(a_customer()))
        self.ledger.write(BY, lambda uow: uow.catalogues.add(a_catalogue()))

    def open_ledger(self) -> Begin:
        """An empty one."""
        return MemoryLedger(ids=self.new_id, now=self.clock)

    def installation(self) -> str:
        """What providers are told."""
        with self.begin("reader", reading=True) as uow:
            return uow.installation()

    def gateways(self) -> dict[str, PaymentGateway]:
        """Those that the shop offers."""
        return {self.gateway.name: self.gateway}

    def _wire(self) -> Container:
        settings = self.settings()
        shop = replace(settings.shop, reconcile_interval_hours=self.reconcile_interval_hours, reconcile_page_size=2)
        container = Container(settings=replace(settings, mails=MAILS, shop=shop, secret_keys=KEYS))
        self.routes: dict[str, Registrar] = dict.fromkeys(("rw", "co.rw", "com"), self.registrar)
        for name, twin in {
            "telemetry": self.telemetry,
            "queue": self.queue,
            "begin": self.begin,
            "gateways": self.gateways(),
            "event_feeds": {self.gateway.name: self.feed},
            "statements": {self.gateway.name: self.statements},
            "saved_methods": {self.methods.gateway: self.methods},
            "recurring_billing": {self.billing.gateway: self.billing},
            "registrars": RegistrarRoutes(self.routes),
            "notifier": self.notifier,
            "now": self.clock,
            "business_clock": self.clock,
            "monotonic": self.monotonic,
            "ids": self.new_id,
            "dice": lambda: 1.0,
        }.items():
            getattr(container, name).override(providers.Object(twin))
        return container

    def settings(self) -> Settings:
        """What there is without an environment."""
        return load_settings(Path("no such file"))

    def restart(self) -> None:
        """Another process, with the same ledger, bell and outer world."""
        for part in (self.container.under_way, self.container.run_job, self.container.hand_back):
            part.reset()

    # ------------------------------------------------------------------ time and ids

    def clock(self) -> datetime:
        """Stands still until moved."""
        return self.now

    def monotonic(self) -> float:
        """Moves with the clock."""
        return self.seconds

    def new_id(self, prefix: str) -> str:
        """In the order of their making, so that every run is the same."""
        return f"{prefix}_{next(self._ids):06}"

    def pass_time(self, by: timedelta) -> None:
        """Both clocks move."""
        self.now += by
        self.seconds += by.total_seconds()

    # ------------------------------------------------------------------ what people do

    def order(self, *wanted: Purchase, customer_id: str = "cus_1") -> Order:
        """Place an order."""
        return self.container.place_order()(customer_id, "USD", a_registrant(), wanted, BY)

    def start(self, order: Order) -> Payment:
        """Go to the provider's page."""
        return self.container.start_payment()(order.id, "memory", {}, BY)

    def pay(self, payment: Payment) -> bytes:
        """Pay on the page; what the provider then tells."""
        return self.gateway.pay(payment.id)

    def hear(self, *notifications: bytes) -> None:
        """The provider's webhooks come in."""
        for body in notifications:
            self.container.receive_webhook()("memory", body, self.gateway.sign(body))

    def buy(self, *wanted: Purchase, customer_id: str = "cus_1") -> Order:
        """Order, pay, and let the workers do the rest."""
        order = self.order(*wanted, customer_id=customer_id)
        self.hear(self.pay(self.start(order)))
        self.work()
        return self.read(order)

    # ------------------------------------------------------------------ what workers do

    def work(self) -> None:
        """Answer every bell, also those rung meanwhile."""
        for job_id in self.queue.drain():
            self.run(job_id)

    def run(self, job_id: str) -> None:
        """One worker hears of one job."""
        self.container.run_job()(job_id)

    def sweep_and_work(self) -> None:
        """What a worker process does by itself every few seconds."""
        self.container.keep_house()()
        self.work()
        while self.container.sweep()():
            self.work()

    def wait(self, seconds: float) -> None:
        """Time passes, and workers do what has become due."""
        self.pass_time(timedelta(seconds=seconds))
        self.sweep_and_work()

    def soon(self) -> Deadline:
        """Time enough for one call."""
        return Deadline.after(9, self.monotonic)

    # ------------------------------------------------------------------ looking

    def read(self, order: Order) -> Order:
        """The order as it is now."""
        return self.ledger.read(lambda uow: uow.orders.get(order.id))

    def mailed(self, kind: MailKind) -> list[Mail]:
        """What the mail server has taken of a kind."""
        return [mail for mail in self.notifier.delivered if mail.kind is kind]

    def alerts(self) -> Sequence[Alert]:
        """What an operator must know, oldest first."""
        return self.ledger.read(lambda uow: uow.alerts.newest(1000))[::-1]

    def jobs(self, kind: JobKind | None = None) -> Sequence[Job]:
        """Jobs, oldest first."""
        return self.ledger.read(lambda uow: uow.jobs.page(None, kind, None, 1000))[::-1]

    def attempt(self, order: Order, number: int = 1) -> Payment:
        """One of an order's as it is now."""
        return self.read(order).payments[number - 1]

    def check_of(self, payment: Payment) -> JobStatus:
        """Where the job stands that asks its provider."""
        return next(job.status for job in self.jobs(JobKind.CHECK_PAYMENT) if job.subject == payment.id)

    def statuses(self, order: Order) -> list[str]:
        """The order's status, then its items'."""
        now = self.read(order)
        return [now.status.value, *(item.status.value for item in now.items)]


POLLS = (10, 30, 60, 120, 300, 900, 3600)
"""Seconds since its start at which a payment by phone is asked about."""
HINTS_MAX = 3
KPAY = KpaySettings(
    url="http://127.0.0.1:1/",
    username="shop",
    password=secrets.token_hex(8),
    api_key=None,
    retailer_id="02",
    limits={},
    grace_seconds=120,
    retry_after_seconds=120,
    poll_seconds=POLLS,
    attempt_expiry_minutes=60,
    hints_max=HINTS_MAX,
)
PHONE = "0788 000 123"


class TwoWays(Twins):
    """A shop with two providers: besides the usual one `push`, which hints, closes nothing and refunds nothing."""

    def gateways(self) -> dict[str, PaymentGateway]:
        """Both."""
        self.push = MemoryPush(now=self.clock)
        return {**super().gateways(), self.push.name: self.push}

    def settings(self) -> Settings:
        """With those of the other one."""
        return replace(super().settings(), kpay=KPAY)

    def start_push(self, order: Order, phone: str = PHONE) -> Payment:
        """The customer is asked to approve on the phone."""
        return self.container.start_payment()(order.id, self.push.name, {"phone": phone}, BY)

    def post_back(self, payment: Payment, body: bytes) -> Mapping[str, str]:
        """A notification comes to the attempt's own address; the answer to it."""
        return self.container.receive_hint()(self.push.name, payment.options[HINT_TOKEN], body)

    def asked(self, payment: Payment, call: str = "check") -> int:
        """How often the provider was asked about it."""
        return self.push.calls.count((call, payment.id))
