"""Circuit breakers around providers, shared by all workers through the ledger, so that one dead registry holds up
only its own jobs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from billing.application.ledger import Ledger
from billing.application.outcomes import (
    AccountRefused,
    Deadline,
    NeedsPerson,
    NotYet,
    OutcomeUnknown,
    Refused,
    RetryLater,
)
from billing.application.ports import Telemetry
from billing.application.telling.alerts import raise_alert
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, UnitOfWork
from billing.domain.alert import AlertKind
from billing.domain.breaker import BreakerPolicy, BreakerState

T = TypeVar("T")


@dataclass(eq=False)
class Unreachable(NotYet):
    """{why}"""


@dataclass(frozen=True)
class GuardLimits:
    """When to leave a provider in peace.

    A call that was given less than `fair_call_seconds` and ran out of them says nothing about the provider. A probe
    that has not ended `probe_margin` after its deadline never will.
    """

    policy: BreakerPolicy
    fair_call_seconds: float
    probe_margin: timedelta


@dataclass(frozen=True)
class _Admission:
    """What was known before a call: whether anything was wrong, and whether this is the one call that tries."""

    was_sound: bool = True
    is_probe: bool = False


@dataclass(frozen=True)
class Guard:
    """Lets calls through to one provider as long as it answers, and keeps the count of those that it did not.

    Without a ledger nothing is kept, and calls go through as if there were no guard.
    """

    name: str
    ledger: Ledger
    limits: GuardLimits
    telemetry: Telemetry
    random: Callable[[], float]

    def __call__(self, deadline: Deadline, call: Callable[[], T]) -> T:
        """The call's answer or its own failure; Unreachable instead where the provider is left in peace.

        Writes only where something changed: after a failure, or at the first answer after one. A RetryLater that finds
        the provider away is told as Unreachable, which costs a job no attempt.
        """
        given_seconds = deadline.remaining_seconds()
        admission = self._admit(given_seconds)
        try:
            answer = call()
        except (RetryLater, OutcomeUnknown) as failure:
            self._judge(failure, admission, given_seconds, deadline)
            raise
        except AccountRefused as refusal:
            self._shut_out(refusal.why)
            raise
        except (NotYet, Refused, NeedsPerson):
            self._answered(admission)
            raise
        except Exception:
            if admission.is_probe:
                self._write(lambda uow: uow.breakers.lock(self.name).leave_probe())
            raise
        self._answered(admission)
        return answer

    def require(self) -> None:
        """Unreachable where a call would be held back; calls nobody."""
        self._look()

    def note(self, failure: RetryLater | OutcomeUnknown | AccountRefused) -> None:
        """Count the failure of a call that was not held back; Unreachable where the provider is away, as a call is."""
        if isinstance(failure, AccountRefused):
            self._shut_out(failure.why)
        elif not failure.is_answer:
            self._count(failure)

    # ------------------------------------------------------------------ before

    def _admit(self, given_seconds: float) -> _Admission:
        standing = self._look()
        if standing is not BreakerState.HALF_OPEN:
            return _Admission(was_sound=standing is None)
        lease = timedelta(seconds=given_seconds) + self.limits.probe_margin
        taken = self._write(partial(self._take_probe, lease=lease))
        if isinstance(taken, timedelta):
            raise self._unreachable(taken, "another call tries it right now")
        return _Admission(was_sound=False, is_probe=taken is BreakerState.HALF_OPEN)

    def _look(self) -> BreakerState | None:
        """Its state, None where nothing is wrong or nobody knows; Unreachable where nobody may call."""

        def look(uow: UnitOfWork) -> tuple[BreakerState, timedelta, str] | None:
            breaker = uow.breakers.get(self.name)
            if breaker is None or breaker.is_sound:
                return None
            now = uow.now()
            return breaker.state(now), breaker.wait(now), breaker.why or ""

        try:
            standing = self.ledger.read(look)
        except (LedgerUnavailable, ConcurrentChange) as away:
            self.telemetry.event("breaker_unknown", breaker=self.name, why=away.why)
            return None
        if standing is None:
            return None
        state, wait, why = standing
        if wait:
            raise self._unreachable(wait, why)
        return state

    def _take_probe(self, uow: UnitOfWork, lease: timedelta) -> BreakerState | timedelta:
        """The state it was found in, half-open where the probe is ours; how long to wait where another was faster."""
        breaker, now = uow.breakers.lock(self.name), uow.now()
        if wait := breaker.wait(now):
            return wait
        state = breaker.state(now)
        if state is BreakerState.HALF_OPEN:
            breaker.probe(now, lease)
        return state

    def _unreachable(self, wait: timedelta, why: str) -> Unreachable:
        """Those who wait come back spread out, not all at the same moment."""
        return Unreachable(f"{self.name} is away: {why}", wait + self.limits.policy.open_for * self.random())

    # ------------------------------------------------------------------ after

    def _answered(self, admission: _Admission) -> None:
        if not admission.was_sound:
            self._write(self._succeed)

    def _succeed(self, uow: UnitOfWork) -> None:
        breaker = uow.breakers.lock(self.name)
        if breaker.opens:
            uow.report(self.telemetry.event, "breaker_closed", breaker=self.name, since=breaker.since)
        breaker.succeed()

    def _judge(
        self, failure: RetryLater | OutcomeUnknown, admission: _Admission, given_seconds: float, deadline: Deadline
    ) -> None:
        if failure.is_answer:
            self._answered(admission)
            return
        if given_seconds < self.limits.fair_call_seconds and deadline.at <= deadline.monotonic():
            if admission.is_probe:
                self._write(lambda uow: uow.breakers.lock(self.name).leave_probe())
            return
        self._count(failure)

    def _count(self, failure: RetryLater | OutcomeUnknown) -> None:
        wait = self._write(partial(self._fail, why=failure.why))
        if wait and isinstance(failure, RetryLater):
            raise self._unreachable(wait, failure.why) from failure

    def _shut_out(self, why: str) -> None:
        """Whoever refuses our account is of as little use as one that is away, and only a person can help it."""

        def tell(uow: UnitOfWork) -> None:
            self._fail(uow, why, is_definite=True)
            raise_alert(uow, AlertKind.ACCOUNT_REFUSED, self.name, why, once=f"{uow.now():%Y-%m-%d}")

        self._write(tell)

    def _fail(self, uow: UnitOfWork, why: str, *, is_definite: bool = False) -> timedelta:
        breaker, now = uow.breakers.lock(self.name), uow.now()
        count = breaker.shut_out if is_definite else breaker.fail
        if count(why, now, self.limits.policy):
            uow.report(
                self.telemetry.event,
                "breaker_opened",
                breaker=self.name,
                failures=breaker.failures,
                until=breaker.held_until,
                why=why,
            )
        return breaker.wait(now)

    def _write(self, work: Callable[[UnitOfWork], T]) -> T | None:
        """None where the ledger is away: the call's own end is what counts."""
        try:
            return self.ledger.write("breaker", work)
        except (LedgerUnavailable, ConcurrentChange) as away:
            self.telemetry.event("breaker_not_kept", breaker=self.name, why=away.why)
            return None
