"""Money in, money back, the methods that customers save, and what people are told of all of it."""

from datetime import timedelta

from dependency_injector import providers

from billing.adapters.telemetry import logging_context
from billing.application.deliveries.given_up import MakeSureUndelivered
from billing.application.inbox.hints import CompareHint, ReceiveHint
from billing.application.inbox.intake import ReceiveWebhook
from billing.application.inbox.letterbox import Letterbox, ThreadTurn
from billing.application.money.attempts import NoteStart
from billing.application.money.disputes import TakeDispute
from billing.application.money.paying import OpenAttempt, RefreshPayment, StartPayment
from billing.application.money.paying_back import PayBack
from billing.application.money.payments import RecordFact
from billing.application.money.reachable import ReachableGateways
from billing.application.money.refunds import RequestRefund, SettleRefund
from billing.application.money.resolving import ResolvePayment
from billing.application.money.taking import TakeFact
from billing.application.telling.alerts import TellOperator
from billing.application.telling.notifications import Notices, Postbox
from billing.application.wallets.accounts import EnsureAccount, MethodKeepers, OpenPortal, StartSetup
from billing.application.wallets.lost_accounts import UnbindAccount
from billing.application.wallets.saved_methods import (
    RefreshWallet,
    RemoveMethod,
    SetDefaultMethod,
    TakeMethod,
)
from billing.domain.dispatch_policy import DispatchPolicy
from billing.domain.facts import BillingStands, DisputeStands, InvoiceStands, MethodStands
from billing.entrypoints import limits
from billing.entrypoints.container import outside
from billing.entrypoints.container.adapters import Adapters
from billing.entrypoints.container.hosting import Hosting


class Money(Adapters):
    """Whatever a provider proves comes in here, by `take_fact`."""

    # what is wired below
    settings = Adapters.settings
    shop = Adapters.shop
    jobs = Adapters.jobs
    business_clock = Adapters.business_clock
    monotonic = Adapters.monotonic
    ids = Adapters.ids
    order_number = Adapters.order_number
    random_token = Adapters.random_token
    telemetry = Adapters.telemetry
    ledger = Adapters.ledger
    gateways = Adapters.gateways
    saved_methods = Adapters.saved_methods
    recurring_billing = Adapters.recurring_billing
    registrars = Adapters.registrars

    # ------------------------------------------------------------------ what people are told
    sender_domain = providers.Callable(limits.sender_domain, settings.provided.mails)
    postbox = providers.ThreadSafeSingleton(Postbox, ids, sender_domain)
    pay_links = providers.ThreadSafeSingleton(limits.pay_links, settings)
    notices = providers.ThreadSafeSingleton(Notices, postbox, pay_links)
    operator_mail = providers.Callable(limits.operator_mail, settings.provided.mails)
    tell_operator = providers.ThreadSafeSingleton(TellOperator, ledger, postbox, operator_mail)

    # ------------------------------------------------------------------ money in
    job_limits = providers.ThreadSafeSingleton(limits.job_limits, jobs)
    payment_limits = providers.ThreadSafeSingleton(limits.payment_limits, settings)
    pay_back = providers.ThreadSafeSingleton(
        PayBack,
        policy=providers.Factory(limits.refund_policy, shop),
        notices=notices,
        ids=ids,
        clock=business_clock,
    )
    dispatch_policy = providers.ThreadSafeSingleton(DispatchPolicy)
    record_fact = providers.ThreadSafeSingleton(
        RecordFact,
        policy=dispatch_policy,
        pay_back=pay_back,
        clock=business_clock,
        telemetry=telemetry,
        notices=notices,
    )
    hosting = providers.Container(
        Hosting,
        settings=settings,
        ledger=ledger,
        telemetry=telemetry,
        business_clock=business_clock,
        monotonic=monotonic,
        ids=ids,
        order_number=order_number,
        postbox=postbox,
        pay_links=pay_links,
        pay_back=pay_back,
        billing=recurring_billing,
    )
    take_method = providers.ThreadSafeSingleton(TakeMethod, business_clock, ids)
    take_dispute = providers.ThreadSafeSingleton(
        TakeDispute,
        policy=providers.Factory(limits.dispute_policy, shop),
        dispatch=dispatch_policy,
        pay_back=pay_back,
        ids=ids,
        clock=business_clock,
    )
    takers = providers.Dict(
        {
            MethodStands: take_method,
            DisputeStands: take_dispute,
            BillingStands: hosting.take_billing,
            InvoiceStands: hosting.take_invoice,
        }
    )
    take_fact = providers.ThreadSafeSingleton(TakeFact, record_fact, takers)
    note_start = providers.ThreadSafeSingleton(
        NoteStart,
        clock=business_clock,
        check_after_expiry=providers.Factory(timedelta, minutes=shop.check_after_expiry_minutes),
        schedules=providers.Callable(limits.poll_schedules, settings),
    )
    signed_gateways = providers.Callable(outside.signed, gateways)
    hinting_gateways = providers.Callable(outside.hinting, gateways)
    turns = providers.Object(ThreadTurn)
    letterbox = providers.ThreadSafeSingleton(Letterbox, ledger, turns)
    receive_webhook = providers.ThreadSafeSingleton(
        ReceiveWebhook,
        signed_gateways,
        letterbox,
        telemetry,
        ids,
        providers.Object(logging_context),
    )
    hint_limits = providers.ThreadSafeSingleton(limits.hint_limits, settings)
    receive_hint = providers.ThreadSafeSingleton(ReceiveHint, ledger, hinting_gateways, hint_limits, ids)
    compare_hint = providers.ThreadSafeSingleton(
        CompareHint, hinting_gateways, hint_limits.provided.kept_max, telemetry
    )
    open_attempt = providers.ThreadSafeSingleton(
        OpenAttempt, ledger, gateways, take_fact, note_start, payment_limits, ids, monotonic, random_token
    )
    keepers = providers.ThreadSafeSingleton(MethodKeepers, saved_methods, shop.web_call_deadline_seconds, monotonic)
    ensure_account = providers.ThreadSafeSingleton(EnsureAccount, ledger, keepers, business_clock, ids)
    start_payment = providers.ThreadSafeSingleton(StartPayment, ledger, ensure_account, open_attempt)
    refresh_payment = providers.ThreadSafeSingleton(
        RefreshPayment,
        ledger,
        interval_min=providers.Factory(timedelta, seconds=shop.check_interval_min_seconds),
    )
    reachable_gateways = providers.ThreadSafeSingleton(ReachableGateways, gateways)

    # ------------------------------------------------------------------ saved methods
    start_setup = providers.ThreadSafeSingleton(StartSetup, ledger, keepers, ensure_account, ids)
    open_portal = providers.ThreadSafeSingleton(OpenPortal, keepers, ensure_account)
    refresh_wallet = providers.ThreadSafeSingleton(RefreshWallet, ledger, keepers, take_method)
    unbind_account = providers.ThreadSafeSingleton(UnbindAccount, ledger, keepers, business_clock)
    set_default_method = providers.ThreadSafeSingleton(SetDefaultMethod, ledger, keepers)
    remove_method = providers.ThreadSafeSingleton(RemoveMethod, ledger, business_clock)

    # ------------------------------------------------------------------ money back
    make_sure_undelivered = providers.ThreadSafeSingleton(
        MakeSureUndelivered,
        registrars,
        providers.Factory(timedelta, days=shop.expiry_rounding_days),
        shop.web_call_deadline_seconds,
        monotonic,
    )
    request_refund = providers.ThreadSafeSingleton(RequestRefund, ledger, pay_back, make_sure_undelivered)
    settle_refund = providers.ThreadSafeSingleton(SettleRefund, ledger, pay_back)
    resolve_payment = providers.ThreadSafeSingleton(ResolvePayment, ledger, record_fact, pay_back)
