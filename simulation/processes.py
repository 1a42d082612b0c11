"""Whatever runs by itself: workers, the sweep, the provider's deliveries, the registry's bad days."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from random import Random

from billing.adapters.memory.pages import Page, Told
from billing.application.expiry.expiring_names import LookAfterNames
from billing.domain import DomainName, Money, Registration, Subscription
from billing.domain.daily_round import DailyRound
from simulation.accountant import accountant
from simulation.banks import Bank
from simulation.hints import Forger, HintPostman
from simulation.months import Calendar
from simulation.owners import Owner
from simulation.people import Operator, Shopper
from simulation.phones import Phone, PhoneShopper
from simulation.scenario import MINUTE_MS, Planned
from simulation.world import ALERT_MINUTES, START, World

_RESTART_MS = 5_000
_SWEEP_MS = 10_000
_WHOLE_HOUSE = 0.1
_REDELIVERIES = 10
_DAY, _ENDS_SOON = timedelta(days=1), timedelta(days=31)
"""A month before a name ends, and after it, the day has something to see to."""
_DAY_BEGINS = time(4)
_LOOKED_AFTER = timedelta(days=3)
"""For so long after the last months, so that of what they brought nothing is missed."""


def set_going(world: World) -> None:
    """Everybody of the scenario."""
    scenario, schedule = world.scenario, world.schedule
    postman = Postman(world)
    world.gateway.tell, world.gateway.tell_surely = postman, postman.surely
    schedule.on_idle = Housekeeper(world)
    for number in range(scenario.workers):
        schedule.spawn(f"worker {number}", Worker(world))
    for number, planned in enumerate(scenario.orders):
        schedule.spawn(f"cus_{planned.customer}", _shopper(world, planned, number), planned.at_ms)
    if scenario.by_phone:
        _connect_phones(world)
    for name, at_ms in scenario.squatted:
        schedule.spawn("a squatter", Squatter(world, DomainName(name)), at_ms)
    for from_ms, for_ms, what in scenario.outages:
        schedule.spawn("registry", Outage(world, what, for_ms), from_ms)
    for number in range(scenario.strangers):
        schedule.spawn("a stranger", Stranger(world, number))
    schedule.spawn("operator", Operator(world), 20 * MINUTE_MS)
    for keeper in scenario.keepers:
        schedule.spawn("owner", Owner(world, Random(f"owner {scenario.seed} {keeper.customer}"), keeper))
    if scenario.reconciles:
        schedule.spawn("accountant", accountant(world))
    bank, calendar = Bank(world, Random(f"banks {scenario.seed}")), Calendar(world, Random(f"calendar {scenario.seed}"))

    def paid(payment_id: str) -> None:
        bank.notice(payment_id)
        if scenario.months:
            calendar.paid(payment_id)

    world.gateway.when_paid, world.billing.when_begun = paid, calendar.begun
    schedule.spawn("banks", bank)


def _shopper(world: World, planned: Planned, number: int) -> Shopper:
    if world.scenario.by_phone and planned.currency == "RWF":
        return PhoneShopper(world, planned, Random(f"shopper {world.scenario.seed} {number}"))
    return Shopper(world, planned)


def _connect_phones(world: World) -> None:
    """And whoever meddles with what their provider tells."""
    seed, push = world.scenario.seed, world.push
    push.when_pushed = Phone(world, Random(f"phone {seed}")).ring
    push.tell = HintPostman(world, Random(f"hints {seed}"))
    for number in range(world.scenario.forgers):
        world.schedule.spawn("a forger", Forger(world, Random(f"forger {seed} {number}")))
    if world.scenario.refused is not None:
        from_ms, for_ms = world.scenario.refused
        world.schedule.spawn("kpay", partial(_refuse_us, world, for_ms), from_ms)


def _refuse_us(world: World, for_ms: int) -> None:
    """For a while."""
    world.push.refuses_us = True
    world.schedule.sleep(for_ms)
    world.push.refuses_us = False


@dataclass(frozen=True)
class Worker:
    """A worker process, that is started again when it dies."""

    world: World

    def __call__(self) -> None:
        """For ever."""
        while True:
            job_id = self.world.bell.hear()
            if job_id is None:
                self.world.schedule.park()
            else:
                self._run(job_id)

    def _run(self, job_id: str) -> None:
        ended = self.world.process(lambda: self.world.container.run_job()(job_id) or True)
        if ended is None:
            self.world.schedule.sleep(_RESTART_MS)


@dataclass
class Housekeeper:
    """Keeps house when there is something to find; the sweeps that would find nothing are left out."""

    world: World
    began_ms: int = -_SWEEP_MS
    next_ms: int | None = None
    looked_at: int = -1
    ring_due: datetime | None = None
    house_due: datetime | None = None

    def __call__(self) -> None:
        """Called before time moves on: the sweep comes within its interval after something is due."""
        now_ms = self.world.schedule.now_ms
        if self.next_ms is not None and (self.looked_at == self.world.commits or self.next_ms <= now_ms + _SWEEP_MS):
            return  # nothing is due that was not, or the next one comes in time for whatever is
        self._look()
        due = min(filter(None, (self.ring_due, self.house_due)), default=None)
        if due is None:
            return
        due_ms = max(int((due - START).total_seconds() * 1000) + 1, now_ms, self.began_ms + _SWEEP_MS)
        if self.next_ms is None or self.next_ms > due_ms + _SWEEP_MS:
            self.next_ms = due_ms + self.world.dice.randint(1, _SWEEP_MS)
            self.world.schedule.spawn("sweep", self._keep_house, self.next_ms - now_ms)

    def _look(self) -> None:
        """When there is something to ring, and more to do than to ring; both move by commits alone."""
        if self.looked_at != self.world.commits:
            self.looked_at = self.world.commits
            self.ring_due, expire_at, raised_at, written_at = self.world.books.dues()
            tell_at = raised_at and max(raised_at, (written_at or raised_at) + timedelta(minutes=ALERT_MINUTES))
            self.house_due = min(filter(None, (expire_at, tell_at, self._look_at(), self._round_at())), default=None)

    def _look_at(self) -> datetime | None:
        """When a subscription has to be looked at: in the months of the scenario, and until what is owed is decided."""
        if not self.world.scenario.months:
            return None
        until = START + timedelta(milliseconds=self.world.scenario.fair_at_ms) + _LOOKED_AFTER
        held = (one for one in self.world.books.rows(Subscription) if one.look_at is not None)
        return min(
            (one.look_at for one in held if one.look_at and (one.past_due_since or one.look_at < until)), default=None
        )

    def _round_at(self) -> datetime | None:
        """When the next round of the day has names to see to: those that end soon, until the last day of each."""
        if not self.world.scenario.keepers:
            return None
        known = next((one for one in self.world.books.rows(DailyRound) if one.name == LookAfterNames.name), None)
        next_at = START if known is None or known.day is None else datetime.combine(known.day, _DAY_BEGINS, UTC)
        if known is not None:
            next_at = next_at + _DAY if known.is_done else max(next_at, known.held_until or next_at)
        until = START + timedelta(milliseconds=self.world.scenario.fair_at_ms) + _ENDS_SOON
        held = (one.expires_at for one in self.world.books.rows(Registration) if one.status == "active")
        soonest = min((at for at in held if next_at - _ENDS_SOON - _DAY < at < until), default=None)
        return max(next_at, soonest - _ENDS_SOON) if soonest is not None else None

    def _keep_house(self) -> None:
        self._look()
        self.began_ms, self.next_ms = self.world.schedule.now_ms, None
        is_ring_due, is_house_due = (
            due is not None and due <= self.world.now() for due in (self.ring_due, self.house_due)
        )
        if is_house_due or (is_ring_due and self.world.dice.random() < _WHOLE_HOUSE):
            self.world.process(lambda: self.world.container.keep_house()())
        elif is_ring_due:
            self.world.process(lambda: self.world.container.sweep()())


@dataclass(frozen=True)
class Postman:
    """Delivers the provider's notifications: late, twice, out of order, or never; an error is tried again."""

    world: World

    def __call__(self, body: bytes) -> None:
        """Take one notification."""
        if not self.world.weather.loses("webhook"):
            self.surely(body)

    def surely(self, body: bytes) -> None:
        """One that is not lost, but late or double all the same."""
        for after_ms in self.world.weather.arrivals(self.world.dice):
            self.world.schedule.spawn("webhook", lambda: self._deliver(body), after_ms)

    def _deliver(self, body: bytes) -> None:
        receive, sign = self.world.container.receive_webhook(), self.world.gateway.twin.sign

        def take() -> bool:
            receive("memory", body, sign(body))
            return True

        for tries in range(_REDELIVERIES):
            if self.world.process(take):
                return
            self.world.schedule.sleep(10_000 * 2**tries)


@dataclass(frozen=True)
class Squatter:
    """Takes a name at another registrar, if it is still to be had."""

    world: World
    name: DomainName

    def __call__(self) -> None:
        """First come, first served."""
        if str(self.name) not in self.world.registrar.twin.creates:
            self.world.schedule.note(f"takes {self.name}")
            self.world.registrar.twin.occupy(self.name)


@dataclass(frozen=True)
class Outage:
    """The registry can't be reached, or our account there is empty; for a while."""

    world: World
    what: str
    for_ms: int

    def __call__(self) -> None:
        """From now on, and then no longer."""
        twin = self.world.registrar.twin
        turn = twin.set_reachable if self.what == "cut off" else twin.set_funds
        self.world.schedule.note(self.what)
        turn(False)
        self.world.schedule.sleep(self.for_ms)
        turn(True)
        self.world.schedule.note(f"no longer {self.what}")


@dataclass(frozen=True)
class Stranger:
    """Another installation on the same account at the provider: its notifications come to us too."""

    world: World
    number: int

    def __call__(self) -> None:
        """Somebody pays there."""
        twin, payment_id = self.world.gateway.twin, f"pay_of_others_{self.number}"
        page = Page(payment_id, f"page_of_others_{self.number}", "ins_of_others", Money(100, "USD"))
        page.state, page.payment_ref = Told.PAID, f"money_of_others_{self.number}"
        twin.pages[payment_id] = page
        self.world.gateway.tell(twin.notification(payment_id))
