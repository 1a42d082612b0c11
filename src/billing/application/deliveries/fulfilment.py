"""Deliver names that were paid for: register and renew. The registry is called between two units, never inside one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from billing.application.deliveries.delivery import Delivery, begin_delivery, leave_be
from billing.application.outcomes import NeedsPerson, NotYet, Refused
from billing.application.parts import lock_item
from billing.application.ports import DomainInfo, HeldElsewhere, Ids, Registrars
from billing.application.unit_of_work import UnitOfWork
from billing.application.work.jobs import Record, Run
from billing.domain.job import Job
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.purchase import DomainRegistration, DomainRenewal
from billing.domain.registration import Registration
from billing.domain.term import Term


@dataclass(frozen=True)
class RegisterDomain(Delivery):
    """Register the item's name under the handle derived from the item, so that a repeat finds its own effect."""

    registrars: Registrars
    ids: Ids
    pending_poll: timedelta

    def __call__(self, run: Run) -> Record:
        """Refused where anybody else holds the name, other customers of ours included.

        A repeat asks first, and so does whoever is about to give up: what an earlier call may have done counts.
        """
        begun = run.checkpoint(lambda uow: begin_delivery(uow, run.subject))
        if begun is None:
            return leave_be
        order, item = begun
        registered = self._held_for(item, run) if run.claim_no > 1 else None
        if registered is None and item.accepted_at is not None:
            raise Refused(f"the registry did not grant {item.domain}")
        if registered is None:
            try:
                registered = self._register(order, item, run)
            except Refused:
                registered = self._held_for(item, run)
                if registered is None:
                    raise
        if registered.pending:
            if item.accepted_at is None:
                run.checkpoint(lambda uow: _accept(uow, item.id))
            raise NotYet(f"the registry has yet to grant {registered.name}", self.pending_poll)
        return partial(self._record, item_id=item.id, registered=registered)

    def _register(self, order: Order, item: OrderItem, run: Run) -> DomainInfo:
        what = cast(DomainRegistration, item.what)
        if order.registrant is None or item.handle is None:
            raise NeedsPerson("the order has no registrant, or its item no handle")
        return self.registrars.of(what.domain).register(
            what.domain, what.years, order.registrant, what.nameservers, item.handle, run.deadline()
        )

    def _held_for(self, item: OrderItem, run: Run) -> DomainInfo | None:
        """What the registry holds under this item's own handle; None where it holds nothing, or for another."""
        what = cast(DomainRegistration, item.what)
        try:
            info = self.registrars.of(what.domain).info(what.domain, run.deadline())
        except HeldElsewhere:
            return None
        return info if info is not None and info.holder == item.handle else None

    def _record(self, uow: UnitOfWork, item_id: str, registered: DomainInfo) -> None:
        order, item = lock_item(uow, item_id)
        what = cast(DomainRegistration, item.what)
        former = uow.registrations.lock_name(what.domain)
        if former is not None:
            former.release("registered anew")
        self.fulfil(uow, order, item, "registered", registered.expires_at)
        uow.registrations.add(
            Registration(
                id=self.ids("reg"),
                name=what.domain,
                customer_id=order.customer_id,
                item_id=item.id,
                handle=item.handle,
                created_at=uow.now(),
                expires_at=registered.expires_at,
                auto_renew=what.auto_renew,
            )
        )


@dataclass(frozen=True)
class RenewDomain(Delivery):
    """Extend a name by exactly the years paid, once, from an expiry frozen before the registry is asked.

    While it works it holds the registration's slot, so that two paid renewals give two extensions.
    """

    registrars: Registrars
    slot_retry: timedelta
    expiry_rounding: timedelta

    def __call__(self, run: Run) -> Record:
        """A repeat reads the registry first, and never calls somebody else's extension its own."""
        begun = run.checkpoint(lambda uow: self._take_slot(uow, run.subject))
        if begun is None:
            return leave_be
        item, handle = begun
        what = cast(DomainRenewal, item.what)
        if item.frozen_expiry is None:
            frozen = self._expiry(run, what, handle)
            run.checkpoint(lambda uow: self._freeze(uow, item.id, frozen))
        else:
            frozen = item.frozen_expiry
            reached = self._reached(what, frozen, self._expiry(run, what, handle))
            if reached is not None:
                return partial(self._record, item_id=item.id, expires_at=reached)
        registrar = self.registrars.of(what.domain)
        try:
            renewed = registrar.renew(what.domain, what.years, frozen, item.id, run.deadline())
        except Refused:
            reached = self._reached(what, frozen, self._expiry(run, what, handle))
            if reached is None:
                raise
            return partial(self._record, item_id=item.id, expires_at=reached)
        return partial(self._record, item_id=item.id, expires_at=renewed.expires_at)

    def _take_slot(self, uow: UnitOfWork, item_id: str) -> tuple[OrderItem, str | None] | None:
        begun = begin_delivery(uow, item_id)
        if begun is None:
            return None
        order, item = begun
        registration = _held(uow, order, item)
        if not registration.take_slot(item.id):
            raise NotYet(f"another renewal of {registration.name} is under way", self.slot_retry)
        return item, registration.handle

    def _expiry(self, run: Run, what: DomainRenewal, handle: str | None) -> datetime:
        info = self.registrars.of(what.domain).info(what.domain, run.deadline())
        if info is None:
            raise Refused(f"{what.domain} is no longer registered")
        if info.holder and handle and info.holder != handle:
            raise Refused(f"{what.domain} is held for somebody else by now")
        return info.expires_at

    def _freeze(self, uow: UnitOfWork, item_id: str, expires_at: datetime) -> None:
        order, item = lock_item(uow, item_id)
        _held(uow, order, item).learn_expiry(expires_at)
        item.freeze_expiry(expires_at)

    def _reached(self, what: DomainRenewal, frozen: datetime, shown: datetime) -> datetime | None:
        """The expiry shown, if it holds our years already; None where nothing was added yet."""
        if shown >= Term.years(what.years).end(frozen) - self.expiry_rounding:
            return shown
        if shown > frozen + self.expiry_rounding:
            raise NeedsPerson(f"{what.domain} was extended from {frozen:%Y-%m-%d} to {shown:%Y-%m-%d}, not by us")
        return None

    def _record(self, uow: UnitOfWork, item_id: str, expires_at: datetime) -> None:
        order, item = lock_item(uow, item_id)
        registration = _held(uow, order, item)
        registration.learn_expiry(expires_at)
        registration.free_slot(item.id)
        self.fulfil(uow, order, item, "renewed", expires_at)

    def refused(self, uow: UnitOfWork, job: Job, why: str) -> None:
        """The slot is free for the next renewal."""
        _free_slot(uow, job.subject)
        super().refused(uow, job, why)


def _accept(uow: UnitOfWork, item_id: str) -> None:
    lock_item(uow, item_id)[1].accept(uow.now())


def _free_slot(uow: UnitOfWork, item_id: str) -> None:
    _, item = lock_item(uow, item_id)
    registration = uow.registrations.lock_name(item.domain) if item.domain else None
    if registration is not None:
        registration.free_slot(item.id)


def _held(uow: UnitOfWork, order: Order, item: OrderItem) -> Registration:
    registration = uow.registrations.lock_name(item.domain) if item.domain else None
    if registration is None or registration.customer_id != order.customer_id:
        raise Refused(f"we no longer hold {item.domain} for this customer")
    return registration
