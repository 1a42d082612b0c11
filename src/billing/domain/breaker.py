"""A circuit breaker: a provider that does not answer is left in peace, and then tried by one call at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# 2 ** 30 times any pause is longer than any cap.
_DOUBLINGS_MAX = 30


class BreakerState(StrEnum):
    """`half_open`: one call may try, or is trying, whether the provider is back."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """After so many failures in a row it opens, and for twice as long after each try in vain.

    >>> policy = BreakerPolicy(failures_max=5, open_for=timedelta(seconds=30), open_max=timedelta(minutes=10))
    >>> [policy.pause(opens).seconds for opens in (1, 2, 3, 99)]
    [30, 60, 120, 600]
    """

    failures_max: int
    open_for: timedelta
    open_max: timedelta

    def pause(self, opens: int) -> timedelta:
        """How long it stays open the n-th time in a row, from 1."""
        return min(self.open_max, self.open_for * (1 << min(opens - 1, _DOUBLINGS_MAX)))


@dataclass(eq=False, kw_only=True)
class Breaker:
    """What all workers know of one provider: how often in a row it did not answer, and until when it is let be.

    >>> from datetime import UTC
    >>> now, policy = datetime(2027, 1, 31, tzinfo=UTC), BreakerPolicy(2, timedelta(seconds=30), timedelta(minutes=10))
    >>> breaker = Breaker(name="registrar epp")
    >>> breaker.fail("no answer", now, policy), breaker.state(now).value
    (False, 'closed')
    >>> breaker.fail("no answer", now, policy), breaker.state(now).value, breaker.wait(now).seconds
    (True, 'open', 30)
    >>> later = now + timedelta(seconds=30)
    >>> breaker.state(later).value, breaker.wait(later).seconds
    ('half_open', 0)
    >>> breaker.probe(later, timedelta(seconds=40))  # one worker tries; the others wait for it, at most so long
    >>> breaker.state(later).value, breaker.wait(later).seconds
    ('half_open', 40)
    >>> breaker.succeed()
    >>> breaker.state(later).value
    'closed'

    `since` is the first failure of the present outage, `told_at` when a person was told of it. Nobody calls from
    `held_from` to `held_until`: because it is open or, `probing`, because one call is trying. Both ends are kept, so
    that a clock that was put back holds up nobody. Times are the ledger's clock.
    """

    name: str
    failures: int = 0
    opens: int = 0
    since: datetime | None = None
    why: str | None = None
    held_from: datetime | None = None
    held_until: datetime | None = None
    probing: bool = False
    told_at: datetime | None = None
    version: int = 1

    @property
    def is_sound(self) -> bool:
        """Whether nothing has gone wrong lately."""
        return not self.failures

    def state(self, now: datetime) -> BreakerState:
        """Where it stands."""
        if not self.opens:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self.wait(now) and not self.probing else BreakerState.HALF_OPEN

    def wait(self, now: datetime) -> timedelta:
        """How long nobody may call; nothing where everybody may, or, half-open, whoever begins a probe."""
        if self.held_from is None or self.held_until is None or not self.held_from <= now < self.held_until:
            return timedelta()
        return self.held_until - now

    def probe(self, now: datetime, lease: timedelta) -> None:
        """One call tries, and until its lease is over no other does."""
        self._hold(now, lease)
        self.probing = True

    def leave_probe(self) -> None:
        """The try ended without telling anything: the next may try at once."""
        if self.probing:
            self.held_from = self.held_until = None

    def fail(self, why: str, now: datetime, policy: BreakerPolicy) -> bool:
        """The provider did not answer; whether that opened it. Calls that were under way when it opened count for
        nothing.
        """
        return self._fail(why, now, policy, enough=policy.failures_max)

    def shut_out(self, why: str, now: datetime, policy: BreakerPolicy) -> bool:
        """The same of one that will have nothing of us: to hear it once is enough."""
        return self._fail(why, now, policy, enough=1)

    def _fail(self, why: str, now: datetime, policy: BreakerPolicy, enough: int) -> bool:
        if self.state(now) is BreakerState.OPEN:
            return False
        self.failures += 1
        self.since, self.why = self.since or now, why
        if not self.opens and self.failures < enough:
            return False
        self.opens += 1
        self._hold(now, policy.pause(self.opens))
        return True

    def succeed(self) -> None:
        """The provider answered, be it with a refusal: whatever was is over."""
        self.failures = self.opens = 0
        self.since = self.why = self.held_from = self.held_until = self.told_at = None
        self.probing = False

    def _hold(self, now: datetime, pause: timedelta) -> None:
        self.held_from, self.held_until, self.probing = now, now + pause, False

    # ------------------------------------------------------------------ telling

    def is_to_be_told(self, now: datetime, after: timedelta) -> bool:
        """Whether it is away for so long that a person should know, and none was told."""
        away = bool(self.opens) and self.since is not None and now - self.since >= after
        return away and self.told_at is None

    def tell(self, now: datetime) -> None:
        """A person is told, once an outage."""
        self.told_at = now
