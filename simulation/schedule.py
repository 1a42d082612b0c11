"""Actors that take turns by the dice: one runs at a time, and time passes only while nobody runs."""

from collections import defaultdict
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import chain, count
from random import Random

from greenlet import GreenletExit, greenlet


class Died(BaseException):
    """The process that was running here is gone, as by SIGKILL."""


class Broken(BaseException):
    """Something that must always hold does not; no handler of the product can catch it."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule, self.why = rule, why


def require(holds: bool, rule: str, why: str) -> None:
    """Broken unless it holds."""
    if not holds:
        raise Broken(rule, why)


class Actor(greenlet):
    """Somebody who acts: a customer, a worker, a provider."""

    def __init__(self, name: str, body: Callable[[], object], hub: greenlet) -> None:
        super().__init__(body, hub)
        self.name = name


class Trace:
    """Readable lines, if anybody wants them."""

    def __init__(self, wanted: bool) -> None:
        self.lines: list[str] | None = [] if wanted else None

    def write(self, ms: int, who: str, what: str) -> None:
        """One line: virtual time since the start, actor, deed."""
        if self.lines is not None:
            hours, rest = divmod(ms, 3_600_000)
            minutes, rest = divmod(rest, 60_000)
            self.lines.append(f"{hours:3}:{minutes:02}:{rest / 1000:06.3f}  {who:<14} {what}")


class ActorTurn:
    """What an actor waits for until another lets it go on."""

    def __init__(self, schedule: "Schedule") -> None:
        self._schedule, self._has_come = schedule, False
        self._place = f"turn {id(self)}"

    def wait(self) -> None:
        """Until it comes."""
        if not self._has_come:
            self._schedule.park(self._place)

    def come(self) -> None:
        """Let it go on."""
        self._has_come = True
        self._schedule.unpark(self._place)


class Schedule:
    """The turns and the clock. `on_idle` may spawn somebody just before time moves on."""

    def __init__(self, dice: Random, trace: Trace, steps_max: int) -> None:
        self.dice, self.trace = dice, trace
        self.now_ms = 0
        self.steps = 0
        self.on_idle: Callable[[], None] = lambda: None
        self._steps_max, self._until_ms = steps_max, 0
        self._hub = greenlet.getcurrent()
        self._numbers = count()
        self._ready: list[Actor] = []
        self._timers: list[tuple[int, int, Actor]] = []
        self._parked: defaultdict[str, list[Actor]] = defaultdict(list)
        self._running: Actor | None = None

    # ------------------------------------------------------------------ for actors

    def sleep(self, ms: int) -> None:
        """Let so much time pass, and others act."""
        self._wake_at(self._me(), self.now_ms + ms)
        self._pass_on()

    def give_way(self) -> None:
        """Others may act now, at the same moment."""
        self._ready.append(self._me())
        self._pass_on()

    def park(self, where: str = "bell") -> None:
        """Wait there until somebody rings, or lets go of it."""
        self._parked[where].append(self._me())
        self._pass_on()

    def note(self, what: str) -> None:
        """A line in the trace; ask `is_traced` first where making it costs."""
        self.trace.write(self.now_ms, self._running.name if self._running else "-", what)

    @property
    def acting(self) -> Actor | None:
        """Whose turn it is."""
        return self._running

    @property
    def is_traced(self) -> bool:
        """Whether anybody reads the trace."""
        return self.trace.lines is not None

    # ------------------------------------------------------------------ for whoever sets them going

    def spawn(self, name: str, body: Callable[[], object], after_ms: int = 0) -> None:
        """A new actor, beginning then."""
        self._wake_at(Actor(name, body, self._hub), self.now_ms + after_ms)

    def unpark(self, where: str = "bell") -> None:
        """One of those who wait there goes on."""
        if parked := self._parked[where]:
            self._ready.append(parked.pop(self.dice.randrange(len(parked))))

    def run(self, until_ms: int) -> bool:
        """Go on until then or until nobody has anything to do, which is True."""
        self._until_ms = until_ms
        while True:
            chosen = self._next()
            if chosen is not None:
                self._running = chosen
                try:
                    chosen.switch()  # comes back when nobody can go on, or when an actor is at its end
                finally:
                    self._running = None
            elif self._timers:
                self.now_ms = until_ms
                return False
            else:
                return True

    def close(self) -> None:
        """Send everybody home."""
        for actor in [*self._ready, *chain(*self._parked.values()), *(actor for _, _, actor in self._timers)]:
            actor.throw(GreenletExit)

    def _pass_on(self) -> None:
        """Whoever acts gives its turn to the next: itself perhaps, and only where there is none to the hub."""
        me, chosen = self._me(), self._next()
        if chosen is not me:
            self._running = chosen
            (self._hub if chosen is None else chosen).switch()  # one that has not begun yet is falsy

    def _next(self) -> Actor | None:
        """Whose turn it is, by the dice, at the earliest moment at which somebody can act; None where that is past."""
        ready, timers = self._ready, self._timers
        while True:
            while timers and timers[0][0] <= self.now_ms:
                ready.append(heappop(timers)[2])
            if ready:
                return self._chosen()
            self.on_idle()
            if not timers or timers[0][0] > self._until_ms:
                return None
            self.now_ms = max(timers[0][0], self.now_ms)

    def _chosen(self) -> Actor:
        self.steps += 1
        if self.steps > self._steps_max:
            raise Broken("comes to rest", f"still going after {self._steps_max} steps")
        ready, chosen = self._ready, int(self.dice.random() * len(self._ready))
        ready[chosen], ready[-1] = ready[-1], ready[chosen]
        return ready.pop()

    def _wake_at(self, actor: Actor, at_ms: int) -> None:
        heappush(self._timers, (at_ms, next(self._numbers), actor))

    def _me(self) -> Actor:
        assert self._running is not None, "only actors wait"
        return self._running
