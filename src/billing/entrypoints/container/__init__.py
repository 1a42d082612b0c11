"""The one place that knows every adapter and wires it to the port it serves."""

from datetime import timedelta
from functools import partial

from dependency_injector import providers

from billing.adapters.telemetry import configure_logging, exposition, logging_context
from billing.application.access import Authenticate, CreateKey, RevokeKey
from billing.application.accounts import EnsureAccount, MethodKeepers, OpenPortal, StartSetup
from billing.application.alerts import TellOperator
from billing.application.attempts import CheckPayment, ClosePayment, NoteStart
from billing.application.checkout import PlaceOrder
from billing.application.customers import ChangeCustomer, OpenCustomer
from billing.application.disputed_hosting import ByCause, EndDisputed, RestoreDisputed, SuspendDisputed
from billing.application.disputes import TakeDispute
from billing.application.dunning import StopService
from billing.application.engine import ClaimJob, Ends, RunJob
from billing.application.fulfilment import RegisterDomain, RenewDomain
from billing.application.given_up import MakeSureUndelivered
from billing.application.hosting import ActivateSubscription, RenewSubscription
from billing.application.housekeeping import ForgetAnswers, KeepHouse, PruneBodies, Sweep
from billing.application.intake import ProcessEvent, ReceiveWebhook
from billing.application.interventions import CancelJob, RetryJob, RetryJobs
from billing.application.letterbox import Letterbox, ThreadTurn
from billing.application.mailing import SendMail
from billing.application.notifications import Notices, Postbox
from billing.application.outages import TellOutages
from billing.application.owed import PayInvoice
from billing.application.paying import OpenAttempt, RefreshPayment, StartPayment
from billing.application.paying_back import PayBack
from billing.application.payments import RecordFact
from billing.application.recurring import CheckSubscription, EndBilling
from billing.application.refunds import RefundPayment, RequestRefund, SettleRefund
from billing.application.replay import DismissEvent, FindEvent, PreviewEvent, ReplayEvent
from billing.application.resolving import ResolvePayment
from billing.application.saved_methods import (
    ForgetMethod,
    RefreshWallet,
    RemoveMethod,
    SetDefaultMethod,
    TakeMethod,
    TellDefault,
)
from billing.application.setting_up import SetUpProvider
from billing.application.storefront import CheckDomain, LoadCatalogue
from billing.application.taking import TakeFact
from billing.application.under_way import HandBack, UnderWay
from billing.application.unpaid import CancelOrder, ExpireOrders
from billing.domain.dispatch_policy import DispatchPolicy
from billing.domain.facts import BillingStands, DisputeStands, InvoiceStands, MethodStands
from billing.domain.job import JobKind
from billing.entrypoints import limits
from billing.entrypoints.container import outside
from billing.entrypoints.container.adapters import Adapters
from billing.entrypoints.container.comparing import Comparing
from billing.entrypoints.container.hosting import Hosting
from billing.entrypoints.container.owing import Owing
from billing.entrypoints.container.renewing import Renewing
from billing.entrypoints.http.app import UseCases, create_app
from billing.entrypoints.readiness import readiness

__all__ = ["Container", "configure_logging"]


class Container(Adapters):
    """Every object of the program, made when it is first asked for; one container per process."""

    # what is wired below
    settings = Adapters.settings
    shop = Adapters.shop
    jobs = Adapters.jobs
    business_clock = Adapters.business_clock
    monotonic = Adapters.monotonic
    ids = Adapters.ids
    order_number = Adapters.order_number
    api_secret = Adapters.api_secret
    random_token = Adapters.random_token
    dice = Adapters.dice
    telemetry = Adapters.telemetry
    begin = Adapters.begin
    ledger = Adapters.ledger
    gateways = Adapters.gateways
    event_feeds = Adapters.event_feeds
    statements = Adapters.statements
    provider_setups = Adapters.provider_setups
    saved_methods = Adapters.saved_methods
    recurring_billing = Adapters.recurring_billing
    registrars = Adapters.registrars
    notifier = Adapters.notifier

    # ------------------------------------------------------------------ what people are told
    sender_domain = providers.Callable(limits.sender_domain, settings.provided.mails)
    postbox = providers.ThreadSafeSingleton(Postbox, ids, sender_domain)
    pay_links = providers.ThreadSafeSingleton(limits.pay_links, settings)
    notices = providers.ThreadSafeSingleton(Notices, postbox, pay_links)
    operator_mail = providers.Callable(limits.operator_mail, settings.provided.mails)
    tell_operator = providers.ThreadSafeSingleton(TellOperator, ledger, postbox, operator_mail)

    # ------------------------------------------------------------------ money in
    job_limits = providers.ThreadSafeSingleton(limits.job_limits, jobs)
    payment_limits = providers.ThreadSafeSingleton(limits.payment_limits, shop)
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
    )
    turns = providers.Object(ThreadTurn)
    letterbox = providers.ThreadSafeSingleton(Letterbox, ledger, turns)
    receive_webhook = providers.ThreadSafeSingleton(
        ReceiveWebhook, gateways, letterbox, telemetry, ids, providers.Object(logging_context)
    )
    open_attempt = providers.ThreadSafeSingleton(
        OpenAttempt, ledger, gateways, take_fact, note_start, payment_limits, ids, monotonic
    )
    keepers = providers.ThreadSafeSingleton(MethodKeepers, saved_methods, shop.web_call_deadline_seconds, monotonic)
    ensure_account = providers.ThreadSafeSingleton(EnsureAccount, ledger, keepers, business_clock, ids)
    start_payment = providers.ThreadSafeSingleton(StartPayment, ledger, ensure_account, open_attempt)
    refresh_payment = providers.ThreadSafeSingleton(
        RefreshPayment,
        ledger,
        interval_min=providers.Factory(timedelta, seconds=shop.check_interval_min_seconds),
    )

    # ------------------------------------------------------------------ saved methods
    start_setup = providers.ThreadSafeSingleton(StartSetup, ledger, keepers, ensure_account, ids)
    open_portal = providers.ThreadSafeSingleton(OpenPortal, keepers, ensure_account)
    refresh_wallet = providers.ThreadSafeSingleton(RefreshWallet, ledger, keepers, take_method)
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

    # ------------------------------------------------------------------ the shop
    place_order = providers.ThreadSafeSingleton(
        PlaceOrder,
        ledger,
        registrars,
        providers.Factory(limits.checkout_limits, shop),
        notices,
        business_clock,
        ids,
        order_number,
        monotonic,
    )
    cancel_order = providers.ThreadSafeSingleton(CancelOrder, ledger)
    expire_orders = providers.ThreadSafeSingleton(ExpireOrders, ledger, business_clock, telemetry, jobs.sweep_batch)
    open_customer = providers.ThreadSafeSingleton(OpenCustomer, ledger, business_clock, ids)
    change_customer = providers.ThreadSafeSingleton(ChangeCustomer, ledger)
    load_catalogue = providers.ThreadSafeSingleton(LoadCatalogue, ledger)
    check_domain = providers.ThreadSafeSingleton(
        CheckDomain, ledger, registrars, shop.availability_deadline_seconds, monotonic
    )
    renewing = providers.Container(
        Renewing,
        settings=settings,
        ledger=ledger,
        telemetry=telemetry,
        business_clock=business_clock,
        ids=ids,
        order_number=order_number,
        postbox=postbox,
        pay_links=pay_links,
        gateways=gateways,
    )
    create_key = providers.ThreadSafeSingleton(CreateKey, ledger, ids, api_secret)
    revoke_key = providers.ThreadSafeSingleton(RevokeKey, ledger)
    authenticate = providers.ThreadSafeSingleton(Authenticate, ledger)

    # ------------------------------------------------------------------ what is owed for hosting
    owing = providers.Container(
        Owing,
        settings=settings,
        ledger=ledger,
        monotonic=monotonic,
        billing=recurring_billing,
        keepers=keepers,
        take_fact=take_fact,
        start_setup=start_setup,
        place_order=place_order,
    )

    # ------------------------------------------------------------------ jobs
    process_event = providers.Factory(
        ProcessEvent,
        gateways,
        take_fact,
        providers.Factory(timedelta, seconds=shop.unmatched_retry_seconds),
    )
    comparing = providers.Container(
        Comparing,
        settings=settings,
        ledger=ledger,
        telemetry=telemetry,
        business_clock=business_clock,
        ids=ids,
        context=providers.Object(logging_context),
        event_feeds=event_feeds,
        gateways=gateways,
        statements=statements,
        billing=recurring_billing,
        keepers=saved_methods,
        take_fact=take_fact,
        process_event=process_event,
        letterbox=letterbox,
    )
    set_up_provider = providers.ThreadSafeSingleton(SetUpProvider, provider_setups)
    stop_service = providers.Factory(
        StopService,
        recurring_billing,
        take_fact,
        hosting.move,
        business_clock,
        providers.Factory(timedelta, hours=shop.charge_poll_hours),
    )
    handlers = providers.Dict(
        {
            JobKind.PROCESS_EVENT: process_event,
            JobKind.RECONCILE: comparing.reconcile_part,
            JobKind.CHECK_PAYMENT: providers.Factory(CheckPayment, gateways, take_fact, note_start),
            JobKind.CLOSE_PAYMENT: providers.Factory(ClosePayment, gateways, take_fact, note_start),
            JobKind.REGISTER_DOMAIN: providers.Factory(
                RegisterDomain,
                pay_back,
                notices,
                registrars,
                ids,
                providers.Factory(timedelta, seconds=shop.registry_poll_seconds),
            ),
            JobKind.RENEW_DOMAIN: providers.Factory(
                RenewDomain,
                pay_back,
                notices,
                registrars,
                slot_retry=providers.Factory(timedelta, seconds=shop.renewal_turn_seconds),
                expiry_rounding=providers.Factory(timedelta, days=shop.expiry_rounding_days),
            ),
            JobKind.ACTIVATE_SUBSCRIPTION: providers.Factory(
                ActivateSubscription, pay_back, notices, business_clock, ids, recurring_billing
            ),
            JobKind.RENEW_SUBSCRIPTION: providers.Factory(
                RenewSubscription,
                pay_back,
                notices,
                business_clock,
                providers.Factory(timedelta, days=shop.restart_after_days),
            ),
            JobKind.CREATE_STRIPE_SUBSCRIPTION: hosting.begin_billing,
            JobKind.CHANGE_SUBSCRIPTION: hosting.carry_out_change,
            JobKind.CHECK_SUBSCRIPTION: providers.Factory(CheckSubscription, recurring_billing, take_fact),
            JobKind.PAY_INVOICE: providers.Factory(PayInvoice, recurring_billing, take_fact),
            JobKind.END_BILLING: providers.Factory(EndBilling, recurring_billing, take_fact),
            JobKind.SUSPEND_SUBSCRIPTION: providers.Factory(
                ByCause, providers.Dict({"dsp": providers.Factory(SuspendDisputed)}), stop_service
            ),
            JobKind.RESTORE_SUBSCRIPTION: providers.Factory(RestoreDisputed),
            JobKind.END_SUBSCRIPTION: providers.Factory(
                ByCause, providers.Dict({"dsp": providers.Factory(EndDisputed)}), stop_service
            ),
            JobKind.REFUND_PAYMENT: providers.Factory(
                RefundPayment, gateways, take_fact, providers.Factory(limits.refund_limits, shop)
            ),
            JobKind.SET_DEFAULT_METHOD: providers.Factory(TellDefault, keepers),
            JobKind.DETACH_METHOD: providers.Factory(ForgetMethod, keepers),
            JobKind.PAY_WITH_NEXT_METHOD: owing.pay_with_next,
            JobKind.SEND_MAIL: providers.Factory(
                SendMail,
                notifier,
                providers.Factory(timedelta, seconds=jobs.kinds[JobKind.SEND_MAIL].backoff_cap_seconds),
            ),
        }
    )
    under_way = providers.ThreadSafeSingleton(UnderWay)
    ends = providers.Factory(Ends, handlers, job_limits, telemetry, dice)
    run_job = providers.ThreadSafeSingleton(
        RunJob,
        providers.Factory(ClaimJob, ledger, job_limits, ends, telemetry, monotonic, dice),
        ends,
        under_way,
        telemetry,
        monotonic,
    )
    hand_back = providers.ThreadSafeSingleton(HandBack, ledger, under_way, telemetry)
    sweep = providers.ThreadSafeSingleton(Sweep, ledger, telemetry, jobs.sweep_batch)
    prune_bodies = providers.ThreadSafeSingleton(
        PruneBodies,
        ledger,
        telemetry,
        kept=providers.Factory(timedelta, days=shop.inbox_body_days),
        batch=jobs.sweep_batch,
    )
    forget_answers = providers.ThreadSafeSingleton(
        ForgetAnswers,
        ledger,
        kept=providers.Factory(timedelta, hours=settings.provided.http.idempotency_hours),
        batch=jobs.sweep_batch,
    )
    tell_outages = providers.ThreadSafeSingleton(
        TellOutages, ledger, after=providers.Factory(timedelta, minutes=settings.provided.breaker.alert_minutes)
    )
    keep_house = providers.ThreadSafeSingleton(
        KeepHouse,
        sweep,
        providers.List(
            expire_orders,
            hosting.tick_subscriptions,
            renewing.names_once_a_day,
            renewing.cards_once_a_day,
            tell_outages,
            tell_operator,
            forget_answers,
            prune_bodies,
            comparing.request,
        ),
        telemetry,
    )
    retry_job = providers.ThreadSafeSingleton(RetryJob, ledger, handlers)
    retry_jobs = providers.ThreadSafeSingleton(RetryJobs, retry_job)
    cancel_job = providers.ThreadSafeSingleton(CancelJob, ledger, handlers)

    # ------------------------------------------------------------------ the inbox in a person's hands
    find_event = providers.ThreadSafeSingleton(FindEvent, gateways)
    replay_event = providers.ThreadSafeSingleton(ReplayEvent, ledger, find_event)
    dismiss_event = providers.ThreadSafeSingleton(DismissEvent, ledger, find_event)
    preview_event = providers.ThreadSafeSingleton(
        PreviewEvent,
        ledger,
        find_event,
        process_event,
        job_limits.provided[JobKind.PROCESS_EVENT].call_deadline_seconds,
        monotonic,
    )

    # ------------------------------------------------------------------ the web
    use_cases = providers.ThreadSafeSingleton(
        UseCases,
        ledger=ledger,
        receive_webhook=receive_webhook,
        place_order=place_order,
        cancel_order=cancel_order,
        start_payment=start_payment,
        refresh_payment=refresh_payment,
        keepers=keepers,
        start_setup=start_setup,
        open_portal=open_portal,
        set_default_method=set_default_method,
        remove_method=remove_method,
        request_refund=request_refund,
        resolve_payment=resolve_payment,
        open_customer=open_customer,
        change_customer=change_customer,
        check_domain=check_domain,
        set_auto_renew=renewing.set_auto_renew,
        change_subscription=hosting.change_subscription,
        pay_owed=owing.pay_owed,
        put_in_card=owing.put_in_card,
        order_period=owing.order_period,
        authenticate=authenticate,
        telemetry=telemetry,
        ready=providers.Factory(partial, readiness, begin.provided.is_current, ledger),
        metrics=providers.Factory(
            partial,
            exposition,
            telemetry,
            providers.Factory(partial, outside.open_jobs, ledger),
            providers.Factory(partial, outside.breakers, ledger),
            settings.provided.metrics_dir,
        ),
        ids=ids,
        clock=business_clock,
        monotonic=monotonic,
        pay_gate=providers.Callable(limits.pay_gate, settings, pay_links, random_token, monotonic),
    )
    web_app = providers.ThreadSafeSingleton(
        create_app, use_cases, providers.Factory(limits.http_config, settings, gateways)
    )
