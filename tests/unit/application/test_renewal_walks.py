"""Lives of a name drawn by seeds: whatever customers, banks, registries and clocks do, each year is paid once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from billing.adapters.memory.pages import Told
from billing.application.outcomes import RetryLater
from billing.domain import (
    BillingError,
    DomainRenewal,
    ItemStatus,
    JobStatus,
    MailKind,
    NotFound,
    Order,
    OrderStatus,
    PaymentStatus,
    Term,
)
from tests.builders import a_renewal
from tests.twins import BY, Twins
from tests.unit.application.renewing import DAY, EXPIRY, NAME, a_card, a_held_name, keep_house, orders

STEPS = 40
OUTCOMES = (Told.PAID, Told.FAILED, Told.NEEDS_CUSTOMER, Told.SUBMITTED)
DEFECTS = ("job_bug", "housekeeping_bug", "name_not_seen_to")


class Life:
    """One name in one shop, and everybody who has a say in it."""

    def __init__(self, seed: int) -> None:
        self.dice, self.shop = Random(seed), Twins()
        self.registered = a_held_name(self.shop, grace_days=30)
        self.cards = 0
        if self.dice.random() < 0.7:
            self.put_in_a_card()

    def live(self) -> None:
        self.shop.pass_time(EXPIRY - 40 * DAY - self.shop.now)
        for _ in range(STEPS):
            act = self.dice.choice((
                self.pass_days, self.pass_days, self.pass_days, self.switch, self.order, self.cancel, self.charge_ends,
                self.banks_decide, self.pay, self.put_in_a_card, self.lose_an_answer, self.registry_is_away,
            ))  # fmt: skip
            try:
                act()
            except BillingError:
                continue  # nothing that a caller is told of is wrong with it
            finally:
                self.hold()
        self.come_to_rest()

    # ------------------------------------------------------------------ who acts

    def pass_days(self) -> None:
        self.shop.pass_time(timedelta(hours=self.dice.choice((5, 24, 24, 48, 240))))
        keep_house(self.shop, self.dice.randint(0, 3))

    def switch(self) -> None:
        self.shop.container.renewing.set_auto_renew()(NAME, self.dice.random() < 0.7, BY)

    def order(self) -> None:
        self.shop.order(a_renewal("example.rw", years=self.dice.randint(1, 3)))

    def cancel(self) -> None:
        self.shop.container.cancel_order()(self._pending().id, BY)

    def pay(self) -> None:
        payment = self.shop.start(self._pending())
        if self.dice.random() < 0.8:
            self.shop.hear(self.shop.pay(payment))

    def charge_ends(self) -> None:
        for n in range(self.cards):
            self.shop.gateway.charges[f"pm_{n}"] = self.dice.choice(OUTCOMES)

    def banks_decide(self) -> None:
        for payment_id, page in self.shop.gateway.pages.items():
            if page.state is Told.SUBMITTED:
                decide: Callable[[str], bytes] = self.dice.choice((self.shop.gateway.pay, self.shop.gateway.fail))
                self.shop.hear(decide(payment_id))
        self.shop.work()

    def put_in_a_card(self) -> None:
        a_card(self.shop, f"pm_{self.cards}")
        self.cards += 1

    def lose_an_answer(self) -> None:
        self.shop.gateway.lose_answer("start")

    def registry_is_away(self) -> None:
        self.shop.registrar.fail_with(RetryLater("away"), "renew", times=self.dice.randint(1, 3))

    def _pending(self) -> Order:
        pending = [one for one in orders(self.shop) if one.status is OrderStatus.PENDING]
        if not pending:
            raise NotFound("order", "pending")
        return self.dice.choice(pending)

    def come_to_rest(self) -> None:
        """Everything that waits is decided, a person retries what is dead, and every job has run."""
        for _ in range(60):
            self.shop.pass_time(timedelta(hours=7))
            self.banks_decide()
            for job in self.shop.jobs():
                if job.status is JobStatus.DEAD:
                    self.shop.container.retry_job()(job.id, BY)
            keep_house(self.shop)
        self.hold()

    # ------------------------------------------------------------------ what must be so

    def hold(self) -> None:
        items = [item for order in orders(self.shop) for item in order.items if isinstance(item.what, DomainRenewal)]
        assert sum(item.status is ItemStatus.UNPAID for item in items) <= 1
        assert [alarm for alarm in self.shop.telemetry.alarms if alarm[0] in DEFECTS] == []

    def books_agree(self) -> None:
        renewals = [order for order in orders(self.shop) if isinstance(order.items[0].what, DomainRenewal)]
        fulfilled = [order for order in renewals if order.items[0].status is ItemStatus.FULFILLED]
        assert sum(self.shop.registrar.renews.values()) == len(fulfilled)
        for order in renewals:
            paid = [one for one in order.payments if one.status is PaymentStatus.SUCCEEDED]
            kept = [one for one in paid if one.left.minor]
            assert len(kept) == (order in fulfilled), (order.number, order.status, order.why)
        years = sum(order.items[0].what.years for order in fulfilled)  # type: ignore[union-attr]
        end = Term.years(years).end(EXPIRY) if years else EXPIRY
        held = self.shop.ledger.read(lambda uow: uow.registrations.of_name(NAME))
        assert held is None or held.expires_at == end
        told = Counter((mail.kind, mail.subject) for mail in self.shop.notifier.delivered)
        assert set(told.values()) == {1}
        by_expiry = Counter(subject.split(":")[1] for kind, subject in told if kind is MailKind.RENEWAL_DUE)
        assert all(times <= 5 for times in by_expiry.values())


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_to_a_name_each_year_is_paid_once_and_each_mail_comes_once(seed: int) -> None:
    life = Life(seed)
    life.live()
    life.books_agree()
