"""The one place that knows every adapter and wires it to the port it serves."""

from datetime import timedelta
from functools import partial

from dependency_injector import providers

from billing.adapters.telemetry import configure_logging, exposition, logging_context
from billing.application.books.setting_up import SetUpProvider
from billing.application.deliveries.fulfilment import RegisterDomain, RenewDomain
from billing.application.deliveries.hosting import ActivateSubscription, RenewSubscription
from billing.application.guarding.outages import TellOutages
from billing.application.inbox.intake import ProcessEvent
from billing.application.inbox.replay import DismissEvent, FindEvent, PreviewEvent, ReplayEvent
from billing.application.money.attempts import CheckPayment, ClosePayment
from billing.application.money.refunds import RefundPayment
from billing.application.shop.access import Authenticate, CreateKey, RevokeKey
from billing.application.shop.checkout import PlaceOrder
from billing.application.shop.customers import ChangeCustomer, OpenCustomer
from billing.application.shop.storefront import CheckDomain, LoadCatalogue
from billing.application.shop.unpaid import CancelOrder, ExpireOrders
from billing.application.subscriptions.disputed_hosting import ByCause, EndDisputed, RestoreDisputed, SuspendDisputed
from billing.application.subscriptions.dunning import StopService
from billing.application.subscriptions.owed import PayInvoice
from billing.application.subscriptions.recurring import CheckSubscription, EndBilling
from billing.application.telling.mailing import SendMail
from billing.application.wallets.saved_methods import ForgetMethod, TellDefault
from billing.application.work.engine import ClaimJob, Ends, RunJob
from billing.application.work.housekeeping import ForgetAnswers, KeepHouse, PruneBodies, Sweep
from billing.application.work.interventions import CancelJob, RetryJob, RetryJobs
from billing.application.work.under_way import HandBack, UnderWay
from billing.domain.job import JobKind
from billing.entrypoints import limits
from billing.entrypoints.container import outside
from billing.entrypoints.container.comparing import Comparing
from billing.entrypoints.container.money import Money
from billing.entrypoints.container.owing import Owing
from billing.entrypoints.container.renewing import Renewing
from billing.entrypoints.http.app import UseCases, create_app
from billing.entrypoints.readiness import readiness

__all__ = ["Container", "configure_logging"]


class Container(Money):
    """Every object of the program, made when it is first asked for; one container per process."""

    # what is wired below
    settings = Money.settings
    shop = Money.shop
    jobs = Money.jobs
    business_clock = Money.business_clock
    monotonic = Money.monotonic
    ids = Money.ids
    order_number = Money.order_number
    api_secret = Money.api_secret
    random_token = Money.random_token
    dice = Money.dice
    telemetry = Money.telemetry
    begin = Money.begin
    ledger = Money.ledger
    gateways = Money.gateways
    event_feeds = Money.event_feeds
    statements = Money.statements
    provider_setups = Money.provider_setups
    saved_methods = Money.saved_methods
    recurring_billing = Money.recurring_billing
    registrars = Money.registrars
    notifier = Money.notifier
    # what is wired in `Money`
    compare_hint = Money.compare_hint
    hosting = Money.hosting
    job_limits = Money.job_limits
    keepers = Money.keepers
    letterbox = Money.letterbox
    note_start = Money.note_start
    notices = Money.notices
    open_portal = Money.open_portal
    pay_back = Money.pay_back
    pay_links = Money.pay_links
    postbox = Money.postbox
    reachable_gateways = Money.reachable_gateways
    receive_hint = Money.receive_hint
    receive_webhook = Money.receive_webhook
    refresh_payment = Money.refresh_payment
    remove_method = Money.remove_method
    request_refund = Money.request_refund
    resolve_payment = Money.resolve_payment
    set_default_method = Money.set_default_method
    settle_refund = Money.settle_refund
    signed_gateways = Money.signed_gateways
    start_payment = Money.start_payment
    start_setup = Money.start_setup
    take_fact = Money.take_fact
    tell_operator = Money.tell_operator

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
    )

    # ------------------------------------------------------------------ jobs
    process_event = providers.Factory(
        ProcessEvent,
        signed_gateways,
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
            JobKind.CHECK_PAYMENT: providers.Factory(CheckPayment, gateways, take_fact, note_start, compare_hint),
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
            renewing.hosting_once_a_day,
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
        receive_hint=receive_hint,
        place_order=place_order,
        cancel_order=cancel_order,
        start_payment=start_payment,
        refresh_payment=refresh_payment,
        reachable_gateways=reachable_gateways,
        keepers=keepers,
        start_setup=start_setup,
        open_portal=open_portal,
        set_default_method=set_default_method,
        remove_method=remove_method,
        request_refund=request_refund,
        settle_refund=settle_refund,
        resolve_payment=resolve_payment,
        open_customer=open_customer,
        change_customer=change_customer,
        check_domain=check_domain,
        set_auto_renew=renewing.set_auto_renew,
        change_subscription=hosting.change_subscription,
        pay_owed=owing.pay_owed,
        put_in_card=owing.put_in_card,
        order_period=renewing.order_period,
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
