"""Whatever befalls a billed subscription in some months, drawn by a seed: time, banks, people, and a bad line."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

from billing.application.outcomes import OutcomeUnknown, RetryLater
from billing.application.subscriptions.attending import Answer
from billing.domain import BillingError, BillingStatus, ChangeKind, InvoiceStatus, Money
from tests.twins import BY, Twins
from tests.unit.application.billed import desk, hosted, hosted_with_a_name, now_of, ref, sell_pro_for

_STEPS = 60
_CALLS = ("begin", "read", "invoices", "cancel", "resume", "change_plan")


class Walk:
    """One life of one subscription."""

    def __init__(self, seed: int) -> None:
        self.dice, self.shop = Random(seed), Twins()
        self.line: deque[bytes] = deque()
        self.said: list[str] = []
        sell_pro_for(self.shop, 999)
        self.bought = (hosted_with_a_name if self.dice.random() < 0.5 else hosted)(self.shop)
        self.ref = ref(self.bought)
        self.bill = self.shop.billing.books.bills[self.ref]

    def go(self) -> None:
        """A number of steps; what can't be done now is not done."""
        steps: list[Callable[[], object]] = [
            *[self.turn] * 4, self.decline, self.slow, self.settle, *[self.retry] * 2, self.void, self.credit,
            self.charge, self.cancel, self.resume, self.plan, self.plan, self.desk_cancels, self.pause, self.reprice,
            *[self.pass_days] * 4, *[self.deliver] * 8, self.break_line, self.resolve,
        ]  # fmt: skip
        for _ in range(self.dice.randint(10, _STEPS)):
            step = self.dice.choice(steps)
            self.said.append(step.__name__)
            with suppress(BillingError):
                step()
            if self.bill.is_over and self.dice.random() < 0.3:
                break

    def heal(self) -> None:
        """The line works, all that was told arrives or is asked for, and time passes until nothing is left to do."""
        self.shop.billing.mend()
        while self.line:
            self.shop.hear(self.line.popleft())
        for _ in range(3):
            self.shop.pass_time(timedelta(days=1))
            self.shop.sweep_and_work()
        if not now_of(self.shop, self.bought).is_over:
            self.ask()

    def ask(self) -> None:
        """As a reconciliation does: how it stands, and every invoice."""
        billing, soon = self.shop.billing, self.shop.soon()
        facts = [*billing.invoices(self.ref, soon), billing.read(self.ref, soon)]
        take = self.shop.container.take_fact()
        self.shop.ledger.write("asked", lambda uow: [take(uow, "memory", fact) for fact in facts])
        self.shop.work()
        self.shop.sweep_and_work()

    # ------------------------------------------------------------------ the provider

    def tell(self, told: list[bytes]) -> None:
        """Some of it twice, some late, some never."""
        for body in told:
            luck = self.dice.random()
            self.line.extend([body] * (0 if luck < 0.2 else 2 if luck > 0.8 else 1))

    def deliver(self) -> None:
        for _ in range(min(len(self.line), self.dice.randint(1, 4))):
            if self.dice.random() < 0.4:
                self.line.rotate(self.dice.randint(0, len(self.line)))
            self.shop.hear(self.line.popleft())
        if self.dice.random() < 0.8:
            self.shop.work()

    def turn(self) -> None:
        while self.shop.now < self.bill.period_end:
            self.shop.pass_time(min(timedelta(days=3), self.bill.period_end - self.shop.now))
            if self.dice.random() < 0.7:
                self.shop.sweep_and_work()
        self.tell(desk(self.shop).catch_up())

    def decline(self) -> None:
        desk(self.shop).decline(self.ref, self.dice.randint(1, 3))

    def slow(self) -> None:
        desk(self.shop).collect_slowly(self.ref)

    def settle(self) -> None:
        self.tell(desk(self.shop).settle(self._some_invoice(), self.dice.choice([None, "insufficient_funds"])))

    def retry(self) -> None:
        self.tell(desk(self.shop).retry(self._some_invoice()))

    def void(self) -> None:
        if self.dice.random() < 0.3:
            self.tell(desk(self.shop).void(self._some_invoice()))

    def credit(self) -> None:
        desk(self.shop).credit(self.ref, Money(self.dice.randint(1, 900), "USD"))

    def charge(self) -> None:
        self.tell(desk(self.shop).charge(self.ref, Money(100, "USD")))

    def desk_cancels(self) -> None:
        if self.dice.random() < 0.2:
            self.tell(desk(self.shop).cancel(self.ref, at_period_end=self.dice.random() < 0.7))

    def pause(self) -> None:
        status = self.dice.choice([BillingStatus.PAUSED, BillingStatus.ACTIVE])
        if self.bill.status in (BillingStatus.PAUSED, BillingStatus.ACTIVE):
            self.tell(desk(self.shop).put(self.ref, status))

    def reprice(self) -> None:
        if self.dice.random() < 0.2:
            self.tell(desk(self.shop).reprice(self.ref, Money(self.dice.choice([499, 700]), "USD")))

    def _some_invoice(self) -> str:
        waiting = [one.ref for one in self.shop.billing.books.invoices.values() if one.status is InvoiceStatus.OPEN]
        return self.dice.choice(waiting or ["none"])

    # ------------------------------------------------------------------ the customer, the operator, time

    def cancel(self) -> None:
        if self.dice.random() < 0.3:
            now = self.dice.random() < 0.3
            self._change(ChangeKind.CANCEL if now else ChangeKind.CANCEL_AT_PERIOD_END)

    def resume(self) -> None:
        self._change(ChangeKind.RESUME)

    def plan(self) -> None:
        self._change(ChangeKind.CHANGE_PLAN, self.dice.choice(["starter", "pro"]))

    def resolve(self) -> None:
        answer = self.dice.choice(list(Answer))
        self.shop.container.hosting.resolve_subscription()(self.bought.id, answer, BY)

    def pass_days(self) -> None:
        for _ in range(self.dice.randint(1, 5)):
            self.shop.pass_time(timedelta(hours=self.dice.randint(1, 30)))
            if self.dice.random() < 0.7:
                self.shop.sweep_and_work()

    def break_line(self) -> None:
        """The next calls of a kind come to nothing, or their answers are lost."""
        call, failure = self.dice.choice(_CALLS), self.dice.choice([RetryLater("away"), OutcomeUnknown("timeout")])
        self.shop.billing.fail_with(failure, call, times=self.dice.randint(1, 3), once_done=self.dice.random() < 0.5)

    def _change(self, kind: ChangeKind, plan: str | None = None) -> None:
        self.shop.container.hosting.change_subscription()(self.bought.id, kind, BY, plan)
