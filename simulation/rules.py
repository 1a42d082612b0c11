"""What must hold, computed from what the outside world holds and the ledger's rows; never by the code at test."""

from collections import Counter

from billing.domain import InboxEvent, ItemStatus, Job, JobStatus, Order, OrderStatus, PaymentStatus
from billing.domain.event import EventStatus
from simulation.billing_rules import BillingRules
from simulation.claim_rules import ClaimRules
from simulation.delivery_rules import DeliveryRules
from simulation.dispute_rules import DisputeRules
from simulation.mail_rules import MailRules
from simulation.money_rules import MoneyRules
from simulation.name_rules import NameRules
from simulation.push_rules import PushRules
from simulation.schedule import require
from simulation.world import World

_WAITING = {ItemStatus.DUE, ItemStatus.IN_PROGRESS}
_FINAL = {
    ("item", "fulfilled"),
    ("payment", "succeeded"),
    ("refund", "failed"),
    ("dispute", "lost"),
    ("dispute", "won"),
}


class Rules:
    """`always` holds after every commit, `at_rest` when nothing is left to do, `at_last` when a person helped."""

    def __init__(self, world: World) -> None:
        self._world, self._books = world, world.books
        self._money, self._deliveries, self._mails = MoneyRules(world), DeliveryRules(world), MailRules(world)
        self._claims, self._disputes, self._billing = ClaimRules(world), DisputeRules(world), BillingRules(world)
        self._names, self._pushes = NameRules(world), PushRules(world)
        self._sound: dict[str, Order] = {}
        self._outside = 0

    def after_commit(self, by: str) -> None:
        """Every commit, and who made it."""
        self._claims.check_now(by)
        self._billing.check_now()
        self.always()

    def always(self) -> None:
        """Cheap enough for every commit: orders are looked at when they changed, or when something happened outside."""
        world = self._world
        outside = len(world.registrar.created) + len(world.registrar.renewed) + world.gateway.told + world.push.moved
        if outside != self._outside:
            self._outside = outside
            self._sound.clear()
        for order in self._books.rows(Order):
            if self._sound.get(order.id) is not order:
                self._money.check_now(order)
                self._deliveries.check_now(order)
                self._disputes.check_now(order)
                self._names.check_now(order)
                self._sound[order.id] = order

    def at_rest(self) -> None:
        """The books balance, the registry's table is ours, and whatever is not over was told to a person."""
        self._sound.clear()
        self.always()
        self._check_history()
        self._money.check_at_rest()
        self._deliveries.check_at_rest()
        self._mails.check_at_rest()
        self._disputes.check_at_rest()
        self._billing.check_at_rest()
        self._names.check_at_rest()
        self._pushes.check_at_rest()
        for order in self._books.rows(Order):
            self._check_order(order)
        self._check_jobs()
        self._check_events()

    def at_last(self) -> None:
        """After everything dead was revived in fair weather, nothing is left undelivered or undecided."""
        self.at_rest()
        self._pushes.check_at_last()
        for job in self._books.rows(Job):
            require(job.status is not JobStatus.DEAD, "fair weather heals", f"{job.dedup_key} is dead: {job.why}")
        for order in self._books.rows(Order):
            for item in order.items:
                require(item.status not in _WAITING, "fair weather heals", f"{item.id} is {item.status}")

    def when_closed(self) -> None:
        """The same when the provider's books were compared with ours, and a day has gone by."""
        self.at_last()
        self._names.check_when_closed()

    # ------------------------------------------------------------------ nothing is forgotten

    def _check_order(self, order: Order) -> None:
        told = order.status is OrderStatus.REQUIRES_ATTENTION
        require(order.status is not OrderStatus.PENDING, "nothing is forgotten", f"{order.id} is still pending")
        for payment in order.payments:
            if payment.status is PaymentStatus.PENDING:
                self._require_dead_job(payment.id, f"{payment.id} is pending")
            if payment.status is PaymentStatus.REQUIRES_ATTENTION:
                require(told, "nothing is kept silently", f"{payment.id} of {order.id} ({order.status})")
        for item in order.items:
            if item.attention:
                require(told, "nothing is kept silently", f"{item.id} of {order.id} ({order.status})")
            if item.status in _WAITING:
                require(bool(item.attention), "nothing is forgotten", f"{item.id} is {item.status}, nobody was told")
                self._require_dead_job(item.id, f"{item.id} is {item.status}", or_called_off=True)

    def _check_jobs(self) -> None:
        occasions = Counter((job.kind, job.subject) for job in self._books.rows(Job))
        for occasion, times in occasions.items():
            require(times == 1, "one job per occasion", f"{occasion} has {times}")
        for job in self._books.rows(Job):
            is_over = job.status not in (JobStatus.QUEUED, JobStatus.RUNNING)
            require(is_over, "nothing is forgotten", f"{job.dedup_key} is {job.status}, due {job.due_at}")

    def _check_events(self) -> None:
        events = [event for event in self._books.rows(InboxEvent) if event.gateway != self._world.push.name]
        notifications = {event.body or event.event_id for event in events}  # an old one has no body any more
        require(len(notifications) == len(events), "one row per notification", f"{len(events)} rows")
        for event in events:
            if event.status not in (EventStatus.PROCESSED, EventStatus.IGNORED):
                self._require_dead_job(event.id, f"{event.event_id} is {event.status}")

    def _check_history(self) -> None:
        for move in self._books.moves():
            undone = (move.entity, move.before) in _FINAL and move.after != move.before
            require(not undone, "what is final stays", f"{move.entity} {move.entity_id}: {move.before}, {move.after}")

    def _require_dead_job(self, subject: str, why: str, *, or_called_off: bool = False) -> None:
        over = {JobStatus.DEAD, JobStatus.CANCELLED} if or_called_off else {JobStatus.DEAD}
        dead = any(job.subject == subject and job.status in over for job in self._books.rows(Job))
        require(dead, "nothing is forgotten", f"{why}, and no job waits for a person")
