"""The pure core: values, entities and policies, without a clock, without I/O, on the standard library alone.

`__all__` is what other teams may import; docs/domain.md shows how.
"""

from billing.domain.alert import Alert, AlertKind
from billing.domain.breaker import Breaker, BreakerPolicy, BreakerState
from billing.domain.catalogue import Catalogue, Cycle, HostingPlan, Operation, TldOffer
from billing.domain.contact import Contact
from billing.domain.customer import Customer
from billing.domain.daily_round import DailyRound
from billing.domain.dispatch_policy import DELIVERIES, DispatchPolicy
from billing.domain.dispute import Dispute, DisputeStatus
from billing.domain.dispute_policy import DisputedHosting, DisputePolicy, LostHosting
from billing.domain.domain_name import DomainName
from billing.domain.dunning import DunningPolicy, Stage
from billing.domain.errors import (
    BillingError,
    Conflict,
    IllegalMove,
    Invalid,
    NameHeld,
    NotFound,
    RefundTooLarge,
    RenewalOpen,
)
from billing.domain.event import EventStatus, InboxEvent
from billing.domain.facts import (
    BillingStands,
    BillingStatus,
    CycleLine,
    DisputeStands,
    Fact,
    InvoiceReason,
    InvoiceStands,
    InvoiceStatus,
    MethodStands,
    PaymentCancelled,
    PaymentDeclined,
    PaymentExpired,
    PaymentFailed,
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
    RefundFailed,
    RefundPending,
    RefundSucceeded,
)
from billing.domain.invoice import Invoice
from billing.domain.job import Job, JobKind, JobRequest, JobStatus
from billing.domain.mail import Mail, MailKind, MailStatus
from billing.domain.money import Money, exponent, total
from billing.domain.order import Order, Settlement
from billing.domain.order_item import ItemStatus, OrderItem, registrant_handle
from billing.domain.order_status import OrderStatus
from billing.domain.payment import Payment, PaymentStatus
from billing.domain.purchase import (
    DomainRegistration,
    DomainRenewal,
    Hosting,
    Purchase,
    SubscriptionRenewal,
)
from billing.domain.refund import Refund, RefundCause, RefundStatus
from billing.domain.refund_policy import Compensation, RefundedHosting, RefundPolicy
from billing.domain.registration import NameStanding, Registration, RegistrationStatus
from billing.domain.renewal import Renewal, RenewalPolicy
from billing.domain.repayment import request_refund
from billing.domain.retry_policy import RetryPolicy
from billing.domain.subscription import Subscription, SubscriptionStatus
from billing.domain.subscription_change import Change, ChangeKind
from billing.domain.term import Term, add_months
from billing.domain.wallet import Card, PaymentMethod, Wallet

__all__ = [
    "DELIVERIES",
    "Alert",
    "AlertKind",
    "BillingError",
    "BillingStands",
    "BillingStatus",
    "Breaker",
    "BreakerPolicy",
    "BreakerState",
    "Card",
    "Catalogue",
    "Change",
    "ChangeKind",
    "Compensation",
    "Conflict",
    "Contact",
    "Customer",
    "Cycle",
    "CycleLine",
    "DailyRound",
    "DispatchPolicy",
    "Dispute",
    "DisputePolicy",
    "DisputeStands",
    "DisputeStatus",
    "DisputedHosting",
    "DomainName",
    "DomainRegistration",
    "DomainRenewal",
    "DunningPolicy",
    "EventStatus",
    "Fact",
    "Hosting",
    "HostingPlan",
    "IllegalMove",
    "InboxEvent",
    "Invalid",
    "Invoice",
    "InvoiceReason",
    "InvoiceStands",
    "InvoiceStatus",
    "ItemStatus",
    "Job",
    "JobKind",
    "JobRequest",
    "JobStatus",
    "LostHosting",
    "Mail",
    "MailKind",
    "MailStatus",
    "MethodStands",
    "Money",
    "NameHeld",
    "NameStanding",
    "NotFound",
    "Operation",
    "Order",
    "OrderItem",
    "OrderStatus",
    "Payment",
    "PaymentCancelled",
    "PaymentDeclined",
    "PaymentExpired",
    "PaymentFailed",
    "PaymentMethod",
    "PaymentNeedsCustomer",
    "PaymentPending",
    "PaymentStatus",
    "PaymentSucceeded",
    "Purchase",
    "Refund",
    "RefundCause",
    "RefundFailed",
    "RefundPending",
    "RefundPolicy",
    "RefundStatus",
    "RefundSucceeded",
    "RefundTooLarge",
    "RefundedHosting",
    "Registration",
    "RegistrationStatus",
    "Renewal",
    "RenewalOpen",
    "RenewalPolicy",
    "RetryPolicy",
    "Settlement",
    "Stage",
    "Subscription",
    "SubscriptionRenewal",
    "SubscriptionStatus",
    "Term",
    "TldOffer",
    "Wallet",
    "add_months",
    "exponent",
    "registrant_handle",
    "request_refund",
    "total",
]
