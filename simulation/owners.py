"""Whoever has a name that renews by itself: what they do about it in the weeks around its end."""

from dataclasses import dataclass
from functools import partial
from random import Random

from billing.adapters.memory.pages import Told
from billing.domain import DomainRenewal, MailKind, Order, OrderStatus
from simulation.cards import replace_card, usable
from simulation.opening import customer_id, registrant
from simulation.people import Shopper
from simulation.scenario import DAY_MS, Habit, Keeper, Planned, held_name
from simulation.world import World

_LINKED = {
    MailKind.RENEWAL_DUE,
    MailKind.RENEWAL_FAILED,
    MailKind.PAYMENT_NEEDS_CUSTOMER,
    MailKind.NAME_EXPIRED,
}
"""Mails that lead to where the renewal is paid."""
_BY_CARD, _ANOTHER_BAD = 0.3, 0.3
_HABITS = (
    Habit.PAYS,
    Habit.PAYS,
    Habit.PAYS_SLOWLY,
    Habit.FAILS_SLOWLY,
    Habit.IS_DECLINED_FIRST,
    Habit.OPENS_TWO_PAGES,
)


@dataclass(frozen=True)
class Owner:
    """Of one such name; on dice of its own."""

    world: World
    dice: Random
    keeper: Keeper

    def __call__(self) -> None:
        """Now and then, until nothing fails any more."""
        acts = (self._pay_by_the_link,) * 4 + (self._put_in_another_card,) * 2 + (
            self._switch, self._order_one, self._cancel, self._remove_card)  # fmt: skip
        for _ in range(self.dice.randint(0, 6)):
            self.world.schedule.sleep(self.dice.randint(1, 9 * DAY_MS))
            if self.world.schedule.now_ms > self.world.scenario.fair_at_ms:
                return
            self.dice.choice(acts)()

    # ------------------------------------------------------------------ what they do

    def _pay_by_the_link(self) -> None:
        """Only where a mail has come that has one."""
        address = registrant(self.keeper.customer).email
        delivered = self.world.notifier.twin.delivered
        if any(mail.kind in _LINKED and mail.recipient == address for mail in delivered):
            for order in self._offered():
                habit = Habit.HAS_CARD_CHARGED if self.dice.random() < _BY_CARD else self.dice.choice(_HABITS)
                self._shopper(habit).settle(order)

    def _put_in_another_card(self) -> None:
        ends = Told.FAILED if self.dice.random() < _ANOTHER_BAD else Told.PAID
        replace_card(self.world, self._me, ends)

    def _switch(self) -> None:
        """Off, and on again some days later, or not."""
        switch = partial(self.world.container.renewing.set_auto_renew(), held_name(self.keeper.customer))
        self.world.process(lambda: switch(False, self._me))
        self.world.schedule.sleep(self.dice.randint(1, 3 * DAY_MS))
        if self.dice.random() < 0.8:
            self.world.process(lambda: switch(True, self._me))

    def _order_one(self) -> None:
        """A renewal of their own."""
        self._shopper(self.dice.choice((*_HABITS, Habit.LEAVES)))()

    def _cancel(self) -> None:
        for order in self._offered():
            self.world.process(partial(self.world.container.cancel_order(), order.id, self._me))

    def _remove_card(self) -> None:
        for method in usable(self.world, self._me)[:1]:
            self.world.process(partial(self.world.container.remove_method(), self._me, method, self._me))

    # ------------------------------------------------------------------ within

    @property
    def _me(self) -> str:
        return customer_id(self.keeper.customer)

    def _shopper(self, habit: Habit) -> Shopper:
        wants = (DomainRenewal(domain=held_name(self.keeper.customer)),)
        return Shopper(
            self.world, Planned(customer=self.keeper.customer, currency="USD", wants=wants, at_ms=0, habit=habit)
        )

    def _offered(self) -> list[Order]:
        return [
            order
            for order in self.world.books.rows(Order)
            if order.status is OrderStatus.PENDING and order.customer_id == self._me and is_offered(order)
        ]


def is_offered(order: Order) -> bool:
    """Whether we made it by ourselves: it waits for weeks, a customer's own for an hour."""
    is_renewal = isinstance(order.items[0].what, DomainRenewal)
    return is_renewal and (order.expires_at - order.created_at).days > 0
