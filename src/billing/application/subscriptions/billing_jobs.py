"""The jobs about recurring billing, by their occasions: what is asked of a provider, and when once is enough."""

from billing.application.unit_of_work import UnitOfWork
from billing.domain.job import JobKind, JobRequest
from billing.domain.subscription import Subscription


def begin_of(subscription_id: str) -> JobRequest:
    """The one job that has a provider bill this subscription from its next period on."""
    return JobRequest(JobKind.CREATE_STRIPE_SUBSCRIPTION, subscription_id)


def change_of(subscription_id: str, change_no: int) -> JobRequest:
    """The one job that tells the provider of this change."""
    return JobRequest(JobKind.CHANGE_SUBSCRIPTION, f"{subscription_id}:{change_no}")


def check_of(subscription_id: str, occasion: str) -> JobRequest:
    """Ask the provider how billing and invoices stand, once an occasion (a day, an activation)."""
    return JobRequest(JobKind.CHECK_SUBSCRIPTION, f"{subscription_id}:{occasion}")


def last_check_of(subscription_id: str) -> JobRequest:
    """The check of one that has ended: what was paid last may not have been heard of."""
    return check_of(subscription_id, "ended")


def end_of(gateway: str, billing_ref: str) -> JobRequest:
    """The one job that has a provider charge no more by this billing, which nobody needs."""
    return JobRequest(JobKind.END_BILLING, f"{gateway}:{billing_ref}")


def end_with_billing(uow: UnitOfWork, subscription: Subscription, why: str) -> None:
    """It is over for good, and whoever bills it by itself is told to stop; the caller holds it."""
    subscription.end(why)
    if subscription.gateway is not None and subscription.billing_ref is not None:
        uow.jobs.request(end_of(subscription.gateway, subscription.billing_ref))


def pay_of(invoice_id: str, method_id: str) -> JobRequest:
    """The one job that has a provider try an invoice with this method."""
    return JobRequest(JobKind.PAY_INVOICE, f"{invoice_id}:{method_id}")


def suspension_of(subscription_id: str, unpaid: str) -> JobRequest:
    """The one job that stops service for what is unpaid: an invoice, or a period."""
    return JobRequest(JobKind.SUSPEND_SUBSCRIPTION, f"{subscription_id}:{unpaid}")


def ending_of(subscription_id: str, unpaid: str) -> JobRequest:
    """The one job that ends a subscription for what is unpaid."""
    return JobRequest(JobKind.END_SUBSCRIPTION, f"{subscription_id}:{unpaid}")


def split(subject: str) -> tuple[str, str]:
    """The two parts of such a subject.

    >>> split("sub_1:3")
    ('sub_1', '3')
    """
    first, _, second = subject.partition(":")
    return first, second
