"""What the HTTP side is given: the use cases it calls, and its limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from billing.application.expiry.hosting_renewals import OrderPeriod
from billing.application.expiry.renewals import SetAutoRenew
from billing.application.inbox.hints import ReceiveHint
from billing.application.inbox.intake import ReceiveWebhook
from billing.application.ledger import Ledger
from billing.application.money.paying import RefreshPayment, StartPayment
from billing.application.money.reachable import ReachableGateways
from billing.application.money.refunds import RequestRefund, SettleRefund
from billing.application.money.resolving import ResolvePayment
from billing.application.ports import Clock, Ids, Telemetry
from billing.application.shop.access import Authenticate
from billing.application.shop.checkout import PlaceOrder
from billing.application.shop.customers import ChangeCustomer, OpenCustomer
from billing.application.shop.storefront import CheckDomain
from billing.application.shop.unpaid import CancelOrder
from billing.application.subscriptions.another_card import PutInCard
from billing.application.subscriptions.lifecycle import ChangeSubscription
from billing.application.subscriptions.owing import PayOwed
from billing.application.wallets.accounts import MethodKeepers, OpenPortal, StartSetup
from billing.application.wallets.saved_methods import RemoveMethod, SetDefaultMethod
from billing.entrypoints.http.gateways import Gateways, KpayTerms
from billing.entrypoints.http.pay.guarding import PayGate

PAGE_SIZE = 20
"""How many of a kind are listed where nobody says how many."""


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """Everything that a view may call.

    `ready` names the parts that the process needs, each "ok" or a sentence about what is wrong with it. `metrics`
    gives a body and its content type. Without a `pay_gate` customers have no page of ours.
    """

    ledger: Ledger
    receive_webhook: ReceiveWebhook
    receive_hint: ReceiveHint
    place_order: PlaceOrder
    cancel_order: CancelOrder
    start_payment: StartPayment
    refresh_payment: RefreshPayment
    reachable_gateways: ReachableGateways
    keepers: MethodKeepers
    start_setup: StartSetup
    open_portal: OpenPortal
    set_default_method: SetDefaultMethod
    remove_method: RemoveMethod
    request_refund: RequestRefund
    settle_refund: SettleRefund
    resolve_payment: ResolvePayment
    open_customer: OpenCustomer
    change_customer: ChangeCustomer
    check_domain: CheckDomain
    set_auto_renew: SetAutoRenew
    change_subscription: ChangeSubscription
    pay_owed: PayOwed
    put_in_card: PutInCard
    order_period: OrderPeriod
    authenticate: Authenticate
    telemetry: Telemetry
    ready: Callable[[], Mapping[str, str]]
    metrics: Callable[[], tuple[bytes, str]]
    ids: Ids
    clock: Clock
    monotonic: Callable[[], float]
    pay_gate: PayGate | None = None


@dataclass(frozen=True, kw_only=True)
class HttpConfig:
    """Limits and facts that requests are answered with; `gateways` are those that a storefront may name.

    Without `kpay` it is not known what KPay takes, and our own page does not offer it.
    """

    public_url: str
    version: str
    gateways: tuple[str, ...] = ("stripe",)
    kpay: KpayTerms | None = None
    shop: str = ""
    body_bytes_max: int = 1_048_576
    page_size_default: int = PAGE_SIZE
    page_size_max: int = 100
    idempotency_lease: timedelta = timedelta(minutes=1)
    idempotency_keep: timedelta = timedelta(hours=24)


def gateways_of(cases: UseCases, config: HttpConfig) -> Gateways:
    """Those that may be named here."""
    return Gateways(config.gateways, cases.reachable_gateways, config.kpay)
