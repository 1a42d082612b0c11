"""The HTTP side on in-memory twins, wired by hand, and a caller with a key."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from flask.testing import FlaskClient

from billing.adapters.memory.billing import MemoryBilling
from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.ledger import MemoryLedger
from billing.adapters.memory.methods import MemoryMethods
from billing.adapters.memory.queue import MemoryQueue
from billing.adapters.memory.registrar import MemoryRegistrar
from billing.adapters.memory.store import Store
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.deliveries.given_up import MakeSureUndelivered
from billing.application.expiry.hosting_renewals import OfferPeriod, OrderPeriod
from billing.application.expiry.renewals import OfferRenewal, SetAutoRenew
from billing.application.inbox.hints import HintLimits, ReceiveHint
from billing.application.inbox.intake import ReceiveWebhook
from billing.application.inbox.letterbox import Letterbox, ThreadTurn
from billing.application.ledger import Ledger
from billing.application.money.attempts import NoteStart
from billing.application.money.paying import AttemptTimes, OpenAttempt, PaymentLimits, RefreshPayment, StartPayment
from billing.application.money.paying_back import PayBack
from billing.application.money.payments import RecordFact
from billing.application.money.reachable import ReachableGateways
from billing.application.money.refunds import RequestRefund, SettleRefund
from billing.application.money.resolving import ResolvePayment
from billing.application.money.taking import TakeFact
from billing.application.outcomes import Deadline
from billing.application.ports import NoRegistrar, PaymentGateway
from billing.application.shop.access import Authenticate, CreateKey, Role
from billing.application.shop.checkout import CheckoutLimits, PlaceOrder
from billing.application.shop.customers import ChangeCustomer, OpenCustomer
from billing.application.shop.storefront import CheckDomain
from billing.application.shop.unpaid import CancelOrder
from billing.application.subscriptions.another_card import PutInCard
from billing.application.subscriptions.billers import BillerLimits
from billing.application.subscriptions.invoicing import TakeInvoice
from billing.application.subscriptions.lifecycle import ChangeSubscription, TellBilling
from billing.application.subscriptions.owing import PayOwed
from billing.application.subscriptions.renewing import WriteRenewal
from billing.application.subscriptions.subscription_notices import MoveSubscription, SubscriptionNotices
from billing.application.telling.notifications import Notices, Postbox
from billing.application.wallets.accounts import EnsureAccount, MethodKeepers, OpenPortal, StartSetup
from billing.application.wallets.saved_methods import RemoveMethod, SetDefaultMethod, TakeMethod
from billing.domain.dispatch_policy import DispatchPolicy
from billing.domain.domain_name import DomainName
from billing.domain.dunning import DunningPolicy
from billing.domain.facts import InvoiceStands, MethodStands
from billing.domain.refund_policy import RefundPolicy
from billing.domain.registration import Registration
from billing.entrypoints.container.outside import hinting, signed
from billing.entrypoints.http.app import HttpConfig, UseCases, create_app
from billing.entrypoints.http.pay.guarding import FormSeal, PayGate, RateLimit
from billing.entrypoints.http.pay.links import PayLinks
from tests.builders import NOW, a_catalogue, a_customer

ITEMS_MAX = 5
PAY_POSTS_MAX = 4
KEYS = [secrets.token_hex(32)]
CONFIG = HttpConfig(
    public_url="https://billing.example",
    version="1",
    body_bytes_max=20_000,
    shop="Ishyo Ltd",
)


class Routes:
    """.rw is served, nothing else."""

    def __init__(self, registrar: MemoryRegistrar) -> None:
        self.registrar = registrar

    def of(self, name: DomainName) -> MemoryRegistrar:
        if name.labels[-1] != "rw":
            raise NoRegistrar(f"no registrar serves .{name.labels[-1]}")
        return self.registrar


class Shop:
    """The application, its twins, and one storefront that calls it."""

    def __init__(self) -> None:
        self.telemetry = MemoryTelemetry()
        self.begin = MemoryLedger(ids=self.new_id, now=self.clock)
        self.queue = MemoryQueue()
        self.ledger = Ledger(self.begin, self.queue, self.telemetry)
        self.gateway = MemoryGateway(installation=lambda: "ins_memory", now=self.clock, name="stripe")
        self.methods = MemoryMethods(self.gateway, lambda: "ins_memory")
        self.registrar = MemoryRegistrar(self.clock)
        self.billing = MemoryBilling(self.gateway, lambda: "ins_memory", self.clock, self.clock)
        self.config = self.a_config()
        self.links = PayLinks(CONFIG.public_url, KEYS)
        self.limit = RateLimit(PAY_POSTS_MAX, 60.0, self.seconds)
        self.reopen()
        self.is_pristine = True
        self.reset()

    def reset(self) -> None:
        """As if nobody had been here: to build an application costs more than most tests of it."""
        self.now, self._ids = NOW, count(1)
        self.parts = {"ledger": "ok", "queue": "ok"}
        self.begin.store = Store("ins_memory")
        self.queue.rung.clear()
        self.telemetry.events.clear()
        self.telemetry.alarms.clear()
        self.limit.forget()
        MemoryGateway.__init__(self.gateway, installation=lambda: "ins_memory", now=self.clock, name="stripe")
        MemoryMethods.__init__(self.methods, self.gateway, lambda: "ins_memory")
        MemoryBilling.__init__(self.billing, self.gateway, lambda: "ins_memory", self.clock, self.clock)
        MemoryRegistrar.__init__(self.registrar, self.clock)
        self.client = self.app.test_client()
        self.key = self.a_key(Role.STOREFRONT)
        self.ledger.write("test", lambda uow: uow.catalogues.add(a_catalogue()))
        self.ledger.write("test", lambda uow: uow.customers.add(a_customer()))

    def reopen(self, **changed) -> None:
        """A new application on the same twins, with some of what it is given changed."""
        self.app = create_app(replace(self.use_cases(), **changed), self.config)
        self.is_pristine = False
        self.client: FlaskClient = self.app.test_client()

    def use_cases(self) -> UseCases:
        routes, notices = Routes(self.registrar), Notices(Postbox(self.new_id, None))
        gateways = self.gateways()
        pay_back = PayBack(RefundPolicy(), notices, self.new_id, self.clock)
        record = RecordFact(DispatchPolicy(), pay_back, self.clock, self.telemetry, notices)
        note_start = NoteStart(self.clock, timedelta(minutes=5))
        payment_limits = PaymentLimits(timedelta(hours=24), timedelta(minutes=1), 10.0, self.attempt_times())
        checkout_limits = CheckoutLimits(ITEMS_MAX, 24, timedelta(hours=24), 10.0)
        ledger, ids, seconds = self.ledger, self.new_id, self.seconds
        keepers = MethodKeepers({"stripe": self.methods}, 10.0, seconds)
        accounts = EnsureAccount(ledger, keepers, self.clock, ids)
        take = TakeFact(record, self.takers(pay_back, notices))
        attempts = OpenAttempt(ledger, gateways, take, note_start, payment_limits, ids, seconds, self.new_value)
        place_order = PlaceOrder(
            ledger, routes, checkout_limits, notices, self.clock, ids, lambda: self.new_id("B"), seconds
        )
        start_setup = StartSetup(ledger, keepers, accounts, ids)
        return UseCases(
            ledger=ledger,
            receive_hint=ReceiveHint(ledger, hinting(gateways), HintLimits(20, timedelta(seconds=5)), ids),
            receive_webhook=ReceiveWebhook(signed(gateways), Letterbox(ledger, ThreadTurn), self.telemetry, ids, dict),
            place_order=place_order,
            cancel_order=CancelOrder(ledger),
            start_payment=StartPayment(ledger, accounts, attempts),
            keepers=keepers,
            start_setup=start_setup,
            open_portal=OpenPortal(keepers, accounts),
            set_default_method=SetDefaultMethod(ledger, keepers),
            remove_method=RemoveMethod(ledger, self.clock),
            reachable_gateways=ReachableGateways(gateways),
            refresh_payment=RefreshPayment(ledger, timedelta(seconds=5)),
            request_refund=RequestRefund(
                ledger, pay_back, MakeSureUndelivered(routes, timedelta(days=1), 10.0, seconds)
            ),
            settle_refund=SettleRefund(ledger, pay_back),
            resolve_payment=ResolvePayment(ledger, record, pay_back),
            open_customer=OpenCustomer(ledger, self.clock, ids),
            change_customer=ChangeCustomer(ledger),
            check_domain=CheckDomain(ledger, routes, 10.0, seconds),
            set_auto_renew=SetAutoRenew(ledger, OfferRenewal(ids, lambda: self.new_id("B")), self.clock),
            change_subscription=ChangeSubscription(
                ledger,
                TellBilling(ledger, {"stripe": self.billing}),
                MoveSubscription(SubscriptionNotices(notices.post, DunningPolicy(timedelta(7), timedelta(30)))),
                BillerLimits(timedelta(minutes=1), 10.0),
                self.clock,
                seconds,
            ),
            pay_owed=PayOwed(ledger, {"stripe": self.billing}, take, BillerLimits(timedelta(minutes=1), 10.0), seconds),
            put_in_card=PutInCard(ledger, start_setup),
            order_period=OrderPeriod(
                ledger, OfferPeriod(self.new_id, partial(self.new_id, "B"), timedelta(days=30)), self.clock
            ),
            authenticate=Authenticate(ledger),
            telemetry=self.telemetry,
            ready=lambda: self.parts,
            metrics=lambda: (b"billing_orders 1\n", "text/plain; version=0.0.4; charset=utf-8"),
            ids=ids,
            clock=self.clock,
            monotonic=seconds,
            pay_gate=PayGate(self.links, FormSeal(KEYS, self.new_value, is_secure=True), self.limit),
        )

    def a_config(self) -> HttpConfig:
        return CONFIG

    def gateways(self) -> Mapping[str, PaymentGateway]:
        return {"stripe": self.gateway}

    def attempt_times(self) -> Mapping[str, AttemptTimes]:
        return {}

    def takers(self, pay_back: PayBack, notices: Notices) -> dict:
        """Methods, and the invoices of what a provider bills."""
        dunning = DunningPolicy(timedelta(7), timedelta(30))
        move = MoveSubscription(SubscriptionNotices(notices.post, dunning))
        number = partial(self.new_id, "B")
        renew = WriteRenewal(DispatchPolicy(), pay_back, self.clock, self.new_id, number)
        return {
            MethodStands: TakeMethod(self.clock, self.new_id),
            InvoiceStands: TakeInvoice(renew, move, self.clock, self.new_id),
        }

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._ids):06}"

    def new_value(self) -> str:
        return self.new_id("value")

    def a_key(self, role: Role, name: str = "shop") -> str:
        secret = f"{name}-{role}-secret"
        CreateKey(self.ledger, self.new_id, lambda: secret)(name, role, "test")
        return secret

    # ------------------------------------------------------------------ calls

    def call(self, method: str, path: str, json=None, key: str | None = None, **options):
        headers = {"Authorization": f"Bearer {key or self.key}", **options.pop("headers", {})}
        return self.client.open(path, method=method, json=json, headers=headers, **options)

    def get(self, path: str, **options):
        return self.call("GET", path, **options)

    def post(self, path: str, json=None, **options):
        return self.call("POST", path, json, **options)

    def place(self, *items: dict, **details):
        return self.post("/v1/orders", a_basket(*items, **details))

    def pay(self, order: dict, **details):
        return self.post(f"/v1/orders/{order['id']}/payments", a_start(**details))

    def save_a_card(self, customer_id: str = "cus_1") -> dict:
        """On the provider's page, and told of; as the API then shows it."""
        pages = {"success_url": "https://shop.example/saved", "cancel_url": "https://shop.example/account"}
        page = self.post(f"/v1/customers/{customer_id}/payment-methods/setup", pages).json["redirect_url"]
        told = self.gateway.interpret(self.methods.save(page.rpartition("/")[2]), Deadline.after(9, self.seconds))
        take = TakeMethod(self.clock, self.new_id)
        self.ledger.write("test", lambda uow: [take(uow, "stripe", fact) for fact in told.facts])
        return self.get(f"/v1/customers/{customer_id}/payment-methods").json[-1]

    def hold(self, name: str, order: dict) -> None:
        """The order's first item was delivered: we hold this name, to be renewed."""
        held = Registration(
            id="reg_1",
            name=DomainName(name),
            customer_id=order["customer_id"],
            item_id=order["items"][0]["id"],
            handle=None,
            created_at=self.now,
            expires_at=self.now,
            auto_renew=True,
        )
        self.ledger.write("test", lambda uow: uow.registrations.add(held))

    def stored(self, cls: type) -> list:
        return [row.value for (kind, _), row in self.begin.store.rows.items() if kind is cls]


def a_registrant(**details) -> dict:
    known = {
        "name": "Aline Uwase",
        "email": "aline@example.rw",
        "phone": "+250.788000000",
        "street": ["KN 5 Rd"],
        "city": "Kigali",
        "country": "RW",
    }
    return {name: value for name, value in {**known, **details}.items() if value is not ...}


def a_name(domain: str = "example.rw", **details) -> dict:
    return {"kind": "domain_registration", "domain": domain, **details}


def a_hosting(**details) -> dict:
    return {"kind": "hosting", "plan": "starter", "cycle": "monthly", **details}


def a_basket(*items: dict, **details) -> dict:
    known = {
        "customer_id": "cus_1",
        "currency": "USD",
        "contacts": {"registrant": a_registrant()},
        "items": list(items or (a_name(),)),
    }
    return {name: value for name, value in {**known, **details}.items() if value is not ...}


def a_start(**details) -> dict:
    known = {
        "gateway": "stripe",
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/cart",
    }
    return {name: value for name, value in {**known, **details}.items() if value is not ...}
