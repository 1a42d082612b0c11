"""Names that renew by themselves: renewed once for each expiry, charged by the schedule, never lost in silence."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

from billing.domain import (
    Alert,
    AlertKind,
    DomainRenewal,
    ItemStatus,
    Mail,
    MailKind,
    Order,
    Payment,
    Registration,
    RegistrationStatus,
)
from simulation.owners import is_offered
from simulation.schedule import require
from simulation.world import World

_PAUSES = (1, 3, 5, 7)
"""Days from each decline to the next charge; one more is on the day before the expiry, come what may."""
_RENEWED_UNTIL = timedelta(days=30)
"""After an expiry, by the price list of the demo."""
_LIVE = {ItemStatus.DUE, ItemStatus.IN_PROGRESS, ItemStatus.FULFILLED, ItemStatus.UNPAID}


class NameRules:
    """What the rounds of the day do, against the calendar and the price list."""

    def __init__(self, world: World) -> None:
        self._world = world

    # ------------------------------------------------------------------ at every moment

    def check_now(self, order: Order) -> None:
        """The schedule of charges is kept: no card is charged more often for an order of ours, or sooner again."""
        if not is_offered(order):
            return
        charges = [payment for payment in order.payments if _is_by_the_round(payment)]
        final = (order.expires_at - _RENEWED_UNTIL).date() - timedelta(days=1)
        for number, (last, this) in enumerate(pairwise(charges)):
            card, day, before = this.options["method_ref"], this.created_at.date(), last.created_at.date()
            is_new = card not in {one.options["method_ref"] for one in charges[: number + 1]}
            has_waited = number < len(_PAUSES) and (day - before).days >= _PAUSES[number]
            fits = is_new or has_waited or before < final <= day
            require(fits, "cards are charged by the schedule", f"{card} for {order.id} on {day}, as on {before}")

    # ------------------------------------------------------------------ at rest

    def check_at_rest(self) -> None:
        """Each expiry has one renewal of ours at most, and what was not renewed was told to its customer."""
        if not self._world.scenario.keepers:
            return
        offered = [order for order in self._world.books.rows(Order) if is_offered(order)]
        live = Counter(
            (str(item.what.domain), order.expires_at)
            for order in offered
            for item in order.items
            if isinstance(item.what, DomainRenewal) and item.status in _LIVE
        )
        require(all(times == 1 for times in live.values()), "one renewal per expiry", f"{live}")
        for held in self._world.books.rows(Registration):
            if held.expires_at <= self._world.now():
                self._check_unrenewed(held, offered)

    def check_when_closed(self) -> None:
        """A day after a person has seen to everything, no name is held any more that nobody can renew."""
        for held in self._world.books.rows(Registration):
            is_held = held.status is RegistrationStatus.ACTIVE and not held.renewing_item
            is_over = held.expires_at + _RENEWED_UNTIL + timedelta(days=1) < self._world.now()
            require(not (is_held and is_over), "what nobody renews is lost", f"{held.name} is {held.standing}")

    def _check_unrenewed(self, held: Registration, offered: list[Order]) -> None:
        """It was told of; it is lost, but no sooner than the registry would have it; nobody goes untold."""
        about = f"{held.name}, which expired at {held.expires_at}, is {held.standing}"
        mails, alerts = self._world.books.rows(Mail), self._world.books.rows(Alert)
        told = any(mail.kind is MailKind.NAME_EXPIRED and mail.subject.startswith(held.id) for mail in mails)
        is_over = self._world.now() >= held.expires_at + _RENEWED_UNTIL
        require(is_over or held.status is RegistrationStatus.ACTIVE, "no name is lost too soon", about)
        mine = [order for order in offered if order.expires_at == held.expires_at + _RENEWED_UNTIL]
        is_renewing = any(item.status in _LIVE for order in mine for item in order.items)
        # Where a charge was left undecided, a person knows: the customer is told when that one has found out.
        at_risk = any(one.kind is AlertKind.NAME_AT_RISK and one.subject == held.id for one in alerts)
        require(told or is_renewing or at_risk, "customers are told", f"{about}, and nobody was told")


def _is_by_the_round(payment: Payment) -> bool:
    """The round names no method of ours: it has no wish of the customer's to go by."""
    return payment.is_off_session and "method_id" not in payment.options
