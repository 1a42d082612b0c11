"""The money: what the provider's pages hold against what the ledger says, per payment and currency."""

import json
from collections.abc import Container

from billing.adapters.memory.pages import Back, Page, PaidBack, Told
from billing.domain import (
    InboxEvent,
    ItemStatus,
    Job,
    JobKind,
    JobStatus,
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from simulation.schedule import require
from simulation.wild_push import by_hand
from simulation.world import World

_KEPT_FOR = {ItemStatus.FULFILLED, ItemStatus.DUE, ItemStatus.IN_PROGRESS, ItemStatus.FAILED}
_ASK = {JobKind.CHECK_PAYMENT, JobKind.REFUND_PAYMENT}
_SAME = {Back.SUCCEEDED: RefundStatus.SUCCEEDED, Back.FAILED: RefundStatus.FAILED}


class MoneyRules:
    """received = refunded + lost in disputes + kept; what is kept is for items delivered, under way or told about."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pages, self._pushed = world.gateway.twin.pages, world.push.twin.pages
        self._by_hand = world.push.name

    # ------------------------------------------------------------------ at every moment

    def check_now(self, order: Order) -> None:
        """No money is believed in that is not there, and nothing is kept or paid back twice."""
        for payment in order.payments:
            if payment.received is not None and not self._is_there(payment):
                page = self._page_of(payment)
                require(False, "money received is money paid", f"{payment.id} shows {payment.received}, {page}")
            self._check_paid_back_once(payment)
        kept = [payment.id for payment in order.payments if _pays(payment)]
        if len(kept) > 1:
            require(False, "one payment per order", f"{order.id} kept {kept}")

    def _page_of(self, payment: Payment) -> Page | None:
        """Its own, or what the provider has collected by itself."""
        if payment.gateway == self._by_hand:
            return self._pushed.get(payment.id)
        return self._pages.get(payment.id) or self._pages.get(payment.payment_ref or "")

    def _is_there(self, payment: Payment) -> bool:
        page = self._page_of(payment)
        if page is None and payment.received is not None and payment.payment_ref is None:
            return payment.received.minor == 0  # credit has paid all of it
        return page is not None and page.state is Told.PAID and page.amount == payment.received

    def _check_paid_back_once(self, payment: Payment) -> None:
        backs = self._backs(payment)
        if not backs:
            return
        ours = [back.refund_id for back in backs if back.refund_id]
        require(len(ours) == len(set(ours)), "one refund, one payback", f"{payment.id}: {backs}")
        owed = {refund.id: refund.amount for refund in payment.refunds}
        for back in backs:
            if back.refund_id:
                same = owed.get(back.refund_id) == back.amount
                require(same, "one refund, one payback", f"{back}, in the ledger {owed.get(back.refund_id)}")

    def _backs(self, payment: Payment) -> list[PaidBack]:
        """What the provider has paid back of it, or is about to."""
        page = self._page_of(payment)
        return [back for back in page.refunds if back.state is not Back.FAILED] if page else []

    # ------------------------------------------------------------------ at rest

    def check_at_rest(self) -> None:
        """Every page's money is in the ledger, and every payment's sums fit, in the currency of its order."""
        orders, unread = self._world.books.rows(Order), self._unread()
        payments = [payment for order in orders for payment in order.payments]
        known = {p.payment_ref: p for p in payments if p.payment_ref} | {p.id: p for p in payments}
        self._check_every_payment_is_known(known, unread)
        for order in orders:
            for payment in order.payments:
                if payment.id not in unread:
                    self._check_payment(order, payment)

    def _check_payment(self, order: Order, payment: Payment) -> None:
        for refund in payment.refunds:
            self._check_refund(order, payment, refund)
        self._check_balance(order, payment)

    def _unread(self) -> set[str]:
        """Payments of which more was told than is recorded: a person knows of the dead notification."""
        dead = self._dead_subjects({JobKind.PROCESS_EVENT})
        bodies = (event.body for event in self._world.books.rows(InboxEvent) if event.id in dead)
        pages = (json.loads(body).get("page") for body in bodies if body)
        return {page["payment_id"] or page["payment_ref"] for page in pages if page}

    def _dead_subjects(self, kinds: Container[JobKind]) -> set[str]:
        return self._subjects(JobStatus.DEAD, kinds)

    def _subjects(self, status: JobStatus, kinds: Container[JobKind]) -> set[str]:
        return {job.subject for job in self._world.books.rows(Job) if job.status is status and job.kind in kinds}

    def _is_of(self, back: PaidBack, refund: Refund) -> bool:
        """By the provider's id; by ours where a person settled it and all that the provider told of it was lost."""
        if refund.refund_ref or back.refund_id != refund.id:
            return back.ref == refund.refund_ref
        if back.ref == by_hand(refund):
            return True
        return refund.id in self._subjects(JobStatus.CANCELLED, {JobKind.REFUND_PAYMENT})

    def _check_every_payment_is_known(self, known: dict[str, Payment], unread: set[str]) -> None:
        # every webhook was lost, and so was every worker that asked: a person knows of the dead question
        unasked = self._dead_subjects(_ASK)
        for page in (*self._world.gateway.pages_of(self._world.installation()), *self._pushed.values()):
            if page.state is not Told.PAID or page.key in unread:
                continue
            payment = known.get(page.key)
            if payment is None and page.payment_id is None:
                continue  # which of these are orders is a rule of what is billed
            is_known = (payment is not None and payment.received == page.amount) or page.payment_id in unasked
            require(is_known, "every payment is recorded", f"{page.key}: {page.amount} paid, not recorded")
            for back in page.refunds:
                refund = next((one for one in (payment.refunds if payment else ()) if self._is_of(back, one)), None)
                is_same = refund is not None and (refund.amount, refund.status) == (back.amount, _SAME.get(back.state))
                require(
                    is_same or back.refund_id in unasked,
                    "every refund is recorded",
                    f"{page.payment_id}: {back}, in the ledger {refund}",
                )
            self._check_disputes(page, payment)

    def _check_disputes(self, page: Page, payment: Payment | None) -> None:
        """The last word of a bank comes, so that every dispute is known, and as the bank has it."""
        known = {one.dispute_ref: one for one in payment.disputes} if payment else {}
        for there in page.disputes:
            here = known.get(there.ref)
            is_same = here is not None and all(
                getattr(here, name) == getattr(there, name) for name in ("amount", "status", "withdrawn", "reinstated")
            )
            require(is_same, "every dispute is recorded", f"{page.payment_id}: {there}, in the ledger {here}")

    def _check_refund(self, order: Order, payment: Payment, refund: Refund) -> None:
        told = order.status is OrderStatus.REQUIRES_ATTENTION
        if refund.is_pending:
            require(told, "nothing is forgotten", f"{refund.id} is pending and nobody was told")
        elif refund.is_live:
            paid = any(self._is_of(back, refund) for back in self._backs(payment))
            require(paid, "money paid back is gone", f"{refund.id} succeeded, the provider shows {payment.id} without")
        elif refund.attention:
            require(told, "nothing is kept silently", f"{refund.id} failed, {order.id} is {order.status}")

    def _check_balance(self, order: Order, payment: Payment) -> None:
        """received = refunded + lost + kept; and what is kept is for items, or a person knows of it."""
        if payment.received is None:
            return
        told = order.status is OrderStatus.REQUIRES_ATTENTION
        backs = self._backs(payment)
        back = sum(back.amount.minor for back in backs)
        currencies = {payment.amount.currency, payment.received.currency} | {one.amount.currency for one in backs}
        require(currencies == {order.currency}, "the books balance", f"{payment.id} of {order.id}: in {currencies}")
        page = self._page_of(payment)
        lost = page.taken.minor if page else 0
        require(back + lost <= payment.received.minor, "the books balance", f"{payment.id}: {back} back, {lost} lost")
        gone = {back.refund_id for back in backs}
        reserved = sum(r.amount.minor for r in payment.refunds if r.is_pending and r.id not in gone)
        kept = payment.received.minor - back - lost - reserved
        if payment.status is PaymentStatus.REQUIRES_ATTENTION or payment.surplus:
            require(kept == 0 or told, "nothing is kept silently", f"{kept} of {payment.id} of {order.id}")
            return
        given = sum(refund.amount.minor for refund in payment.refunds if refund.is_live and not refund.item_ids)
        given += lost - sum(item.price.minor for item in order.items if _is_lost(item, payment))
        is_collected = page is None or page.payment_id is None  # after credit, and with what was prorated
        asked = sum(item.price.minor for item in order.items) if is_collected else payment.amount.minor
        agreed = payment.received.minor - asked
        needed = sum(item.price.minor for item in order.items if _is_kept_for(item, payment))
        why = f"{payment.id} of {order.id}: {kept} kept, {needed} for items, {given} given up, {agreed} agreed on"
        # Exactly, but for what a person gave back beside the items' prices, took for them, or would not give back.
        fits = needed - given + min(agreed, 0) <= kept <= needed + max(agreed, 0) + self._kept_back(payment)
        require(fits or told, "the books balance", why)
        for item in order.items:
            if item.status is ItemStatus.FAILED and not _is_covered(item, payment):
                require(told, "nothing is kept silently", f"{item.id} of {order.id} failed, its price is kept")

    def _kept_back(self, payment: Payment) -> int:
        """Beside what items cost: all the rest may have gone back for them meanwhile."""
        given_up = (r for r in payment.refunds if r.id in self._world.push.kept_back and not r.item_ids)
        return sum(refund.amount.minor for refund in given_up if not refund.is_live)


def _pays(payment: Payment) -> bool:
    return payment.status is PaymentStatus.SUCCEEDED and not payment.surplus


def _is_kept_for(item: OrderItem, payment: Payment) -> bool:
    return item.status in _KEPT_FOR and not _is_covered(item, payment)


def _is_covered(item: OrderItem, payment: Payment) -> bool:
    return _is_lost(item, payment) or any(refund.is_live and item.id in refund.item_ids for refund in payment.refunds)


def _is_lost(item: OrderItem, payment: Payment) -> bool:
    return any(dispute.is_lost and item.id in dispute.item_ids for dispute in payment.disputes)
