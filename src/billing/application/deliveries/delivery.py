"""What all deliveries have in common: how one begins, and every way in which it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.application.money.paying_back import PayBack
from billing.application.outcomes import NotYet
from billing.application.parts import lock_item
from billing.application.telling.notifications import Notices
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Handler
from billing.domain.job import Job, JobStatus
from billing.domain.order import Order
from billing.domain.order_item import ItemStatus, OrderItem

_DISPUTED = "its payment is disputed"
_DISPUTED_LOOK = timedelta(hours=1)
"""What waits for a bank is woken when that has decided; this is for whatever was missed."""


@dataclass(frozen=True)
class Delivery(Handler):
    """What every delivery ends in: the item is fulfilled, fails, or waits for a person until it goes on.

    An item that was called off meanwhile is let be.
    """

    pay_back: PayBack
    notices: Notices

    def fulfil(self, uow: UnitOfWork, order: Order, item: OrderItem, done: str, until: datetime) -> None:
        """The customer has it until then, and is told."""
        order.fulfil_item(item.id, f"{done} until {until:%Y-%m-%d}")
        self.notices.item_fulfilled(uow, order, item, until)

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The item can't be had; its price is owed back."""
        order, item = lock_item(uow, job.subject)
        if item.is_wanted:
            order.fail_item(item.id, why)
            self.pay_back.undelivered(uow, order, item)

    def buried(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The item stays in progress and its order asks for a person."""
        order, item = lock_item(uow, job.subject)
        if item.is_wanted:
            order.park_item(item.id, why)

    def revived(self, uow: UnitOfWork, job: Job) -> None:
        """The item goes on, and its order with it."""
        order, item = lock_item(uow, job.subject)
        order.resume_item(item.id)

    def called_off(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The item stays as it is, and a person decides what becomes of it."""
        order, item = lock_item(uow, job.subject)
        if item.is_wanted:
            order.park_item(item.id, f"its delivery was {why}")


def begin_delivery(uow: UnitOfWork, item_id: str) -> tuple[Order, OrderItem] | None:
    """The item, from now on under delivery; None where it was called off.

    NotYet where its payment is disputed. What was begun before goes on: it may have taken effect.
    """
    order, item = lock_item(uow, item_id)
    if not item.is_wanted:
        return None
    dispute = order.paying.contested if order.paying else None
    if dispute is not None and item.status is ItemStatus.DUE:
        raise NotYet(f"{_DISPUTED}: {dispute.reason}, {dispute.amount}", _DISPUTED_LOOK)
    order.begin_item(item.id)
    return order, item


def is_held(job: Job) -> bool:
    """Whether the delivery waits for a bank to decide, or was given up over it."""
    return job.status in (JobStatus.QUEUED, JobStatus.DEAD) and _DISPUTED in (job.why or "")


def leave_be(uow: UnitOfWork) -> None:
    """Nothing to deliver, nothing to record."""
